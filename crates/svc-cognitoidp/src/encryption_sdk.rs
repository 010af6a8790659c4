//! Messages of the AWS Encryption SDK, as it writes them: version 1, signed, in one frame. Pure but for the randomness of
//! keys and ids.
//!
//! The suite is AES-256-GCM with HKDF-SHA384 and ECDSA over P-384 (0x0378): the one that Cognito's codes come in, without
//! key commitment, so that a reader must say `RequireEncryptAllowDecrypt` or `ForbidEncryptAllowDecrypt`. Source: "AWS
//! Encryption SDK message format reference".

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Trouble, random_bytes};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA384, Salt};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

const SUITE: u16 = 0x0378;
const VERSION: u8 = 1;
const CUSTOMER_AUTHENTICATED: u8 = 0x80;
const FRAMED: u8 = 2;
const FRAME: u32 = 4096;
const LAST_FRAME: u32 = u32::MAX;
/// The member of the encryption context that carries the key that signatures are verified by.
const SIGNER: &str = "aws-crypto-public-key";

/// A data key, as KMS generates it.
pub struct DataKey<'a> {
    pub plaintext: &'a [u8],
    pub encrypted: &'a [u8],
    /// The ARN of the KMS key that encrypted it.
    pub arn: &'a str,
}

/// A message before its data key is there: the context, which the data key is bound to, names the signer already.
pub struct Draft {
    signer: EcdsaKeyPair,
    pub context: BTreeMap<String, String>,
}

impl Draft {
    /// # Errors
    /// No key could be made.
    pub fn new(mut context: BTreeMap<String, String>) -> Result<Self, Trouble> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P384_SHA384_ASN1_SIGNING;
        let failed = || Trouble::new("cannot make a signing key");
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| failed())?;
        let signer = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).map_err(|_| failed())?;
        let point = compressed(signer.public_key().as_ref()).ok_or_else(failed)?;
        context.insert(SIGNER.into(), STANDARD.encode(point));
        Ok(Draft { signer, context })
    }

    /// The message with that content, of at most a frame.
    ///
    /// # Errors
    /// A data key of another length than 32 bytes, or parts that are too long for the format.
    pub fn seal(self, key: &DataKey, content: &[u8]) -> Result<Vec<u8>, Trouble> {
        let id = random_bytes::<16>();
        let cipher = cipher(key.plaintext, &id)?;
        let mut message = self.header(key, &id)?;
        let tag = encrypted(&cipher, 0, &message, &[])?;
        message.extend([0; NONCE_LEN]);
        message.extend(tag);
        let length = u32::try_from(content.len()).ok().filter(|length| *length <= FRAME).ok_or_else(too_long)?;
        const SEQUENCE: u32 = 1;
        let about =
            [&id[..], b"AWSKMSEncryptionClient Final Frame", &SEQUENCE.to_be_bytes(), &u64::from(length).to_be_bytes()]
                .concat();
        let sealed = encrypted(&cipher, SEQUENCE, &about, content)?;
        message.extend(LAST_FRAME.to_be_bytes());
        message.extend(SEQUENCE.to_be_bytes());
        message.extend(nonce(SEQUENCE));
        message.extend(length.to_be_bytes());
        message.extend(sealed);
        let signature = self.signer.sign(&SystemRandom::new(), &message);
        let signature = signature.map_err(|_| Trouble::new("cannot sign a message"))?;
        put(&mut message, signature.as_ref())?;
        Ok(message)
    }

    fn header(&self, key: &DataKey, id: &[u8; 16]) -> Result<Vec<u8>, Trouble> {
        let mut context = Vec::new();
        context.extend(short(self.context.len())?.to_be_bytes());
        for (name, value) in &self.context {
            put(&mut context, name.as_bytes())?;
            put(&mut context, value.as_bytes())?;
        }
        let mut header = vec![VERSION, CUSTOMER_AUTHENTICATED];
        header.extend(SUITE.to_be_bytes());
        header.extend(id);
        put(&mut header, &context)?;
        header.extend(1u16.to_be_bytes());
        put(&mut header, b"aws-kms")?;
        put(&mut header, key.arn.as_bytes())?;
        put(&mut header, key.encrypted)?;
        header.push(FRAMED);
        header.extend([0; 4]);
        header.push(NONCE_LEN as u8);
        header.extend(FRAME.to_be_bytes());
        Ok(header)
    }
}

/// The key that the content is encrypted under: derived from the data key for this suite and message.
fn cipher(key: &[u8], id: &[u8; 16]) -> Result<LessSafeKey, Trouble> {
    if key.len() != AES_256_GCM.key_len() {
        return Err(Trouble::new("a data key has another length"));
    }
    let derived = Salt::new(HKDF_SHA384, &[]).extract(key);
    let info = [&SUITE.to_be_bytes()[..], id];
    let derived = derived.expand(&info, &AES_256_GCM).map_err(|_| Trouble::new("cannot derive a key"))?;
    Ok(LessSafeKey::new(UnboundKey::from(derived)))
}

/// The initialization vector of a frame; the header's is that of number 0.
fn nonce(number: u32) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    if let Some(end) = nonce.last_chunk_mut::<4>() {
        *end = number.to_be_bytes();
    }
    nonce
}

/// The content encrypted, with its tag behind it.
fn encrypted(cipher: &LessSafeKey, number: u32, about: &[u8], content: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut sealed = content.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce(number));
    let done = cipher.seal_in_place_append_tag(nonce, Aad::from(about), &mut sealed);
    done.map(|()| sealed).map_err(|_| Trouble::new("cannot encrypt a message"))
}

/// Bytes behind their length.
fn put(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Trouble> {
    to.extend(short(bytes.len())?.to_be_bytes());
    to.extend(bytes);
    Ok(())
}

fn short(length: usize) -> Result<u16, Trouble> {
    u16::try_from(length).map_err(|_| too_long())
}

fn too_long() -> Trouble {
    Trouble::new("a part of an encrypted message is too long")
}

/// A point of P-384 in its short form (SEC 1, section 2.3.3).
fn compressed(point: &[u8]) -> Option<Vec<u8>> {
    let x = point.get(1..49)?;
    let odd = point.get(96)? & 1;
    Some([&[2 + odd][..], x].concat())
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};

    use super::*;

    const KEY: DataKey<'static> = DataKey { plaintext: &[7; 32], encrypted: b"wrapped", arn: "arn:aws:kms:key/1" };

    fn draft() -> Draft {
        Draft::new(BTreeMap::from([("userpool-id".into(), "pool".into())])).expect("a draft")
    }

    #[test]
    fn a_message_as_the_reference_lays_it_out() {
        let draft = draft();
        let public = draft.signer.public_key().as_ref().to_vec();
        let signer = draft.context[SIGNER].clone();
        assert_eq!(STANDARD.decode(&signer).map(|point| point.len()), Ok(49));
        let message = draft.seal(&KEY, b"123456").expect("a message");
        let mut rest = message.as_slice();
        let mut take = |length: usize| {
            let (taken, left) = rest.split_at(length);
            rest = left;
            taken.to_vec()
        };
        assert_eq!(take(4), [1, 0x80, 3, 0x78]);
        let id: [u8; 16] = take(16).try_into().expect("an id");
        let context = 2 + 2 + SIGNER.len() + 2 + signer.len() + 2 + "userpool-id".len() + 2 + "pool".len();
        assert_eq!(take(4), [&(context as u16).to_be_bytes()[..], &[0, 2]].concat());
        take(context - 2);
        assert_eq!(take(2), [0, 1]);
        for part in [&b"aws-kms"[..], KEY.arn.as_bytes(), KEY.encrypted] {
            assert_eq!(take(2 + part.len()), [&[0, part.len() as u8][..], part].concat());
        }
        assert_eq!(take(10), [2, 0, 0, 0, 0, 12, 0, 0, 16, 0]);
        let header = 4 + 16 + 2 + context + 2 + 6 + "aws-kms".len() + KEY.arn.len() + KEY.encrypted.len() + 10;
        let header = &message[..header];
        assert_eq!(take(12), [0; 12]);
        let cipher = cipher(KEY.plaintext, &id).expect("a key");
        assert_eq!(take(16), encrypted(&cipher, 0, header, &[]).expect("a tag"));
        assert_eq!(take(8), [255, 255, 255, 255, 0, 0, 0, 1]);
        assert_eq!(take(12), nonce(1));
        assert_eq!(take(4), [0, 0, 0, 6]);
        let mut sealed = take(6 + 16);
        let about = [&id[..], b"AWSKMSEncryptionClient Final Frame", &[0, 0, 0, 1], &[0, 0, 0, 0, 0, 0, 0, 6]].concat();
        let opened = cipher.open_in_place(Nonce::assume_unique_for_key(nonce(1)), Aad::from(about), &mut sealed);
        assert_eq!(opened.expect("opened"), b"123456");
        let length = u16::from_be_bytes(take(2).try_into().expect("a length"));
        let signature = take(usize::from(length));
        assert!(rest.is_empty());
        let signed = &message[..message.len() - signature.len() - 2];
        assert!(UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, public).verify(signed, &signature).is_ok());
    }

    #[test]
    fn what_cannot_be_sealed() {
        assert!(draft().seal(&DataKey { plaintext: &[7; 16], ..KEY }, b"1").is_err());
        assert!(draft().seal(&KEY, &[0; FRAME as usize + 1]).is_err());
        assert!(draft().seal(&DataKey { encrypted: &[0; 70_000], ..KEY }, b"1").is_err());
    }
}
