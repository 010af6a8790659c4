//! A request as it arrived: HTTP taken apart once, for all that follows.

use std::net::SocketAddr;

use http::header::HOST;
use http::{HeaderMap, HeaderValue};
use http_body::Body as _;
use hyper::body::Incoming as HyperBody;
use kogumo_door::{Entrance, Incoming};
use kogumo_wire::{Body, Request, parse_query};

use crate::host::without_port;
use crate::incoming::{Arriving, Verdict};
use crate::virtual_host::HostMeaning;

/// A request under way through the chain.
pub struct Arrival {
    /// The request as surfaces see it. For S3 the bucket of a virtual host is put into `incoming.request.path` on the way.
    pub incoming: Incoming,
    /// The path as it was signed.
    pub raw_path: String,
    pub meaning: HostMeaning,
    /// The bucket of a virtual host, if that is where it stood.
    pub virtual_bucket: Option<String>,
    pub request_id: String,
    /// What the layers of the body found.
    pub verdict: Verdict,
}

impl Arrival {
    /// Takes a request of hyper's apart. HTTP/2's authority becomes the `Host` header, which signatures cover.
    pub fn new(request: http::Request<HyperBody>, peer: SocketAddr, tls: bool, entrance: Entrance) -> Self {
        let (mut parts, body) = request.into_parts();
        if let Some(authority) = parts.uri.authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            parts.headers.insert(HOST, host);
        }
        let host = host_header(&parts.headers).map(without_port).unwrap_or_default();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        let raw_path = match parts.uri.path() {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        let verdict = Verdict::default();
        let body = match body.size_hint().exact() {
            Some(0) => Body::Empty,
            length => Body::Stream(Arriving::stream(body, verdict.clone()), length),
        };
        let request = Request {
            method: parts.method,
            path: raw_path.clone(),
            query: parse_query(&raw_query, true),
            headers: parts.headers,
            body,
        };
        let meaning = HostMeaning::of(&host);
        Arrival {
            incoming: Incoming { request, host, raw_query, peer, tls, entrance },
            raw_path,
            meaning,
            virtual_bucket: None,
            request_id: kogumo_base::uuid(),
            verdict,
        }
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.incoming.request.headers
    }

    /// The `Host` header, with its port.
    pub fn host(&self) -> Option<&str> {
        host_header(self.headers())
    }

    /// Where the client reached us: `https://sqs.us-east-1.amazonaws.com`.
    pub fn reached(&self) -> Option<String> {
        let scheme = if self.incoming.tls { "https" } else { "http" };
        Some(format!("{scheme}://{}", self.host()?))
    }

    /// A header's text; absent if it is empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.incoming.request.header(name).filter(|text| !text.is_empty())
    }

    /// What the canonical request of a signature is made of.
    pub fn signed(&self) -> kogumo_sigv4::Request<'_> {
        kogumo_sigv4::Request {
            method: self.incoming.request.method.as_str(),
            path: &self.raw_path,
            query: &self.incoming.raw_query,
            headers: self.headers(),
        }
    }

    /// Moves the bucket from the host into the path, where S3's URI templates want it.
    pub fn move_bucket_into_path(&mut self) {
        let bucket = match &self.meaning {
            HostMeaning::S3 { bucket: Some(bucket), .. } => bucket.clone(),
            HostMeaning::PerhapsBucket(bucket) => bucket.clone(),
            _ => return,
        };
        self.incoming.request.path = format!("/{bucket}{}", self.raw_path);
        self.virtual_bucket = Some(bucket);
    }
}

fn host_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).and_then(|host| host.to_str().ok())
}
