//! Public keys and the JWKS document that publishes them (RFC 7517).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

/// An RSA key that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub id: String,
    /// Big-endian, without leading zeros.
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
}

/// The keys of one issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    pub keys: Vec<PublicKey>,
}

impl PublicKey {
    /// Whether the signature is this key's over the message (RSASSA-PKCS1-v1_5 with SHA-256). Keys of fewer than
    /// 2,048 bits verify nothing.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }

    fn to_json(&self) -> Value {
        json!({
            "alg": "RS256",
            "e": URL_SAFE_NO_PAD.encode(&self.exponent),
            "kid": self.id,
            "kty": "RSA",
            "n": URL_SAFE_NO_PAD.encode(&self.modulus),
            "use": "sig",
        })
    }

    /// A key out of a document; `None` for keys of other kinds and other uses.
    fn from_json(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let fits = |name, wanted| text(name).is_none_or(|found| found == wanted);
        if text("kty") != Some("RSA") || !fits("alg", "RS256") || !fits("use", "sig") {
            return None;
        }
        let number = |name| {
            let bytes = URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok()?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            Some(bytes.get(zeros..)?.to_vec())
        };
        Some(PublicKey {
            id: text("kid").unwrap_or_default().to_owned(),
            modulus: number("n")?,
            exponent: number("e")?,
        })
    }
}

impl KeySet {
    /// The key that a token names. A token without a name is for a set of one.
    pub fn find(&self, id: Option<&str>) -> Option<&PublicKey> {
        match (id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id == id),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The JWKS document.
    pub fn to_json(&self) -> Value {
        json!({ "keys": self.keys.iter().map(PublicKey::to_json).collect::<Vec<_>>() })
    }

    /// The keys of a document that can verify RS256; what else is in it is passed over, as RFC 7517 asks.
    pub fn from_json(document: &Value) -> Self {
        let keys = document.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        KeySet { keys: keys.iter().filter_map(PublicKey::from_json).collect() }
    }
}
