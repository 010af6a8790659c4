//! Keys on the curve P-384, for issuers whose tokens others verify: ES384 (RFC 7518, section 3.4). This cloud itself
//! believes RS256 only.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kogumo_base::Trouble;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::token::signed;

/// A coordinate has so many bytes.
const COORDINATE: usize = 48;

/// A P-384 key and the id that tokens name it by.
pub struct EcSigningKey {
    id: String,
    pair: EcdsaKeyPair,
}

impl EcSigningKey {
    /// Makes a new key and answers its PKCS #8 DER, which is to be kept.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn generate() -> Result<Vec<u8>, Trouble> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new());
        Ok(document.map_err(|_| Trouble::new("cannot make an elliptic curve key"))?.as_ref().to_vec())
    }

    /// The key out of its PKCS #8 DER.
    ///
    /// # Errors
    /// The bytes are no key of this curve.
    pub fn from_der(der: &[u8]) -> Result<Self, Trouble> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der, &SystemRandom::new());
        let pair = pair.map_err(|error| Trouble::from_cause("cannot read a key", error.to_string()))?;
        let id = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, pair.public_key().as_ref()));
        Ok(EcSigningKey { id, pair })
    }

    /// The public key as a JWKS document lists it.
    pub fn to_json(&self) -> Value {
        // An uncompressed point: a byte 4, and both coordinates.
        let point = self.pair.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(COORDINATE).unwrap_or_default();
        json!({
            "alg": "ES384",
            "crv": "P-384",
            "kid": self.id,
            "kty": "EC",
            "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(x),
            "y": URL_SAFE_NO_PAD.encode(y),
        })
    }

    /// A signed token over these claims.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn sign(&self, claims: &Value) -> Result<String, Trouble> {
        signed(&json!({ "kid": self.id, "alg": "ES384", "typ": "JWT" }), claims, |message| {
            let signature = self.pair.sign(&SystemRandom::new(), message);
            Ok(signature.map_err(|_| Trouble::new("cannot sign a token"))?.as_ref().to_vec())
        })
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn what_is_signed_verifies_by_what_is_published() {
        let key = EcSigningKey::from_der(&EcSigningKey::generate().expect("a key")).expect("the key");
        let token = key.sign(&json!({ "sub": "somebody" })).expect("a token");
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base 64");
        let published = key.to_json();
        let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(published[name].as_str().expect("text")).expect("base 64");
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let public = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point);
        public.verify(message.as_bytes(), &signature).expect("verifies");
        assert!(public.verify(b"other", &signature).is_err());
    }
}
