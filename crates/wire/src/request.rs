//! A request as the protocols see it: HTTP taken apart, nothing of a service in it yet.

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::body::Body;
use crate::source::Rejection;

/// An HTTP request. The path is as the client sent it, percent-encoded.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    pub path: String,
    /// Parameters of the query string in their order, decoded. `?tagging` has an empty value.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Body,
}

impl Request {
    /// The header's text, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first query parameter of that name.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Takes `a=1&b=%20&c` apart; `+` is a space in forms and stays a plus in S3's queries, so the caller says which.
pub fn parse_query(text: &str, plus_is_space: bool) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, plus_is_space), decode(value, plus_is_space))
        })
        .collect()
}

/// Percent-decodes; bytes that are not UTF-8 become U+FFFD.
pub fn decode(text: &str, plus_is_space: bool) -> String {
    if plus_is_space && text.contains('+') {
        return decode(&text.replace('+', " "), false);
    }
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Percent-decodes a label of a path.
///
/// # Errors
/// Bytes that are not UTF-8.
pub(crate) fn decode_label(text: &str) -> Result<String, Rejection> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| Rejection::new("the path is not UTF-8"))
}
