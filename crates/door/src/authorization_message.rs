//! Authorization messages: what was decided and why, sealed so that only those who may ask STS can read it.

use std::fmt::Write;

use kogumo_base::{Scope, Trouble, random_bytes};
use kogumo_store::Table;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::Cloud;

/// The cloud's key for messages, made when the first one is written.
static KEY: Table<Vec<u8>> = Table::new("cloud/authorization-message-key");

/// Each message belongs to an account: another cannot read it.
fn bound_to(account: &str) -> Aad<&[u8]> {
    Aad::from(account.as_bytes())
}

/// Seals a message. AWS's look the same: letters, digits, `-` and `_`.
///
/// # Errors
/// Trouble with the store.
pub fn encode(cloud: &Cloud, account: &str, message: &str) -> Result<String, Trouble> {
    let nonce = random_bytes::<NONCE_LEN>();
    let mut sealed = message.as_bytes().to_vec();
    cipher(&key(cloud)?)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(account), &mut sealed)
        .map_err(|_| Trouble::new("an authorization message cannot be sealed"))?;
    let mut text = String::with_capacity(2 * (nonce.len() + sealed.len()));
    for byte in nonce.iter().chain(&sealed) {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The message again; `None` if it is not one of this account's.
///
/// # Errors
/// Trouble with the store.
pub fn decode(cloud: &Cloud, account: &str, text: &str) -> Result<Option<String>, Trouble> {
    let digits = text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let Some(bytes) = digits.collect::<Option<Vec<u8>>>() else { return Ok(None) };
    let Some((nonce, sealed)) = bytes.split_at_checked(NONCE_LEN) else { return Ok(None) };
    let Ok(nonce) = Nonce::try_assume_unique_for_key(nonce) else { return Ok(None) };
    let mut sealed = sealed.to_vec();
    let opened =
        cipher(&key(cloud)?)?.open_in_place(nonce, bound_to(account), &mut sealed).ok().map(|text| text.to_vec());
    Ok(opened.and_then(|text| String::from_utf8(text).ok()))
}

fn key(cloud: &Cloud) -> Result<Vec<u8>, Trouble> {
    let scope = Scope::new("", "");
    if let Some(key) = KEY.get(&cloud.store.read(), &scope, "key")? {
        return Ok(key);
    }
    cloud.store.write(|tx| match KEY.get(tx, &scope, "key")? {
        Some(key) => Ok(key),
        None => {
            let key = random_bytes::<32>().to_vec();
            KEY.put(tx, &scope, "key", &key)?;
            Ok(key)
        }
    })
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Trouble> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Trouble::new("no key for authorization messages"))?;
    Ok(LessSafeKey::new(key))
}
