//! The cloud's own pages under `/_kogumo/`: is it well, its certificate authority, its clock, the mail
//! that it sent, a fresh start.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode};
use kogumo_base::Trouble;
use kogumo_door::outbox;
use kogumo_wire::{Body, quote};

use crate::arrival::Arrival;
use crate::browser::Refusal;
use crate::chain::Gateway;
use crate::duration::parse_millis;

pub const PREFIX: &str = "/_kogumo/";

/// What these pages take, in bytes.
const LIMIT: u64 = 64 * 1024;

/// A page: method, path below the prefix, and what answers it. Services add theirs as surfaces.
struct Route {
    method: Method,
    path: &'static str,
    answer: for<'a> fn(&'a Gateway, Bytes) -> BoxFutureIn<'a>,
}

type BoxFutureIn<'a> = std::pin::Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>;

const ROUTES: [Route; 6] = [
    Route { method: Method::GET, path: "health", answer: |gateway, _| Box::pin(async { health(gateway) }) },
    Route { method: Method::GET, path: "ca.pem", answer: |gateway, _| Box::pin(async { authority(gateway) }) },
    Route { method: Method::GET, path: "clock", answer: |gateway, _| Box::pin(async { clock(gateway) }) },
    Route {
        method: Method::POST,
        path: "clock",
        answer: |gateway, body| Box::pin(async move { advance(gateway, &body) }),
    },
    Route { method: Method::GET, path: "mail", answer: |gateway, _| Box::pin(async { mail(gateway) }) },
    Route { method: Method::POST, path: "reset", answer: |gateway, _| Box::pin(reset(gateway)) },
];

/// Answers a request under the prefix.
pub async fn answer(gateway: &Gateway, arrival: Arrival) -> Response<Body> {
    let path = arrival.raw_path.strip_prefix(PREFIX).unwrap_or_default();
    let method = arrival.incoming.request.method.clone();
    let method = if method == Method::HEAD { Method::GET } else { method };
    let Some(route) = ROUTES.iter().find(|route| route.path == path && route.method == method) else {
        let known = ROUTES.iter().any(|route| route.path == path);
        let (status, message) = if known {
            (StatusCode::METHOD_NOT_ALLOWED, "This page is for another method.")
        } else {
            (StatusCode::NOT_FOUND, "There is no such page.")
        };
        return said(status, message);
    };
    // `curl -X POST …/clock?advance=30d` is easier to type than a body.
    let in_query = arrival.incoming.request.query_value("advance").map(|advance| Bytes::from(advance.to_owned()));
    match arrival.incoming.request.body.collect(LIMIT).await {
        Ok(body) => (route.answer)(gateway, in_query.filter(|_| body.is_empty()).unwrap_or(body)).await,
        Err(_) => said(StatusCode::BAD_REQUEST, "The request's body is too large or broke off."),
    }
}

/// A request that is refused before anybody looks at it.
pub fn refuse(refusal: Refusal) -> Response<Body> {
    said(StatusCode::FORBIDDEN, refusal.message())
}

fn health(gateway: &Gateway) -> Response<Body> {
    let mut text = Vec::from(&b"{\"status\":\"ready\",\"version\":"[..]);
    quote(&mut text, env!("CARGO_PKG_VERSION"));
    text.extend_from_slice(b",\"services\":[");
    for (at, service) in gateway.cloud.services().iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        quote(&mut text, service.facts.name);
    }
    text.extend_from_slice(b"]}\n");
    respond(StatusCode::OK, "application/json", Bytes::from(text))
}

fn authority(gateway: &Gateway) -> Response<Body> {
    let pem = gateway.authority.certificate_pem().to_owned();
    respond(StatusCode::OK, "application/x-pem-file", Bytes::from(pem))
}

fn clock(gateway: &Gateway) -> Response<Body> {
    let clock = &gateway.cloud.clock;
    let text = format!("{{\"now\":\"{}\",\"aheadMillis\":{}}}\n", clock.now().iso_millis(), clock.ahead_millis());
    respond(StatusCode::OK, "application/json", Bytes::from(text))
}

/// `{"advance": "30d"}`, or the duration alone.
fn advance(gateway: &Gateway, body: &[u8]) -> Response<Body> {
    let text = String::from_utf8_lossy(body);
    let duration = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(serde_json::Value::Object(fields)) => fields.get("advance").map(|value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        }),
        Ok(serde_json::Value::String(text)) => Some(text),
        _ => Some(text.trim().to_owned()),
    };
    let Some(millis) = duration.as_deref().and_then(parse_millis) else {
        return said(StatusCode::BAD_REQUEST, "Send {\"advance\": \"30d\"}; units are ms, s, m, h, d and w.");
    };
    match gateway.cloud.advance_clock(millis) {
        Ok(()) => clock(gateway),
        Err(trouble) => failed(&trouble),
    }
}

/// Mail and text messages that services have sent, the oldest first.
fn mail(gateway: &Gateway) -> Response<Body> {
    let messages = match outbox::messages(&gateway.cloud.store.read()) {
        Ok(messages) => messages,
        Err(trouble) => return failed(&trouble),
    };
    let shown = messages.iter().map(|message| {
        serde_json::json!({
            "medium": message.medium,
            "from": message.from,
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
            "at": message.at.iso_millis(),
        })
    });
    let text = format!("{:#}\n", shown.collect::<serde_json::Value>());
    respond(StatusCode::OK, "application/json", Bytes::from(text))
}

async fn reset(gateway: &Gateway) -> Response<Body> {
    match gateway.cloud.reset().await {
        Ok(()) => respond(StatusCode::OK, "application/json", Bytes::from_static(b"{}\n")),
        Err(trouble) => failed(&trouble),
    }
}

pub fn failed(trouble: &Trouble) -> Response<Body> {
    tracing::error!("{trouble}");
    said(StatusCode::INTERNAL_SERVER_ERROR, "The cloud has failed; its log says why.")
}

fn said(status: StatusCode, message: &str) -> Response<Body> {
    let mut text = Vec::from(&b"{\"message\":"[..]);
    quote(&mut text, message);
    text.extend_from_slice(b"}\n");
    respond(status, "application/json", Bytes::from(text))
}

fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
