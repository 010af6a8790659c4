//! What is kept of how a volume or a snapshot is encrypted.

use kogumo_base::Scope;
use kogumo_base::Trouble;
use kogumo_store::{Read, Table};
use ring::digest;
use serde::{Deserialize, Serialize};

/// An account's choices in a region, under one key.
pub static DEFAULTS: Table<Defaults> = Table::new("ec2/ebs-encryption");
pub const DEFAULT: &str = "default";
/// The key of those who choose none.
pub const AWS_MANAGED: &str = "alias/aws/ebs";

/// How something is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// The KMS key's ARN.
    pub key: String,
    /// Whether AWS manages that key: then nobody else is let use it.
    pub managed: bool,
    /// The data key as KMS sealed it, in base64.
    pub sealed: String,
    /// The volume or snapshot that it was made for: it stands in the encryption context.
    pub of: String,
}

/// What EC2 may have KMS open for a volume while it is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub key: String,
    pub id: String,
}

/// What an account wants where a request says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defaults {
    pub by_default: bool,
    /// The ARN of the key; none is the one that AWS manages.
    pub key: Option<String>,
}

impl Encryption {
    /// A name of the data key: the same for a volume, its snapshots, and the volumes of these.
    pub fn data_key_id(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.sealed.as_bytes());
        let number = hash.as_ref().first_chunk::<16>().map_or(0, |bytes| u128::from_be_bytes(*bytes));
        kogumo_base::uuid_of(number)
    }
}

impl Defaults {
    /// # Errors
    /// Trouble with the store.
    pub fn of(read: &dyn Read, scope: &Scope) -> Result<Defaults, Trouble> {
        Ok(DEFAULTS.get(read, scope, DEFAULT)?.unwrap_or_default())
    }

    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(AWS_MANAGED)
    }
}
