//! Tokens of version 2: they say when they end, are of one instance, and nobody else can make one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::{Timestamp, random_bytes};
use ring::hmac;

/// What tokens are sealed with: a VPC's own, until the server ends.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// AWS lets a token live up to six hours.
const LONGEST: i64 = 21_600;

/// The life that is asked for, in seconds.
pub fn life(header: Option<&str>) -> Option<i64> {
    header?.trim().parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds))
}

impl Secret {
    pub fn new() -> Secret {
        Secret(hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>()))
    }

    pub fn token(&self, instance: &str, ends: Timestamp) -> String {
        let ends = ends.0.to_be_bytes();
        let seal = hmac::sign(&self.0, &[&ends[..], instance.as_bytes()].concat());
        URL_SAFE_NO_PAD.encode([&ends[..], seal.as_ref()].concat())
    }

    /// Whether a token is good; `None` if there is none.
    pub fn checks(&self, instance: &str, token: Option<&str>, now: Timestamp) -> Option<bool> {
        let bytes = URL_SAFE_NO_PAD.decode(token?.trim()).unwrap_or_default();
        let Some((ends, seal)) = bytes.split_first_chunk::<8>() else { return Some(false) };
        let in_time = Timestamp(i64::from_be_bytes(*ends)) > now;
        Some(in_time && hmac::verify(&self.0, &[&ends[..], instance.as_bytes()].concat(), seal).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end_and_are_ours() {
        let secret = Secret::new();
        let token = secret.token("i-1", Timestamp(1000));
        assert_eq!(secret.checks("i-1", Some(&token), Timestamp(999)), Some(true));
        assert_eq!(secret.checks("i-1", Some(&token), Timestamp(1000)), Some(false));
        assert_eq!(Secret::new().checks("i-1", Some(&token), Timestamp(999)), Some(false));
        assert_eq!(secret.checks("i-2", Some(&token), Timestamp(999)), Some(false));
        assert_eq!(secret.checks("i-1", Some("x"), Timestamp(0)), Some(false));
        assert_eq!(secret.checks("i-1", None, Timestamp(0)), None);
        assert_eq!(
            (life(Some("21600")), life(Some("21601")), life(Some("0")), life(None)),
            (Some(21_600), None, None, None)
        );
    }
}
