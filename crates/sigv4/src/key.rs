//! Signing keys: four HMACs from the secret, made once for a day, region and service and then remembered.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use ring::hmac;

use crate::encode::hex;

/// The key that signs one day's requests of one secret to one service of one region.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(hidden)")
    }
}

impl SigningKey {
    /// Derives the key as "Signature Version 4 signing process" says.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let mut start = Vec::with_capacity(4 + secret.len());
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(secret.as_bytes());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, &start);
        for part in [date, region, service, "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        SigningKey(key)
    }

    /// The signature of `text` in hexadecimal.
    pub fn sign(&self, text: &[u8]) -> String {
        hex(hmac::sign(&self.0, text).as_ref())
    }
}

/// Remembers signing keys. Bounded: when it is full it starts anew.
#[derive(Default)]
pub struct KeyCache {
    keys: Mutex<HashMap<Box<[u8]>, SigningKey>>,
}

impl KeyCache {
    const LIMIT: usize = 1024;

    /// The key for a scope, derived at the first use.
    pub fn key(&self, secret: &str, date: &str, region: &str, service: &str) -> SigningKey {
        let name = [secret, date, region, service].join("\0").into_bytes();
        if let Some(key) = self.lock().get(name.as_slice()) {
            return key.clone();
        }
        let key = SigningKey::derive(secret, date, region, service);
        let mut keys = self.lock();
        if keys.len() >= Self::LIMIT {
            keys.clear();
        }
        keys.insert(name.into_boxed_slice(), key.clone());
        key
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<[u8]>, SigningKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of "Examples of how to derive a signing key", AWS General Reference.
    #[test]
    fn derives_awss_example() {
        let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
        let to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                       f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        assert_eq!(key.sign(to_sign.as_bytes()), "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    }

    #[test]
    fn the_cache_tells_scopes_apart_and_stays_bounded() {
        let cache = KeyCache::default();
        let one = cache.key("secret", "20150830", "us-east-1", "iam").sign(b"x");
        assert_eq!(cache.key("secret", "20150830", "us-east-1", "iam").sign(b"x"), one);
        assert_ne!(cache.key("secret", "20150830", "us-east-1", "s3").sign(b"x"), one);
        for n in 0..3000 {
            cache.key("secret", "20150830", &format!("r{n}"), "iam");
        }
        assert!(cache.lock().len() <= KeyCache::LIMIT);
    }
}
