//! Commands that speak to a running cloud.

use std::pin::Pin;
use std::task;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::{Body, Bytes, Frame};
use hyper_util::rt::TokioIo;
use kogumo_base::Trouble;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::ami::Chunks;
use crate::arguments::Trace;

/// Prints the cloud's time.
///
/// # Errors
/// No cloud answers.
pub fn show_clock() -> Result<(), Trouble> {
    print_now(&ask("GET", "/_kogumo/clock", None)?)
}

/// Moves the cloud's clock and prints the new time.
///
/// # Errors
/// A duration that cannot be read, or no cloud answers.
pub fn advance_clock(duration: &str) -> Result<(), Trouble> {
    print_now(&ask("POST", "/_kogumo/clock", Some(json!({ "advance": duration })))?)
}

/// Empties the cloud.
///
/// # Errors
/// No cloud answers.
pub fn reset() -> Result<(), Trouble> {
    ask("POST", "/_kogumo/reset", None).map(drop)
}

/// Tells where a packet goes and why; answers whether it connects.
///
/// # Errors
/// No cloud answers.
pub fn trace(trace: &Trace) -> Result<bool, Trouble> {
    let language = trace.language.clone().or_else(|| std::env::var("LANG").ok()).unwrap_or_default();
    let language = if language.starts_with("ja") { "ja" } else { "en" };
    let Trace { from, to, port, protocol, .. } = trace;
    let port = port.map_or_else(String::new, |port| port.to_string());
    let page = format!("/_kogumo/net/trace?from={from}&to={to}&port={port}&protocol={protocol}&language={language}");
    let answer = ask("GET", &page, None)?;
    for line in answer["lines"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        println!("{line}");
    }
    Ok(answer["connects"] == true)
}

/// Prints which statement decides, in the language that is asked for, else the terminal's.
///
/// # Errors
/// No cloud answers, or the cloud does not understand the question.
pub fn explain(query: &[(&str, String)], language: Option<String>) -> Result<(), Trouble> {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let answer = ask("GET", &format!("/_kogumo/iam/explain?{}", pairs.join("&")), None)?;
    if let Some(error) = answer["error"].as_str() {
        return Err(Trouble::new(error));
    }
    let language = language.or_else(|| std::env::var("LANG").ok()).unwrap_or_default();
    let text = &answer[if language.starts_with("ja") { "ja" } else { "en" }];
    println!("{}", text.as_str().unwrap_or_default());
    Ok(())
}

/// A value as it stands in a query.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'/');
    let letter = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(letter).collect()
}

fn print_now(answer: &Value) -> Result<(), Trouble> {
    let now = answer["now"].as_str().ok_or_else(|| Trouble::new("the cloud's answer has no time"))?;
    println!("{now}");
    Ok(())
}

/// The address of the running cloud, `127.0.0.1:4566`.
///
/// # Errors
/// What the environment names is no endpoint.
pub fn address() -> Result<String, Trouble> {
    let set = ["KOGUMO_ENDPOINT", "AWS_ENDPOINT_URL"].into_iter().find_map(|name| std::env::var(name).ok());
    let endpoint = set.filter(|endpoint| !endpoint.is_empty()).unwrap_or_else(|| "http://127.0.0.1:4566".into());
    let uri: http::Uri =
        endpoint.parse().map_err(|error| Trouble::from_cause(format!("'{endpoint}' is no endpoint"), error))?;
    let host = uri.host().ok_or_else(|| Trouble::new(format!("'{endpoint}' has no host")))?;
    // The port speaks TLS and plain HTTP alike, so `https` needs nothing more.
    Ok(format!("{host}:{}", uri.port_u16().unwrap_or(4566)))
}

fn ask(method: &str, path: &str, body: Option<Value>) -> Result<Value, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Trouble::from_cause("cannot start", error))?;
    let body = body.map_or_else(String::new, |body| body.to_string());
    runtime.block_on(exchange(method, path, Full::new(Bytes::from(body))))
}

/// Posts a stream.
///
/// # Errors
/// The stream breaks off, or no cloud answers.
pub fn send(path: &str, query: &[(&str, String)], chunks: Chunks) -> Result<Value, Trouble> {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let path = format!("{path}?{}", pairs.join("&"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Trouble::from_cause("cannot start", error))?;
    runtime.block_on(exchange("POST", &path, Stream(chunks)))
}

/// Chunks as a body, of a length that nobody knows before.
struct Stream(Chunks);

impl Body for Stream {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> task::Poll<Option<std::io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

async fn exchange(
    method: &str,
    path: &str,
    body: impl Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
) -> Result<Value, Trouble> {
    let address = address()?;
    let unreachable = format!("no cloud answers at {address}; start one with 'kogumo up'");
    let stream = TcpStream::connect(&address).await.map_err(|error| Trouble::from_cause(&unreachable, error))?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| Trouble::from_cause(&unreachable, error))?;
    let connection = tokio::spawn(connection);
    let request =
        Request::builder().method(method).uri(path).header("host", &address).header("content-type", "application/json");
    let request = request.body(body);
    let request = request.map_err(|error| Trouble::from_cause("cannot make a request", error))?;
    let response = sender.send_request(request).await.map_err(|error| Trouble::from_cause(&unreachable, error))?;
    let status = response.status();
    let bytes =
        response.into_body().collect().await.map_err(|error| Trouble::from_cause(&unreachable, error))?.to_bytes();
    connection.abort();
    let answer = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if !status.is_success() {
        return Err(Trouble::new(format!("the cloud answers {status}: {}", String::from_utf8_lossy(&bytes))));
    }
    Ok(answer)
}
