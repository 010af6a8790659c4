//! HTTP backends.

use crate::exchange::{Pairs, Response};
use crate::tls;
use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::ServerName;
use std::path::Path;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The largest answer of a backend: AWS's payload limit.
const MAX_BODY: usize = 10 << 20;

/// What stays as it is in a query.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What goes to a backend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outgoing {
    /// Parameters that stand for `{name}` in the backend's address.
    pub path: Pairs,
    pub query: Pairs,
    pub headers: Pairs,
    pub body: Vec<u8>,
}

/// Why a backend did not answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The address or a header is not HTTP's.
    Malformed,
    Unreachable,
}

/// Headers that belong to the client's own connection, and are not passed on.
pub fn passes(name: &str) -> bool {
    const HOP: [&str; 9] = [
        "connection",
        "host",
        "content-length",
        "transfer-encoding",
        "keep-alive",
        "upgrade",
        "te",
        "expect",
        "proxy-connection",
    ];
    !HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop))
}

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    /// The cloud's folder, in which its certificate authority lives.
    pub data: &'a Path,
    /// Whether a certificate of any issuer will do.
    pub insecure: bool,
}

/// Sends a request to a backend.
pub async fn send(destination: Destination<'_>, outgoing: Outgoing) -> Result<Response, Unanswered> {
    let Destination { method, uri, data, insecure } = destination;
    let uri: Uri = with_query(uri, &outgoing.query).parse().map_err(|_| Unanswered::Malformed)?;
    let (tls, port) = match uri.scheme_str() {
        Some("http") => (None, 80),
        Some("https") => (Some(tls::connector(data, insecure).map_err(|_| Unanswered::Unreachable)?), 443),
        _ => return Err(Unanswered::Malformed),
    };
    let host = uri.host().ok_or(Unanswered::Malformed)?.to_owned();
    let port = uri.port_u16().unwrap_or(port);
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, authority);
    for (name, value) in outgoing.headers.iter().filter(|(name, _)| passes(name)) {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(outgoing.body))).map_err(|_| Unanswered::Malformed)?;
    connect(&host, port, tls, request).await.map_err(|why| {
        tracing::warn!("the backend {host}:{port} did not answer: {why}");
        Unanswered::Unreachable
    })
}

/// Adds parameters to the query that the address has.
fn with_query(uri: &str, query: &Pairs) -> String {
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    match (pairs.is_empty(), uri.contains('?')) {
        (true, _) => uri.to_owned(),
        (false, true) => format!("{uri}&{}", pairs.join("&")),
        (false, false) => format!("{uri}?{}", pairs.join("&")),
    }
}

type Broken = Box<dyn std::error::Error + Send + Sync>;

async fn connect(
    host: &str,
    port: u16,
    tls: Option<TlsConnector>,
    request: Request<Full<Bytes>>,
) -> Result<Response, Broken> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let local = host == "localhost" || host.ends_with(".localhost");
    let stream = TcpStream::connect((if local { "127.0.0.1" } else { host }, port)).await?;
    match tls {
        Some(tls) => {
            let name = ServerName::try_from(host.to_owned())?;
            exchange(TokioIo::new(tls.connect(name, stream).await?), request).await
        }
        None => exchange(TokioIo::new(stream), request).await,
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response, Broken>
where
    S: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    // Ends when the response is read or dropped.
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await?.to_bytes();
    let headers = parts.headers.iter().filter(|(name, _)| passes(name.as_str()));
    Ok(Response {
        status: parts.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn queries_are_added() {
        let query = vec![("q".to_owned(), "a b".to_owned())];
        assert_eq!(with_query("http://h/p", &query), "http://h/p?q=a%20b");
        assert_eq!(with_query("http://h/p?x=1", &query), "http://h/p?x=1&q=a%20b");
        assert_eq!(with_query("http://h/p", &Vec::new()), "http://h/p");
    }
}
