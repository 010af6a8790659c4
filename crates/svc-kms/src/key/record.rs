//! What is kept of a key, but for its secret material.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use super::Material;
use super::multi_region::Regions;
use super::rotation::Rotation;
use crate::spec::{Spec, Usage};

/// By key id.
pub static KEYS: Table<Key> = Table::new("kms/key");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// A UUID; of multi-region keys `mrk-` and 32 digits.
    pub id: String,
    pub created: Timestamp,
    pub description: String,
    pub spec: Spec,
    pub usage: Usage,
    pub origin: Origin,
    pub manager: Manager,
    pub enabled: bool,
    /// The key policy, as it was put.
    pub policy: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// All that the key has been made of, the current last. Empty while material is to be imported.
    pub materials: Vec<Material>,
    /// When the key goes.
    #[serde(default)]
    pub deletion: Option<Timestamp>,
    #[serde(default)]
    pub rotation: Option<Rotation>,
    /// Of a multi-Region key, where it is.
    #[serde(default)]
    pub regions: Option<Regions>,
    /// A primary key that is to go waits until its replicas are gone, and then for so many days.
    #[serde(default)]
    pub waiting_days: Option<i32>,
}

/// Where the material comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    Kms,
    External,
}

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manager {
    Customer,
    /// AWS's, for that service: `alias/aws/s3`.
    Aws(String),
}

impl Origin {
    pub fn name(self) -> &'static str {
        match self {
            Origin::Kms => "AWS_KMS",
            Origin::External => "EXTERNAL",
        }
    }
}

impl Key {
    pub fn arn(&self, scope: &Scope) -> String {
        arn(scope, &self.id)
    }

    /// What new data is encrypted with. None where material is still to be imported, or gone again.
    pub fn current(&self) -> Option<&Material> {
        self.materials.last().filter(|material| !material.gone)
    }

    pub fn is_managed_by_aws(&self) -> bool {
        matches!(self.manager, Manager::Aws(_))
    }
}

/// The ARN of a key.
pub fn arn(scope: &Scope, id: &str) -> String {
    Arn::new("kms", &scope.region, &scope.account, format!("key/{id}")).to_string()
}
