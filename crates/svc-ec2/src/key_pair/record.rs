//! What is kept of a key pair.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static KEY_PAIRS: Table<KeyPair> = Table::new("ec2/key-pair");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyPair {
    pub id: String,
    /// An account's own in a region.
    pub name: String,
    /// `rsa` or `ed25519`.
    pub kind: String,
    pub fingerprint: String,
    /// As in `authorized_keys`: `ssh-rsa AAAA… name`.
    pub public_key: String,
    pub created: Timestamp,
}

impl Resource for KeyPair {
    const KIND: &'static Kind = &Kind {
        prefix: "key",
        name: "key-pair",
        malformed: "InvalidKeyPair.Malformed",
        not_found: "InvalidKeyPair.NotFound",
        text: "The key pair ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &KEY_PAIRS;
    fn id(&self) -> &str {
        &self.id
    }
}
