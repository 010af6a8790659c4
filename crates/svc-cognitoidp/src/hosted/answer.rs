//! Answers of the pages: documents, redirections, JSON.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, PRAGMA, REFERRER_POLICY, SET_COOKIE,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, Response};
use kogumo_wire::{Body, Bytes};
use serde_json::{Value, json};

/// An answer, not yet HTTP.
pub struct Answer {
    status: u16,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
}

impl Answer {
    /// A page for people.
    pub fn page(status: u16, html: String) -> Self {
        Answer::document(status, html, "")
    }

    /// A page with a script that bears the nonce.
    pub fn page_with_script(status: u16, html: String, nonce: &str) -> Self {
        Answer::document(status, html, &format!("; script-src 'nonce-{nonce}'"))
    }

    fn document(status: u16, html: String, besides: &str) -> Self {
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";
        let policy = &format!("{policy}{besides}");
        Answer { status, headers: Vec::new(), body: html.into() }
            .with(CONTENT_TYPE, "text/html; charset=utf-8")
            .with(CONTENT_SECURITY_POLICY, policy)
            .with(X_FRAME_OPTIONS, "DENY")
            .with(REFERRER_POLICY, "no-referrer")
    }

    /// A picture of a page.
    pub fn image(kind: &str, image: Vec<u8>) -> Self {
        Answer { status: 200, headers: Vec::new(), body: image.into() }.with(CONTENT_TYPE, kind)
    }

    pub fn redirect(to: &str) -> Self {
        Answer { status: 302, headers: Vec::new(), body: Bytes::new() }.with(LOCATION, to)
    }

    /// An answer for programs, of whatever origin.
    pub fn json(status: u16, document: &Value) -> Self {
        Answer { status, headers: Vec::new(), body: document.to_string().into() }
            .with(CONTENT_TYPE, "application/json;charset=UTF-8")
            .with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    }

    /// OAuth's own error (RFC 6749, section 5.2).
    pub fn error(error: &str) -> Self {
        Answer::json(400, &json!({ "error": error }))
    }

    pub fn empty() -> Self {
        Answer { status: 200, headers: Vec::new(), body: Bytes::new() }.with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    }

    /// Lets a page of any origin send tokens and forms.
    pub fn preflight() -> Self {
        Answer::empty()
            .with(ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS")
            .with(ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type")
            .with(ACCESS_CONTROL_MAX_AGE, "3600")
    }

    pub fn missing() -> Self {
        Answer::json(404, &json!({ "message": "There is no such page." }))
    }

    pub fn failed() -> Self {
        Answer::json(500, &json!({ "error": "server_error" }))
    }

    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn with_cookie(self, cookie: &str) -> Self {
        self.with(SET_COOKIE, cookie)
    }

    pub fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = http::StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, max-age=0, must-revalidate"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.append(name, value);
            }
        }
        response
    }
}
