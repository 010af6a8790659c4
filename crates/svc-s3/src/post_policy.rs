//! The policy of a browser's form upload: what the signer allows the form to hold.
//! Source: "POST policy", Amazon S3 API Reference.

use kogumo_base::Timestamp;
use serde_json::Value;

/// A policy, read from the JSON in the form's `policy` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Equals(String, String),
    StartsWith(String, String),
    Length(u64, u64),
}

/// Why a form is refused: AWS's code and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `InvalidPolicyDocument`, 400.
    InvalidPolicy(String),
    /// `AccessDenied`, 403.
    Denied(String),
    /// `EntityTooSmall`, 400: what is proposed, what is the least.
    TooSmall(u64, u64),
    /// `EntityTooLarge`, 400: what is proposed, what is the most.
    TooLarge(u64, u64),
}

/// Fields that need no condition: the signature itself, and what comes behind it.
const FREE: [&str; 5] = ["awsaccesskeyid", "signature", "x-amz-signature", "policy", "file"];

impl Policy {
    /// Reads the JSON of a policy.
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let invalid = |why: &str| Refusal::InvalidPolicy(format!("Invalid Policy: {why}"));
        let document: Value = serde_json::from_slice(json).map_err(|_| invalid("Invalid JSON."))?;
        let Value::Object(document) = document else { return Err(invalid("Invalid JSON.")) };
        let expiration = document.get("expiration").ok_or_else(|| invalid("Policy missing expiration."))?;
        let expiration = expiration.as_str().and_then(Timestamp::parse_iso);
        let expiration = expiration.ok_or_else(|| invalid("Invalid 'expiration' value."))?;
        let conditions = document.get("conditions").ok_or_else(|| invalid("Policy missing conditions."))?;
        let conditions = conditions.as_array().ok_or_else(|| invalid("Invalid 'conditions' value."))?;
        let mut read = Vec::new();
        for condition in conditions {
            read_condition(condition, &mut read).ok_or_else(|| invalid("Invalid Simple-Condition."))?;
        }
        Ok(Policy { expiration, conditions: read })
    }

    /// Judges a form's fields (those before the file). `now` is the machine's time: the signer used its own clock.
    ///
    /// `free` is a field that needs no condition, because the request says it elsewhere.
    pub fn judge(&self, fields: &[(String, String)], free: &str, now: Timestamp) -> Result<(), Refusal> {
        let denied = |why: String| Err(Refusal::Denied(format!("Invalid according to Policy: {why}")));
        if self.expiration <= now {
            return denied("Policy expired.".into());
        }
        for condition in &self.conditions {
            let (operator, field, wanted, holds): (_, _, _, fn(&str, &str) -> bool) = match condition {
                Condition::Equals(field, wanted) => ("eq", field, wanted, |found, wanted| found == wanted),
                Condition::StartsWith(field, wanted) => {
                    ("starts-with", field, wanted, |found, wanted| found.starts_with(wanted))
                }
                Condition::Length(..) => continue,
            };
            if !holds(value(fields, field).unwrap_or_default(), wanted) {
                return denied(format!("Policy Condition failed: [\"{operator}\", \"${field}\", \"{wanted}\"]"));
            }
        }
        let extra = fields.iter().map(|(name, _)| name.to_ascii_lowercase()).find(|name| {
            let covered = self.conditions.iter().any(|condition| match condition {
                Condition::Equals(field, _) | Condition::StartsWith(field, _) => field == name,
                Condition::Length(..) => false,
            });
            !covered && name != free && !FREE.contains(&name.as_str()) && !name.starts_with("x-ignore-")
        });
        match extra {
            Some(name) => denied(format!("Extra input fields: {name}")),
            None => Ok(()),
        }
    }

    /// The most bytes the file may have.
    pub fn most_bytes(&self) -> u64 {
        let most = |condition: &Condition| match condition {
            Condition::Length(_, most) => Some(*most),
            _ => None,
        };
        self.conditions.iter().filter_map(most).min().unwrap_or(u64::MAX)
    }

    /// Judges the length of the file.
    pub fn judge_length(&self, bytes: u64) -> Result<(), Refusal> {
        for condition in &self.conditions {
            match condition {
                Condition::Length(least, _) if bytes < *least => return Err(Refusal::TooSmall(bytes, *least)),
                Condition::Length(_, most) if bytes > *most => return Err(Refusal::TooLarge(bytes, *most)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn read_condition(condition: &Value, into: &mut Vec<Condition>) -> Option<()> {
    match condition {
        Value::Object(pairs) => {
            for (field, value) in pairs {
                into.push(Condition::Equals(field.to_ascii_lowercase(), value.as_str()?.to_owned()));
            }
        }
        Value::Array(parts) => {
            let [operator, second, third] = parts.as_slice() else { return None };
            let operator = operator.as_str()?.to_ascii_lowercase();
            into.push(match operator.as_str() {
                "content-length-range" => Condition::Length(number(second)?, number(third)?),
                "eq" => Condition::Equals(field(second)?, third.as_str()?.to_owned()),
                "starts-with" => Condition::StartsWith(field(second)?, third.as_str()?.to_owned()),
                _ => return None,
            });
        }
        _ => return None,
    }
    Some(())
}

fn field(value: &Value) -> Option<String> {
    Some(value.as_str()?.strip_prefix('$')?.to_ascii_lowercase())
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"expiration": "2026-12-01T12:00:00.000Z", "conditions": [
        {"bucket": "b"}, ["starts-with", "$key", "user/"], {"acl": "private"},
        ["content-length-range", 1, 10], ["starts-with", "$Content-Type", ""]]}"#;

    fn judge(fields: &[(&str, &str)], now: &str) -> Result<(), Refusal> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let policy = Policy::parse(POLICY.as_bytes()).expect("a policy");
        policy.judge(&fields, "", Timestamp::parse_iso(now).expect("a time"))
    }

    #[test]
    fn a_form_must_keep_to_it() {
        let good = [("key", "user/a"), ("bucket", "b"), ("ACL", "private"), ("content-type", "x"), ("policy", "…")];
        assert_eq!(judge(&good, "2026-11-22T00:00:00Z"), Ok(()));
        assert_eq!(
            judge(&good, "2026-12-02T00:00:00Z"),
            Err(Refusal::Denied("Invalid according to Policy: Policy expired.".into()))
        );
        let elsewhere = [("key", "other/a"), ("bucket", "b"), ("acl", "private")];
        let message = "Invalid according to Policy: Policy Condition failed: [\"starts-with\", \"$key\", \"user/\"]";
        assert_eq!(judge(&elsewhere, "2026-11-22T00:00:00Z"), Err(Refusal::Denied(message.into())));
        let extra = [("key", "user/a"), ("bucket", "b"), ("acl", "private"), ("x-amz-meta-a", "1")];
        let message = "Invalid according to Policy: Extra input fields: x-amz-meta-a";
        assert_eq!(judge(&extra, "2026-11-22T00:00:00Z"), Err(Refusal::Denied(message.into())));
    }

    #[test]
    fn lengths() {
        let policy = Policy::parse(POLICY.as_bytes()).expect("a policy");
        assert_eq!(policy.judge_length(0), Err(Refusal::TooSmall(0, 1)));
        assert_eq!(policy.judge_length(10), Ok(()));
        assert_eq!(policy.judge_length(11), Err(Refusal::TooLarge(11, 10)));
        assert_eq!(policy.most_bytes(), 10);
    }

    #[test]
    fn no_policy_at_all() {
        for bad in ["", "[]", "{}", r#"{"expiration":"2026-12-01T12:00:00Z"}"#, r#"{"expiration":"x","conditions":[]}"#]
        {
            assert!(matches!(Policy::parse(bad.as_bytes()), Err(Refusal::InvalidPolicy(_))), "{bad}");
        }
        let odd = r#"{"expiration":"2026-12-01T12:00:00Z","conditions":[["in","$key","a"]]}"#;
        assert!(Policy::parse(odd.as_bytes()).is_err());
    }
}
