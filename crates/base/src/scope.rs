//! Whose thing, and where: every record of the store lives under one scope.

use serde::{Deserialize, Serialize};

/// An account (12 digits) and a region (`ap-northeast-1`); a global service uses [`Scope::GLOBAL`] as its region.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scope {
    pub account: String,
    pub region: String,
}

impl Scope {
    /// The region under which global services (IAM, CloudFront …) keep their records, as AWS names it.
    pub const GLOBAL: &str = "aws-global";

    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Scope { account: account.into(), region: region.into() }
    }

    /// The same account's global scope.
    pub fn global(&self) -> Self {
        Scope::new(&self.account, Scope::GLOBAL)
    }
}
