//! CONNECT (RFC 9110, section 9.3.6): the listen port is a proxy to the public addresses of this cloud, and to nothing else. So
//! whoever cannot send packets there (this machine belongs to somebody else, or is another one) reaches them by what every
//! client knows: `curl --proxy`, ssh's ProxyCommand, a browser's settings, `kogumo net connect`.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::Authority;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use kogumo_door::{Cloud, Entrance};
use kogumo_wire::Body;
use tokio::io::copy_bidirectional;

/// Answers a CONNECT, and carries bytes both ways once the client has the answer.
pub async fn open(cloud: &Arc<Cloud>, mut request: Request<Incoming>, entrance: &Entrance) -> Response<Body> {
    let Some((host, port)) = request.uri().authority().and_then(target).filter(|_| *entrance == Entrance::Port) else {
        return refuse(StatusCode::BAD_REQUEST, "CONNECT takes a host and a port".into());
    };
    let Some(dial) = cloud.services().iter().find_map(|service| service.internet) else {
        return refuse(StatusCode::NOT_IMPLEMENTED, "this cloud has no internet".into());
    };
    let mut stream = match dial(Arc::clone(cloud), host, port).await {
        Ok(stream) => stream,
        Err(trouble) => return refuse(StatusCode::BAD_GATEWAY, trouble.to_string()),
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(client) => {
                let carried = copy_bidirectional(&mut TokioIo::new(client), &mut stream).await;
                if let Err(error) = carried {
                    tracing::debug!("tunnel: {error}");
                }
            }
            Err(error) => tracing::debug!("tunnel: {error}"),
        }
    });
    Response::new(Body::Empty)
}

fn target(authority: &Authority) -> Option<(String, u16)> {
    Some((authority.host().to_owned(), authority.port_u16()?))
}

fn refuse(status: StatusCode, why: String) -> Response<Body> {
    let mut response = Response::new(Body::Bytes(Bytes::from(why + "\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
