//! Browsers on this machine visit other people's pages, and such a page may send us requests in the user's name, or even sign
//! them, as everybody knows the key `test`. So a page of a foreign origin is refused unless S3 or API Gateway were told to let it in.

use http::HeaderMap;

use crate::host::{HostNames, without_port};

/// Who sends a request, as far as a browser tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// No browser, or a page of this cloud's own.
    Own,
    /// A page of an origin that the operator allows.
    Friend { origin: String },
    /// A page of another origin. Empty if the browser says only that there is one, as for an image or a link.
    Foreign { origin: String },
}

/// Why a request is refused before anybody looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `Host` is a name that is not ours.
    Host,
    /// A foreign page.
    Origin,
}

impl Refusal {
    pub fn message(self) -> &'static str {
        match self {
            Refusal::Host => "This cloud does not answer to that host name. Start it with --allow-host to add a name.",
            Refusal::Origin => {
                "A page of another origin may not call this cloud. Start it with --allow-origin to let it."
            }
        }
    }
}

/// What the operator allows besides this cloud's own names.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    pub names: HostNames,
    /// Origins such as `http://localhost:3000`.
    pub origins: Vec<String>,
}

impl Allowed {
    /// Tells whether a request with this host (of `Host` or `:authority`) comes from a page of ours.
    pub fn sender(&self, host: Option<&str>, headers: &HeaderMap) -> Result<Sender, Refusal> {
        if let Some(host) = host
            && !self.names.allow(&without_port(host))
        {
            return Err(Refusal::Host);
        }
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        if let Some(origin) = text("origin") {
            let origin = origin.into_owned();
            return Ok(if is_same_origin(&origin, host) {
                Sender::Own
            } else if self.origins.contains(&origin) {
                Sender::Friend { origin }
            } else {
                Sender::Foreign { origin }
            });
        }
        match text("sec-fetch-site").as_deref() {
            Some("cross-site" | "same-site") => Ok(Sender::Foreign { origin: String::new() }),
            _ => Ok(Sender::Own),
        }
    }
}

/// Whether an origin (`http://127.0.0.1:4566`) is the very host that is asked.
fn is_same_origin(origin: &str, host: Option<&str>) -> bool {
    let (scheme, authority) = origin.split_once("://").unwrap_or(("", ""));
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without_default = |name: &str| name.strip_suffix(default_port).unwrap_or(name).to_ascii_lowercase();
    host.is_some_and(|host| without_default(host) == without_default(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(host: &str, headers: &[(&'static str, &str)]) -> Result<Sender, Refusal> {
        let names = HostNames::new("127.0.0.1:4566".parse().unwrap(), &[]);
        let allowed = Allowed { names, origins: vec!["http://localhost:3000".to_owned()] };
        let headers =
            headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
        allowed.sender(Some(host), &headers)
    }

    fn foreign(origin: &str) -> Result<Sender, Refusal> {
        Ok(Sender::Foreign { origin: origin.to_owned() })
    }

    #[test]
    fn a_rebound_name_is_refused() {
        assert_eq!(sender("evil.example:4566", &[]), Err(Refusal::Host));
        assert_eq!(sender("localhost:4566", &[]), Ok(Sender::Own));
    }

    #[test]
    fn pages_of_ours_and_of_others() {
        let host = "127.0.0.1:4566";
        assert_eq!(sender(host, &[("origin", "http://127.0.0.1:4566")]), Ok(Sender::Own));
        let friend = Sender::Friend { origin: "http://localhost:3000".to_owned() };
        assert_eq!(sender(host, &[("origin", "http://localhost:3000")]), Ok(friend));
        for origin in ["http://evil.example", "null", "http://127.0.0.1:8000", "http://localhost:4566", "file://", ""] {
            assert_eq!(sender(host, &[("origin", origin)]), foreign(origin), "{origin}");
        }
        assert_eq!(sender(host, &[("sec-fetch-site", "cross-site")]), foreign(""));
        assert_eq!(sender(host, &[("sec-fetch-site", "none")]), Ok(Sender::Own));
        assert_eq!(sender("localhost", &[("origin", "http://localhost:80")]), Ok(Sender::Own));
    }
}
