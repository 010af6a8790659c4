//! What is not AWS's API: the issuer's documents and the hosted pages.

pub mod well_known;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use http::{HeaderMap, HeaderValue};
use kogumo_door::{Cloud, CrossOrigin};

/// Pages of any origin may call what needs no signature: that is how web apps sign their users in. What is signed they may
/// not: no page is to use the keys that it might guess.
pub fn cross_origin(_: &Cloud, asked: &CrossOrigin) -> Option<HeaderMap> {
    if asked.headers.iter().any(|name| name == "authorization") || asked.method != "POST" {
        return None;
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"),
    );
    if asked.preflight {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("172800"));
        let asked = HeaderValue::try_from(asked.headers.join(",")).ok()?;
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    Some(headers)
}
