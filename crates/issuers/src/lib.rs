//! The keys of token issuers: this cloud's own are asked of the door, others fetched as OpenID Connect Discovery says.
//!
//! Whoever believes tokens asks here: STS, identity pools, authorizers of APIs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use kogumo_base::{Clock, Timestamp, Trouble};
use kogumo_door::Cloud;
use kogumo_jwt::{KeySet, Token};
use serde_json::Value;

/// Keys that were fetched are good for so long.
const KEPT_SECONDS: i64 = 3600;

/// A key that is not among them makes us look again, but not at once.
const LOOK_AGAIN_SECONDS: i64 = 5;

/// Keys of so many issuers are remembered.
const MOST: usize = 256;

const PATIENCE: Duration = Duration::from_secs(5);

/// No JWKS document is that large.
const LARGEST: u64 = 1 << 20;

/// Why there are no keys.
#[derive(Debug)]
pub enum NoKeys {
    /// The issuer does not answer, or not in JSON.
    Unreachable(String),
    /// What it answers is no discovery document of that issuer.
    Unusable(&'static str),
    Trouble(Trouble),
}

#[derive(Clone)]
struct Fetched {
    keys: KeySet,
    at: Timestamp,
}

/// Fetched keys by issuer. They are the world's, not a cloud's: resets do not concern them.
fn known() -> &'static Mutex<HashMap<String, Fetched>> {
    static KNOWN: OnceLock<Mutex<HashMap<String, Fetched>>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default)
}

/// The keys that may have signed a token of that issuer (`https://cognito-idp.…/pool`).
///
/// # Errors
/// See [`NoKeys`].
pub async fn keys(cloud: &Arc<Cloud>, issuer: &str, token: &Token) -> Result<KeySet, NoKeys> {
    if let Some(own) = cloud.issuer_keys(issuer).map_err(NoKeys::Trouble)? {
        return Ok(KeySet::from_json(&own));
    }
    let now = Clock::machine_now();
    let remembered = known().lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
    if let Some(fetched) = remembered {
        let age = now.seconds() - fetched.at.seconds();
        let has_key = fetched.keys.find(token.key_id()).is_some();
        if age < LOOK_AGAIN_SECONDS || (has_key && age < KEPT_SECONDS) {
            return Ok(fetched.keys);
        }
    }
    let wanted = issuer.to_owned();
    let fetched = tokio::task::spawn_blocking(move || fetch_keys(&wanted)).await;
    let keys = fetched.unwrap_or_else(|error| Err(NoKeys::Unreachable(error.to_string())))?;
    let mut known = known().lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(issuer.to_owned(), Fetched { keys: keys.clone(), at: now });
    Ok(keys)
}

fn fetch_keys(issuer: &str) -> Result<KeySet, NoKeys> {
    let found = fetch(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
    if found.get("issuer").and_then(Value::as_str) != Some(issuer) {
        return Err(NoKeys::Unusable("the discovery document is another issuer's"));
    }
    let address = found.get("jwks_uri").and_then(Value::as_str);
    let address = address.ok_or(NoKeys::Unusable("the discovery document has no jwks_uri"))?;
    Ok(KeySet::from_json(&fetch(address)?))
}

fn fetch(address: &str) -> Result<Value, NoKeys> {
    let failed = |error: &dyn fmt::Display| NoKeys::Unreachable(format!("{address}: {error}"));
    if !address.starts_with("https://") && !address.starts_with("http://") {
        return Err(failed(&"no web address"));
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let mut response = agent.get(address).call().map_err(|error| failed(&error))?;
    let body = response.body_mut().with_config().limit(LARGEST).read_to_vec();
    let body = body.map_err(|error| failed(&error))?;
    serde_json::from_slice(&body).map_err(|error| failed(&error))
}

impl fmt::Display for NoKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoKeys::Unreachable(why) => write!(f, "the issuer cannot be asked: {why}"),
            NoKeys::Unusable(why) => f.write_str(why),
            NoKeys::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

/// Whether an issuer's name (`127.0.0.1:8080`) is one of this machine, where it needs no certificate.
pub fn is_local(name: &str) -> bool {
    let host = name.split(['/', ':']).next().unwrap_or_default();
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.")
}
