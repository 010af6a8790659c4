//! What an authorizer's policy says about a method.

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

/// Whether a policy document lets `execute-api:Invoke` on a method's ARN.
pub fn verdict(policy: &Json, method_arn: &str) -> Verdict {
    verdict_where(policy, method_arn, &|_| true)
}

/// As [`verdict`], by those statements only that `concerns` says yes to.
pub fn verdict_where(policy: &Json, method_arn: &str, concerns: &dyn Fn(&Json) -> bool) -> Verdict {
    let statements = match policy.get("Statement") {
        Some(Json::Array(statements)) => statements.as_slice(),
        Some(statement) => std::slice::from_ref(statement),
        None => &[],
    };
    let mut verdict = Verdict::Silent;
    for statement in statements {
        let speaks = any(statement, "Action", |action| like(&action.to_ascii_lowercase(), "execute-api:invoke"))
            && any(statement, "Resource", |resource| like(resource, method_arn))
            && concerns(statement);
        match statement.get("Effect").and_then(Json::as_str) {
            Some("Deny") if speaks => return Verdict::Denied,
            Some("Allow") if speaks => verdict = Verdict::Allowed,
            _ => {}
        }
    }
    verdict
}

fn any(statement: &Json, name: &str, wanted: impl Fn(&str) -> bool) -> bool {
    match statement.get(name) {
        Some(Json::String(value)) => wanted(value),
        Some(Json::Array(values)) => values.iter().filter_map(Json::as_str).any(wanted),
        _ => false,
    }
}

/// Wildcards of policies: `*` is any text, `?` any character. Linear but for the last `*`.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
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
    }
}
