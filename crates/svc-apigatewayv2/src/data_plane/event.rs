//! The events that functions get: payload format 2.0, and 1.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use super::Call;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_execute_api::context::Context;
use kogumo_execute_api::exchange::{Pairs, Request, media_type};
use kogumo_execute_api::proxy;
use serde_json::{Map, Value as Json, json};

/// The event of an integration.
pub fn event(call: &Call<'_>, context: &Context, version: &str) -> Json {
    if version == "2.0" { version_two(call, context) } else { version_one(call, context) }
}

/// As REST APIs send it, with its version.
fn version_one(call: &Call<'_>, context: &Context) -> Json {
    let binary: Vec<String> = if is_text(call.request) { Vec::new() } else { vec!["*/*".to_owned()] };
    let event = proxy::event(call.request, call.path_parameters, context, &binary);
    let mut versioned = Map::from_iter([("version".to_owned(), json!("1.0"))]);
    if let Json::Object(event) = event {
        versioned.extend(event);
    }
    versioned.insert("path".into(), json!(call.raw_path));
    Json::Object(versioned)
}

fn version_two(call: &Call<'_>, context: &Context) -> Json {
    let mut event = without_body(call, context);
    let request = call.request;
    let text = is_text(request);
    if !request.body.is_empty() {
        let body =
            if text { String::from_utf8_lossy(&request.body).into_owned() } else { STANDARD.encode(&request.body) };
        event.insert("body".into(), json!(body));
    }
    event.insert("isBase64Encoded".into(), json!(!request.body.is_empty() && !text));
    Json::Object(event)
}

/// Format 2.0 without the body, as authorizers get it too. What is empty is left out.
pub fn without_body(call: &Call<'_>, context: &Context) -> Map<String, Json> {
    let request = call.request;
    let mut event = Map::new();
    let mut put = |name: &str, value: Json| event.insert(name.to_owned(), value);
    put("version", json!("2.0"));
    put("routeKey", json!(call.route.key));
    put("rawPath", json!(call.raw_path));
    put("rawQueryString", json!(request.raw_query));
    let cookies: Vec<&str> =
        request.headers.iter().filter(|(name, _)| name == "cookie").flat_map(|(_, value)| value.split("; ")).collect();
    if !cookies.is_empty() {
        put("cookies", json!(cookies));
    }
    let headers: Pairs = request.headers.iter().filter(|(name, _)| name != "cookie").cloned().collect();
    put("headers", joined(&headers));
    for (name, pairs) in [("queryStringParameters", &request.query), ("pathParameters", call.path_parameters)] {
        if !pairs.is_empty() {
            put(name, joined(pairs));
        }
    }
    if !call.stage.variables.is_empty() {
        put("stageVariables", json!(call.stage.variables));
    }
    put("requestContext", request_context(call, context));
    event
}

/// Values of one name, joined by commas.
fn joined(pairs: &Pairs) -> Json {
    let mut all: Map<String, Json> = Map::new();
    for (name, value) in pairs {
        match all.get_mut(name) {
            Some(Json::String(known)) => {
                known.push(',');
                known.push_str(value);
            }
            _ => {
                all.insert(name.clone(), json!(value));
            }
        }
    }
    Json::Object(all)
}

fn request_context(call: &Call<'_>, context: &Context) -> Json {
    let mut out = json!({
        "accountId": context.account_id,
        "apiId": context.api_id,
        "domainName": context.domain_name,
        "domainPrefix": context.domain_name.split('.').next(),
        "http": {
            "method": call.request.method,
            "path": call.raw_path,
            "protocol": context.protocol,
            "sourceIp": context.identity.source_ip,
            "userAgent": context.identity.user_agent.as_deref().unwrap_or(""),
        },
        "requestId": context.request_id,
        "routeKey": call.route.key,
        "stage": context.stage,
        "time": context.request_time,
        "timeEpoch": context.request_time_epoch,
    });
    if !context.authorizer.is_empty() {
        out["authorizer"] = match call.route.authorization_type.as_str() {
            "JWT" => json!({"jwt": context.authorizer}),
            "AWS_IAM" => json!(context.authorizer),
            _ => json!({"lambda": context.authorizer}),
        };
    }
    out
}

/// Bodies of these types are text; all others travel in base64.
fn is_text(request: &Request) -> bool {
    let kind = media_type(request.header("content-type"));
    let known = ["application/json", "application/javascript", "application/xml"];
    kind.starts_with("text/") || known.contains(&kind.as_str()) || kind.ends_with("+json") || kind.ends_with("+xml")
}
