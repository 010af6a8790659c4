//! An event as CloudTrail writes it: the JSON of the `CloudTrailEvent` field.
//! Source: "CloudTrail record contents", CloudTrail User Guide.

use kogumo_door::Cloud;
use kogumo_door::trail::Event;
use kogumo_wire::schema::{Kind, Location, Shape};
use serde_json::{Map, Value, json};

/// The whole record. `parameters` are the request's, already in CloudTrail's spelling.
pub fn document(event: &Event, region: &str, parameters: Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": identity(event),
        "eventTime": event.time.format("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.source,
        "eventName": event.name,
        "awsRegion": region,
        "sourceIPAddress": event.invoked_by.as_deref().unwrap_or(&event.source_ip),
        "userAgent": event.invoked_by.as_deref().unwrap_or(&event.user_agent),
    });
    if let Some((code, message)) = &event.error {
        record["errorCode"] = json!(code);
        record["errorMessage"] = json!(message);
    }
    if let Some(decision) = &event.decision {
        record["additionalEventData"] = json!({ "authorizationDecision": decision });
    }
    record["requestParameters"] = parameters;
    // What a call answered is not kept.
    record["responseElements"] = Value::Null;
    record["requestID"] = json!(event.request_id);
    record["eventID"] = json!(event.id);
    record["readOnly"] = json!(event.read_only);
    record["eventType"] = json!("AwsApiCall");
    record["managementEvent"] = json!(true);
    record["recipientAccountId"] = json!(event.scope.account);
    record["eventCategory"] = json!("Management");
    record
}

fn identity(event: &Event) -> Value {
    if event.principal_kind == "AWSService" {
        return json!({ "type": "AWSService", "invokedBy": event.invoked_by });
    }
    let mut identity = json!({
        "type": event.principal_kind,
        "principalId": event.principal_id,
        "arn": event.principal_arn,
        "accountId": event.scope.account,
    });
    if !event.access_key.is_empty() {
        identity["accessKeyId"] = json!(event.access_key);
    }
    if event.principal_kind == "IAMUser" {
        identity["userName"] = json!(event.user_name);
    }
    if let Some(service) = &event.invoked_by {
        identity["invokedBy"] = json!(service);
    }
    identity
}

/// The request's parameters with the names of the model's members begun in lower case, as CloudTrail writes them; the
/// keys of maps are the user's own and stay.
pub fn parameters(cloud: &Cloud, event: &Event) -> Value {
    let Ok(parameters) = serde_json::from_str::<Value>(&event.parameters) else { return Value::Null };
    let prefix = event.source.split('.').next().unwrap_or_default();
    let operations = cloud
        .services()
        .iter()
        .filter(|service| service.facts.endpoint_prefix == prefix)
        .flat_map(|service| &service.ops);
    let operation = operations.into_iter().find(|op| op.facts.name == event.name);
    operation.map_or(Value::Null, |op| spelled(parameters, op.facts.input))
}

/// Recursion ends with the JSON, whose depth its parser bounds.
fn spelled(value: Value, shape: &'static Shape) -> Value {
    match (value, &shape.kind) {
        (Value::Object(members), Kind::Structure(layout)) => {
            let member = |(name, value): (String, Value)| {
                let known = layout.members.iter().find(|member| member.name == name);
                let value = known.map_or(Value::Null, |member| spelled(value, member.shape));
                (spelled_name(&name, shape), value)
            };
            Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
        }
        (Value::Object(entries), Kind::Map(_, of)) => Value::Object(
            entries.into_iter().map(|(key, value)| (key, spelled(value, of.shape))).collect::<Map<_, _>>(),
        ),
        (Value::Array(elements), Kind::List(of)) => {
            Value::Array(elements.into_iter().map(|element| spelled(element, of.shape)).collect())
        }
        (value, _) => value,
    }
}

fn spelled_name(name: &str, shape: &Shape) -> String {
    // S3 has names of its own.
    if name == "Bucket" && shape.layout().members.iter().any(|member| member.location == Location::Uri) {
        return "bucketName".into();
    }
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}
