//! The keys that sign outbound tokens, and where the world finds them: each issuer has two, one for each algorithm.

use std::sync::Arc;

use http::{Method, Response, StatusCode, header};
use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Cloud, Incoming, OutboundFederation, Surface};
use kogumo_jwt::{EcSigningKey, KeySet, SigningKey};
use kogumo_store::{Read, Table};
use kogumo_wire::{Body, Bytes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// By issuer, in no account's scope: who asks for public keys has no account.
static KEYS: Table<Kept> = Table::new("sts/token-key");

const DOMAIN: &str = ".tokens.sts.global.api.aws";
const KEYS_PATH: &str = "/.well-known/jwks.json";
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// Both private keys as DER.
#[derive(Serialize, Deserialize)]
struct Kept {
    rsa: Vec<u8>,
    ec: Vec<u8>,
}

/// The private keys of an issuer.
pub struct Keys {
    rsa: SigningKey,
    ec: EcSigningKey,
}

impl Keys {
    fn of(kept: &Kept) -> Result<Self, Trouble> {
        Ok(Keys { rsa: SigningKey::from_der(&kept.rsa)?, ec: EcSigningKey::from_der(&kept.ec)? })
    }

    /// A token by `RS256` or `ES384`.
    pub fn sign(&self, algorithm: &str, claims: &Value) -> Result<String, Trouble> {
        if algorithm == "ES384" { self.ec.sign(claims) } else { self.rsa.sign(claims) }
    }

    fn published(&self) -> Value {
        let mut document = KeySet { keys: vec![self.rsa.public().clone()] }.to_json();
        if let Some(Value::Array(keys)) = document.get_mut("keys") {
            keys.push(self.ec.to_json());
        }
        document
    }
}

fn nowhere() -> Scope {
    Scope::new("", "")
}

fn find(read: &dyn Read, issuer: &str) -> Result<Option<Keys>, Trouble> {
    KEYS.get(read, &nowhere(), issuer)?.as_ref().map(Keys::of).transpose()
}

/// The keys of an issuer; new ones if it has none yet. Of two who make some at once, one's stay.
///
/// # Errors
/// The store, or no randomness.
pub async fn of_issuer(cloud: &Arc<Cloud>, issuer: &str) -> Result<Keys, Trouble> {
    if let Some(keys) = find(&cloud.store.read(), issuer)? {
        return Ok(keys);
    }
    let make = || Ok::<_, Trouble>(Kept { rsa: SigningKey::generate()?, ec: EcSigningKey::generate()? });
    let made = tokio::task::spawn_blocking(make).await;
    let made = made.map_err(|error| Trouble::from_cause("cannot make keys", error))??;
    cloud.store.write(|tx| match KEYS.get(tx, &nowhere(), issuer)? {
        Some(kept) => Keys::of(&kept),
        None => {
            KEYS.put(tx, &nowhere(), issuer, &made)?;
            Keys::of(&made)
        }
    })
}

/// The key set of an issuer that has signed; see [`kogumo_door::Service::issuer`].
pub fn published(read: &dyn Read, issuer: &str) -> Result<Option<Value>, Trouble> {
    if !issuer.ends_with(DOMAIN) {
        return Ok(None);
    }
    Ok(find(read, issuer)?.map(|keys| keys.published()))
}

/// The key set and the discovery document under the issuer's name; and, for who cannot resolve it, under a path that
/// begins with it.
pub fn surface() -> Surface {
    Surface { name: "sts token issuers", claims: |incoming| asked(incoming).is_some(), serve }
}

/// The issuer and the document that are asked for.
fn asked(incoming: &Incoming) -> Option<(String, &'static str)> {
    if incoming.request.method != Method::GET {
        return None;
    }
    let path = incoming.request.path.as_str();
    let document = [KEYS_PATH, DISCOVERY_PATH].into_iter().find(|document| path.ends_with(document))?;
    let name = path.strip_suffix(document)?.strip_prefix('/');
    let name = if incoming.host.ends_with(DOMAIN) { incoming.host.as_str() } else { name? };
    name.ends_with(DOMAIN).then(|| (format!("https://{name}"), document))
}

fn serve(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let found = match asked(&incoming) {
            Some((issuer, document)) => told(&cloud, &issuer, document).await,
            None => Ok(None),
        };
        let (status, document) = match found {
            Ok(Some(document)) => (StatusCode::OK, document),
            Ok(None) => (StatusCode::NOT_FOUND, json!({ "message": "Not Found" })),
            Err(trouble) => {
                tracing::error!("{trouble}");
                (StatusCode::INTERNAL_SERVER_ERROR, Value::Null)
            }
        };
        let mut response = Response::new(Body::from(Bytes::from(document.to_string())));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        response
    })
}

async fn told(cloud: &Arc<Cloud>, issuer: &str, document: &str) -> Result<Option<Value>, Trouble> {
    let federation = cloud.part::<OutboundFederation>()?;
    if !(federation.is_issuer)(&cloud.store.read(), issuer)? {
        return Ok(None);
    }
    if document == KEYS_PATH {
        return Ok(Some(of_issuer(cloud, issuer).await?.published()));
    }
    Ok(Some(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}{KEYS_PATH}"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES384"],
        "claims_supported": ["aud", "exp", "iat", "iss", "jti", "sub", "https://sts.amazonaws.com/"],
    })))
}
