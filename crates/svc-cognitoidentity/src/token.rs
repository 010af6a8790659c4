//! The tokens of identity pools: who an identity is, for STS.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogumo_door::Cloud;
use kogumo_wire::Fault;
use serde_json::{Value, json};

use crate::identity::Identity;
use crate::key::{self, ISSUER};

/// Seconds that a token lasts if nobody says else.
pub const SHORT: i64 = 600;

/// What a token says of an identity besides its id.
pub struct Saying<'a> {
    pub identity: &'a Identity,
    /// The providers of the logins that were just checked, and how they know the user. None: a guest.
    pub vouched: Vec<String>,
    pub tags: BTreeMap<String, String>,
    pub seconds: i64,
}

/// A signed token.
///
/// # Errors
/// The key cannot be read or made.
pub async fn issue(cloud: &Arc<Cloud>, saying: Saying<'_>) -> Result<String, Fault> {
    let key = key::signing(cloud).await?;
    let now = cloud.clock.now().seconds();
    let amr = match saying.vouched.is_empty() {
        true => vec!["unauthenticated".to_owned()],
        false => std::iter::once("authenticated".to_owned()).chain(saying.vouched).collect(),
    };
    let mut claims = json!({
        "sub": saying.identity.id,
        "aud": saying.identity.pool,
        "amr": amr,
        "iss": ISSUER,
        "exp": now + saying.seconds,
        "iat": now,
    });
    if let (Some(claims), false) = (claims.as_object_mut(), saying.tags.is_empty()) {
        let tags: serde_json::Map<String, Value> =
            saying.tags.into_iter().map(|(key, value)| (key, json!([value]))).collect();
        claims.insert("https://aws.amazon.com/tags".into(), json!({ "principal_tags": tags }));
    }
    Ok(key.sign(&claims)?)
}
