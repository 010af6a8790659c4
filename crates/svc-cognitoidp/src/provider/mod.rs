//! Identity providers of a pool: who else may vouch for its users.

mod google;
pub mod link;
mod openid;
pub mod ops;
pub mod saml;

use std::collections::BTreeMap;

use kogumo_base::{Timestamp, Trouble};
use kogumo_model::cognitoidp::RESOURCE_NOT_FOUND_EXCEPTION;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::pool::Pool;
use crate::user::Identity;

pub use openid::{Exchange, Said};

/// An identity provider.
#[derive(Clone, Serialize, Deserialize)]
pub struct Provider {
    pub name: String,
    pub kind: String,
    pub details: BTreeMap<String, String>,
    /// The pool's attribute → the provider's claim.
    pub mapping: BTreeMap<String, String>,
    pub identifiers: Vec<String>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

static PROVIDERS: Table<Provider> = Table::new("cognitoidp/provider");

fn key(pool: &Pool, name: &str) -> Key {
    Key::new().str(&pool.id).str(name)
}

pub fn get(read: &dyn Read, pool: &Pool, name: &str) -> Result<Provider, Fault> {
    let found = PROVIDERS.get(read, &pool.scope, key(pool, name))?;
    found.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Identity provider {name} does not exist.")))
}

pub fn of_pool(read: &dyn Read, pool: &Pool) -> Result<Vec<Provider>, Trouble> {
    PROVIDERS.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1)).collect()
}

pub fn names(read: &dyn Read, pool: &Pool) -> Result<Vec<String>, Trouble> {
    Ok(of_pool(read, pool)?.into_iter().map(|provider| provider.name).collect())
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    for provider in of_pool(tx, pool)? {
        PROVIDERS.delete(tx, &pool.scope, key(pool, &provider.name))?;
    }
    Ok(())
}

/// The `identities` attribute.
pub fn identities_text(identities: &[Identity]) -> String {
    let one = |identity: &Identity| {
        json!({
            "userId": identity.subject,
            "providerName": identity.provider,
            "providerType": identity.kind,
            "issuer": null,
            "primary": identity.primary,
            "dateCreated": identity.created.0,
        })
    };
    identities.iter().map(one).collect::<serde_json::Value>().to_string()
}
