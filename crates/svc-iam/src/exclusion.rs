//! Policies that a simulation leaves out: the PolicyExclusionList of SimulatePrincipalPolicy.

use kogumo_base::Arn;
use kogumo_model::iam::{INVALID_INPUT_EXCEPTION, PolicyIdentifier};
use kogumo_policy::{Context, Pattern};
use kogumo_wire::Fault;

use crate::authorize::Held;
use crate::entity::Kind;

/// What is left out.
#[derive(Default)]
pub struct Exclusions(Vec<Exclusion>);

enum Exclusion {
    /// `inline`, `aws-managed`, `user-managed`, `permission-boundary`, …
    Type(String),
    Arn(Pattern),
    Inline {
        name: String,
        /// `user`, `group`, `role`.
        kind: String,
        holder: Pattern,
    },
}

/// The type of a policy by its name, which of a managed one is its ARN.
pub fn policy_type(name: &str) -> &'static str {
    match name.strip_prefix("arn:aws:iam::") {
        Some(rest) if rest.starts_with("aws:") => "aws-managed",
        Some(_) => "user-managed",
        None => "inline",
    }
}

/// The word for what a policy is attached to.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "user",
        Kind::Group => "group",
        Kind::Role => "role",
    }
}

impl Exclusions {
    /// # Errors
    /// InvalidInput for what cannot name a policy. That nothing has the name is no error.
    pub fn read(list: Vec<PolicyIdentifier>) -> Result<Self, Fault> {
        list.into_iter().map(read).collect::<Result<_, _>>().map(Exclusions)
    }

    /// Whether a policy stays out.
    pub fn has(&self, held: &Held) -> bool {
        let context = Context::default();
        self.0.iter().any(|one| match one {
            Exclusion::Type(kind) => policy_type(&held.name) == kind,
            Exclusion::Arn(pattern) => held.name.starts_with("arn:") && pattern.fits(&held.name, &context),
            Exclusion::Inline { name, kind, holder } => {
                held.name == *name && kind_word(held.holder.0) == kind && holder.fits(&held.holder.1, &context)
            }
        })
    }

    /// Whether the permissions boundary stays out.
    pub fn has_boundary(&self, arn: &str) -> bool {
        let context = Context::default();
        self.0.iter().any(|one| match one {
            Exclusion::Type(kind) => kind == "permission-boundary",
            Exclusion::Arn(pattern) => pattern.fits(arn, &context),
            Exclusion::Inline { .. } => false,
        })
    }
}

fn read(one: PolicyIdentifier) -> Result<Exclusion, Fault> {
    let wrong = |why: &str| INVALID_INPUT_EXCEPTION.because(format!("Invalid policy identifier: {why}."));
    match one {
        PolicyIdentifier::PolicyType(kind) => Ok(Exclusion::Type(kind)),
        PolicyIdentifier::PolicyArn(arn) => {
            let named = Arn::parse(&arn).filter(|arn| arn.service == "iam" && arn.resource.starts_with("policy/"));
            let head = arn.split(":policy/").next().unwrap_or_default();
            if named.is_none() || head.contains(['*', '?']) {
                return Err(wrong("the ARN is not one of a managed policy"));
            }
            if arn.matches('*').count() > 1 {
                return Err(wrong("at most one * is allowed"));
            }
            Ok(Exclusion::Arn(Pattern::read(&arn, false)))
        }
        PolicyIdentifier::InlinePolicyIdentifier(inline) => {
            if inline.policy_name.contains(['*', '?']) {
                return Err(wrong("wildcards are not allowed in the name of an inline policy"));
            }
            Ok(Exclusion::Inline {
                name: inline.policy_name,
                kind: inline.attachment_type.to_lowercase(),
                holder: Pattern::read(&inline.attachment_name, false),
            })
        }
        PolicyIdentifier::Unset => {
            Err(wrong("specify exactly one of PolicyType, PolicyArn, and InlinePolicyIdentifier"))
        }
    }
}
