//! The signature of the instance identity document (Amazon EC2 User Guide, "Instance identity documents"): by the cloud's
//! own key, whose public half is at `/_kogumo/instance-identity.pem`. AWS also signs in PKCS #7; that is not built here.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_base::{Scope, Trouble};
use kogumo_door::{Cloud, Surface};
use kogumo_jwt::SigningKey;
use kogumo_store::Table;
use kogumo_wire::Body;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::key_pair::ssh;

/// Where the signature stands among the instance's metadata.
pub const PATH: &str = "dynamic/instance-identity/signature";
const PAGE: &str = "/_kogumo/instance-identity.pem";

/// PKCS #1 in base64; one for the whole cloud.
static KEYS: Table<String> = Table::new("ec2/identity-key");

/// `GET /_kogumo/instance-identity.pem`: what signatures are verified with.
pub fn surface() -> Surface {
    Surface {
        name: "instance identity",
        claims: |incoming| incoming.request.path == PAGE,
        serve: |cloud, _| {
            Box::pin(async move {
                let pem = with_key(&cloud, |key| Ok(ssh::public_pem(key.public_key().as_ref()))).await;
                let text = pem.unwrap_or_else(|trouble| {
                    tracing::error!("{trouble}");
                    String::new()
                });
                http::Response::new(Body::from(Bytes::from(text)))
            })
        },
    }
}

/// SHA-256 with RSA over the document, in base64 with lines of 64, as AWS writes it.
///
/// # Errors
/// Trouble with the store.
pub async fn sign(cloud: &Arc<Cloud>, document: String) -> Result<String, Trouble> {
    with_key(cloud, move |key| {
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), document.as_bytes(), &mut signature)
            .map_err(|error| Trouble::from_cause("cannot sign", error.to_string()))?;
        let text = STANDARD.encode(signature);
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        Ok(lines.join("\n"))
    })
    .await
}

/// Making the key takes a while, and so does signing: on a thread made for that.
async fn with_key<R: Send + 'static>(
    cloud: &Arc<Cloud>,
    work: impl FnOnce(&RsaKeyPair) -> Result<R, Trouble> + Send + 'static,
) -> Result<R, Trouble> {
    let cloud = Arc::clone(cloud);
    let done = tokio::task::spawn_blocking(move || {
        let der = STANDARD.decode(stored(&cloud)?).map_err(|error| Trouble::from_cause("the key is spoilt", error))?;
        let key = RsaKeyPair::from_der(&der).map_err(|e| Trouble::from_cause("the key is spoilt", e.to_string()))?;
        work(&key)
    });
    done.await.unwrap_or_else(|error| Err(Trouble::from_cause("the signing broke off", error)))
}

/// The key, which is made when it is asked for first. Of two that are made at once one stays.
fn stored(cloud: &Cloud) -> Result<String, Trouble> {
    let everywhere = Scope::new("", "");
    if let Some(key) = KEYS.get(&cloud.store.read(), &everywhere, "key")? {
        return Ok(key);
    }
    let made = STANDARD.encode(SigningKey::generate()?);
    cloud.store.write(|tx| {
        if let Some(key) = KEYS.get(&*tx, &everywhere, "key")? {
            return Ok(key);
        }
        KEYS.put(tx, &everywhere, "key", &made)?;
        Ok(made.clone())
    })
}
