//! The server's side: verifiers, the opening of a sign-in, and the check of the client's proof.

use kogumo_base::{random_bytes, uuid_of};
use ring::digest::{Context, SHA256};
use ring::{hkdf, hmac};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::group::{Number, cognito};

/// What is kept of a password. It can be guessed at, but not used to sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    #[serde(with = "bytes_of_number")]
    pub salt: Number,
    #[serde(with = "bytes_of_number")]
    pub verifier: Number,
}

/// An opened sign-in: what the server remembers until the client's proof comes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Opened {
    #[serde(with = "bytes_of_number")]
    pub client_public: Number,
    #[serde(with = "bytes_of_number")]
    pub server_public: Number,
    #[serde(with = "bytes_of_number")]
    pub server_secret: Number,
}

impl Verifier {
    /// The verifier of a password. `group` is the pool's name behind its region (or a device's group), `user` the
    /// name that the client is told to hash (or the device's key).
    pub fn of(group: &str, user: &str, password: &str) -> Option<Self> {
        let salt = Number::new(&random_bytes::<16>());
        let verifier = cognito()?.raise(&private_key(&salt, group, user, password))?;
        Some(Verifier { salt, verifier })
    }

    /// Whether it is that password's. Takes as long for a wrong one as for the right one.
    pub fn fits(&self, group: &str, user: &str, password: &str) -> bool {
        let candidate = cognito().and_then(|known| known.raise(&private_key(&self.salt, group, user, password)));
        candidate.is_some_and(|candidate| candidate.bytes().ct_eq(self.verifier.bytes()).into())
    }
}

/// x = H(salt | H(group user ":" password))
fn private_key(salt: &Number, group: &str, user: &str, password: &str) -> Number {
    let identity = hash(&[group.as_bytes(), user.as_bytes(), b":", password.as_bytes()]);
    Number::new(&hash(&[&salt.padded(), &identity]))
}

/// Opens a sign-in with the client's public value; `None` if that is no proper one. For a user that does not exist
/// `verifier` is none: the answer looks the same.
pub fn open(client_public: Number, verifier: Option<&Verifier>) -> Option<Opened> {
    let group = cognito()?;
    if !group.is_public(&client_public) {
        return None;
    }
    let server_secret = Number::new(&random_bytes::<32>());
    let server_public = match verifier {
        Some(known) => group.server_public(&multiplier()?, &known.verifier, &server_secret)?,
        None => group.raise(&server_secret)?,
    };
    Some(Opened { client_public, server_public, server_secret })
}

/// k = H(N | g)
fn multiplier() -> Option<Number> {
    Some(Number::new(&hash(&[&cognito()?.modulus().padded(), &[2]])))
}

/// The key that both sides share if the client knows the password.
pub fn session_key(opened: &Opened, verifier: &Verifier) -> Option<[u8; 16]> {
    let u = Number::new(&hash(&[&opened.client_public.padded(), &opened.server_public.padded()]));
    if u.bytes().is_empty() {
        return None;
    }
    let group = cognito()?;
    let secret = group.server_secret(&opened.client_public, &verifier.verifier, &u, &opened.server_secret)?;
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &u.padded()).extract(&secret.padded());
    let mut key = [0; 16];
    extracted.expand(&[b"Caldera Derived Key"], KeyLength).ok()?.fill(&mut key).ok()?;
    Some(key)
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        16
    }
}

/// Whether the client's claim is the shared key's over group, user, secret block and timestamp.
pub fn signature_matches(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat(), signature).is_ok()
}

/// The salt of a user that does not exist: always the same for the same name.
pub fn fake_salt(secret: &[u8], user: &str) -> Number {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), user.as_bytes());
    Number::new(tag.as_ref().get(..16).unwrap_or_default())
}

/// The name of a user that does not exist, in the form of made-up names: always the same one.
pub fn fake_name(secret: &[u8], typed: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), format!("name of {typed}").as_bytes());
    let tag = tag.as_ref().first_chunk().copied().unwrap_or_default();
    uuid_of(u128::from_be_bytes(tag))
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}

mod bytes_of_number {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Number;

    pub fn serialize<S: Serializer>(number: &Number, to: S) -> Result<S::Ok, S::Error> {
        super::super::group::hex(number.bytes()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Number, D::Error> {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Ok(Number::new(&[]));
        }
        super::super::group::hex_number(&text).ok_or_else(|| serde::de::Error::custom("not a number"))
    }
}
