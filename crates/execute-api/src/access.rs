//! What a policy says about a method: an authorizer's answer, or the API's own policy.

use kogumo_policy::{Attached, Context, Document, Policies, Principal, Request, matched};
use serde_json::Value as Json;

/// The verdict of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement speaks of it.
    Silent,
}

/// Whether a policy document lets `execute-api:Invoke` on a method's ARN. What is no policy says nothing.
pub fn verdict(policy: &Json, method_arn: &str) -> Verdict {
    let Ok(document) = Document::read(policy) else { return Verdict::Silent };
    let identity = vec![Attached { name: "authorizer", document: &document }];
    weigh(&Policies { identity, ..Policies::default() }, &Principal::Anonymous, method_arn, &Context::default())
}

/// Whether a document can be read as a policy; an authorizer that answers something else is configured wrongly.
pub fn is_policy(policy: &Json) -> bool {
    Document::read(policy).is_ok()
}

/// What an API's policy says to a caller.
pub fn verdict_for(policy: &Document, caller: &Principal, method_arn: &str, context: &Context) -> Verdict {
    let resource = vec![Attached { name: "API", document: policy }];
    weigh(&Policies { resource, ..Policies::default() }, caller, method_arn, context)
}

fn weigh(policies: &Policies<'_>, principal: &Principal, resource: &str, context: &Context) -> Verdict {
    let request = Request { principal, action: "execute-api:Invoke", resource, owner: "", context };
    let found = matched(&request, policies);
    match found.iter().any(|statement| statement.effect_is_deny) {
        true => Verdict::Denied,
        false if found.is_empty() => Verdict::Silent,
        false => Verdict::Allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn deny_wins_and_silence_is_not_consent() {
        let arn = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/pets";
        let allow = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:abc/dev/GET/*"});
        let deny = json!({"Effect": "Deny", "Action": ["execute-api:*"], "Resource": ["*/GET/pets"]});
        assert_eq!(verdict(&json!({"Statement": [allow]}), arn), Verdict::Allowed);
        assert_eq!(verdict(&json!({"Statement": [allow, deny]}), arn), Verdict::Denied);
        assert_eq!(
            verdict(&json!({"Statement": allow}), "arn:aws:execute-api:us-east-1:0:other/dev/GET/pets"),
            Verdict::Silent
        );
        assert_eq!(verdict(&json!({}), arn), Verdict::Silent);
        assert!(is_policy(&json!({"Statement": [allow]})));
        assert!(!is_policy(&json!({"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]})));
    }
}
