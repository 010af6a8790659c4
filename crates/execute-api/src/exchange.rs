//! A request and a response of the data plane, as plain data.

/// Names and values in the order they were sent; names keep their case.
pub type Pairs = Vec<(String, String)>;

/// A client's request to an API.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    pub method: String,
    /// Within the stage, beginning with `/`, percent-encoded as sent.
    pub path: String,
    /// The path as a REST API's function sees it: with the base path below a custom domain name. Empty where it is `path`.
    pub event_path: String,
    /// The whole path and the query as the client sent them; signatures cover these.
    pub sent_path: String,
    pub raw_query: String,
    /// Decoded.
    pub query: Pairs,
    pub headers: Pairs,
    pub body: Vec<u8>,
    pub source_ip: String,
    /// Such as `HTTP/1.1`.
    pub protocol: String,
}

/// What the client gets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    pub status: u16,
    pub headers: Pairs,
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The media type without parameters, lower case; JSON when none was sent, as AWS assumes.
    pub fn media_type(&self) -> String {
        media_type(self.header("content-type"))
    }
}

impl Response {
    /// Replaces a header.
    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// The first value of a header in `headers`.
pub fn header<'h>(headers: &'h Pairs, name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The media type of a `Content-Type`, without parameters.
pub fn media_type(content_type: Option<&str>) -> String {
    let content_type = content_type.unwrap_or("application/json");
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The last value of each name, in the order of the first; header names compare without case.
pub fn last_values(pairs: &Pairs) -> Pairs {
    let mut last: Pairs = Vec::new();
    for (name, value) in pairs {
        match last.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => value.clone_into(known),
            None => last.push((name.clone(), value.clone())),
        }
    }
    last
}

/// Decodes `a=1&b=2` of a URL.
pub fn parse_query(query: &str) -> Pairs {
    kogumo_wire::parse_query(query, true)
}

/// Whether a media type is one of an API's binary media types (`image/png`, `image/*`, `*/*`).
pub fn is_binary(media_type: &str, binary_media_types: &[String]) -> bool {
    binary_media_types.iter().any(|known| {
        let known = known.trim().to_ascii_lowercase().replace("~1", "/");
        match known.strip_suffix("/*") {
            Some("*") => true,
            Some(family) => media_type.split('/').next() == Some(family),
            None => known == media_type,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_decode() {
        let pairs = parse_query("a=1&b=%E3%81%93+x&c&a=2&&d==");
        let expected = [("a", "1"), ("b", "こ x"), ("c", ""), ("a", "2"), ("d", "=")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(last_values(&pairs)[0], ("a".to_owned(), "2".to_owned()));
    }

    #[test]
    fn binary_media_types() {
        let types = ["image/*".to_owned(), "application/pdf".to_owned()];
        assert!(is_binary("image/png", &types) && is_binary("application/pdf", &types));
        assert!(!is_binary("text/plain", &types));
        assert!(is_binary("text/plain", &["*/*".to_owned()]));
    }
}
