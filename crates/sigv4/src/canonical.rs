//! The canonical request: one spelling of a request, so that client and server sign the same bytes.

use http::{HeaderMap, HeaderName};

use crate::encode::{push_encoded, push_recoded, query_text};

/// What a signature covers of a request, as it came over the wire. HTTP/2's `:authority` has to stand in `headers` as `host`.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// The path as the client wrote it, escapes and all.
    pub path: &'a str,
    /// The query as the client wrote it, without the question mark.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
}

/// The two ways to spell a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Dot segments and double slashes are removed and the path is encoded once more.
    General,
    /// The path is an object's key: encoded once, never normalised.
    S3,
}

/// Writes the canonical request. `signed_headers` is the client's list (`host;x-amz-date`), `payload` the hash of the body or
/// the word that stands for it.
pub fn canonical_request(request: &Request<'_>, rules: Rules, signed_headers: &str, payload: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(512 + request.query.len());
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    push_path(&mut out, request.path, rules);
    out.push(b'\n');
    push_query(&mut out, request.query);
    out.push(b'\n');
    for name in signed_headers.split(';') {
        push_header(&mut out, request.headers, name);
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload.as_bytes());
    out
}

fn push_path(out: &mut Vec<u8>, path: &str, rules: Rules) {
    match rules {
        Rules::S3 => push_key(out, path),
        Rules::General => push_normalized(out, path),
    }
}

/// Each segment in the one spelling; an escaped slash stays escaped, as clients sign the path that they send.
fn push_key(out: &mut Vec<u8>, path: &str) {
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        out.push(b'/');
        push_recoded(out, segment.as_bytes(), false);
    }
}

/// Without empty and dot segments, encoded on top of the client's encoding.
fn push_normalized(out: &mut Vec<u8>, path: &str) {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    for segment in &segments {
        out.push(b'/');
        for byte in segment.bytes() {
            push_encoded(out, byte);
        }
    }
    if segments.is_empty() || path.ends_with('/') {
        out.push(b'/');
    }
}

/// Name and value encoded, sorted by name and then by value; a presigned URL's own signature is left out.
fn push_query(out: &mut Vec<u8>, query: &str) {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (recoded_in_query(name), recoded_in_query(value));
        if name != b"X-Amz-Signature" {
            pairs.push((name, value));
        }
    }
    pairs.sort_unstable();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

fn recoded_in_query(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    push_recoded(&mut out, text.as_bytes(), true);
    out
}

/// `name:value\n`; several values of one name are joined with commas, runs of white space become one space.
fn push_header(out: &mut Vec<u8>, headers: &HeaderMap, name: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
        for (at, value) in headers.get_all(&name).iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_trimmed(out, value.as_bytes());
        }
    }
    out.push(b'\n');
}

fn push_trimmed(out: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// The first value of a query parameter, decoded. Names are compared exactly, as AWS does.
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| query_text(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str, rules: Rules) -> String {
        let mut out = Vec::new();
        push_path(&mut out, text, rules);
        String::from_utf8(out).unwrap()
    }

    fn query(text: &str) -> String {
        let mut out = Vec::new();
        push_query(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn paths_of_general_services_are_normalised_and_encoded_twice() {
        assert_eq!(path("", Rules::General), "/");
        assert_eq!(path("//example//..", Rules::General), "/");
        assert_eq!(path("/./foo/../bar/", Rules::General), "/bar/");
        assert_eq!(path("/a%20b/%E1%88%B4", Rules::General), "/a%2520b/%25E1%2588%25B4");
        assert_eq!(path("/../../x", Rules::General), "/x");
    }

    #[test]
    fn paths_of_s3_are_keys() {
        assert_eq!(path("", Rules::S3), "/");
        assert_eq!(path("/a%2fb/", Rules::S3), "/a%2Fb/");
        assert_eq!(path("/bucket/a%20b//../c+d", Rules::S3), "/bucket/a%20b//../c%2Bd");
    }

    #[test]
    fn queries_are_sorted_by_name_then_value() {
        assert_eq!(query("b=2&a=2&a=1&acl"), "a=1&a=2&acl=&b=2");
        assert_eq!(query("a=1&a-b=2"), "a=1&a-b=2");
        assert_eq!(query("X-Amz-Signature=00&x=a+b%2b"), "x=a%20b%2B");
        assert_eq!(query("&&"), "");
    }

    #[test]
    fn headers_are_trimmed_and_joined() {
        let mut headers = HeaderMap::new();
        headers.append("my-header", "  a   b\tc ".parse().unwrap());
        headers.append("my-header", "d".parse().unwrap());
        let mut out = Vec::new();
        push_header(&mut out, &headers, "my-header");
        push_header(&mut out, &headers, "absent");
        push_header(&mut out, &headers, "no such name");
        assert_eq!(out, b"my-header:a b c,d\nabsent:\nno such name:\n");
    }
}
