//! A software authenticator, and what is believed of it.

use minicbor::Encoder;
use proptest::prelude::*;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::{Asked, Known, PublicKey, Refused, assertion, encoded, registration};

const DOMAIN: &str = "login.example.com";
const ORIGIN: &str = "https://login.example.com";
const CHALLENGE: &[u8] = b"asked";
const USER: &[u8] = b"the user";

/// An authenticator with one key, and the browser before it.
struct Authenticator {
    pair: EcdsaKeyPair,
    origin: &'static str,
    domain: &'static str,
    challenge: &'static [u8],
    flags: u8,
    count: u32,
}

impl Authenticator {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random);
        let pair = pair.expect("a key");
        Authenticator { pair, origin: ORIGIN, domain: DOMAIN, challenge: CHALLENGE, flags: 0x05, count: 1 }
    }

    fn client(&self, kind: &str) -> Vec<u8> {
        let data = json!({ "type": kind, "challenge": encoded(self.challenge), "origin": self.origin });
        data.to_string().into_bytes()
    }

    fn data(&self, more: &[u8]) -> Vec<u8> {
        let flags = if more.is_empty() { self.flags } else { self.flags | 0x40 };
        let domain = digest(&SHA256, self.domain.as_bytes());
        [domain.as_ref(), &[flags], &self.count.to_be_bytes(), more].concat()
    }

    fn key(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let mut key = Encoder::new(Vec::new());
        key.map(5).and_then(|e| e.i8(1)?.i8(2)?.i8(3)?.i8(-7)?.i8(-1)?.i8(1)).expect("written");
        key.i8(-2).and_then(|e| e.bytes(&point[1..33])?.i8(-3)?.bytes(&point[33..])).expect("written");
        key.into_writer()
    }

    fn sign(&self, data: &[u8], client: &[u8]) -> Vec<u8> {
        let message = [data, digest(&SHA256, client).as_ref()].concat();
        self.pair.sign(&SystemRandom::new(), &message).expect("signed").as_ref().to_vec()
    }

    /// `create()`, with an attestation of that format.
    fn register(&self, format: &str) -> Value {
        let client = self.client("webauthn.create");
        let data = self.data(&[&[7; 16][..], &[0, 3], b"cid", &self.key()].concat());
        let mut object = Encoder::new(Vec::new());
        object.map(3).and_then(|e| e.str("fmt")?.str(format)?.str("authData")?.bytes(&data)).expect("written");
        object.str("attStmt").expect("written");
        match format {
            "packed" => {
                let signature = self.sign(&data, &client);
                object.map(2).and_then(|e| e.str("alg")?.i8(-7)?.str("sig")?.bytes(&signature)).expect("written");
            }
            _ => drop(object.map(0).expect("written")),
        }
        json!({
            "id": encoded(b"cid"), "rawId": encoded(b"cid"), "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": encoded(&client), "attestationObject": encoded(&object.into_writer()),
                "transports": ["internal"],
            },
        })
    }

    /// `get()`.
    fn assert(&self) -> Value {
        let (client, data) = (self.client("webauthn.get"), self.data(&[]));
        json!({
            "id": encoded(b"cid"), "rawId": encoded(b"cid"), "type": "public-key",
            "response": {
                "clientDataJSON": encoded(&client), "authenticatorData": encoded(&data),
                "signature": encoded(&self.sign(&data, &client)), "userHandle": encoded(USER),
            },
        })
    }

    fn public(&self) -> PublicKey {
        PublicKey::Es256(self.pair.public_key().as_ref().to_vec())
    }

    /// What a relying party thinks of its assertion that has seen `sign_count` before.
    fn judged(&self, sign_count: u32) -> Result<u32, Refused> {
        let key = self.public();
        let known = |id: &[u8]| (id == b"cid").then_some(Known { key: &key, sign_count, user: USER });
        assertion(&asked(), &self.assert(), known).map(|asserted| asserted.sign_count)
    }
}

fn asked() -> Asked<'static> {
    Asked { challenge: CHALLENGE, relying_party: DOMAIN, verify_user: true }
}

#[test]
fn a_credential_is_registered_and_asserts() {
    let authenticator = Authenticator::new();
    for format in ["none", "packed"] {
        let registered = registration(&asked(), &authenticator.register(format)).expect("believed");
        assert_eq!(registered.key, authenticator.public());
        assert_eq!((registered.id.as_slice(), registered.aaguid), (&b"cid"[..], [7; 16]));
        assert_eq!((registered.transports.len(), registered.attachment.as_deref()), (1, Some("platform")));
    }
    assert_eq!(authenticator.judged(0), Ok(1));
    assert_eq!(Authenticator { count: 0, ..authenticator }.judged(0), Ok(0));
}

#[test]
fn what_is_not_the_answer_is_refused() {
    let changed = |change: fn(&mut Authenticator)| {
        let mut authenticator = Authenticator::new();
        change(&mut authenticator);
        let registered = registration(&asked(), &authenticator.register("none")).map(|_| ()).expect_err("refused");
        let asserted = authenticator.judged(0).expect_err("refused");
        assert_eq!(registered, asserted);
        asserted
    };
    assert_eq!(changed(|one| one.challenge = b"another"), Refused::Challenge);
    assert_eq!(changed(|one| one.origin = "https://evil.example"), Refused::Origin);
    assert_eq!(changed(|one| one.domain = "example.com"), Refused::RelyingParty);
    assert_eq!(changed(|one| one.flags = 0x04), Refused::User);
    assert_eq!(changed(|one| one.flags = 0x01), Refused::User);
    assert_eq!(Authenticator::new().judged(1), Err(Refused::Counter));
    assert_eq!(
        registration(&asked(), &Authenticator::new().register("fido-u2f")).map(|_| ()),
        Err(Refused::Unsupported)
    );
}

#[test]
fn another_key_is_another_authenticator() {
    let (one, other) = (Authenticator::new(), Authenticator::new());
    let key = other.public();
    let known = |_: &[u8]| Some(Known { key: &key, sign_count: 0, user: USER });
    assert_eq!(assertion(&asked(), &one.assert(), known).map(|_| ()), Err(Refused::Signature));
    let known = |_: &[u8]| Some(Known { key: &key, sign_count: 0, user: b"somebody else" });
    assert_eq!(assertion(&asked(), &other.assert(), known).map(|_| ()), Err(Refused::Form("userHandle")));
    assert_eq!(assertion(&asked(), &one.assert(), |_| None).map(|_| ()), Err(Refused::Signature));
}

proptest! {
    #[test]
    fn no_bytes_are_believed_or_break_anything(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(super::attestation::read(&bytes, &[]).is_err());
        let text = encoded(&bytes);
        let credential = json!({ "id": text, "type": "public-key", "response": { "clientDataJSON": text, "attestationObject": text } });
        prop_assert!(registration(&asked(), &credential).is_err());
    }

    #[test]
    fn one_other_bit_is_refused(at in any::<usize>(), bit in 0u8..8) {
        let authenticator = Authenticator::new();
        let client = authenticator.client("webauthn.get");
        let mut data = authenticator.data(&[]);
        let signature = authenticator.sign(&data, &client);
        let at = at % data.len();
        data[at] ^= 1 << bit;
        let credential = json!({
            "id": encoded(b"cid"), "type": "public-key",
            "response": { "clientDataJSON": encoded(&client), "authenticatorData": encoded(&data), "signature": encoded(&signature) },
        });
        let key = authenticator.public();
        let known = |_: &[u8]| Some(Known { key: &key, sign_count: 0, user: USER });
        let refused = assertion(&asked(), &credential, known).is_err();
        prop_assert!(refused);
    }
}
