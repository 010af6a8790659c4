//! What is different for those who come from inside of the cloud's networks, and not by the listen port.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use kogumo_door::Entrance;
use kogumo_wire::Body;

use crate::arrival::Arrival;
use crate::host::without_port;
use crate::own_routes;

/// AWS's page that tells callers their address.
const CHECK_IP: &str = "checkip.amazonaws.com";
/// The pages of our own that guests may see: the others are for whoever runs the cloud.
const FOR_GUESTS: [&str; 2] = ["/_kogumo/ca.pem", "/_kogumo/health"];

/// Answers what only those from inside ask, or may not ask.
pub fn answer(arrival: &Arrival) -> Option<Response<Body>> {
    if arrival.incoming.host == CHECK_IP {
        return Some(text(StatusCode::OK, format!("{}\n", arrival.incoming.peer.ip())));
    }
    let own = arrival.raw_path.starts_with(own_routes::PREFIX);
    (own && !FOR_GUESTS.contains(&arrival.raw_path.as_str())).then(nothing_here)
}

/// The host that has to be one of ours. An address is, wherever the networks of the cloud have brought somebody to it.
pub fn judged_host(arrival: &Arrival) -> Option<&str> {
    let host = arrival.host()?;
    let is_address = without_port(host).parse::<std::net::IpAddr>().is_ok();
    let inside = arrival.incoming.entrance != Entrance::Port;
    (!(inside && is_address)).then_some(host)
}

pub fn nothing_here() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "There is no such page.\n".to_owned())
}

fn text(status: StatusCode, words: String) -> Response<Body> {
    let mut response = Response::new(Body::Bytes(Bytes::from(words)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
