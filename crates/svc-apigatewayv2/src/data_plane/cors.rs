//! Cross-origin requests, as the API is configured.

use crate::definition::Cors;
use kogumo_execute_api::exchange::{Request, Response};

/// The answer to a preflight request; `None` for any other.
pub fn preflight(cors: &Cors, request: &Request) -> Option<Response> {
    if request.method != "OPTIONS" || request.header("access-control-request-method").is_none() {
        return None;
    }
    let mut response = Response { status: 204, ..Response::default() };
    decorate(cors, request, &mut response);
    if origin(cors, request).is_some() {
        for (name, values) in [
            ("access-control-allow-methods", &cors.allow_methods),
            ("access-control-allow-headers", &cors.allow_headers),
        ] {
            if !values.is_empty() {
                response.set_header(name, values.join(","));
            }
        }
        if let Some(seconds) = cors.max_age {
            response.set_header("access-control-max-age", seconds.to_string());
        }
    }
    Some(response)
}

/// Puts the API's headers in the place of those that a backend sent.
pub fn decorate(cors: &Cors, request: &Request, response: &mut Response) {
    response.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("access-control-"));
    let Some(origin) = origin(cors, request) else { return };
    response.set_header("access-control-allow-origin", origin);
    if cors.allow_credentials {
        response.set_header("access-control-allow-credentials", "true");
    }
    if !cors.expose_headers.is_empty() {
        response.set_header("access-control-expose-headers", cors.expose_headers.join(","));
    }
}

/// What the request's origin is told; nothing where it is not allowed.
fn origin(cors: &Cors, request: &Request) -> Option<String> {
    let origin = request.header("origin")?;
    let allowed = |pattern: &String| match pattern.as_str() {
        "*" => true,
        "http://*" => origin.starts_with("http://"),
        "https://*" => origin.starts_with("https://"),
        other => other.eq_ignore_ascii_case(origin),
    };
    let found = cors.allow_origins.iter().find(|pattern| allowed(pattern))?;
    Some(if found == "*" { "*".to_owned() } else { origin.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_told_what_they_may() {
        let cors =
            Cors { allow_origins: vec!["http://a".into()], allow_methods: vec!["GET".into()], ..Cors::default() };
        let request = |origin: &str| Request {
            method: "OPTIONS".into(),
            headers: vec![("origin".into(), origin.into()), ("access-control-request-method".into(), "GET".into())],
            ..Request::default()
        };
        let response = preflight(&cors, &request("http://a")).expect("a preflight");
        assert_eq!(response.status, 204);
        assert_eq!(response.header("access-control-allow-origin"), Some("http://a"));
        assert_eq!(response.header("access-control-allow-methods"), Some("GET"));
        assert_eq!(preflight(&cors, &request("http://b")).expect("a preflight").headers, []);
        let mut response =
            Response { headers: vec![("Access-Control-Allow-Origin".into(), "*".into())], ..Response::default() };
        decorate(&cors, &request("http://b"), &mut response);
        assert_eq!(response.headers, [], "a backend does not decide");
    }
}
