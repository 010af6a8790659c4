//! Integrations with HTTP backends.

use super::exchange::Pairs;
use super::failure::{API_CONFIGURATION_ERROR, Failure, INTEGRATION_FAILURE};
use super::transform::{Incoming, Outgoing};
use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

/// The largest answer of a backend: AWS's payload limit.
const MAX_BODY: usize = 10 << 20;

/// What stays as it is in a query.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Sends a request to a backend over plain HTTP.
pub async fn send(method: &str, uri: &str, outgoing: Outgoing) -> Result<Incoming, Failure> {
    let misconfigured = || Failure::new(&API_CONFIGURATION_ERROR);
    let uri: Uri = with_query(uri, &outgoing.query).parse().map_err(|_| misconfigured())?;
    if uri.scheme_str() != Some("http") {
        return Err(Failure::saying(&INTEGRATION_FAILURE, "HTTP integrations over TLS are not implemented by Kogumo"));
    }
    let host = uri.host().ok_or_else(misconfigured)?.to_owned();
    let port = uri.port_u16().unwrap_or(80);
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, authority);
    for (name, value) in &outgoing.headers {
        if !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("content-length") {
            request = request.header(name, value);
        }
    }
    let request = request.body(Full::new(Bytes::from(outgoing.body))).map_err(|_| misconfigured())?;
    exchange(&host, port, request).await.map_err(|why| {
        tracing::warn!("the backend {host}:{port} did not answer: {why}");
        Failure::new(&INTEGRATION_FAILURE)
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

async fn exchange(
    host: &str,
    port: u16,
    request: Request<Full<Bytes>>,
) -> Result<Incoming, Box<dyn std::error::Error + Send + Sync>> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let local = host == "localhost" || host.ends_with(".localhost");
    let stream = TcpStream::connect((if local { "127.0.0.1" } else { host }, port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends when the response is read or dropped.
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await?.to_bytes();
    let passes = |name: &str| !["connection", "transfer-encoding", "content-length", "keep-alive"].contains(&name);
    let headers = parts.headers.iter().filter(|(name, _)| passes(name.as_str()));
    Ok(Incoming {
        status: parts.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.to_vec(),
        error_message: None,
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
