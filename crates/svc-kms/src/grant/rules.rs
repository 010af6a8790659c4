//! What a grant lets its principals do. Pure.

use kogumo_door::Caller;
use kogumo_model::kms::CreateGrantRequest;
use kogumo_wire::Structure;
use serde_json::{Value, json};

use super::record::{Grant, Party};
use crate::encryption_context::EncryptionContext;
use crate::request;

/// What is asked of a key.
pub struct Asked<'a> {
    /// Without `kms:`.
    pub action: &'a str,
    pub caller: &'a Caller,
    pub input: Option<&'a dyn Structure>,
}

/// The policies that grants of a key come to, for what is asked: each names whom it lets in.
pub fn allowing<'a>(grants: &'a [Grant], asked: &'a Asked<'a>) -> impl Iterator<Item = String> + 'a {
    grants.iter().flat_map(|grant| grant.lets_in(asked)).map(|principal| {
        let action = format!("kms:{}", asked.action);
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*" });
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    })
}

impl Grant {
    fn lets_in(&self, asked: &Asked<'_>) -> Vec<Value> {
        if asked.action == "RetireGrant" {
            return self.lets_retire(asked);
        }
        let fits = self.has(asked.action) && self.fits_source(asked.caller) && self.fits_input(asked);
        if fits { vec![named(&self.grantee)] } else { Vec::new() }
    }

    /// Who retires: the principal that is named for it, the grantee if he may, and the account that made the grant.
    fn lets_retire(&self, asked: &Asked<'_>) -> Vec<Value> {
        let Some(input) = asked.input else { return Vec::new() };
        let token = request::text(input, "GrantToken").and_then(|token| super::token::read(&token));
        let meant = token.map(|(.., grant)| grant).or_else(|| request::text(input, "GrantId"));
        if meant.is_none_or(|meant| meant != self.id) {
            return Vec::new();
        }
        let grantee = Some(&self.grantee).filter(|_| self.has("RetireGrant"));
        let mut principals: Vec<Value> = self.retiring.iter().chain(grantee).map(named).collect();
        principals.push(json!({ "AWS": format!("arn:aws:iam::{}:root", self.issuing_account) }));
        principals
    }

    fn has(&self, operation: &str) -> bool {
        self.operations.iter().any(|known| known == operation)
    }

    fn fits_source(&self, caller: &Caller) -> bool {
        self.source_arn.as_ref().is_none_or(|wanted| caller.source_arn.as_ref() == Some(wanted))
    }

    fn fits_input(&self, asked: &Asked<'_>) -> bool {
        let Some(input) = asked.input else { return self.equals.is_none() && self.subset.is_none() };
        if asked.action == "CreateGrant" {
            let input: &dyn std::any::Any = input;
            return input.downcast_ref::<CreateGrantRequest>().is_some_and(|child| self.covers(child));
        }
        if !request::encrypts(asked.action) {
            return true;
        }
        let context = request::encryption_context(input, &format!("kms:{}", asked.action)).into_iter().collect();
        self.equals.as_ref().is_none_or(|wanted| *wanted == context)
            && self.subset.as_ref().is_none_or(|wanted| holds(&context, wanted))
    }

    /// A grant that a grantee gives on allows no more than his own.
    fn covers(&self, child: &CreateGrantRequest) -> bool {
        let constraints = child.constraints.as_ref();
        let equals = constraints.and_then(|constraints| constraints.encryption_context_equals.as_ref());
        let subset = constraints.and_then(|constraints| constraints.encryption_context_subset.as_ref());
        let within_equals = self.equals.as_ref().is_none_or(|wanted| equals == Some(wanted));
        let within_subset =
            self.subset.as_ref().is_none_or(|wanted| equals.or(subset).is_some_and(|given| holds(given, wanted)));
        within_equals && within_subset && child.operations.iter().all(|operation| self.has(operation))
    }
}

fn holds(context: &EncryptionContext, wanted: &EncryptionContext) -> bool {
    wanted.iter().all(|(name, value)| context.get(name) == Some(value))
}

fn named(party: &Party) -> Value {
    match party {
        Party::Principal(arn) => json!({ "AWS": arn }),
        Party::Service(name) => json!({ "Service": name }),
    }
}

#[cfg(test)]
mod tests {
    use kogumo_model::kms::DecryptRequest;

    use super::*;

    fn grant() -> Grant {
        Grant {
            id: "g".into(),
            name: None,
            created: Default::default(),
            grantee: Party::Principal("arn:aws:iam::000000000000:user/ann".into()),
            retiring: None,
            issuing_account: "000000000000".into(),
            operations: vec!["Decrypt".into(), "CreateGrant".into()],
            equals: None,
            subset: Some([("a".to_owned(), "1".to_owned())].into()),
            source_arn: None,
        }
    }

    fn allows(action: &str, input: &dyn Structure) -> bool {
        let caller = Caller::root("000000000000", "us-east-1");
        allowing(&[grant()], &Asked { action, caller: &caller, input: Some(input) }).count() == 1
    }

    #[test]
    fn a_context_must_hold_the_pairs() {
        let with = |pairs: &[(&str, &str)]| DecryptRequest {
            encryption_context: Some(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()),
            ..DecryptRequest::default()
        };
        assert!(allows("Decrypt", &with(&[("a", "1"), ("b", "2")])));
        assert!(!allows("Decrypt", &with(&[("a", "2")])));
        assert!(!allows("Decrypt", &DecryptRequest::default()));
        assert!(!allows("Encrypt", &with(&[("a", "1")])));
    }

    #[test]
    fn a_child_allows_no_more_than_its_parent() {
        let child = |operation: &str, value: &str| CreateGrantRequest {
            operations: vec![operation.to_owned()],
            constraints: Some(kogumo_model::kms::GrantConstraints {
                encryption_context_subset: Some([("a".to_owned(), value.to_owned())].into()),
                ..Default::default()
            }),
            ..CreateGrantRequest::default()
        };
        assert!(allows("CreateGrant", &child("Decrypt", "1")));
        assert!(!allows("CreateGrant", &child("Encrypt", "1")));
        assert!(!allows("CreateGrant", &child("Decrypt", "2")));
        assert!(!allows("CreateGrant", &CreateGrantRequest::default()));
    }
}
