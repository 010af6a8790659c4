//! The listen port: HTTP/1.1, HTTP/2 without TLS (prior knowledge) and TLS, told apart by the first bytes of a connection.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use kogumo_door::Entrance;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::chain::Gateway;

/// How long a client may take for its first byte and for the TLS handshake.
const HELLO_TIME: Duration = Duration::from_secs(20);
/// How long a connection may be idle, and how long the head of a request may take.
const HEAD_TIME: Duration = Duration::from_secs(65);
/// How long requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// The first byte of a TLS record that holds a handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// What is kept of a request's head in memory before hyper refuses it with 431.
const MAX_HEAD: usize = 256 * 1024;

/// Serves connections that come in that way until `stop` is done, and then those requests that are under way.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    gateway: Arc<Gateway>,
    entrance: Entrance,
    stop: impl Future<Output = ()>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((socket, peer)) => {
                tokio::spawn(connection(
                    socket,
                    peer,
                    acceptor.clone(),
                    gateway.clone(),
                    entrance.clone(),
                    graceful.watcher(),
                ));
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests under way");
    }
}

/// A failed `accept` concerns one connection, or we are out of descriptors: then waiting is all that helps.
async fn pause_after(error: &io::Error) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    ) {
        tracing::warn!("cannot accept a connection: {error}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn connection(
    socket: TcpStream,
    peer: SocketAddr,
    acceptor: TlsAcceptor,
    gateway: Arc<Gateway>,
    entrance: Entrance,
    watcher: Watcher,
) {
    let _ = socket.set_nodelay(true);
    let mut first = [0];
    match timeout(HELLO_TIME, socket.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] == TLS_HANDSHAKE => match timeout(HELLO_TIME, acceptor.accept(socket)).await {
            Ok(Ok(stream)) => http(stream, peer, gateway, (entrance, true), watcher).await,
            Ok(Err(error)) => tracing::debug!("TLS handshake: {error}"),
            Err(_) => tracing::debug!("TLS handshake: too slow"),
        },
        Ok(Ok(1)) => http(socket, peer, gateway, (entrance, false), watcher).await,
        _ => {}
    }
}

async fn http<S>(
    stream: S,
    peer: SocketAddr,
    gateway: Arc<Gateway>,
    (entrance, secure): (Entrance, bool),
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (gateway, entrance) = (gateway.clone(), entrance.clone());
        async move { Ok::<_, Infallible>(gateway.answer(request, peer, secure, entrance).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MAX_HEAD).half_close(false);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(MAX_HEAD as u32).max_concurrent_streams(256);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!("connection: {error}");
    }
}
