//! A function URL's request as an event, and the function's answer as a response. Pure.
//! Source: "Invoking Lambda function URLs" of the developer guide, payload format 2.0.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use kogumo_base::Timestamp;
use serde_json::{Map, Value, json};

use crate::url::CorsRules;

/// A request to a function's URL.
pub struct Request<'a> {
    pub url_id: &'a str,
    pub host: &'a str,
    pub method: &'a str,
    /// As the client wrote it.
    pub path: &'a str,
    pub raw_query: &'a str,
    pub query: &'a [(String, String)],
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub source_ip: &'a str,
    pub request_id: &'a str,
    pub now: Timestamp,
    /// Who signed: account, access key, user's ARN and id.
    pub signer: Option<Signer<'a>>,
}

/// Who signed a request.
pub struct Signer<'a> {
    pub account: &'a str,
    pub access_key: &'a str,
    pub arn: &'a str,
    pub id: &'a str,
}

/// The event that the function gets.
pub fn event(request: &Request) -> Value {
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let mut context = json!({
        "accountId": request.signer.as_ref().map_or("anonymous", |signer| signer.account),
        "apiId": request.url_id,
        "domainName": request.host,
        "domainPrefix": request.url_id,
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": header("user-agent").unwrap_or_default(),
        },
        "requestId": request.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": request.now.format("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": request.now.0,
    });
    if let Some(signer) = &request.signer {
        let id = signer.id.split(':').next().unwrap_or_default();
        context["authorizer"] = json!({ "iam": {
            "accessKey": signer.access_key, "accountId": signer.account, "callerId": signer.id,
            "cognitoIdentity": null, "principalOrgId": null, "userArn": signer.arn, "userId": id,
        } });
    }
    let (body, encoded) = body(request.body, header("content-type").unwrap_or_default());
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.raw_query,
        "headers": headers(request.headers),
        "requestContext": context,
        "isBase64Encoded": encoded,
    });
    let cookies: Vec<&str> = header("cookie").into_iter().flat_map(|line| line.split("; ")).collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !request.query.is_empty() {
        event["queryStringParameters"] =
            Value::Object(joined(request.query.iter().map(|(k, v)| (k.as_str(), v.as_str()))));
    }
    if let Some(body) = body {
        event["body"] = json!(body);
    }
    event
}

/// Text as it is; everything else in Base64.
fn body(bytes: &[u8], content_type: &str) -> (Option<String>, bool) {
    if bytes.is_empty() {
        return (None, false);
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml");
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(bytes)), true),
    }
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let pairs = headers.iter().filter(|(name, _)| *name != "cookie");
    joined(pairs.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))))
}

/// Values of one name, joined with commas.
fn joined<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        match map.get_mut(name) {
            Some(Value::String(before)) => *before = format!("{before},{value}"),
            _ => drop(map.insert(name.to_owned(), json!(value))),
        }
    }
    map
}

/// A response to the client.
#[derive(Debug, PartialEq)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Response {
    /// A response of Lambda's own.
    pub fn plain(status: StatusCode, body: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Response { status, headers, body: body.as_bytes().to_vec() }
    }
}

/// What a function answered, as a response; `None` if it can't be one.
pub fn response(payload: &[u8]) -> Option<Response> {
    let structured = serde_json::from_slice::<Value>(payload).ok().filter(|value| value.get("statusCode").is_some());
    let Some(value) = structured else {
        return Some(Response { body: payload.to_vec(), ..Response::plain(StatusCode::OK, "") });
    };
    let (status, headers) = head(&value)?;
    let body = match &value["body"] {
        Value::Null => Vec::new(),
        Value::String(text) if value["isBase64Encoded"] == true => STANDARD.decode(text).ok()?,
        Value::String(text) => text.as_bytes().to_vec(),
        other => other.to_string().into_bytes(),
    };
    Some(Response { status, headers, body })
}

/// Status and headers that a function names.
fn head(value: &Value) -> Option<(StatusCode, HeaderMap)> {
    let status = match &value["statusCode"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64().and_then(|number| u16::try_from(number).ok()),
    };
    let status = StatusCode::from_u16(status?).ok()?;
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, given) in value["headers"].as_object().into_iter().flatten() {
        let (name, text) = (HeaderName::try_from(name.as_str()).ok()?, scalar(given)?);
        headers.insert(name, HeaderValue::try_from(text).ok()?);
    }
    for cookie in value["cookies"].as_array().into_iter().flatten() {
        headers.append(http::header::SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    Some((status, headers))
}

/// The content type of a stream that begins with JSON about the response and eight zero bytes.
pub const INTEGRATION_RESPONSE: &str = "application/vnd.awslambda.http-integration-response";
/// What ends that JSON.
const END_OF_PRELUDE: [u8; 8] = [0; 8];

/// What is known of a stream's beginning.
#[derive(Debug, PartialEq)]
pub enum Prelude {
    /// More has to come first.
    Short,
    Malformed,
    /// The response, with the first bytes of its body.
    Read(Response),
}

/// Reads what a stream begins with.
pub fn prelude(bytes: &[u8]) -> Prelude {
    let Some(end) = bytes.windows(END_OF_PRELUDE.len()).position(|window| window == END_OF_PRELUDE) else {
        return Prelude::Short;
    };
    let (json, rest) = bytes.split_at(end);
    let value = serde_json::from_slice::<Value>(json).ok().map(|mut value| {
        if let Some(members) = value.as_object_mut() {
            members.entry("statusCode").or_insert_with(|| json!(200));
        }
        value
    });
    match value.as_ref().and_then(head) {
        Some((status, headers)) => {
            let body = rest.get(END_OF_PRELUDE.len()..).unwrap_or_default().to_vec();
            Prelude::Read(Response { status, headers, body })
        }
        None => Prelude::Malformed,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The headers that let a page of `origin` read the response; none if the rules don't.
pub fn cors(rules: &CorsRules, origin: &str, preflight: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let any = rules.origins.iter().any(|allowed| allowed == "*");
    if !any && !rules.origins.iter().any(|allowed| allowed == origin) {
        return headers;
    }
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set("access-control-allow-origin", if any && !rules.credentials { "*".to_owned() } else { origin.to_owned() });
    set("vary", "Origin".to_owned());
    if rules.credentials {
        set("access-control-allow-credentials", "true".to_owned());
    }
    if !rules.expose.is_empty() {
        set("access-control-expose-headers", rules.expose.join(","));
    }
    if preflight {
        if !rules.methods.is_empty() {
            set("access-control-allow-methods", rules.methods.join(","));
        }
        if !rules.headers.is_empty() {
            set("access-control-allow-headers", rules.headers.join(","));
        }
        if let Some(age) = rules.max_age {
            set("access-control-max-age", age.to_string());
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event_of(body: &[u8], headers: &[(&'static str, &'static str)]) -> Value {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let query = [("a", "1"), ("a", "2"), ("b", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        event(&Request {
            url_id: "abc",
            host: "abc.lambda-url.us-east-1.localhost",
            method: "POST",
            path: "/x%20y",
            raw_query: "a=1&a=2&b=",
            query: &query,
            headers: &map,
            body,
            source_ip: "127.0.0.1",
            request_id: "id",
            now: Timestamp(0),
            signer: None,
        })
    }

    #[test]
    fn events() {
        let headers = [("cookie", "a=1; b=2"), ("x-a", "1"), ("x-a", "2"), ("content-type", "application/json")];
        let event = event_of(b"{}", &headers);
        assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/x%20y"), &json!("a=1&a=2&b=")));
        assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(event["headers"], json!({ "x-a": "1,2", "content-type": "application/json" }));
        assert_eq!(event["queryStringParameters"], json!({ "a": "1,2", "b": "" }));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
        assert_eq!(event["requestContext"]["time"], "01/Jan/1970:00:00:00 +0000");
        assert_eq!(event["requestContext"]["accountId"], "anonymous");
        let binary = event_of(&[0xff, 0], &[]);
        assert_eq!((&binary["body"], &binary["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
        assert!(event_of(b"", &[]).get("body").is_none());
    }

    #[test]
    fn answers_with_a_status_are_responses() {
        let answer = br#"{"statusCode": 201, "headers": {"X-A": 1, "content-type": "text/html"}, "cookies": ["a=1", "b=2"], "body": "<p>"}"#;
        let response = response(answer).expect("a response");
        assert_eq!((response.status.as_u16(), response.body.as_slice()), (201, b"<p>".as_slice()));
        assert_eq!(response.headers["x-a"], "1");
        assert_eq!(response.headers["content-type"], "text/html");
        assert_eq!(response.headers.get_all("set-cookie").iter().count(), 2);
    }

    #[test]
    fn other_answers_are_bodies() {
        let whole = response(b"{\"a\": 1}").expect("a response");
        assert_eq!((whole.status.as_u16(), whole.body.as_slice()), (200, b"{\"a\": 1}".as_slice()));
        assert_eq!(whole.headers["content-type"], "application/json");
        let decoded =
            response(br#"{"statusCode": "200", "body": "aGk=", "isBase64Encoded": true}"#).expect("a response");
        assert_eq!(decoded.body, b"hi");
        assert_eq!(response(br#"{"statusCode": 9999}"#), None);
        assert_eq!(response(br#"{"statusCode": 200, "headers": {"bad name": "x"}}"#), None);
    }

    #[test]
    fn streams_may_begin_with_what_they_are() {
        let whole = b"{\"statusCode\": 404, \"headers\": {\"X-A\": \"1\"}}\0\0\0\0\0\0\0\0body";
        let Prelude::Read(read) = prelude(whole) else { panic!("not read") };
        assert_eq!((read.status.as_u16(), read.body.as_slice()), (404, b"body".as_slice()));
        assert_eq!(read.headers["x-a"], "1");
        assert_eq!(prelude(&whole[..40]), Prelude::Short);
        assert_eq!(prelude(b"nonsense\0\0\0\0\0\0\0\0"), Prelude::Malformed);
    }

    #[test]
    fn pages_of_other_origins() {
        let rules = CorsRules {
            origins: vec!["https://a".into()],
            methods: vec!["GET".into()],
            max_age: Some(5),
            ..CorsRules::default()
        };
        assert!(cors(&rules, "https://b", true).is_empty());
        let headers = cors(&rules, "https://a", true);
        assert_eq!(headers["access-control-allow-origin"], "https://a");
        assert_eq!(headers["access-control-allow-methods"], "GET");
        assert!(!cors(&rules, "https://a", false).contains_key("access-control-allow-methods"));
        let any = CorsRules { origins: vec!["*".into()], ..CorsRules::default() };
        assert_eq!(cors(&any, "https://b", false)["access-control-allow-origin"], "*");
    }
}
