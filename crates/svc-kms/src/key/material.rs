//! The secret that a key is made of. It lies apart from the key, so that listing keys never touches a secret.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key as RowKey, RawTable, Read, Transaction};
use serde::{Deserialize, Serialize};

use super::rotation::Rotated;

/// By key id and material id: the bytes of a secret key, PKCS #8 of a private one.
pub static MATERIALS: Materials = Materials(RawTable::new("kms/material"));

pub struct Materials(RawTable);

/// Material, without its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Material {
    /// 64 hexadecimal digits.
    pub id: String,
    /// When the key became this.
    pub since: Timestamp,
    /// What brought it about, if it is not the first.
    #[serde(default)]
    pub rotated: Option<Rotated>,
    /// It was imported, and has been deleted or is expired.
    #[serde(default)]
    pub gone: bool,
    /// When imported material expires.
    #[serde(default)]
    pub valid_to: Option<Timestamp>,
}

impl Material {
    /// Material with an id that no other has.
    pub fn new(since: Timestamp) -> Self {
        Material { id: kogumo_base::hex_id(64), since, rotated: None, gone: false, valid_to: None }
    }
}

impl Materials {
    pub fn put(&self, tx: &mut Transaction, scope: &Scope, key: &str, material: &str, secret: &[u8]) {
        self.0.put(tx, scope, RowKey::new().str(key).str(material), secret);
    }

    /// # Errors
    /// Trouble with the store.
    pub fn get(
        &self,
        read: &dyn Read,
        scope: &Scope,
        key: &str,
        material: &str,
    ) -> Result<Option<kogumo_store::Value>, Trouble> {
        self.0.get(read, scope, RowKey::new().str(key).str(material))
    }

    pub fn delete(&self, tx: &mut Transaction, scope: &Scope, key: &str, material: &str) {
        self.0.delete(tx, scope, RowKey::new().str(key).str(material));
    }
}
