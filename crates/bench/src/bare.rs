//! The measure of all: a bare hyper server that reads a request and answers as many bytes as its path says.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Starts the server in this process, with as many threads as the cloud has, and answers its address.
pub fn start() -> std::io::Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || runtime.block_on(serve(listener)));
    Ok(address)
}

async fn serve(listener: TcpListener) {
    while let Ok((socket, _)) = listener.accept().await {
        let _ = socket.set_nodelay(true);
        tokio::spawn(async move {
            let serving =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer));
            let _ = serving.await;
        });
    }
}

/// `POST /1024` answers 1024 bytes.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let length: usize = request.uri().path().trim_start_matches('/').parse().unwrap_or(0);
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(filler(length))))
}

/// Bytes of any length up to 1 MiB without an allocation.
fn filler(length: usize) -> Bytes {
    static BLOCK: [u8; 1 << 20] = [b'x'; 1 << 20];
    Bytes::from_static(&BLOCK[..length.min(BLOCK.len())])
}
