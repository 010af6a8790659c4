//! What a function's answer means: payload format 2.0, which infers what is missing, and 1.0.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_execute_api::exchange::Response;
use kogumo_execute_api::proxy;
use serde_json::{Map, Value as Json};

/// Reads an answer; `None` when it is no response.
pub fn read(payload: &[u8], version: &str) -> Option<Response> {
    if version == "2.0" { version_two(payload) } else { version_one(payload) }
}

fn version_one(payload: &[u8]) -> Option<Response> {
    let mut answer: Map<String, Json> = serde_json::from_slice(payload).ok()?;
    answer.get("statusCode")?;
    // HTTP APIs overlook what they do not know.
    answer.retain(|name, _| {
        ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"].contains(&name.as_str())
    });
    let text = Json::Object(answer).to_string();
    proxy::read_answer(text.as_bytes(), None, &["*/*".to_owned()]).ok()
}

fn version_two(payload: &[u8]) -> Option<Response> {
    let answer: Json = serde_json::from_slice(payload).ok()?;
    match answer {
        Json::Object(answer) if answer.contains_key("statusCode") => structured(&answer),
        // Anything else is the body of a successful answer.
        other => Some(Response {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: other.to_string().into_bytes(),
        }),
    }
}

fn structured(answer: &Map<String, Json>) -> Option<Response> {
    let status = match answer.get("statusCode")? {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (100..=599).contains(status))?;
    let mut response = Response { status, ..Response::default() };
    for (name, value) in answer.get("headers").and_then(Json::as_object).into_iter().flatten() {
        response.headers.push((name.to_ascii_lowercase(), plain(value)?));
    }
    for cookie in answer.get("cookies").and_then(Json::as_array).into_iter().flatten() {
        response.headers.push(("set-cookie".into(), plain(cookie)?));
    }
    let text = match answer.get("body") {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let encoded = answer.get("isBase64Encoded").and_then(Json::as_bool).unwrap_or(false);
    response.body = if encoded { STANDARD.decode(text.trim()).ok()? } else { text.into_bytes() };
    if response.header("content-type").is_none() && !response.body.is_empty() {
        response.headers.push(("content-type".into(), "text/plain;charset=UTF-8".into()));
    }
    Some(response)
}

fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_inferred() {
        let body = |payload: &str| {
            read(payload.as_bytes(), "2.0").map(|r| (r.status, String::from_utf8_lossy(&r.body).into_owned()))
        };
        assert_eq!(body(r#"{"a": 1}"#), Some((200, r#"{"a":1}"#.into())));
        assert_eq!(body(r#""hi""#), Some((200, r#""hi""#.into())));
        assert_eq!(body(r#"{"statusCode": 201, "body": "hi"}"#), Some((201, "hi".into())));
        assert_eq!(body(r#"{"statusCode": 200, "body": "aGk=", "isBase64Encoded": true}"#), Some((200, "hi".into())));
        assert_eq!(body("not json"), None);
    }

    #[test]
    fn cookies_become_headers() {
        let response = read(br#"{"statusCode": 200, "cookies": ["a=1", "b=2"]}"#, "2.0").expect("an answer");
        let cookies: Vec<&str> = response.headers.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
    }

    #[test]
    fn format_one_wants_a_status() {
        assert!(read(br#"{"body": "x"}"#, "1.0").is_none());
        assert_eq!(read(br#"{"statusCode": 200, "body": "x", "more": 1}"#, "1.0").map(|r| r.body), Some(b"x".to_vec()));
    }
}
