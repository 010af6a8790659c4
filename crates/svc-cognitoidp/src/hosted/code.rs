//! Authorization codes: sealed, good once, for five minutes, for one client and address.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::{Timestamp, uuid};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::Visit;
use super::authorize::Asked;
use super::cookie::Known;
use crate::client::Site;
use crate::seal;

#[derive(Serialize, Deserialize)]
pub struct Code {
    id: String,
    client: String,
    redirect: String,
    expires: Timestamp,
    pub user: String,
    pub scopes: Vec<String>,
    pub nonce: Option<String>,
    challenge: Option<String>,
    /// When the user signed in, in seconds.
    pub since: i64,
    /// The grant of the browser's session.
    pub session: String,
}

const PURPOSE: &str = "authorization code";
const LIFETIME: i64 = 5 * 60;

impl Code {
    pub fn new(visit: &Visit, asked: &Asked, known: &Known) -> Self {
        Code {
            id: uuid(),
            client: asked.site.client.id.clone(),
            redirect: asked.redirect.clone(),
            expires: visit.cx.now().plus_seconds(LIFETIME),
            user: known.user.name.clone(),
            scopes: asked.scopes.clone(),
            nonce: asked.nonce.clone(),
            challenge: asked.challenge.clone(),
            since: known.since.seconds(),
            session: known.grant.clone(),
        }
    }

    /// Whether the verifier is the one whose hash came with the request (RFC 7636, section 4.6).
    fn is_proved_by(&self, verifier: Option<&str>) -> bool {
        match (&self.challenge, verifier) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(challenge), Some(verifier)) => {
                let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
                URL_SAFE_NO_PAD.encode(hash).as_bytes().ct_eq(challenge.as_bytes()).into()
            }
        }
    }
}

pub fn seal(site: &Site, code: &Code) -> Result<String, Fault> {
    Ok(URL_SAFE_NO_PAD.encode(site.keys.sealer.seal(PURPOSE, json!(code).to_string().as_bytes())?))
}

/// Uses a code up; `None` if it is not good.
pub fn take(visit: &Visit, site: &Site, text: &str, redirect: Option<&str>, verifier: Option<&str>) -> Option<Code> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let code: Code = serde_json::from_slice(&site.keys.sealer.open(PURPOSE, &sealed)?).ok()?;
    let now = visit.cx.now();
    if code.expires <= now || code.client != site.client.id || redirect != Some(code.redirect.as_str()) {
        return None;
    }
    let first = visit.cx.write(|w| seal::use_once(w.tx, now, code.expires, &code.id)).ok()?;
    (first && code.is_proved_by(verifier)).then_some(code)
}
