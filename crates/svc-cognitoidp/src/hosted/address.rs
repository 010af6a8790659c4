//! Which pool's page a request is for: by the domain's host name, or by the pool's id in the path. Pure.

/// A page of a pool.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    pub place: Place,
    /// `oauth2/token`, `login`, …
    pub page: String,
    pub base: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    Domain {
        name: String,
        region: String,
    },
    /// A name that a customer chose.
    Custom(String),
    Pool(String),
}

const PAGES: [&str; 16] = [
    "oauth2/authorize",
    "oauth2/token",
    "oauth2/userInfo",
    "oauth2/revoke",
    "oauth2/idpresponse",
    "saml2/idpresponse",
    "login",
    "signup",
    "confirm",
    "confirmUser",
    "forgotPassword",
    "confirmForgotPassword",
    "passkeys/add",
    "logout",
    "assets/logo",
    "assets/image",
];

/// The page of a host that a customer chose.
pub fn custom(host: &str, path: &str) -> Option<Address> {
    let page = path.strip_prefix('/')?.to_owned();
    Some(Address { place: Place::Custom(host.to_owned()), page, base: String::new() })
}

/// Reads host (lower case, without a port) and path.
pub fn read(host: &str, path: &str) -> Option<Address> {
    let path = path.strip_prefix('/')?;
    if let Some(place) = domain(host) {
        return Some(Address { place, page: path.to_owned(), base: String::new() });
    }
    let (id, page) = path.split_once('/')?;
    let (region, name) = id.split_once('_')?;
    let plain = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && PAGES.contains(&page)).then(|| Address {
        place: Place::Pool(id.to_owned()),
        page: page.to_owned(),
        base: format!("/{id}"),
    })
}

/// `{domain}.auth.{region}.amazoncognito.com`, or the same below `localhost`.
fn domain(host: &str) -> Option<Place> {
    let front = host.strip_suffix(".amazoncognito.com").or_else(|| host.strip_suffix(".localhost"))?;
    let (name, region) = front.split_once(".auth.")?;
    let plain = !name.contains('.') && !region.contains('.') && !name.is_empty();
    plain.then(|| Place::Domain { name: name.to_owned(), region: region.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pages() {
        let by_host = read("my-app.auth.us-east-1.amazoncognito.com", "/oauth2/token").expect("an address");
        assert_eq!(by_host.place, Place::Domain { name: "my-app".into(), region: "us-east-1".into() });
        assert_eq!(by_host.page, "oauth2/token");
        let by_path = read("127.0.0.1", "/us-east-1_AbC123/login").expect("an address");
        assert_eq!(
            (by_path.place, by_path.base.as_str()),
            (Place::Pool("us-east-1_AbC123".into()), "/us-east-1_AbC123")
        );
        for (host, path) in [
            ("127.0.0.1", "/login"),
            ("127.0.0.1", "/bucket/login"),
            ("127.0.0.1", "/us-east-1_Ab/else"),
            ("a.b.auth.us-east-1.localhost", "/login"),
            ("auth.us-east-1.localhost", "/login"),
        ] {
            assert_eq!(read(host, path), None, "{host}{path}");
        }
    }
}
