//! Static websites: which object a path means, and where a routing rule sends it instead.
//! Source: "Configuring webpage redirects" and "Configuring an index document", Amazon S3 User Guide.

use serde::{Deserialize, Serialize};

/// A bucket's website.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Website {
    pub index: Option<String>,
    pub error: Option<String>,
    pub all_to: Option<AllTo>,
    pub rules: Vec<Rule>,
}

/// `RedirectAllRequestsTo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllTo {
    pub host: String,
    pub protocol: Option<String>,
}

/// `RoutingRule`: the first whose conditions hold redirects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub has_condition: bool,
    pub prefix: Option<String>,
    pub error_code: Option<String>,
    pub host: Option<String>,
    pub protocol: Option<String>,
    pub code: Option<String>,
    pub replace_prefix: Option<String>,
    pub replace_key: Option<String>,
}

/// Where a browser is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub status: u16,
    pub location: String,
}

/// What is wrong with a configuration, in S3's words; the code is `InvalidArgument` or `InvalidRequest`.
pub fn problem(website: &Website) -> Option<(&'static str, String)> {
    let bad_protocol =
        |protocol: &Option<String>| protocol.as_ref().is_some_and(|protocol| protocol != "http" && protocol != "https");
    if let Some(all) = &website.all_to {
        if website.index.is_some() || website.error.is_some() || !website.rules.is_empty() {
            let message = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.";
            return Some(("InvalidRequest", message.into()));
        }
        if bad_protocol(&all.protocol) {
            let message = "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.";
            return Some(("InvalidRequest", message.into()));
        }
        return None;
    }
    match &website.index {
        None => {
            let message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
            return Some(("InvalidArgument", message.into()));
        }
        Some(suffix) if suffix.is_empty() || suffix.contains('/') => {
            return Some(("InvalidArgument", "The IndexDocument Suffix is not well formed".into()));
        }
        Some(_) => {}
    }
    for rule in &website.rules {
        if rule.replace_key.is_some() && rule.replace_prefix.is_some() {
            let message = "You can only define ReplaceKeyPrefix or ReplaceKey but not both.";
            return Some(("InvalidRequest", message.into()));
        }
        if bad_protocol(&rule.protocol) {
            let message = "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.";
            return Some(("InvalidRequest", message.into()));
        }
        if rule.code.as_ref().is_some_and(|code| redirect_status(code).is_none()) {
            let code = rule.code.as_deref().unwrap_or_default();
            return Some((
                "InvalidRequest",
                format!("The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."),
            ));
        }
        if rule.has_condition && rule.prefix.is_none() && rule.error_code.is_none() {
            let message = "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.";
            return Some(("InvalidRequest", message.into()));
        }
    }
    None
}

impl Website {
    /// Where all requests are sent, if this website only redirects.
    pub fn redirects_all(&self, path: &str, scheme: &str) -> Option<Redirect> {
        let all = self.all_to.as_ref()?;
        let scheme = all.protocol.as_deref().unwrap_or(scheme);
        Some(Redirect { status: 301, location: format!("{scheme}://{}/{}", all.host, encode(path)) })
    }

    /// The key that a path (without its first slash) means.
    pub fn key(&self, path: &str) -> String {
        match &self.index {
            Some(index) if path.is_empty() || path.ends_with('/') => format!("{path}{index}"),
            _ => path.to_owned(),
        }
    }

    /// The key to try where a path without a slash at its end has no object: its folder's index. If it exists, the
    /// browser is sent to the path with the slash.
    pub fn folder_index(&self, path: &str) -> Option<String> {
        let index = self.index.as_ref()?;
        (!path.is_empty() && !path.ends_with('/')).then(|| format!("{path}/{index}"))
    }

    /// The redirect of the first rule that holds for `key`: before the object is looked up (`error` is `None`), or when
    /// looking it up has failed with a status. `host` and `scheme` are those of the request.
    pub fn route(&self, key: &str, error: Option<u16>, host: &str, scheme: &str) -> Option<Redirect> {
        let rule = self.rules.iter().find(|rule| rule.holds(key, error))?;
        let path = match (&rule.replace_key, &rule.replace_prefix) {
            (Some(whole), _) => whole.clone(),
            (None, Some(prefix)) => {
                let old = rule.prefix.as_deref().unwrap_or_default();
                format!("{prefix}{}", key.strip_prefix(old).unwrap_or(key))
            }
            (None, None) => key.to_owned(),
        };
        let status = rule.code.as_deref().and_then(redirect_status).unwrap_or(301);
        let scheme = rule.protocol.as_deref().unwrap_or(scheme);
        let host = rule.host.as_deref().unwrap_or(host);
        Some(Redirect { status, location: format!("{scheme}://{host}/{}", encode(&path)) })
    }
}

impl Rule {
    fn holds(&self, key: &str, error: Option<u16>) -> bool {
        let prefix = self.prefix.as_deref().is_none_or(|prefix| key.starts_with(prefix));
        let wanted = self.error_code.as_deref();
        prefix && wanted == error.map(|status| status.to_string()).as_deref()
    }
}

fn redirect_status(code: &str) -> Option<u16> {
    code.parse().ok().filter(|status| (301..=399).contains(status))
}

/// Percent-encodes what may not stand in a `Location`'s path.
fn encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'!' | b'*' | b'\'' | b'(' | b')' | b'?' | b'&' | b'=' | b'#' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(rules: Vec<Rule>) -> Website {
        Website { index: Some("index.html".into()), error: Some("error.html".into()), rules, all_to: None }
    }

    #[test]
    fn folders_have_an_index() {
        let site = site(vec![]);
        assert_eq!(site.key(""), "index.html");
        assert_eq!(site.key("docs/"), "docs/index.html");
        assert_eq!(site.key("docs/a.html"), "docs/a.html");
        assert_eq!(site.folder_index("docs").as_deref(), Some("docs/index.html"));
        assert_eq!(site.folder_index("docs/"), None);
    }

    #[test]
    fn rules_redirect_before_and_after() {
        let moved = Rule {
            has_condition: true,
            prefix: Some("docs/".into()),
            replace_prefix: Some("documents/".into()),
            ..Rule::default()
        };
        let missing = Rule {
            has_condition: true,
            error_code: Some("404".into()),
            host: Some("other.test".into()),
            replace_key: Some("gone".into()),
            code: Some("302".into()),
            ..Rule::default()
        };
        let site = site(vec![moved, missing]);
        assert_eq!(
            site.route("docs/a b", None, "h", "http"),
            Some(Redirect { status: 301, location: "http://h/documents/a%20b".into() })
        );
        assert_eq!(site.route("x", None, "h", "http"), None);
        assert_eq!(
            site.route("x", Some(404), "h", "http"),
            Some(Redirect { status: 302, location: "http://other.test/gone".into() })
        );
        assert_eq!(site.route("x", Some(403), "h", "http"), None);
    }

    #[test]
    fn a_website_may_only_redirect() {
        let all = AllTo { host: "example.com".into(), protocol: Some("https".into()) };
        let site = Website { all_to: Some(all), ..Website::default() };
        let redirect = site.redirects_all("a/b", "http").expect("redirects");
        assert_eq!(redirect.location, "https://example.com/a/b");
        assert_eq!(problem(&site), None);
        let both = Website { index: Some("index.html".into()), ..site };
        assert!(problem(&both).is_some());
        assert!(problem(&Website::default()).is_some());
    }
}
