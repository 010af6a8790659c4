//! Managed login's branding: a client's style as the branding editor makes it, a JSON document and images.

use kogumo_base::{Timestamp, Trouble};
use kogumo_model::cognitoidp::RESOURCE_NOT_FOUND_EXCEPTION;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pool::Pool;

/// A client's style.
#[derive(Clone, Serialize, Deserialize)]
pub struct Style {
    pub id: String,
    pub client: String,
    /// The style that Cognito provides, and nothing else.
    pub provided: bool,
    pub settings: Value,
    pub assets: Vec<Asset>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// An image of a style.
#[derive(Clone, Serialize, Deserialize)]
pub struct Asset {
    pub category: String,
    /// `LIGHT`, `DARK` or `DYNAMIC`.
    pub mode: String,
    /// `ICO`, `JPEG`, `PNG`, `SVG` or `WEBP`.
    pub extension: String,
    pub bytes: Vec<u8>,
    pub resource: Option<String>,
}

static STYLES: Table<Style> = Table::new("cognitoidp/style");

fn key(pool: &Pool, id: &str) -> Key {
    Key::new().str(&pool.id).str(id)
}

fn of_pool(read: &dyn Read, pool: &Pool) -> Result<Vec<Style>, Trouble> {
    STYLES.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1)).collect()
}

/// The style of a client, if it has one.
///
/// # Errors
/// A store that cannot be read.
pub fn of_client(read: &dyn Read, pool: &Pool, client: &str) -> Result<Option<Style>, Trouble> {
    Ok(of_pool(read, pool)?.into_iter().find(|style| style.client == client))
}

/// # Errors
/// No such style.
pub fn get(read: &dyn Read, pool: &Pool, id: &str) -> Result<Style, Fault> {
    STYLES.get(read, &pool.scope, key(pool, id))?.ok_or_else(missing)
}

pub fn missing() -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because("Managed login branding does not exist.")
}

pub fn put(tx: &mut Transaction, pool: &Pool, style: &Style) -> Result<(), Trouble> {
    STYLES.put(tx, &pool.scope, key(pool, &style.id), style)
}

pub fn delete(tx: &mut Transaction, pool: &Pool, id: &str) -> Result<Option<Style>, Trouble> {
    STYLES.delete(tx, &pool.scope, key(pool, id))
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    for style in of_pool(tx, pool)? {
        delete(tx, pool, &style.id)?;
    }
    Ok(())
}

impl Style {
    /// The image of a category: for all modes, else for bright rooms, else whatever there is.
    pub fn asset(&self, category: &str) -> Option<&Asset> {
        let of = |mode: &str| self.assets.iter().find(|asset| asset.category == category && asset.mode == mode);
        of("DYNAMIC").or_else(|| of("LIGHT")).or_else(|| of("DARK"))
    }
}

impl Asset {
    pub fn media_type(&self) -> &'static str {
        match self.extension.as_str() {
            "ICO" => "image/x-icon",
            "JPEG" => "image/jpeg",
            "SVG" => "image/svg+xml",
            "WEBP" => "image/webp",
            _ => "image/png",
        }
    }
}
