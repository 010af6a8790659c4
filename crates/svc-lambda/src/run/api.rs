//! The Runtime API, served for one environment on a loopback port of its own.
//! Source: "Using the Lambda runtime API for custom runtimes" of the developer guide.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kogumo_base::Trouble;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::signal::Signal;
use super::streamed::{Piece, Pieces, STREAM_LIMIT};

const PREFIX: &str = "/2018-06-01/runtime/";
/// Bytes of an answer: 6 MB and a little.
pub const ANSWER_LIMIT: usize = 6_291_556;

/// How often a connection is looked for before it is taken for nobody's.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// An event for the runtime.
#[derive(Clone, Debug)]
pub struct Event {
    pub request: String,
    pub payload: Bytes,
    /// By the machine's clock, which the function reads too: milliseconds since 1970.
    pub deadline: i64,
    pub function_arn: String,
    pub trace: String,
    pub client_context: Option<String>,
    /// Who reads the answer piece by piece, if somebody does.
    pub pieces: Option<Pieces>,
}

/// The API of one environment. It is served until this is dropped.
pub struct Api {
    shared: Arc<Shared>,
    pub address: SocketAddr,
    server: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    event_there: Notify,
    /// Who may connect, once that is known.
    opened: watch::Sender<Option<Option<u32>>>,
    signals: UnboundedSender<Signal>,
}

#[derive(Default)]
struct State {
    /// Given to the runtime when it asks.
    next: Option<Event>,
    /// The request that the runtime works on, and who reads its answer piece by piece.
    current: Option<(String, Option<Pieces>)>,
}

impl Api {
    /// Serves on a port that the system chooses; what happens goes to `signals`.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn serve(signals: UnboundedSender<Signal>) -> Result<Api, Trouble> {
        let failed = |e| Trouble::from_cause("cannot serve the Runtime API", e);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            event_there: Notify::new(),
            opened: watch::channel(None).0,
            signals,
        });
        let server = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Api { shared, address, server })
    }

    /// From now on the runtime may connect: only that user, if the sandbox has one of its own. Functions share this
    /// machine's network, and one of them could ask for another's events.
    pub fn open_to(&self, user: Option<u32>) {
        self.shared.opened.send_replace(Some(user));
    }

    /// Gives the runtime an event, at once or when it asks.
    pub fn give(&self, event: Event) {
        self.shared.state().next = Some(event);
        self.shared.event_there.notify_one();
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever waits. If nobody does, the environment is about to go.
    fn tell(&self, signal: Signal) {
        let _nobody_waits = self.signals.send(signal);
    }

    /// Whether that is the request the runtime works on; it is done with then.
    fn settle(&self, request: &str) -> bool {
        let mut state = self.state();
        let is_current = state.current.as_ref().is_some_and(|(current, _)| current == request);
        if is_current {
            state.current = None;
        }
        is_current
    }

    /// Who reads the answer to that request piece by piece.
    fn pieces(&self, request: &str) -> Option<Pieces> {
        self.state().current.as_ref().filter(|(current, _)| current == request)?.1.clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // The connections end with this task, and it ends with the environment.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else { continue };
        let Ok(own) = stream.local_addr() else { continue };
        let _only_slower = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            if !is_welcome(&shared, peer, own).await {
                return;
            }
            let service = service_fn(move |request| answer(Arc::clone(&shared), request));
            let _runtime_hangs_up = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Whether it is the runtime that connects.
async fn is_welcome(shared: &Shared, peer: SocketAddr, own: SocketAddr) -> bool {
    let mut opened = shared.opened.subscribe();
    let Ok(user) = opened.wait_for(Option::is_some).await.map(|user| user.flatten()) else { return false };
    let Some(user) = user else { return true };
    // The kernel gives the table in pieces, between which connections come and go: one may be missed, though never
    // shown as another's.
    for _ in 0..LOOKS {
        match tokio::task::spawn_blocking(|| std::fs::read_to_string("/proc/net/tcp")).await {
            Ok(Ok(connections)) => match owner(&connections, peer, own) {
                Some(owner) => return owner == user,
                None => tokio::time::sleep(BETWEEN_LOOKS).await,
            },
            _ => return false,
        }
    }
    false
}

/// The user whose connection leads from one address to the other, out of a text of proc_pid_net(5), `tcp`. Both count:
/// the port that it comes from may have had another connection a moment ago, which is nobody's now.
fn owner(connections: &str, from: SocketAddr, to: SocketAddr) -> Option<u32> {
    let (from, to) = (written(from)?, written(to)?);
    let mut lines = connections.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let is_it = |fields: &Vec<&str>| fields.get(1) == Some(&from.as_str()) && fields.get(2) == Some(&to.as_str());
    lines.find(is_it)?.get(7)?.parse().ok()
}

/// An address as that table writes it.
fn written(address: SocketAddr) -> Option<String> {
    let SocketAddr::V4(address) = address else { return None };
    Some(format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port()))
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.strip_prefix(PREFIX).unwrap_or("").split('/').collect();
    Ok(match (request.method(), parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(&shared).await,
        (&Method::POST, ["invocation", id, "response"]) => response(&shared, id, request).await,
        (&Method::POST, ["invocation", id, "error"]) => error(&shared, Some(id), request).await,
        (&Method::POST, ["init", "error"]) => error(&shared, None, request).await,
        _ => problem(StatusCode::NOT_FOUND, "NotFound", "This part of the Runtime API is not implemented."),
    })
}

async fn next(shared: &Shared) -> Response<Full<Bytes>> {
    shared.tell(Signal::Ready);
    let event = loop {
        let waiting = {
            let mut state = shared.state();
            match state.next.take() {
                Some(event) => {
                    state.current = Some((event.request.clone(), event.pieces.clone()));
                    Some(event)
                }
                None => None,
            }
        };
        match waiting {
            Some(event) => break event,
            None => shared.event_there.notified().await,
        }
    };
    let mut response = Response::new(Full::new(event.payload));
    let deadline = event.deadline.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", &event.request),
        ("lambda-runtime-deadline-ms", &deadline),
        ("lambda-runtime-invoked-function-arn", &event.function_arn),
        ("lambda-runtime-trace-id", &event.trace),
        ("lambda-runtime-client-context", event.client_context.as_deref().unwrap_or_default()),
    ];
    for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn response(shared: &Shared, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let mode = request.headers().get("lambda-runtime-function-response-mode");
    let streams = mode.is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"streaming"));
    if let Some(pieces) = shared.pieces(id).filter(|_| streams) {
        return stream(shared, id, request, &pieces).await;
    }
    let body = read_whole(request.into_body()).await;
    if !shared.settle(id) {
        return problem(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
    }
    match body {
        Some(payload) => {
            shared.tell(Signal::Answer { request: id.to_owned(), payload });
            accepted()
        }
        None => {
            let message =
                format!("Response payload size exceeded maximum allowed payload size ({ANSWER_LIMIT} bytes).");
            let kind = "Function.ResponseSizeTooLarge";
            let payload = problem_text(kind, &message);
            shared.tell(Signal::Failure { request: id.to_owned(), payload, kind: kind.to_owned() });
            problem(StatusCode::PAYLOAD_TOO_LARGE, kind, &message)
        }
    }
}

/// Hands an answer on while it comes. An error on the way comes in the trailers.
async fn stream(shared: &Shared, id: &str, request: Request<Incoming>, pieces: &Pieces) -> Response<Full<Bytes>> {
    let kind = request.headers().get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    pieces.send(Piece::Kind(kind.unwrap_or("application/octet-stream").to_owned())).await;
    let mut body = request.into_body();
    let mut length = 0_usize;
    let mut trailers = http::HeaderMap::new();
    let mut broken = false;
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) => {
                length += data.len();
                if length <= STREAM_LIMIT {
                    pieces.send(Piece::Data(data)).await;
                }
            }
            Ok(Err(frame)) => trailers = frame.into_trailers().unwrap_or_default(),
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    if !shared.settle(id) {
        return problem(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
    }
    let trailer = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
    let failure = match trailer("lambda-runtime-function-error-type") {
        Some(kind) => {
            let body = trailer("lambda-runtime-function-error-body").and_then(|body| STANDARD.decode(body).ok());
            Some((kind.to_owned(), body.map_or_else(|| problem_text(kind, ""), Bytes::from)))
        }
        None if length > STREAM_LIMIT => {
            let kind = "Function.ResponseSizeTooLarge";
            let message =
                format!("Response payload size exceeded maximum allowed payload size ({STREAM_LIMIT} bytes).");
            Some((kind.to_owned(), problem_text(kind, &message)))
        }
        None if broken => {
            let kind = "Runtime.TruncatedResponse";
            Some((kind.to_owned(), problem_text(kind, "The response broke off.")))
        }
        None => None,
    };
    let request = id.to_owned();
    match failure {
        Some((kind, payload)) => shared.tell(Signal::Failure { request, payload, kind }),
        None => shared.tell(Signal::Answer { request, payload: Bytes::new() }),
    }
    accepted()
}

/// A body to its end, kept if it is no larger than it may be. A runtime whose body nobody reads would take the
/// connection for broken; how much it can send is limited by its own memory.
async fn read_whole(mut body: Incoming) -> Option<Bytes> {
    let mut kept = Some(BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        let fits = kept.as_ref().is_some_and(|kept| kept.len() + data.len() <= ANSWER_LIMIT);
        kept = kept.filter(|_| fits);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&data);
        }
    }
    kept.map(BytesMut::freeze)
}

async fn error(shared: &Shared, id: Option<&str>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let kind = request.headers().get("lambda-runtime-function-error-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let Some(payload) = read_whole(request.into_body()).await else {
        return problem(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "The error is too large.");
    };
    let kind = kind.or_else(|| kind_in(&payload)).unwrap_or_else(|| "Runtime.Unknown".to_owned());
    match id {
        None => shared.tell(Signal::InitFailure { payload, kind }),
        Some(id) if shared.settle(id) => shared.tell(Signal::Failure { request: id.to_owned(), payload, kind }),
        Some(_) => return problem(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
    }
    accepted()
}

/// The error's type out of its JSON.
fn kind_in(payload: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    value.get("errorType")?.as_str().map(str::to_owned)
}

fn accepted() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}")));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn problem(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(problem_text(kind, message)));
    *response.status_mut() = status;
    response
}

/// An error as runtimes write them.
pub fn problem_text(kind: &str, message: &str) -> Bytes {
    serde_json::json!({ "errorType": kind, "errorMessage": message }).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_connection_is() {
        // The first is an older connection from the same port: over, and nobody's.
        let connections = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:9C40 0100007F:0050 06 00000000:00000000 03:00000F00 00000000     0 0 0 3 0\n   \
            1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1900 0 7 1 0 20 4 30 10 -1\n   \
            2: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0 0 8 1 0 20 4 30 10 -1\n";
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if cfg!(target_endian = "little") {
            assert_eq!(owner(connections, at(0x9c40), at(0x1f90)), Some(1900));
            assert_eq!(owner(connections, at(0x1f90), at(0x9c40)), Some(0));
        }
        assert_eq!(owner(connections, at(1), at(0x1f90)), None);
        assert_eq!(owner("", at(1), at(2)), None);
    }
}
