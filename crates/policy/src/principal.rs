//! Who asks, and how policies name him.

use kogumo_sigv4::{Checksum, ChecksumAlgorithm};
use serde_json::{Map, Value};

use crate::Problem;
use crate::pattern::Pattern;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The root user of an account.
    Root {
        account: String,
    },
    User {
        account: String,
        arn: String,
        id: String,
    },
    /// A session of a role. `arn` is the session's, `role` the role's with its path; `id` is `AROA…:session`.
    Session {
        account: String,
        arn: String,
        role: String,
        id: String,
    },
    /// A session of `sts:GetFederationToken` that this user (or root) made.
    FederatedUser {
        account: String,
        arn: String,
        user: String,
        id: String,
    },
    /// Somebody whom a provider of identities knows: `cognito-identity.amazonaws.com` or a provider's ARN.
    Federated {
        provider: String,
    },
    /// An AWS service by its own right.
    Service {
        name: String,
    },
    Anonymous,
}

/// How far a statement that names the principal reaches.
/// Source: "Policy evaluation for requests within a single account", on resource-based policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// The account is named: it may give its own people the right.
    Account,
    /// The role is named, or everybody: a session's boundary and session policies still limit it.
    Role,
    /// The user or session itself is named: what its own policies leave out does not matter.
    Self_,
}

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalElement {
    pub negated: bool,
    patterns: Vec<Name>,
}

#[derive(Clone, Debug, PartialEq)]
enum Name {
    Everybody,
    Account(String),
    /// A user, role, session or unique id.
    Aws(String),
    Service(String),
    Federated(Pattern),
    Canonical(String),
}

impl Principal {
    /// The account that the principal belongs to; empty for services and strangers.
    pub fn account(&self) -> &str {
        match self {
            Principal::Root { account }
            | Principal::User { account, .. }
            | Principal::Session { account, .. }
            | Principal::FederatedUser { account, .. } => account,
            Principal::Federated { .. } | Principal::Service { .. } | Principal::Anonymous => "",
        }
    }

    /// The ARN that messages name.
    pub fn arn(&self) -> String {
        match self {
            Principal::Root { account } => format!("arn:aws:iam::{account}:root"),
            Principal::User { arn, .. } | Principal::Session { arn, .. } | Principal::FederatedUser { arn, .. } => {
                arn.clone()
            }
            Principal::Federated { provider } => provider.clone(),
            Principal::Service { name } => name.clone(),
            Principal::Anonymous => "anonymous".to_owned(),
        }
    }

    /// Whether policies of an account are attached to it.
    pub(crate) fn has_identity(&self) -> bool {
        !self.account().is_empty()
    }
}

impl PrincipalElement {
    /// # Errors
    /// Something that names nobody.
    pub(crate) fn read(value: &Value, negated: bool) -> Result<Self, Problem> {
        let patterns = match value {
            Value::String(all) if all == "*" => vec![Name::Everybody],
            Value::String(other) => return Err(Problem::Principal(format!("\"{other}\""))),
            Value::Object(kinds) if !kinds.is_empty() => read_kinds(kinds)?,
            _ => return Err(Problem::Syntax),
        };
        Ok(PrincipalElement { negated, patterns })
    }

    /// How the element names the principal, if it does. What `NotPrincipal` leaves is everybody else.
    pub fn names(&self, principal: &Principal) -> Option<Named> {
        let named = self.patterns.iter().filter_map(|pattern| pattern.names(principal)).max();
        match (self.negated, named) {
            (false, named) => named,
            (true, Some(_)) => None,
            (true, None) => Some(Named::Role),
        }
    }

    /// Whether a `NotPrincipal` that denies leaves the principal alone. Of a session the role and the session must both be
    /// listed; the account behind them does not speak for its people.
    pub(crate) fn spares(&self, principal: &Principal) -> bool {
        let named = |wanted: Named| self.patterns.iter().any(|pattern| pattern.names(principal) == Some(wanted));
        let everybody = self.patterns.contains(&Name::Everybody);
        everybody
            || match principal {
                Principal::Root { .. } => named(Named::Account),
                Principal::Session { .. } => named(Named::Self_) && named(Named::Role),
                _ => named(Named::Self_),
            }
    }

    /// Whether everybody is named, also those without a name.
    pub fn is_everybody(&self) -> bool {
        self.names(&Principal::Anonymous).is_some()
    }

    /// The ARNs, accounts and ids behind `AWS`, as they are written.
    pub fn aws(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter_map(|pattern| match pattern {
            Name::Aws(arn) | Name::Account(arn) => Some(arn.as_str()),
            _ => None,
        })
    }

    /// The providers of identities that are named, as they are written.
    pub fn federated(&self) -> impl Iterator<Item = String> {
        self.patterns.iter().filter_map(|pattern| match pattern {
            Name::Federated(provider) => Some(provider.shown()),
            _ => None,
        })
    }

    /// The services that are named.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter_map(|pattern| match pattern {
            Name::Service(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

fn read_kinds(kinds: &Map<String, Value>) -> Result<Vec<Name>, Problem> {
    let mut patterns = Vec::new();
    for (kind, values) in kinds {
        let values = match values {
            Value::Array(values) if !values.is_empty() => values.iter().collect(),
            Value::String(_) => vec![values],
            _ => return Err(Problem::Syntax),
        };
        for value in values {
            let text = value.as_str().ok_or(Problem::Syntax)?;
            let wrong = || Problem::Principal(format!("\"{}\":\"{text}\"", kind.to_uppercase()));
            patterns.push(match kind.as_str() {
                "AWS" => read_aws(text).ok_or_else(wrong)?,
                "Service" if text == "*" => Name::Everybody,
                "Service" => Name::Service(text.to_owned()),
                "Federated" => Name::Federated(Pattern::read(text, false)),
                "CanonicalUser" => Name::Canonical(text.to_owned()),
                _ => return Err(Problem::Syntax),
            });
        }
    }
    Ok(patterns)
}

fn read_aws(text: &str) -> Option<Name> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if text == "*" {
        return Some(Name::Everybody);
    }
    if is_account(text) {
        return Some(Name::Account(text.to_owned()));
    }
    if let Some(account) = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root")) {
        return is_account(account).then(|| Name::Account(account.to_owned()));
    }
    let is_arn = text.starts_with("arn:") && text.split(':').count() >= 6;
    let is_id = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // A principal's ARN is whole: wildcards stand in conditions.
    (is_arn && !text.contains(['*', '?']) || is_id).then(|| Name::Aws(text.to_owned()))
}

impl Name {
    fn names(&self, principal: &Principal) -> Option<Named> {
        match (self, principal) {
            (Name::Everybody, Principal::User { .. }) => Some(Named::Self_),
            (Name::Everybody, _) => Some(Named::Role),
            (Name::Account(account), _) => (principal.account() == account).then_some(Named::Account),
            (Name::Aws(name), Principal::User { arn, id, .. }) => (name == arn || name == id).then_some(Named::Self_),
            (Name::Aws(name), Principal::Session { arn, role, id, .. }) => {
                let role_id = id.split(':').next().unwrap_or_default();
                match () {
                    () if name == arn || name == id => Some(Named::Self_),
                    () if name == role || name == role_id => Some(Named::Role),
                    () => None,
                }
            }
            (Name::Aws(name), Principal::FederatedUser { arn, user, id, .. }) => match () {
                () if name == arn || name == id => Some(Named::Self_),
                () if name == user => Some(Named::Role),
                () => None,
            },
            (Name::Service(name), Principal::Service { name: own }) => (name == own).then_some(Named::Self_),
            (Name::Federated(pattern), Principal::Federated { provider }) => {
                pattern.fits(provider, &crate::Context::default()).then_some(Named::Self_)
            }
            // S3 knows accounts by canonical ids, too: the owner of one is its account.
            (Name::Canonical(id), _) => {
                (principal.has_identity() && canonical(principal.account()) == *id).then_some(Named::Account)
            }
            _ => None,
        }
    }
}

/// The canonical user id of an account, as S3 hands it out: 64 hexadecimal digits made of its number.
fn canonical(account: &str) -> String {
    let digest = Checksum::of(ChecksumAlgorithm::Sha256, account.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
