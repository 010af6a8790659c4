//! Resource policies of APIs: who may call at all, mostly by address.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html>

use super::call::Call;
use super::failure::{ACCESS_DENIED, Failure};
use kogumo_execute_api::access::{Verdict, verdict_where};
use kogumo_execute_api::context::Context;
use serde_json::Value as Json;
use std::net::IpAddr;

/// Lets a request through or tells why not. An API without a policy is open to everybody.
pub fn check(call: &Call<'_>, context: &Context) -> Result<(), Failure> {
    let Some(policy) = &call.definition.policy else { return Ok(()) };
    let arn = call.method_arn(context);
    let refused = |why: &str| {
        let message =
            format!("User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn}{why}");
        Err(Failure::saying(&ACCESS_DENIED, message))
    };
    let Ok(policy) = serde_json::from_str::<Json>(policy) else { return refused("") };
    let address = call.request.source_ip.parse().ok();
    // Resources may be written short: `execute-api:/stage/GET/path`.
    let short = format!("execute-api:/{}", arn.splitn(2, '/').nth(1).unwrap_or(""));
    let speaks = |statement: &Json| everybody(statement) && holds(statement, address);
    match [&arn, &short].map(|resource| verdict_where(&policy, resource, &speaks)) {
        verdicts if verdicts.contains(&Verdict::Denied) => refused(" with an explicit deny"),
        verdicts if verdicts.contains(&Verdict::Allowed) => Ok(()),
        _ => refused(""),
    }
}

/// Whether a statement is about every caller.
fn everybody(statement: &Json) -> bool {
    match statement.get("Principal") {
        Some(Json::String(principal)) => principal == "*",
        Some(Json::Object(principals)) => {
            principals.get("AWS").is_some_and(|aws| *aws == "*" || *aws == Json::from(vec!["*"]))
        }
        _ => false,
    }
}

/// Whether a statement's conditions hold; those that are not understood make an Allow silent and a
/// Deny speak.
fn holds(statement: &Json, address: Option<IpAddr>) -> bool {
    let conditions = statement.get("Condition").and_then(Json::as_object);
    let deny = statement.get("Effect").and_then(Json::as_str) == Some("Deny");
    conditions.into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, values)| {
            let within = || address.is_some_and(|address| texts(values).iter().any(|range| contains(range, address)));
            match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
                ("IpAddress", "aws:sourceip") => within(),
                ("NotIpAddress", "aws:sourceip") => !within(),
                _ => deny,
            }
        })
    })
}

fn texts(values: &Json) -> Vec<&str> {
    match values {
        Json::String(text) => vec![text],
        Json::Array(items) => items.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether an address lies in `10.0.0.0/8` or is the address given.
fn contains(range: &str, address: IpAddr) -> bool {
    let (base, length) = range.split_once('/').unwrap_or((range, "128"));
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => same(u32::from(base).into(), u32::from(address).into(), 32, length),
        (IpAddr::V6(base), IpAddr::V6(address)) => same(base.into(), address.into(), 128, length),
        _ => false,
    }
}

/// Whether the first `length` of `bits` bits are the same.
fn same(a: u128, b: u128, bits: u32, length: u32) -> bool {
    let dropped = bits.saturating_sub(length);
    a.checked_shr(dropped) == b.checked_shr(dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let address: IpAddr = "10.1.2.3".parse().expect("an address");
        for (range, inside) in [
            ("10.0.0.0/8", true),
            ("10.1.2.3", true),
            ("10.1.2.0/25", true),
            ("11.0.0.0/8", false),
            ("0.0.0.0/0", true),
            ("::/0", false),
            ("x", false),
        ] {
            assert_eq!(contains(range, address), inside, "{range}");
        }
    }
}
