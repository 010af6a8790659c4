//! What temporary credentials carry besides a name: the policies that narrow them, tags, how and when they began.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_base::Timestamp;
use serde::{Deserialize, Serialize};

/// A session as STS made it. The door's decision reads it; STS reads it again when roles are chained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `aws:TokenIssueTime`.
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// Inline session policies: documents that narrow what the session may do. None and no ARNs: nothing is narrowed.
    #[serde(default)]
    pub policies: Vec<String>,
    /// ARNs of managed policies that narrow it, too.
    #[serde(default)]
    pub policy_arns: Vec<String>,
    /// Session tags: `aws:PrincipalTag/…`, stronger than the role's own.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The keys of tags that go on to the next role of a chain.
    #[serde(default)]
    pub transitive: BTreeSet<String>,
    /// `aws:SourceIdentity`; it stays through a chain.
    #[serde(default)]
    pub source_identity: Option<String>,
    /// When a one-time password was shown: `aws:MultiFactorAuthPresent` and `aws:MultiFactorAuthAge`.
    #[serde(default)]
    pub mfa: Option<Timestamp>,
    /// For sessions of GetFederationToken: the ARN of the user whose permissions they share.
    #[serde(default)]
    pub maker: Option<String>,
    /// `aws:FederatedProvider`: the ARN or the name of who vouched for the caller.
    #[serde(default)]
    pub federated_provider: Option<String>,
    /// What the identity provider said, under the names of condition keys (`cognito-identity.amazonaws.com:sub`).
    #[serde(default)]
    pub claims: BTreeMap<String, Vec<String>>,
}
