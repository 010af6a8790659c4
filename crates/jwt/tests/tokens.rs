//! What is believed and what is not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_jwt::{Expected, KeySet, MAX_TOKEN, Refused, SigningKey, Token, TokenError};
use proptest::prelude::*;
use serde_json::{Value, json};

fn key() -> SigningKey {
    SigningKey::from_der(&SigningKey::generate().unwrap()).unwrap()
}

fn keys(of: &[&SigningKey]) -> KeySet {
    KeySet { keys: of.iter().map(|key| key.public().clone()).collect() }
}

fn claims() -> Value {
    json!({ "iss": "https://issuer.example", "aud": "client", "iat": 1000, "exp": 4600, "sub": "somebody" })
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn what_is_signed_is_verified_by_the_published_keys() {
    let (one, other) = (key(), key());
    let token = Token::read(&one.sign(&claims()).unwrap()).unwrap();
    let published = KeySet::from_json(&keys(&[&other, &one]).to_json());
    assert_eq!(token.verified_by(&published).unwrap()["sub"], "somebody");
    assert_eq!(token.verified_by(&keys(&[&other])), Err(TokenError::UnknownKey));
    assert_eq!(token.issuer(), Some("https://issuer.example"));
}

#[test]
fn other_algorithms_are_refused_before_the_signature_is_looked_at() {
    let key = key();
    let public = key.public();
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None", "kid": public.id }),
        json!({ "alg": "HS256", "kid": public.id }),
        json!({ "alg": "RS512", "kid": public.id }),
        json!({ "kid": public.id }),
        json!({ "alg": "RS256", "kid": public.id, "crit": ["exp"] }),
    ] {
        let unsigned = format!("{}.{}", part(&header), part(&claims()));
        // The classic confusion: the public modulus as the secret of an HMAC.
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &public.modulus);
        let mac = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, unsigned.as_bytes()));
        for signature in ["", mac.as_str()] {
            let read = Token::read(&format!("{unsigned}.{signature}"));
            assert_eq!(read.unwrap_err(), TokenError::Algorithm, "{header}");
        }
    }
}

#[test]
fn altered_tokens_are_refused() {
    let key = key();
    let signed = key.sign(&claims()).unwrap();
    let parts: Vec<&str> = signed.split('.').collect();
    let mut forged = claims();
    forged["sub"] = json!("admin");
    let forged = format!("{}.{}.{}", parts[0], part(&forged), parts[2]);
    assert_eq!(Token::read(&forged).unwrap().verified_by(&keys(&[&key])), Err(TokenError::Signature));
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    assert_eq!(Token::read(&unsigned).unwrap().verified_by(&keys(&[&key])), Err(TokenError::Signature));
}

#[test]
fn malformed_tokens_of_any_size() {
    let huge = "a".repeat(MAX_TOKEN + 1);
    let deep = format!("{}.e30.e30", URL_SAFE_NO_PAD.encode("[".repeat(100_000)));
    for text in ["", ".", "..", "...", "a.b.c", "e30.e30", "e30.e30.e30.e30", "W10.e30.e30", huge.as_str(), &deep] {
        assert!(Token::read(text).is_err(), "{}", &text[..text.len().min(40)]);
    }
}

#[test]
fn claims_are_checked() {
    let audiences = [String::from("client")];
    let check = |now, change: fn(&mut Value)| {
        let mut claims = claims();
        change(&mut claims);
        Expected { issuer: "https://issuer.example", audiences: &audiences, now, leeway: 10 }
            .check(claims.as_object().unwrap())
    };
    assert_eq!(check(2000, |_| ()), Ok(()));
    assert_eq!(check(4609, |_| ()), Ok(()));
    assert_eq!(check(4610, |_| ()), Err(Refused::Expired));
    assert_eq!(check(989, |_| ()), Err(Refused::Issued));
    assert_eq!(check(2000, |claims| claims["nbf"] = json!(3000)), Err(Refused::NotYet));
    assert_eq!(check(2000, |claims| claims["iss"] = json!("https://other.example")), Err(Refused::Issuer));
    assert_eq!(check(2000, |claims| claims["aud"] = json!(["a", "client"])), Ok(()));
    assert_eq!(check(2000, |claims| claims["aud"] = json!(["a"])), Err(Refused::Audience));
    assert_eq!(check(2000, |claims| claims["aud"] = json!(5)), Err(Refused::Missing("aud")));
    assert_eq!(check(2000, |claims| claims["exp"] = json!("4600")), Err(Refused::Missing("exp")));
    assert_eq!(check(2000, |claims| claims["exp"] = Value::Null), Err(Refused::Missing("exp")));
}

proptest! {
    #[test]
    fn any_text_can_be_read(text in "\\PC{0,200}") {
        let _ = Token::read(&text);
    }

    #[test]
    fn any_document_can_be_read(text in "[\\[\\]{}\",:a-z0-9]{0,80}") {
        if let Ok(document) = serde_json::from_str::<Value>(&text) {
            let _ = KeySet::from_json(&document);
        }
    }
}
