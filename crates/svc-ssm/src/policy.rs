//! Parameter policies. Expiration acts; the two that would tell EventBridge something are refused until it is there.
//! Source: "Assigning parameter policies", Systems Manager User Guide.

use kogumo_base::Timestamp;
use kogumo_door::Writer;
use kogumo_model::ssm::{
    INVALID_POLICY_ATTRIBUTE_EXCEPTION, INVALID_POLICY_TYPE_EXCEPTION, POLICIES_LIMIT_EXCEEDED_EXCEPTION,
    ParameterInlinePolicy,
};
use kogumo_store::timers::{self, Timer};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record;

/// The timer of parameters that expire; its id is the name.
pub const EXPIRY: &str = "ssm/expire";

/// A parameter has at most so many.
const MOST: usize = 10;

/// A policy, as its JSON text and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub text: String,
    pub expires: Timestamp,
}

impl Policy {
    pub fn inline(&self) -> ParameterInlinePolicy {
        ParameterInlinePolicy {
            policy_text: Some(self.text.clone()),
            policy_type: Some("Expiration".into()),
            policy_status: Some("Pending".into()),
        }
    }
}

/// Reads the JSON array of a request. `[{}]` and `[]` mean that there shall be no policies.
pub fn read(text: &str, now: Timestamp) -> Result<Vec<Policy>, Fault> {
    let malformed = || Fault::validation("Invalid policies input: the policies must be a JSON array of policies.");
    let Ok(Value::Array(policies)) = serde_json::from_str(text) else { return Err(malformed()) };
    let policies: Vec<Value> =
        policies.into_iter().filter(|policy| *policy != Value::Object(Default::default())).collect();
    if policies.len() > MOST {
        let why = format!(
            "You specified more than the maximum number of allowed policies for the parameter. The maximum is {MOST}."
        );
        return Err(POLICIES_LIMIT_EXCEEDED_EXCEPTION.because(why));
    }
    let policies: Vec<Policy> = policies.iter().map(|policy| one(policy, now)).collect::<Result<_, _>>()?;
    match policies.len() {
        0 | 1 => Ok(policies),
        _ => Err(Fault::validation("A parameter can have only one policy of type Expiration.")),
    }
}

fn one(policy: &Value, now: Timestamp) -> Result<Policy, Fault> {
    match policy["Type"].as_str() {
        Some("Expiration") => {}
        Some(kind @ ("ExpirationNotification" | "NoChangeNotification")) => {
            return Err(Fault::not_implemented(&format!("The parameter policy {kind}")));
        }
        _ => return Err(INVALID_POLICY_TYPE_EXCEPTION.because("The policy type isn't supported.")),
    }
    let invalid = |why: &str| INVALID_POLICY_ATTRIBUTE_EXCEPTION.because(why);
    if policy["Version"].as_str() != Some("1.0") {
        return Err(invalid("The policy version isn't supported."));
    }
    let text = policy["Attributes"]["Timestamp"].as_str();
    let expires = text.and_then(Timestamp::parse_iso);
    let expires = expires.ok_or_else(|| invalid("A policy attribute or its value is invalid: Timestamp."))?;
    if expires <= now {
        return Err(invalid("The expiration Timestamp must be in the future."));
    }
    Ok(Policy { text: policy.to_string(), expires })
}

/// Sets the timer that the policies ask for, or takes it back.
pub fn schedule(w: &mut Writer, name: &str, policies: &[Policy]) -> Result<(), Fault> {
    let scope = w.scope().clone();
    match policies.first() {
        Some(policy) => timers::put(w.tx, policy.expires, EXPIRY, &scope, name, name.as_bytes())?,
        None => timers::cancel(w.tx, EXPIRY, &scope, name).map(drop)?,
    }
    Ok(())
}

/// A parameter's time has come.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), kogumo_base::Trouble> {
    let name = String::from_utf8_lossy(&timer.payload);
    record::delete(w.tx, &timer.scope, &name).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_checked() {
        let now = Timestamp::from_seconds(1_600_000_000);
        let expiration =
            r#"[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-12-02T21:34:33.000Z"}}]"#;
        assert_eq!(read(expiration, now).map(|found| found.len()).ok(), Some(1));
        assert_eq!(read("[{}]", now).map(|found| found.len()).ok(), Some(0));
        for bad in [
            "",
            "{}",
            "[1]",
            r#"[{"Type":"Other"}]"#,
            &expiration.replace("2030", "2010"),
            &expiration.replace("1.0", "2"),
        ] {
            assert!(read(bad, now).is_err(), "{bad}");
        }
    }
}
