//! Whether a role's trust policy lets somebody in. Pure.

use kogumo_policy::{Attached, Context, Document, Policies, Principal, Request, decide};

/// Who wants to assume which role.
pub struct Asking<'a> {
    pub principal: &'a Principal,
    pub role_arn: &'a str,
    /// The account that the role belongs to.
    pub owner: &'a str,
    pub context: &'a Context,
}

impl Asking<'_> {
    /// Whether the trust policy allows each of the actions: assuming, and what goes with it (tags, a source identity).
    /// Whoever the account as a whole is trusted with is let in here; what its own policies say of that is decided at the
    /// door.
    pub fn is_trusted(&self, trust: &str, actions: &[&str]) -> bool {
        let Ok(document) = Document::parse(trust) else { return false };
        let everything = Document::parse(EVERYTHING).ok();
        let policies = Policies {
            identity: everything.iter().map(|document| Attached { name: "", document }).collect(),
            trust: Some(Attached { name: "", document: &document }),
            ..Policies::default()
        };
        actions.iter().all(|action| {
            let request = Request {
                principal: self.principal,
                action,
                resource: self.role_arn,
                owner: self.owner,
                context: self.context,
            };
            decide(&request, &policies).is_allowed()
        })
    }
}

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(principal: &Principal, statement: &str, context: &[(&'static str, &str)]) -> bool {
        let trust = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let mut facts = Context::default();
        context.iter().for_each(|(key, value)| facts.put(*key, *value));
        let role_arn = "arn:aws:iam::000000000000:role/r";
        Asking { principal, role_arn, owner: "000000000000", context: &facts }.is_trusted(&trust, &["sts:AssumeRole"])
    }

    #[test]
    fn the_named_the_account_and_the_service() {
        let user = Principal::User {
            account: "111111111111".into(),
            arn: "arn:aws:iam::111111111111:user/u".into(),
            id: "AIDA1".into(),
        };
        let service = Principal::Service { name: "lambda.amazonaws.com".into() };
        let by = |principal: &str| format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}}}"#);
        assert!(trusted(&user, &by(r#"{"AWS":"arn:aws:iam::111111111111:user/u"}"#), &[]));
        assert!(trusted(&user, &by(r#"{"AWS":"111111111111"}"#), &[]));
        assert!(!trusted(&user, &by(r#"{"AWS":"arn:aws:iam::000000000000:root"}"#), &[]));
        assert!(!trusted(&user, &by(r#"{"Service":"lambda.amazonaws.com"}"#), &[]));
        assert!(trusted(&service, &by(r#"{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]}"#), &[]));
        assert!(!trusted(&service, &by(r#"{"Service":"ec2.amazonaws.com"}"#), &[]));
    }

    #[test]
    fn the_external_id_must_be_right() {
        let root = Principal::Root { account: "000000000000".into() };
        let statement = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Condition":{"StringEquals":{"sts:ExternalId":"secret"}}}"#;
        assert!(trusted(&root, statement, &[("sts:ExternalId", "secret")]));
        assert!(!trusted(&root, statement, &[("sts:ExternalId", "guess")]));
        assert!(!trusted(&root, statement, &[]));
    }

    #[test]
    fn tags_need_their_own_permission() {
        let root = Principal::Root { account: "000000000000".into() };
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}"#;
        let context = Context::default();
        let asking = Asking {
            principal: &root,
            role_arn: "arn:aws:iam::000000000000:role/r",
            owner: "000000000000",
            context: &context,
        };
        assert!(asking.is_trusted(trust, &["sts:AssumeRole"]));
        assert!(!asking.is_trusted(trust, &["sts:AssumeRole", "sts:TagSession"]));
    }
}
