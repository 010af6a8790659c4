//! Ciphertext blobs of symmetric keys: they say which key opens them. Pure.
//!
//! A blob is a head (five bytes as AWS's blobs begin with, the kind of the key's id, its account, its id, the material's
//! id, a salt), a nonce, and what AES-256-GCM makes of the plaintext. Each blob is encrypted under a key of its own, which
//! HKDF derives from the material and the salt, so that no number of blobs wears a key out. Authenticated are the head
//! and the encryption context.

use kogumo_base::{Trouble, random_bytes};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use crate::encryption_context::{EncryptionContext, authenticated};

const MAGIC: [u8; 5] = [0x01, 0x02, 0x02, 0x00, 0x78];
const SALT: usize = 16;
const HEAD: usize = MAGIC.len() + 1 + 8 + 16 + 32 + SALT;

/// Which key opens a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    pub account: String,
    pub key: String,
    pub material: String,
}

/// A blob, taken apart.
pub struct Blob<'a> {
    pub home: Home,
    head: &'a [u8],
    nonce: &'a [u8],
    sealed: &'a [u8],
}

/// Encrypts under a key's material.
///
/// # Errors
/// Ids that are not those of a key.
pub fn seal(
    home: &Home,
    secret: &[u8],
    context: Option<&EncryptionContext>,
    plaintext: &[u8],
) -> Result<Vec<u8>, Trouble> {
    let mut blob = head(home).ok_or_else(|| Trouble::new(format!("the key {} cannot be written", home.key)))?;
    let nonce = random_bytes::<NONCE_LEN>();
    let mut sealed = plaintext.to_vec();
    let aad = aad(&blob, context);
    cipher(secret, &blob)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
        .map_err(|_| Trouble::new("a plaintext cannot be encrypted"))?;
    blob.extend(nonce);
    blob.extend(sealed);
    Ok(blob)
}

impl<'a> Blob<'a> {
    /// Takes a blob apart; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let rest = head.strip_prefix(&MAGIC)?;
        let (kind, rest) = rest.split_first()?;
        let (account, rest) = rest.split_first_chunk::<8>()?;
        let (key, rest) = rest.split_first_chunk::<16>()?;
        let (material, _) = rest.split_first_chunk::<32>()?;
        let key = match kind {
            0 => dashed(&hex(key))?,
            1 => format!("mrk-{}", hex(key)),
            _ => return None,
        };
        let account = format!("{:012}", u64::from_be_bytes(*account));
        Some(Blob { home: Home { account, key, material: hex(material) }, head, nonce, sealed })
    }

    /// What was encrypted; `None` if the material or the context is another, or anything was altered.
    pub fn open(&self, secret: &[u8], context: Option<&EncryptionContext>) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(self.nonce).ok()?;
        let aad = aad(self.head, context);
        let mut bytes = self.sealed.to_vec();
        let opened = cipher(secret, self.head).ok()?.open_in_place(nonce, Aad::from(aad), &mut bytes).ok()?.len();
        bytes.truncate(opened);
        Some(bytes)
    }
}

fn head(home: &Home) -> Option<Vec<u8>> {
    let (kind, digits) = match home.key.strip_prefix("mrk-") {
        Some(digits) => (1, digits.to_owned()),
        None => (0, home.key.replace('-', "")),
    };
    let mut head = Vec::with_capacity(HEAD + NONCE_LEN);
    head.extend(MAGIC);
    head.push(kind);
    head.extend(home.account.parse::<u64>().ok()?.to_be_bytes());
    head.extend(unhex(&digits)?);
    head.extend(unhex(&home.material)?);
    head.extend(random_bytes::<SALT>());
    (head.len() == HEAD).then_some(head)
}

fn aad(head: &[u8], context: Option<&EncryptionContext>) -> Vec<u8> {
    [head, &authenticated(context)].concat()
}

/// The blob's own key.
fn cipher(secret: &[u8], head: &[u8]) -> Result<LessSafeKey, Trouble> {
    let salt = head.get(HEAD - SALT..HEAD).unwrap_or_default();
    let material = Salt::new(HKDF_SHA256, salt).extract(secret);
    let derived = material.expand(&[b"kogumo kms blob"], &AES_256_GCM);
    let key = derived.map(UnboundKey::from).map_err(|_| Trouble::new("the key of a blob cannot be derived"))?;
    Ok(LessSafeKey::new(key))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// 32 digits as a UUID.
fn dashed(digits: &str) -> Option<String> {
    let part = |from, to| digits.get(from..to);
    Some([part(0, 8)?, part(8, 12)?, part(12, 16)?, part(16, 20)?, part(20, 32)?].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(key: &str) -> Home {
        Home { account: "000000000012".into(), key: key.into(), material: "ab".repeat(32) }
    }

    #[test]
    fn a_blob_says_which_key_opens_it() -> Result<(), Trouble> {
        for key in ["1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab"] {
            let sealed = seal(&home(key), &[7; 32], None, b"plain")?;
            let blob = Blob::read(&sealed).ok_or_else(|| Trouble::new("not a blob"))?;
            assert_eq!(blob.home, home(key));
            assert_eq!(blob.open(&[7; 32], None).as_deref(), Some(b"plain".as_slice()));
            assert_eq!(blob.open(&[8; 32], None), None);
        }
        Ok(())
    }

    #[test]
    fn an_altered_blob_or_another_context_opens_nothing() -> Result<(), Trouble> {
        let context = EncryptionContext::from([("a".to_owned(), "1".to_owned())]);
        let sealed = seal(&home("1234abcd-12ab-34cd-56ef-1234567890ab"), &[7; 32], Some(&context), b"plain")?;
        let open = |bytes: &[u8], context| Blob::read(bytes).and_then(|blob| blob.open(&[7; 32], context));
        assert!(open(&sealed, Some(&context)).is_some());
        assert!(open(&sealed, None).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(open(&altered, Some(&context)).is_none(), "{at}");
        }
        for length in 0..sealed.len() {
            assert!(open(&sealed[..length], Some(&context)).is_none(), "{length}");
        }
        Ok(())
    }
}
