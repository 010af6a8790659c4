//! Talking to an OpenID Connect provider: where its endpoints are, a code for tokens, and whether to believe them.
//!
//! Blocking: it runs on a thread of its own. Addresses are those that the pool's administrator set; they are `https`, or on
//! this machine.

use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_door::Cloud;
use kogumo_jwt::{Expected, KeySet, Token};
use serde_json::{Map, Value};

use super::Provider;

const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: u64 = 256 * 1024;

/// Where a provider's endpoints are.
pub struct Endpoints {
    pub authorize: String,
    token: String,
    attributes: Option<String>,
    keys: String,
}

/// What a provider says of a user.
pub struct Said {
    /// What the token endpoint answered.
    pub tokens: Value,
    pub id_token: Map<String, Value>,
    pub user_info: Map<String, Value>,
}

impl Said {
    /// All claims; what the user info endpoint says is the latest.
    pub fn claims(&self) -> Map<String, Value> {
        let mut claims = self.id_token.clone();
        claims.extend(self.user_info.clone());
        claims
    }
}

/// What is sent for tokens.
pub struct Exchange {
    pub code: String,
    pub redirect: String,
    pub nonce: String,
    /// Seconds by the cloud's clock and by the machine's: a provider beyond this cloud goes by the latter.
    pub now: i64,
    pub machine_now: i64,
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into()
}

/// Whether a provider may be asked there.
fn check(url: &str) -> Result<&str, Trouble> {
    let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"]
        .iter()
        .any(|start| url.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
    if url.starts_with("https://") || local {
        return Ok(url);
    }
    Err(Trouble::new("a provider's address is neither https nor on this machine"))
}

/// Names that this cloud itself answers to, whoever asks.
const OWN: [&str; 2] = [".amazonaws.com", ".amazoncognito.com"];

/// Where to ask for an address, and under which name: what is at one of this cloud's names is on its own port.
fn place<'a>(cloud: &Cloud, url: &'a str) -> Result<(String, Option<&'a str>), Trouble> {
    check(url)?;
    let own = url.strip_prefix("https://").and_then(|rest| {
        let (name, path) = rest.split_once('/')?;
        OWN.iter().any(|domain| name.ends_with(domain)).then_some((name, path))
    });
    Ok(match own {
        Some((name, path)) => (format!("http://{}/{path}", cloud.settings.listen), Some(name)),
        None => (url.to_owned(), None),
    })
}

fn get(cloud: &Cloud, url: &str, bearer: Option<&str>) -> Result<Value, Trouble> {
    let (at, name) = place(cloud, url)?;
    let mut request = agent().get(at);
    if let Some(name) = name {
        request = request.header("host", name);
    }
    if let Some(bearer) = bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    read(request.call())
}

fn post(cloud: &Cloud, url: &str, form: Vec<(&str, &str)>) -> Result<Value, Trouble> {
    let (at, name) = place(cloud, url)?;
    let mut request = agent().post(at);
    if let Some(name) = name {
        request = request.header("host", name);
    }
    read(request.send_form(form))
}

fn read(answer: Result<http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Trouble> {
    let trouble = |error: ureq::Error| Trouble::from_cause("the identity provider does not answer", error);
    let mut answer = answer.map_err(trouble)?;
    if answer.status().as_u16() != 200 {
        return Err(Trouble::new(format!("the identity provider answers {}", answer.status().as_u16())));
    }
    let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(trouble)?;
    serde_json::from_slice(&body)
        .map_err(|error| Trouble::from_cause("the identity provider's answer is not JSON", error))
}

impl Provider {
    fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn issuer(&self) -> &str {
        self.detail("oidc_issuer").unwrap_or_default().trim_end_matches('/')
    }

    /// The endpoints that are set, else those that the issuer publishes.
    ///
    /// # Errors
    /// The issuer does not answer, or not with a configuration.
    pub fn endpoints(&self, cloud: &Cloud) -> Result<Endpoints, Trouble> {
        let set = |name: &str| self.detail(name).map(str::to_owned);
        if let (Some(authorize), Some(token), Some(keys)) = (set("authorize_url"), set("token_url"), set("jwks_uri")) {
            return Ok(Endpoints { authorize, token, attributes: set("attributes_url"), keys });
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer());
        let found = get(cloud, &address, None)?;
        let published = |name: &str| found[name].as_str().map(str::to_owned);
        let needed = |ours: &str, theirs: &str| {
            set(ours)
                .or_else(|| published(theirs))
                .ok_or_else(|| Trouble::new(format!("the identity provider has no {theirs}")))
        };
        Ok(Endpoints {
            authorize: needed("authorize_url", "authorization_endpoint")?,
            token: needed("token_url", "token_endpoint")?,
            attributes: set("attributes_url").or_else(|| published("userinfo_endpoint")),
            keys: needed("jwks_uri", "jwks_uri")?,
        })
    }

    /// What is said of the user for whom the code stands.
    ///
    /// # Errors
    /// The provider refuses the code, or its id token is not to be believed.
    pub fn ask(&self, cloud: &Cloud, exchange: &Exchange) -> Result<Said, Trouble> {
        let endpoints = self.endpoints(cloud)?;
        let (client, secret) =
            (self.detail("client_id").unwrap_or_default(), self.detail("client_secret").unwrap_or_default());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", exchange.code.as_str()),
            ("redirect_uri", &exchange.redirect),
            ("client_id", client),
        ];
        if !secret.is_empty() {
            form.push(("client_secret", secret));
        }
        let tokens = post(cloud, &endpoints.token, form)?;
        let text = tokens["id_token"].as_str().ok_or_else(|| Trouble::new("the identity provider gave no id token"))?;
        let refused = |why: String| Trouble::new(format!("the identity provider's id token is refused: {why}"));
        let token = Token::read(text).map_err(|error| refused(error.to_string()))?;
        // An issuer of this cloud goes by the cloud's clock, and its keys are at hand.
        let own = cloud.issuer_keys(self.issuer())?;
        let now = if own.is_some() { exchange.now } else { exchange.machine_now };
        let keys = match own {
            Some(keys) => keys,
            None => get(cloud, &endpoints.keys, None)?,
        };
        let claims = token.verified_by(&KeySet::from_json(&keys)).map_err(|error| refused(error.to_string()))?;
        let audiences = [client.to_owned()];
        let expected = Expected { issuer: self.issuer(), audiences: &audiences, now, leeway: 60 };
        expected.check(claims).map_err(|error| refused(error.to_string()))?;
        if claims.get("nonce").and_then(Value::as_str) != Some(exchange.nonce.as_str()) {
            return Err(refused("another nonce".into()));
        }
        let id_token = claims.clone();
        let mut user_info = Map::new();
        if let (Some(address), Some(access)) = (&endpoints.attributes, tokens["access_token"].as_str()) {
            let more = get(cloud, address, Some(access))?;
            // Source: OpenID Connect Core, section 5.3.2: another subject's answer is not to be used.
            if let Value::Object(more) = more
                && more.get("sub") == id_token.get("sub")
            {
                user_info = more;
            }
        }
        Ok(Said { tokens, id_token, user_info })
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn where_providers_may_be_asked() {
        for good in ["https://login.example/x", "http://localhost:4566/x", "http://127.0.0.1/x"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["http://10.0.0.1/", "http://localhost.evil.example/", "file:///etc/passwd", ""] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
