//! Statements of resource policies: as `AddPermission` makes them, and as a policy lists them.

use kogumo_base::Timestamp;
use kogumo_policy::Renaming;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A resource policy: its statements in the order they were added.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub statements: Vec<Statement>,
    pub revision_id: String,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    pub sid: String,
    /// The statement's JSON.
    pub json: String,
    pub added: Timestamp,
}

/// A principal as a policy writes it: a service, an account, an ARN or everybody.
pub fn principal(given: &str) -> Value {
    let is_account = given.len() == 12 && given.bytes().all(|b| b.is_ascii_digit());
    match given {
        "*" => json!("*"),
        _ if is_account => json!({ "AWS": format!("arn:aws:iam::{given}:root") }),
        _ if given.starts_with("arn:") => json!({ "AWS": given }),
        _ => json!({ "Service": given }),
    }
}

/// Conditions by operator, as pairs of a key and its value. Those without a value are left out.
pub fn conditions(given: &[(&str, &str, Option<&str>)]) -> Value {
    let mut operators = Map::new();
    for (operator, key, value) in given {
        let Some(value) = value else { continue };
        if let Value::Object(keys) = operators.entry(*operator).or_insert_with(|| json!({})) {
            keys.insert((*key).to_owned(), json!(value));
        }
    }
    Value::Object(operators)
}

/// A statement that allows `action` on `resource`.
pub fn allow(sid: &str, principal_given: &str, action: &str, resource: &str, conditions: Value) -> Value {
    let mut statement = json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal(principal_given),
        "Action": action,
        "Resource": resource,
    });
    if conditions.as_object().is_some_and(|operators| !operators.is_empty()) {
        statement["Condition"] = conditions;
    }
    statement
}

impl Policy {
    /// The whole policy as a document.
    pub fn document(&self) -> String {
        let statements: Vec<Value> =
            self.statements.iter().filter_map(|s| serde_json::from_str(&s.json).ok()).collect();
        json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements }).to_string()
    }

    pub fn has(&self, sid: &str) -> bool {
        self.statements.iter().any(|statement| statement.sid == sid)
    }

    /// Adds a statement; the policy has another revision then.
    pub fn add(&mut self, sid: &str, statement: &Value, now: Timestamp) {
        self.statements.push(Statement { sid: sid.to_owned(), json: statement.to_string(), added: now });
        self.revision_id = kogumo_base::uuid();
    }

    /// Changes the name of a principal; answers whether a statement had the old one.
    pub fn rename(&mut self, renaming: &Renaming<'_>) -> bool {
        let changed =
            |statement: &mut Statement| renaming.statement(&statement.json).map(|json| statement.json = json).is_some();
        self.statements.iter_mut().fold(false, |any, statement| changed(statement) | any)
    }

    /// Removes a statement and tells whether it was there.
    pub fn remove(&mut self, sid: &str) -> bool {
        let before = self.statements.len();
        self.statements.retain(|statement| statement.sid != sid);
        self.revision_id = kogumo_base::uuid();
        self.statements.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals() {
        assert_eq!(principal("s3.amazonaws.com"), json!({ "Service": "s3.amazonaws.com" }));
        assert_eq!(principal("123456789012"), json!({ "AWS": "arn:aws:iam::123456789012:root" }));
        assert_eq!(principal("arn:aws:iam::1:role/r"), json!({ "AWS": "arn:aws:iam::1:role/r" }));
        assert_eq!(principal("*"), json!("*"));
    }

    #[test]
    fn statements_come_and_go() {
        let conditions = conditions(&[
            ("StringEquals", "AWS:SourceAccount", Some("1")),
            ("StringEquals", "aws:PrincipalOrgID", None),
            ("ArnLike", "AWS:SourceArn", Some("arn:x")),
        ]);
        let statement = allow("a", "s3.amazonaws.com", "lambda:InvokeFunction", "arn:f", conditions);
        assert_eq!(
            statement.to_string(),
            r#"{"Sid":"a","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:f","Condition":{"StringEquals":{"AWS:SourceAccount":"1"},"ArnLike":{"AWS:SourceArn":"arn:x"}}}"#
        );
        let mut policy = Policy::default();
        policy.add("a", &statement, Timestamp(0));
        assert!(policy.has("a"));
        assert!(policy.document().starts_with(r#"{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"a""#));
        assert!(policy.remove("a") && !policy.remove("a"));
    }
}
