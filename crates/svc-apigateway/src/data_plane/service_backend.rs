//! Integrations with other services of AWS, called through the door with the integration's role.

use super::backend::filled;
use super::call::Call;
use super::failure::{API_CONFIGURATION_ERROR, Failure};
use super::transform::Incoming;
use crate::definition::Integration;
use kogumo_door::{Caller, Client};
use kogumo_execute_api::backend::Outgoing;
use kogumo_execute_api::exchange::header;
use kogumo_execute_api::role;
use kogumo_wire::Protocol;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Calls `arn:aws:apigateway:{region}:{service}:action/{Action}`, or `…:path/…` with the action in
/// the body or in `X-Amz-Target`.
pub async fn send(
    call: &Call<'_>,
    integration: &Integration,
    uri: &str,
    outgoing: Outgoing,
) -> Result<Incoming, Failure> {
    let broken = || Failure::new(&API_CONFIGURATION_ERROR);
    let (service, action, input) = request(uri, &outgoing).ok_or_else(broken)?;
    let client = Client::new(Arc::clone(call.cloud), caller(call, integration, uri).ok_or_else(broken)?);
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Ok(match client.call_json(service_name(&service), &action, &input).await {
        Ok(output) => {
            Incoming { status: 200, headers: json, body: output.to_string().into_bytes(), error_message: None }
        }
        Err(fault) => {
            let body = json!({"__type": fault.code(Protocol::Json10), "message": fault.message});
            let status = fault.status(Protocol::Json10);
            Incoming { status, headers: json, body: body.to_string().into_bytes(), error_message: Some(fault.message) }
        }
    })
}

/// Service, action and input of a call.
fn request(uri: &str, outgoing: &Outgoing) -> Option<(String, String, Json)> {
    let mut parts = uri.splitn(6, ':').skip(4);
    let service = parts.next()?.to_owned();
    let place = parts.next()?;
    let mut input = input(&outgoing.body);
    for (name, value) in &outgoing.query {
        input.entry(name.clone()).or_insert_with(|| Json::String(value.clone()));
    }
    input.remove("Version");
    if let Some(action) = place.strip_prefix("action/") {
        let action = action.split(['&', '?']).next().unwrap_or(action);
        input.remove("Action");
        return Some((service, action.to_owned(), Json::Object(input)));
    }
    let target =
        header(&outgoing.headers, "x-amz-target").and_then(|target| target.rsplit('.').next()).map(str::to_owned);
    let action = target.or_else(|| input.remove("Action").and_then(|action| action.as_str().map(str::to_owned)))?;
    // `sqs:path/{account}/{queue}` names the queue as SQS's own address does.
    if service == "sqs" && !input.contains_key("QueueUrl") {
        let queue = place.strip_prefix("path/")?.trim_matches('/');
        input.insert("QueueUrl".into(), json!(format!("http://sqs.localhost:4566/{queue}")));
    }
    Some((service, action, Json::Object(input)))
}

/// The integration's role, in the region that the URI names. Without a role AWS calls nothing.
fn caller(call: &Call<'_>, integration: &Integration, uri: &str) -> Option<Caller> {
    let region = uri.split(':').nth(3).filter(|region| !region.is_empty()).unwrap_or(&call.scope.region);
    role::caller(&filled(call, integration.credentials.as_deref()?), region)
}

/// A body of JSON, or a form.
fn input(body: &[u8]) -> Map<String, Json> {
    if let Ok(Json::Object(object)) = serde_json::from_slice(body) {
        return object;
    }
    let form = String::from_utf8_lossy(body);
    kogumo_execute_api::exchange::parse_query(form.trim())
        .into_iter()
        .map(|(name, value)| (name, Json::String(value)))
        .collect()
}

/// Kogumo's name of a service that integrations know by another.
fn service_name(name: &str) -> &str {
    match name {
        "states" => "stepfunctions",
        "monitoring" => "cloudwatch",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_found_in_the_uri_the_target_or_the_body() {
        let sent = |body: &str, headers: &[(&str, &str)]| Outgoing {
            body: body.as_bytes().to_vec(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Outgoing::default()
        };
        let found = |uri: &str, outgoing: &Outgoing| {
            request(uri, outgoing).map(|(service, action, _)| format!("{service} {action}"))
        };
        let dynamodb = "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem";
        assert_eq!(found(dynamodb, &sent("{}", &[])).as_deref(), Some("dynamodb PutItem"));
        let path = "arn:aws:apigateway:us-east-1:sqs:path/000000000000/q";
        assert_eq!(found(path, &sent("Action=SendMessage&MessageBody=a+b", &[])).as_deref(), Some("sqs SendMessage"));
        let events = "arn:aws:apigateway:us-east-1:events:path//";
        assert_eq!(
            found(events, &sent("{}", &[("X-Amz-Target", "AWSEvents.PutEvents")])).as_deref(),
            Some("events PutEvents")
        );
        assert_eq!(found(path, &sent("{}", &[])), None);
    }
}
