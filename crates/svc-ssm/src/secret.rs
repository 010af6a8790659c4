//! Secure strings: encrypted with a key of the account and region (`alias/aws/ssm`), bound to the parameter's ARN.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kogumo_base::{Scope, Trouble};
use kogumo_model::ssm::INVALID_KEY_ID;
use kogumo_store::{Read, Table, Transaction};
use kogumo_wire::Fault;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The key that is used when a request names none.
pub const DEFAULT_KEY: &str = "alias/aws/ssm";

/// One key for each scope, made when the first secret is kept.
static KEYS: Table<Vec<u8>> = Table::new("ssm/key");

/// Whether the key is the default one; other keys are KMS's, which is not built.
pub fn check_key(key: Option<&str>) -> Result<(), Fault> {
    match key {
        None => Ok(()),
        Some(key) if key == DEFAULT_KEY || key.ends_with(&format!(":{DEFAULT_KEY}")) => Ok(()),
        Some(key) if key.is_empty() => Err(INVALID_KEY_ID.because("The key ID is not valid.")),
        Some(_) => Err(Fault::not_implemented("A SecureString under a KMS key other than alias/aws/ssm")),
    }
}

/// Encrypts a value. `context` (the ARN) must be the same when it is opened.
pub fn seal(tx: &mut Transaction, scope: &Scope, context: &str, value: &str) -> Result<String, Trouble> {
    let key = match KEYS.get(tx, scope, DEFAULT_KEY)? {
        Some(key) => key,
        None => {
            let key = kogumo_base::random_bytes::<32>().to_vec();
            KEYS.put(tx, scope, DEFAULT_KEY, &key)?;
            key
        }
    };
    let nonce = kogumo_base::random_bytes::<NONCE_LEN>();
    let mut sealed = value.as_bytes().to_vec();
    let failed = |_| Trouble::new("a secure string cannot be encrypted");
    cipher(&key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut sealed)
        .map_err(failed)?;
    Ok(BASE64_STANDARD.encode([&nonce[..], &sealed].concat()))
}

/// What `seal` was given.
pub fn open(read: &dyn Read, scope: &Scope, context: &str, sealed: &str) -> Result<String, Trouble> {
    let broken = || Trouble::new(format!("the secure string of {context} cannot be decrypted"));
    let key = KEYS.get(read, scope, DEFAULT_KEY)?.ok_or_else(broken)?;
    let bytes = BASE64_STANDARD.decode(sealed).map_err(|_| broken())?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut sealed = sealed.to_vec();
    let opened =
        cipher(&key)?.open_in_place(nonce, Aad::from(context.as_bytes()), &mut sealed).map_err(|_| broken())?;
    String::from_utf8(opened.to_vec()).map_err(|_| broken())
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Trouble> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Trouble::new("the key of secure strings is not a key"))?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use kogumo_store::Store;

    use super::*;

    #[test]
    fn secrets_open_only_in_their_place() -> Result<(), Trouble> {
        let store = Store::ephemeral()?;
        let scope = Scope::new("000000000000", "us-east-1");
        let sealed = store.write(|tx| seal(tx, &scope, "arn:a", "秘密"))?;
        assert!(!sealed.contains("秘密"));
        assert_eq!(open(&store.read(), &scope, "arn:a", &sealed)?, "秘密");
        assert!(open(&store.read(), &scope, "arn:b", &sealed).is_err());
        assert!(open(&store.read(), &Scope::new("1", "us-east-1"), "arn:a", &sealed).is_err());
        assert!(open(&store.read(), &scope, "arn:a", "AAAA").is_err());
        Ok(())
    }
}
