//! The key that signs the tokens of identity pools, and where everybody finds it.

use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Response, StatusCode, header};
use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Cloud, Incoming, Surface};
use kogumo_jwt::{KeySet, SigningKey};
use kogumo_store::{Read, Table};
use kogumo_wire::Body;
use serde_json::{Value, json};

/// Who issues the tokens of all pools of all regions.
pub const ISSUER: &str = "https://cognito-identity.amazonaws.com";

const HOST: &str = "cognito-identity.amazonaws.com";
const KEYS_PATH: &str = "/.well-known/jwks_uri";
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// The private key as PKCS #1 DER. Made when the first token is.
static KEY: Table<Vec<u8>> = Table::new("cognitoidentity/key");

const ONLY: &str = "key";

fn nowhere() -> Scope {
    Scope::new("", "")
}

/// The key that was read last, beside the bytes that it was read from.
#[derive(Default)]
pub struct Keys {
    read: Mutex<Option<(Vec<u8>, Arc<SigningKey>)>>,
    /// One is made at a time.
    making: tokio::sync::Mutex<()>,
}

impl Keys {
    fn of(&self, der: Vec<u8>) -> Result<Arc<SigningKey>, Trouble> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, key)) = &*read
            && *known == der
        {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(SigningKey::from_der(&der)?);
        *read = Some((der, Arc::clone(&key)));
        Ok(key)
    }
}

/// The cloud's key; a new one if it has none yet.
///
/// # Errors
/// The store, or no randomness.
pub async fn signing(cloud: &Arc<Cloud>) -> Result<Arc<SigningKey>, Trouble> {
    let keys = cloud.part::<Keys>()?;
    if let Some(der) = KEY.get(&cloud.store.read(), &nowhere(), ONLY)? {
        return keys.of(der);
    }
    let _alone = keys.making.lock().await;
    if let Some(der) = KEY.get(&cloud.store.read(), &nowhere(), ONLY)? {
        return keys.of(der);
    }
    let made = tokio::task::spawn_blocking(SigningKey::generate).await;
    let der = made.map_err(|error| Trouble::from_cause("cannot make a key", error))??;
    cloud.store.write(|tx| KEY.put(tx, &nowhere(), ONLY, &der))?;
    keys.of(der)
}

/// The key set of this issuer; see [`kogumo_door::Service::issuer`].
pub fn published(read: &dyn Read, issuer: &str) -> Result<Option<Value>, Trouble> {
    if issuer != ISSUER {
        return Ok(None);
    }
    let keys = match KEY.get(read, &nowhere(), ONLY)? {
        Some(der) => vec![SigningKey::from_der(&der)?.public().clone()],
        None => Vec::new(),
    };
    Ok(Some(KeySet { keys }.to_json()))
}

/// The key set and the discovery document under the issuer's name.
pub fn surface() -> Surface {
    Surface { name: "cognito-identity keys", claims, serve }
}

fn claims(incoming: &Incoming) -> bool {
    let path = incoming.request.path.as_str();
    let by_name = incoming.host == HOST && (path == KEYS_PATH || path == DISCOVERY_PATH);
    // No bucket begins with a dot: the path alone says what is meant.
    incoming.request.method == Method::GET && (by_name || path == KEYS_PATH)
}

fn serve(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let document = match incoming.request.path.as_str() {
            DISCOVERY_PATH => Ok(discovery()),
            _ => published(&cloud.store.read(), ISSUER).map(Option::unwrap_or_default),
        };
        let (status, document) = match document {
            Ok(document) => (StatusCode::OK, document),
            Err(trouble) => {
                tracing::error!("{trouble}");
                (StatusCode::INTERNAL_SERVER_ERROR, Value::Null)
            }
        };
        let mut response = Response::new(Body::from(kogumo_wire::Bytes::from(document.to_string())));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        response
    })
}

fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "jwks_uri": format!("{ISSUER}{KEYS_PATH}"),
        "authorization_endpoint": "http://localhost",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}
