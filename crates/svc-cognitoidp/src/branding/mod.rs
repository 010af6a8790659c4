//! How a pool's hosted pages look: the CSS and the logo that SetUICustomization takes, for all clients or for one; and for
//! managed login ([`managed`]) the style of a client.

mod css;
pub mod managed;
pub mod managed_ops;
pub mod ops;
pub mod style;

use kogumo_base::{Timestamp, Trouble};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use serde::{Deserialize, Serialize};

use crate::pool::Pool;

/// A look.
#[derive(Clone, Serialize, Deserialize)]
pub struct Look {
    pub css: Option<String>,
    /// A PNG or JPEG image.
    pub logo: Option<Vec<u8>>,
    pub version: String,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// By pool and client; that for all clients is at `ALL`.
static LOOKS: Table<Look> = Table::new("cognitoidp/look");
/// In a client's place: all that have no look of their own.
pub const ALL: &str = "ALL";

fn key(pool: &Pool, client: &str) -> Key {
    Key::new().str(&pool.id).str(client)
}

/// The look of a client's pages, and whose it is: the client's own, else that for all.
///
/// # Errors
/// A store that cannot be read.
pub fn of_client(read: &dyn Read, pool: &Pool, client: &str) -> Result<Option<(String, Look)>, Trouble> {
    for whose in [client, ALL] {
        if let Some(look) = LOOKS.get(read, &pool.scope, key(pool, whose))? {
            return Ok(Some((whose.to_owned(), look)));
        }
    }
    Ok(None)
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    let keys: Result<Vec<Key>, Trouble> =
        LOOKS.scan(tx, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.0)).collect();
    for key in keys? {
        LOOKS.delete(tx, &pool.scope, key)?;
    }
    managed::delete_all(tx, pool)
}

/// The media type of an image; none if it is neither PNG nor JPEG.
pub fn image_type(image: &[u8]) -> Option<&'static str> {
    match image {
        [0x89, b'P', b'N', b'G', 13, 10, 26, 10, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        _ => None,
    }
}
