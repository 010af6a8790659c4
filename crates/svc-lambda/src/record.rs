//! What is stored of functions.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::alias::{self, Alias};
use crate::code::Code;
use crate::faults;
use crate::name::{LATEST, Target};

/// By name: what belongs to a function whatever its version.
pub static FUNCTIONS: Table<Function> = Table::new("lambda/function");
/// By name and number; `$LATEST` is number 0.
pub static VERSIONS: Table<Version> = Table::new("lambda/version");

/// A function as a whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Function {
    pub name: String,
    /// The highest number that was given to a version; it isn't given twice.
    pub last_version: u64,
    pub reserved_concurrency: Option<i32>,
    pub tags: BTreeMap<String, String>,
}

/// One version: `$LATEST`, which changes, or a published one, which doesn't.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Version {
    /// `$LATEST` or a number.
    pub version: String,
    pub settings: Settings,
    pub code: Code,
    pub last_modified: Timestamp,
    pub revision_id: String,
}

/// How a version runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub runtime: String,
    pub role: String,
    pub handler: String,
    pub description: String,
    /// Seconds.
    pub timeout: i32,
    /// MB.
    pub memory: i32,
    /// MB of `/tmp`.
    pub ephemeral_storage: i32,
    pub environment: Option<BTreeMap<String, String>>,
    pub layers: Vec<Layer>,
    pub architectures: Vec<String>,
    pub dead_letter: Option<String>,
    /// `PassThrough` or `Active`.
    pub tracing: String,
    pub logging: Logging,
}

/// A layer's version as a function uses it: it stays usable when the layer is deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    pub arn: String,
    pub code: Code,
}

/// Where and how a function logs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Logging {
    pub json: bool,
    pub application_level: Option<String>,
    pub system_level: Option<String>,
    pub group: String,
}

impl Version {
    pub fn is_latest(&self) -> bool {
        self.version == LATEST
    }

    /// The ARN of this version; `$LATEST`'s has no qualifier, as the API shows it.
    pub fn arn(&self, function_arn: &str) -> String {
        if self.is_latest() { function_arn.to_owned() } else { format!("{function_arn}:{}", self.version) }
    }
}

/// The key of a version.
pub fn version_key(name: &str, version: &str) -> Key {
    Key::new().str(name).u64(version.parse().unwrap_or(0))
}

/// Whether a qualifier is the number of a version.
pub fn is_number(qualifier: &str) -> bool {
    !qualifier.is_empty() && qualifier.bytes().all(|b| b.is_ascii_digit())
}

/// The function that is meant, as a whole.
///
/// # Errors
/// Lambda's, if there is none.
pub fn function(read: &dyn Read, target: &Target) -> Result<Function, Fault> {
    let found = FUNCTIONS.get(read, &target.scope, target.name.as_str())?;
    found.ok_or_else(|| faults::function_not_found(&target.arn()))
}

/// The version that is meant; an alias leads to its main one.
///
/// # Errors
/// Lambda's, if there is no such function, version or alias.
pub fn version(read: &dyn Read, target: &Target) -> Result<Version, Fault> {
    match alias_of(read, target)? {
        Some(alias) => numbered(read, target, &alias.version),
        None => numbered(read, target, target.qualifier()),
    }
}

/// The alias that the target names; `None` if it names a version.
///
/// # Errors
/// Lambda's, if there is no such alias.
pub fn alias_of(read: &dyn Read, target: &Target) -> Result<Option<Alias>, Fault> {
    let qualifier = target.qualifier();
    if qualifier == LATEST || is_number(qualifier) {
        return Ok(None);
    }
    let found = alias::ALIASES.get(read, &target.scope, alias::key(&target.name, qualifier))?;
    found.map(Some).ok_or_else(|| faults::function_not_found(&target.arn()))
}

/// The version of that number, or `$LATEST`.
///
/// # Errors
/// Lambda's, if there is no such version.
pub fn numbered(read: &dyn Read, target: &Target, version: &str) -> Result<Version, Fault> {
    let found = VERSIONS.get(read, &target.scope, version_key(&target.name, version))?;
    found.ok_or_else(|| faults::function_not_found(&target.arn()))
}

/// All versions of a function, `$LATEST` first.
pub fn versions(read: &dyn Read, scope: &Scope, name: &str) -> Result<Vec<Version>, Trouble> {
    VERSIONS.scan(read, scope, &Range::prefix(Key::new().str(name))).map(|row| Ok(row?.1)).collect()
}
