//! How a refusal is told: in AWS's words, which differ by service, and in the audit trail's.

use kogumo_base::Trouble;
use kogumo_door::{Caller, Cloud, Denied, Principal, Service, authorization_message};
use kogumo_policy::{Context, Decision, Layer, Verdict, denial};
use kogumo_wire::{Fault, Operation};
use serde_json::{Map, Value, json};

/// What went wrong is ours.
pub fn trouble(trouble: Trouble) -> Denied {
    Denied { fault: trouble.into(), decision: "undecided".to_owned() }
}

/// Sessions that IAM and STS do not serve, whatever policies say.
/// Source: IAM User Guide, "Compare AWS STS credentials".
pub fn of_token(caller: &Caller, service: &Service, operation: &Operation) -> Result<(), Denied> {
    let Some(session) = &caller.session else { return Ok(()) };
    let refused = match (&*caller.principal, service.facts.name) {
        (Principal::Federated { .. }, "iam") => true,
        (Principal::User { .. }, "iam") => session.mfa.is_none(),
        (Principal::Federated { .. }, "sts") if operation.name == "AssumeRole" => {
            let fault = Fault::access_denied("Cannot call AssumeRole with session credentials");
            return Err(Denied { fault, decision: "the session's kind may not assume roles".to_owned() });
        }
        _ => false,
    };
    if !refused {
        return Ok(());
    }
    let fault = Fault::coded("InvalidClientTokenId", 403, "The security token included in the request is invalid");
    Err(Denied { fault, decision: "the session's kind may not call this service".to_owned() })
}

/// A call that is refused.
pub fn denied(
    cloud: &Cloud,
    caller: &Caller,
    service: &Service,
    (action, resource): (&str, &str),
    decision: &Decision,
    context: &Context,
) -> Denied {
    let who = caller.principal.arn();
    let fault = match service.facts.name {
        "s3" if *caller.principal == Principal::Anonymous => Fault::coded("AccessDenied", 403, "Access Denied"),
        "s3" => Fault::coded("AccessDenied", 403, denial(&who, action, &format!("\"{resource}\""), decision)),
        "ec2" => {
            let sealed = authorization_message::encode(
                cloud,
                caller.account(),
                &message(caller, action, resource, decision, context).to_string(),
            );
            let sealed = match sealed {
                Ok(sealed) => sealed,
                Err(why) => return trouble(why),
            };
            let on = if resource == "*" { "" } else { resource };
            let said = denial(&who, action, on, decision);
            let message = format!(
                "You are not authorized to perform this operation. {said}. Encoded authorization failure message: {sealed}"
            );
            Fault::access_denied(message)
        }
        "sns" => Fault::coded("AuthorizationError", 403, denial(&who, action, resource, decision)),
        _ => Fault::access_denied(denial(&who, action, resource, decision)),
    };
    Denied { fault, decision: told(decision) }
}

/// The decision in a few words, for the audit trail.
pub fn told(decision: &Decision) -> String {
    let kind = decision.layer.map_or("root", Layer::name);
    match (&decision.by, decision.verdict) {
        (Some(by), verdict) => {
            let verdict = if verdict == Verdict::ExplicitDeny { "explicitDeny" } else { "allowed" };
            let sid = by.sid.as_deref().map(|sid| format!(" ({sid})")).unwrap_or_default();
            format!("{verdict} by statement {}{sid} of {kind} {}", by.index, by.policy)
        }
        (None, Verdict::ImplicitDeny) => format!("implicitDeny: no {kind} allows"),
        (None, _) => "allowed as root".to_owned(),
    }
}

/// What DecodeAuthorizationMessage shows.
fn message(caller: &Caller, action: &str, resource: &str, decision: &Decision, context: &Context) -> Value {
    let items: Vec<Value> = decision
        .by
        .iter()
        .map(|by| json!({ "statementId": by.sid.clone().unwrap_or_default(), "effect": "DENY", "policy": by.policy }))
        .collect();
    let conditions: Map<String, Value> = context.iter().map(|(key, values)| (key.to_owned(), json!(values))).collect();
    json!({
        "allowed": false,
        "explicitDeny": decision.verdict == Verdict::ExplicitDeny,
        "matchedStatements": { "items": items },
        "failures": { "items": [] },
        "context": {
            "principal": { "id": caller.principal.id(), "name": caller.principal.name(), "arn": caller.principal.arn() },
            "action": action,
            "resource": resource,
            "conditions": conditions,
        },
    })
}
