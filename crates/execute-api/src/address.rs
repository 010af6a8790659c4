//! Which API and stage an address means.
//!
//! | Address | |
//! |---|---|
//! | `{id}.execute-api.{region}.amazonaws.com/{stage}/…` | by host, as on AWS |
//! | `{id}.execute-api.localhost/{stage}/…` | by host, resolved by every machine |
//! | `/_aws/execute-api/{id}/{stage}/…` | by path |
//! | `/restapis/{id}/{stage}/_user_request_/…` | by path |

use kogumo_base::Scope;

/// An address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub api_id: String,
    /// Empty when the path has none.
    pub stage: String,
    /// Within the stage, beginning with `/`, percent-encoded as sent.
    pub path: String,
    /// Whether the host names the API.
    pub by_host: bool,
    /// What the client's path has before `path` below a custom domain name: a base path, or nothing.
    pub front: Option<String>,
}

/// Reads an address; `None` when it is not one of an API. `host` has no port.
pub fn parse(host: &str, path: &str) -> Option<Address> {
    if let Some((api_id, domain)) = host.split_once(".execute-api.") {
        let aws = domain.strip_suffix(".amazonaws.com").is_some_and(|region| !region.contains('.'));
        if aws || domain == "localhost" {
            return address(api_id, path.trim_start_matches('/'), true);
        }
    }
    if let Some(rest) = path.strip_prefix("/_aws/execute-api/") {
        let (api_id, rest) = rest.split_once('/').unwrap_or((rest, ""));
        return address(api_id, rest, false);
    }
    let (api_id, rest) = path.strip_prefix("/restapis/")?.split_once('/')?;
    let (stage, rest) = rest.split_once('/')?;
    let rest = rest.strip_prefix("_user_request_")?;
    if !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    address(api_id, &format!("{stage}{rest}"), false)
}

/// `rest` is `{stage}/{path}`.
fn address(api_id: &str, rest: &str, by_host: bool) -> Option<Address> {
    let (stage, path) = rest.split_once('/').unwrap_or((rest, ""));
    let known = !api_id.is_empty() && api_id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    known.then(|| Address {
        api_id: api_id.to_owned(),
        stage: stage.to_owned(),
        path: format!("/{}", path.trim_start_matches('/')),
        by_host,
        front: None,
    })
}

impl Address {
    /// The host name of the API on AWS.
    pub fn aws_host(&self, scope: &Scope) -> String {
        format!("{}.execute-api.{}.amazonaws.com", self.api_id, scope.region)
    }

    /// Ids of REST APIs end in a letter, those of HTTP APIs in a digit.
    pub fn is_rest(&self) -> bool {
        is_rest(&self.api_id)
    }

    /// The path with the stage or what a custom domain name has in its place, as a client of AWS would have sent it.
    pub fn full_path(&self) -> String {
        match &self.front {
            Some(front) if !front.is_empty() && self.path == "/" => front.clone(),
            Some(front) => format!("{front}{}", self.path),
            None => format!("/{}{}", self.stage, self.path),
        }
    }
}

/// Whether an id is that of a REST API.
pub fn is_rest(api_id: &str) -> bool {
    api_id.ends_with(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let parsed = |host: &str, path: &str| parse(host, path).map(|a| format!("{} {} {}", a.api_id, a.stage, a.path));
        for (host, path) in [
            ("abc.execute-api.localhost", "/dev/a%20b/c"),
            ("abc.execute-api.us-east-1.amazonaws.com", "/dev/a%20b/c"),
            ("localhost", "/_aws/execute-api/abc/dev/a%20b/c"),
            ("127.0.0.1", "/restapis/abc/dev/_user_request_/a%20b/c"),
        ] {
            assert_eq!(parsed(host, path).as_deref(), Some("abc dev /a%20b/c"), "{host}{path}");
        }
        assert_eq!(parsed("abc.execute-api.localhost", "/dev").as_deref(), Some("abc dev /"));
        assert_eq!(parsed("x", "/restapis/abc/dev/_user_request_").as_deref(), Some("abc dev /"));
        assert_eq!(parsed("abc.execute-api.localhost", "/").as_deref(), Some("abc  /"));
    }

    #[test]
    fn what_is_not_an_api() {
        for (host, path) in [
            ("localhost", "/restapis/abc/stages/dev"),
            ("localhost", "/restapis/abc/dev/_user_request_x/y"),
            ("abc.execute-api.evil.com", "/"),
            ("abc.s3.amazonaws.com", "/"),
            ("localhost", "/_aws/execute-api/"),
            ("ABC.execute-api.localhost", "/"),
        ] {
            assert_eq!(parse(host, path), None, "{host}{path}");
        }
    }
}
