//! HTTP in and out of the data plane: a request that arrived becomes a [`Request`], a [`Response`] goes out as HTTP.

use crate::address::Address;
use crate::context::{Context, Identity};
use crate::exchange::{Pairs, Request, Response, parse_query};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use kogumo_base::{Scope, Timestamp};
use kogumo_door::Incoming;
use kogumo_wire::Body;

/// The largest payload of a request: 10 MB.
const MAX_PAYLOAD: usize = 10 << 20;
/// Bytes of a payload that are read before the connection is given up.
const MAX_DISCARDED: usize = 100 << 20;

/// Why a payload was not read to its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    TooLarge,
    BrokenOff,
}

/// Reads a request with its payload, or says what is wrong with the payload.
pub async fn read(address: &Address, scope: &Scope, incoming: Incoming) -> (Request, Result<(), Unread>) {
    let Incoming { request: sent, raw_query, peer, tls, host, .. } = incoming;
    let mut headers = client_headers(&sent.headers);
    let host = if address.by_host { host } else { address.aws_host(scope) };
    if !headers.iter().any(|(name, _)| name == "Host") {
        headers.push(("Host".into(), host));
    }
    let trace = format!("Root=1-{}-{}", kogumo_base::hex_id(8), kogumo_base::hex_id(24));
    for (name, value) in [
        ("X-Amzn-Trace-Id", trace),
        ("X-Forwarded-For", peer.ip().to_string()),
        ("X-Forwarded-Port", if tls { "443" } else { "80" }.to_owned()),
        ("X-Forwarded-Proto", if tls { "https" } else { "http" }.to_owned()),
    ] {
        headers.retain(|(known, _)| known != name);
        headers.push((name.to_owned(), value));
    }
    let mut request = Request {
        method: sent.method.to_string(),
        path: address.path.clone(),
        event_path: address.front.as_ref().map(|_| address.full_path()).unwrap_or_default(),
        sent_path: sent.path,
        query: parse_query(&raw_query),
        raw_query,
        headers,
        body: Vec::new(),
        source_ip: peer.ip().to_string(),
        protocol: "HTTP/1.1".to_owned(),
    };
    let whole = collect(sent.body).await.map(|body| request.body = body);
    (request, whole)
}

/// The whole payload. One that is too large is read on for a while, so that a client that sends
/// before it listens hears why.
async fn collect(mut body: Body) -> Result<Vec<u8>, Unread> {
    let mut whole = Vec::new();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|why| {
            tracing::debug!("a request to an API broke off: {why}");
            Unread::BrokenOff
        })?;
        length += chunk.len();
        if length <= MAX_PAYLOAD {
            whole.extend_from_slice(&chunk);
        } else if length > MAX_DISCARDED {
            break;
        }
    }
    if length > MAX_PAYLOAD { Err(Unread::TooLarge) } else { Ok(whole) }
}

/// The client's headers but for those of its connection. Names get the case that clients write
/// them in, which functions look them up by; HTTP itself does not keep it.
fn client_headers(headers: &http::HeaderMap) -> Pairs {
    const CONNECTION: [&str; 7] =
        ["connection", "content-length", "transfer-encoding", "keep-alive", "expect", "upgrade", "te"];
    let kept = headers.iter().filter(|(name, _)| !CONNECTION.contains(&name.as_str()));
    kept.map(|(name, value)| (title_case(name.as_str()), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn title_case(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let cased = if start { c.to_ascii_uppercase() } else { c };
        start = c == '-';
        cased
    };
    name.chars().map(letter).collect()
}

/// What is known of a request before its route is.
pub fn describe(address: &Address, scope: &Scope, request: &Request, now: Timestamp) -> Context {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let domain = match request.header("host") {
        Some(host) if address.by_host => host.split(':').next().unwrap_or(host).to_owned(),
        _ => address.aws_host(scope),
    };
    Context {
        account_id: scope.account.clone(),
        region: scope.region.clone(),
        api_id: address.api_id.clone(),
        domain_name: domain,
        request_id: kogumo_base::uuid(),
        extended_request_id: kogumo_base::random_from(LETTERS, 15) + "=",
        http_method: request.method.clone(),
        path: address.full_path(),
        protocol: request.protocol.clone(),
        request_time: now.format("%d/%b/%Y:%H:%M:%S +0000"),
        request_time_epoch: now.0,
        identity: Identity {
            source_ip: request.source_ip.clone(),
            user_agent: request.header("user-agent").map(str::to_owned),
            ..Identity::default()
        },
        ..Context::default()
    }
}

/// Headers that API Gateway keeps for itself; a backend's come under another name.
const REMAPPED: [&str; 8] =
    ["connection", "content-length", "date", "host", "server", "upgrade", "user-agent", "www-authenticate"];

/// The response on the wire. `ids` are the headers that carry the request's ids.
pub fn to_http(response: Response, ids: &[(&str, &str)]) -> http::Response<Body> {
    let mut out = http::Response::new(Body::from(Bytes::from(response.body)));
    *out.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            out.headers_mut().append(name, value);
        }
    };
    for (name, value) in &response.headers {
        let lower = name.to_ascii_lowercase();
        if lower == "transfer-encoding" {
            continue;
        }
        match REMAPPED.contains(&lower.as_str()) {
            true => put(&format!("x-amzn-remapped-{lower}"), value),
            false => put(&lower, value),
        }
    }
    for (name, value) in ids {
        put(name, value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_headers_look_as_clients_write_them() {
        assert_eq!(title_case("x-api-key"), "X-Api-Key");
        assert_eq!(title_case("content-type"), "Content-Type");
    }

    #[test]
    fn headers_of_the_connection_are_remapped() {
        let headers = [("Server", "mine"), ("X-A", "1"), ("bad name", "x")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let response = Response { status: 200, headers: headers.to_vec(), body: Vec::new() };
        let out = to_http(response, &[]);
        assert_eq!(out.headers().get("x-amzn-remapped-server").and_then(|v| v.to_str().ok()), Some("mine"));
        assert_eq!(out.headers().get("x-a").and_then(|v| v.to_str().ok()), Some("1"));
        assert!(out.headers().get("server").is_none());
    }
}
