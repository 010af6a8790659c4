//! Private keys: made, kept as DER, and used to sign.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::Trouble;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};

use crate::PublicKey;
use crate::token::signed;

/// An RSA key of 2,048 bits and the id that tokens name it by.
pub struct SigningKey {
    public: PublicKey,
    pair: RsaKeyPair,
}

impl SigningKey {
    /// Makes a new key and answers its PKCS #1 DER, which is to be kept. It takes a tenth of a second of pure
    /// computing: not for the threads that answer requests.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn generate() -> Result<Vec<u8>, Trouble> {
        let mut random = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        let key = rsa::RsaPrivateKey::new(&mut random, 2048);
        let key = key.map_err(|error| Trouble::from_cause("cannot make an RSA key", error.to_string()))?;
        let der = key.to_pkcs1_der();
        Ok(der.map_err(|error| Trouble::from_cause("cannot encode an RSA key", error.to_string()))?.as_bytes().to_vec())
    }

    /// The key out of its PKCS #1 DER.
    ///
    /// # Errors
    /// The bytes are no RSA key, or one that is inconsistent.
    pub fn from_der(der: &[u8]) -> Result<Self, Trouble> {
        let pair = RsaKeyPair::from_der(der);
        let pair = pair.map_err(|error| Trouble::from_cause("cannot read an RSA key", error.to_string()))?;
        let PublicKeyComponents { n: modulus, e: exponent } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        // Cognito's ids are 32 bytes in standard base 64. The key's own hash makes one that needs not be kept.
        let id = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &modulus));
        Ok(SigningKey { public: PublicKey { id, modulus, exponent }, pair })
    }

    pub fn id(&self) -> &str {
        &self.public.id
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signed token over these claims.
    ///
    /// # Errors
    /// The operating system has no randomness to give (signing is blinded with it).
    pub fn sign(&self, claims: &Value) -> Result<String, Trouble> {
        signed(&json!({ "kid": self.id(), "alg": "RS256" }), claims, |message| {
            let mut signature = vec![0; self.pair.public().modulus_len()];
            self.pair
                .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                .map_err(|_| Trouble::new("cannot sign a token"))?;
            Ok(signature)
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}
