//! Requests as SDKs make them, signed once and sent many times.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use kogumo_base::Clock;
use kogumo_sigv4::{Request, Rules, Signer};

/// Makes signed HTTP/1.1 messages for a cloud at an address.
#[derive(Clone, Copy)]
pub struct Maker {
    pub address: SocketAddr,
    /// Who signs.
    pub access_key: &'static str,
    pub secret: &'static str,
}

/// boto3's own, which is what a server has to read all day.
const USER_AGENT: &str = "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.7 md/pyimpl#CPython \
                          m/Z,b,D,e cfg/retry-mode#legacy Botocore/1.43.11";

impl Maker {
    /// Signs with the key that everybody knows.
    pub fn root(address: SocketAddr) -> Self {
        Maker { address, access_key: "test", secret: "test" }
    }

    /// The query protocol: `Action=GetCallerIdentity&Version=2011-06-15`.
    pub fn query(&self, service: &str, form: &str) -> Vec<u8> {
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        self.signed(service, "POST", "/", &headers, form.as_bytes())
    }

    /// The JSON protocols: `DynamoDB_20120810.GetItem`.
    pub fn json(&self, service: &str, target: &str, body: &str) -> Vec<u8> {
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)];
        self.signed(service, "POST", "/", &headers, body.as_bytes())
    }

    /// REST: a method, a path with its query, and a body.
    pub fn rest(&self, service: &str, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        self.signed(service, method, path, &[], body)
    }

    fn signed(&self, service: &str, method: &str, target: &str, more: &[(&'static str, &str)], body: &[u8]) -> Vec<u8> {
        let moment = Clock::machine_now();
        let payload = kogumo_sigv4::BodyHash::of(body);
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("host", &self.address.to_string());
        set("user-agent", USER_AGENT);
        set("x-amz-date", &moment.basic());
        for (name, value) in more {
            set(name, value);
        }
        let s3 = service == "s3";
        if s3 {
            set("x-amz-content-sha256", &payload);
        }
        let mut names: Vec<&str> =
            headers.keys().map(HeaderName::as_str).filter(|name| *name != "user-agent").collect();
        names.sort_unstable();
        let signed_headers = names.join(";");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request { method, path, query, headers: &headers };
        let signer = Signer { access_key: self.access_key, secret: self.secret, region: "us-east-1", service, moment };
        let rules = if s3 { Rules::S3 } else { Rules::General };
        let authorization = signer.authorization(&request, rules, &signed_headers, &payload);
        let mut message = format!("{method} {target} HTTP/1.1\r\n");
        for (name, value) in &headers {
            message += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
        }
        message += &format!("authorization: {authorization}\r\ncontent-length: {}\r\n\r\n", body.len());
        let mut message = message.into_bytes();
        message.extend_from_slice(body);
        message
    }
}

/// A request to the bare server of the same size as `like`, for an answer of `answer` bytes.
pub fn bare(like: &[u8], answer: u64) -> Vec<u8> {
    let text_end = like.windows(4).position(|window| window == b"\r\n\r\n").map_or(like.len(), |at| at + 4);
    let (head, body) = like.split_at(text_end);
    let head = String::from_utf8_lossy(head);
    let (_, headers) = head.split_once("\r\n").unwrap_or(("", ""));
    let mut message = format!("POST /{answer} HTTP/1.1\r\n{headers}").into_bytes();
    message.extend_from_slice(body);
    message
}
