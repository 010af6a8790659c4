//! Private keys as PuTTY writes them: `PuTTY-User-Key-File-2`, unencrypted. Source: the PuTTY manual, appendix "PPK file
//! format".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::hmac;

use super::ssh::string;

const CIPHER: &str = "none";
const WIDTH: usize = 64;

/// The file of a key: its kind as SSH names it, what stands in the public blob, and the private numbers behind it.
pub fn file(kind: &str, comment: &str, public: &[u8], private: &[u8]) -> String {
    let parts = [kind.as_bytes(), CIPHER.as_bytes(), comment.as_bytes(), public, private];
    let covered = parts.map(string).concat();
    // Of an empty passphrase.
    let key = digest(&SHA1_FOR_LEGACY_USE_ONLY, b"putty-private-key-file-mac-key");
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_ref()), &covered);
    let mac: String = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let (public, private) = (lines("Public", public), lines("Private", private));
    format!(
        "PuTTY-User-Key-File-2: {kind}\nEncryption: {CIPHER}\nComment: {comment}\n{public}{private}Private-MAC: {mac}\n"
    )
}

fn lines(which: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines: Vec<&str> = encoded.as_bytes().chunks(WIDTH).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("{which}-Lines: {}\n{}\n", lines.len(), lines.join("\n"))
}
