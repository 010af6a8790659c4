//! What is kept of a parameter.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::secret;

/// By name.
pub static PARAMETERS: Table<Parameter> = Table::new("ssm/parameter");
/// By name and number.
static VERSIONS: Table<Version> = Table::new("ssm/version");

/// What all versions of a parameter share.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    /// The newest version's number.
    pub latest: i64,
    pub tags: BTreeMap<String, String>,
}

/// One version of a parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    pub number: i64,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// Of a secure string what `secret::seal` made of it.
    pub value: String,
    /// The key of a secure string, as the request named it.
    #[serde(default)]
    pub key: Option<String>,
    pub description: Option<String>,
    pub allowed_pattern: Option<String>,
    pub tier: Tier,
    pub policies: Vec<Policy>,
    pub labels: Vec<String>,
    pub modified: Timestamp,
    /// The ARN of whoever wrote it.
    pub modified_by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    Standard,
    Advanced,
}

impl Tier {
    pub fn name(self) -> &'static str {
        match self {
            Tier::Standard => "Standard",
            Tier::Advanced => "Advanced",
        }
    }

    /// The longest value, in characters.
    pub fn longest_value(self) -> usize {
        match self {
            Tier::Standard => 4096,
            Tier::Advanced => 8192,
        }
    }
}

impl Version {
    pub fn is_secret(&self) -> bool {
        self.kind == "SecureString"
    }

    /// The KMS key that a secure string is encrypted under.
    pub fn secret_key(&self) -> Option<&str> {
        self.is_secret().then(|| self.key.as_deref().unwrap_or(secret::DEFAULT_KEY))
    }
}

/// A parameter's ARN: the slash before its name is the ARN's own.
pub fn arn(scope: &Scope, name: &str) -> String {
    let resource = format!("parameter/{}", name.strip_prefix('/').unwrap_or(name));
    Arn::new("ssm", &scope.region, &scope.account, resource).to_string()
}

pub fn version(read: &dyn Read, scope: &Scope, name: &str, number: i64) -> Result<Option<Version>, Trouble> {
    VERSIONS.get(read, scope, key(name, number))
}

/// The newest version of a parameter.
pub fn latest(read: &dyn Read, scope: &Scope, parameter: &Parameter) -> Result<Version, Trouble> {
    version(read, scope, &parameter.name, parameter.latest)?
        .ok_or_else(|| Trouble::new(format!("parameter {} has no version {}", parameter.name, parameter.latest)))
}

/// All versions of a parameter after `after`, the oldest first.
pub fn versions(read: &dyn Read, scope: &Scope, name: &str, after: i64) -> Result<Vec<Version>, Trouble> {
    let range = Range::prefix(Key::new().str(name)).after(key(name, after));
    VERSIONS.scan(read, scope, &range).map(|row| row.map(|(_, version)| version)).collect()
}

pub fn put_version(tx: &mut Transaction, scope: &Scope, name: &str, version: &Version) -> Result<(), Trouble> {
    VERSIONS.put(tx, scope, key(name, version.number), version)
}

pub fn delete_version(tx: &mut Transaction, scope: &Scope, name: &str, number: i64) -> Result<(), Trouble> {
    VERSIONS.delete(tx, scope, key(name, number)).map(drop)
}

/// Removes a parameter with all of its versions; `false` if there is none.
pub fn delete(tx: &mut Transaction, scope: &Scope, name: &str) -> Result<bool, Trouble> {
    for version in versions(tx, scope, name, i64::MIN)? {
        delete_version(tx, scope, name, version.number)?;
    }
    Ok(PARAMETERS.delete(tx, scope, name)?.is_some())
}

fn key(name: &str, number: i64) -> Key {
    Key::new().str(name).i64(number)
}
