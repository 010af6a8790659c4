//! The Lambda proxy integration: the event that the function gets and the answer that it gives.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use crate::context::Context;
use crate::exchange::{Pairs, Request, Response, is_binary, media_type};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value as Json, json};

/// The event for a request that met the resource in `context`.
pub fn event(request: &Request, path_parameters: &Pairs, context: &Context, binary_media_types: &[String]) -> Json {
    let binary = !request.body.is_empty() && is_binary(&request.media_type(), binary_media_types);
    let text = match (request.body.is_empty(), binary) {
        (true, _) => None,
        (_, true) => Some(BASE64_STANDARD.encode(&request.body)),
        (_, false) => Some(String::from_utf8_lossy(&request.body).into_owned()),
    };
    json!({
        "resource": context.resource_path,
        "path": if request.event_path.is_empty() { &request.path } else { &request.event_path },
        "httpMethod": request.method,
        "headers": single(&request.headers),
        "multiValueHeaders": multiple(&request.headers),
        "queryStringParameters": single(&request.query),
        "multiValueQueryStringParameters": multiple(&request.query),
        "pathParameters": single(path_parameters),
        "stageVariables": match context.stage_variables.is_empty() {
            true => Json::Null,
            false => json!(context.stage_variables),
        },
        "requestContext": context.request_context(),
        "body": text,
        "isBase64Encoded": binary,
    })
}

/// The last value of each name; null without any.
fn single(pairs: &Pairs) -> Json {
    if pairs.is_empty() {
        return Json::Null;
    }
    Json::Object(pairs.iter().map(|(name, value)| (name.clone(), Json::String(value.clone()))).collect())
}

/// All values of each name; null without any.
fn multiple(pairs: &Pairs) -> Json {
    if pairs.is_empty() {
        return Json::Null;
    }
    let mut all: Map<String, Json> = Map::new();
    for (name, value) in pairs {
        if let Json::Array(values) = all.entry(name.clone()).or_insert_with(|| json!([])) {
            values.push(Json::String(value.clone()));
        }
    }
    Json::Object(all)
}

/// A function's answer is not what a proxy integration must answer; the client gets 502.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads the function's answer. `accept` is the request's `Accept`, which decides with the API's
/// binary media types whether a base64 body is decoded.
pub fn read_answer(payload: &[u8], accept: Option<&str>, binary_media_types: &[String]) -> Result<Response, Malformed> {
    let answer: Json = serde_json::from_slice(payload).map_err(|_| Malformed)?;
    let Json::Object(answer) = answer else {
        return Err(Malformed);
    };
    const KNOWN: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];
    if answer.keys().any(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Malformed);
    }
    let mut response = Response { status: status(answer.get("statusCode"))?, ..Response::default() };
    single_headers(answer.get("headers"), &mut response)?;
    multiple_headers(answer.get("multiValueHeaders"), &mut response)?;
    let encoded = match answer.get("isBase64Encoded") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(flag)) => *flag,
        Some(Json::String(flag)) => flag.eq_ignore_ascii_case("true"),
        Some(_) => return Err(Malformed),
    };
    let text = match answer.get("body") {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::Bool(flag)) => flag.to_string(),
        Some(Json::Object(_) | Json::Array(_)) => return Err(Malformed),
    };
    if response.header("content-type").is_none() {
        response.headers.push(("Content-Type".into(), "application/json".into()));
    }
    let accepted = accept.map(|accept| media_type(accept.split(',').next()));
    let wants_binary = accepted.is_some_and(|accept| is_binary(&accept, binary_media_types))
        || is_binary(&media_type(response.header("content-type")), binary_media_types);
    response.body = if encoded && wants_binary {
        BASE64_STANDARD.decode(text.trim()).map_err(|_| Malformed)?
    } else {
        text.into_bytes()
    };
    Ok(response)
}

fn status(status: Option<&Json>) -> Result<u16, Malformed> {
    let number = match status {
        None | Some(Json::Null) => Some(200),
        Some(Json::Number(number)) => number.as_u64(),
        Some(Json::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    number.filter(|number| (100..=599).contains(number)).map(|number| number as u16).ok_or(Malformed)
}

fn single_headers(headers: Option<&Json>, response: &mut Response) -> Result<(), Malformed> {
    match headers {
        None | Some(Json::Null) => Ok(()),
        Some(Json::Object(headers)) => {
            for (name, value) in headers {
                response.headers.push((name.clone(), header_value(value)?));
            }
            Ok(())
        }
        Some(_) => Err(Malformed),
    }
}

/// Values that are also among the single ones are sent once.
fn multiple_headers(headers: Option<&Json>, response: &mut Response) -> Result<(), Malformed> {
    let headers = match headers {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::Object(headers)) => headers,
        Some(_) => return Err(Malformed),
    };
    for (name, values) in headers {
        let Json::Array(values) = values else {
            return Err(Malformed);
        };
        let single: Vec<String> = response
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
            .collect();
        for value in values {
            let value = header_value(value)?;
            if !single.contains(&value) {
                response.headers.push((name.clone(), value));
            }
        }
    }
    Ok(())
}

fn header_value(value: &Json) -> Result<String, Malformed> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Null => Ok(String::new()),
        Json::Array(_) | Json::Object(_) => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_event_is_as_documented() {
        let request = Request {
            method: "GET".into(),
            path: "/translate".into(),
            query: pairs(&[("input_text", "こんにちは"), ("a", "1"), ("a", "2")]),
            headers: pairs(&[("Host", "h"), ("X-A", "1"), ("X-A", "2")]),
            ..Request::default()
        };
        let context = Context {
            resource_path: "/translate".into(),
            stage: "dev".into(),
            domain_name: "abc.execute-api.x".into(),
            ..Context::default()
        };
        let event = event(&request, &Vec::new(), &context, &[]);
        assert_eq!(event["queryStringParameters"], json!({"input_text": "こんにちは", "a": "2"}));
        assert_eq!(event["multiValueQueryStringParameters"], json!({"input_text": ["こんにちは"], "a": ["1", "2"]}));
        assert_eq!(event["headers"], json!({"Host": "h", "X-A": "2"}));
        assert_eq!(event["multiValueHeaders"]["X-A"], json!(["1", "2"]));
        assert_eq!(event["requestContext"]["domainPrefix"], "abc");
        for name in ["pathParameters", "stageVariables", "body"] {
            assert_eq!(event[name], Json::Null, "{name}");
        }
        assert_eq!(event["isBase64Encoded"], false);
    }

    #[test]
    fn binary_bodies_are_base64() {
        let request =
            Request { headers: pairs(&[("Content-Type", "image/png")]), body: vec![0, 255], ..Request::default() };
        let event = event(&request, &Vec::new(), &Context::default(), &["image/*".into()]);
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("AP8="), &json!(true)));
    }

    #[test]
    fn answers() {
        let read = |text: &str| read_answer(text.as_bytes(), None, &[]);
        let answer =
            read(r#"{"statusCode": 201, "headers": {"X": 1}, "multiValueHeaders": {"X": ["1", "2"]}, "body": "hi"}"#);
        let answer = answer.expect("well formed");
        assert_eq!((answer.status, answer.body.as_slice()), (201, b"hi".as_slice()));
        assert_eq!(answer.headers, pairs(&[("X", "1"), ("X", "2"), ("Content-Type", "application/json")]));
        for malformed in [
            r#""text""#,
            "null",
            "[]",
            "{",
            r#"{"body": {}}"#,
            r#"{"statusCode": "x"}"#,
            r#"{"message": "hi"}"#,
            r#"{"statusCode": 200, "headers": "x"}"#,
        ] {
            assert_eq!(read(malformed), Err(Malformed), "{malformed}");
        }
        assert_eq!(read("{}").map(|answer| answer.status), Ok(200));
    }

    #[test]
    fn base64_answers_are_decoded_for_binary_types() {
        let answer = br#"{"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": "AP8=", "isBase64Encoded": true}"#;
        assert_eq!(read_answer(answer, None, &["image/png".into()]).map(|answer| answer.body), Ok(vec![0, 255]));
        assert_eq!(read_answer(answer, Some("image/png, */*"), &[]).map(|answer| answer.body), Ok(b"AP8=".to_vec()));
    }
}
