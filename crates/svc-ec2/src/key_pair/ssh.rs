//! Keys as SSH writes them (RFC 4253, RFC 8709, OpenSSH's PROTOCOL.key), and their fingerprints as EC2 computes them
//! (Amazon EC2 User Guide, "Verify the fingerprint of your key pair").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Trouble, random_bytes};
use kogumo_jwt::SigningKey;
use md5::{Digest, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::ppk;

/// How a private key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PKCS #1's PEM for RSA, OpenSSH's for Ed25519.
    Pem,
    /// PuTTY's.
    Ppk,
}

/// A pair that has just been made.
pub struct Made {
    /// The private key.
    pub material: String,
    /// `ssh-rsa AAAA…`
    pub public_key: String,
    pub fingerprint: String,
}

/// DER of `rsaEncryption` with its empty parameters.
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Makes an RSA pair of 2,048 bits. Its fingerprint is the SHA-1 of the private key's PKCS #8.
///
/// # Errors
/// The operating system has no randomness to give.
pub fn make_rsa(comment: &str, format: Format) -> Result<Made, Trouble> {
    let der = SigningKey::generate()?;
    let key = SigningKey::from_der(&der)?;
    let public = blob("ssh-rsa", &[&mpint(&key.public().exponent), &mpint(&key.public().modulus)]);
    let pkcs8 = sequence(&[&tlv(0x02, &[0]), &RSA_ALGORITHM, &tlv(0x04, &der)]);
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &pkcs8);
    let material = match format {
        Format::Pem => pem("RSA PRIVATE KEY", &der, 64),
        Format::Ppk => {
            let private = rsa_private(&der).ok_or_else(|| Trouble::new("an RSA key that cannot be read was made"))?;
            ppk::file("ssh-rsa", comment, &public, &private)
        }
    };
    Ok(Made {
        material,
        public_key: format!("ssh-rsa {}", STANDARD.encode(public)),
        fingerprint: colons(hash.as_ref()),
    })
}

/// Makes an Ed25519 pair. Its fingerprint is the SHA-256 of the public key.
///
/// # Errors
/// None in practice: any 32 bytes are a seed.
pub fn make_ed25519(comment: &str, format: Format) -> Result<Made, Trouble> {
    let seed = random_bytes::<32>();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
    let pair = pair.map_err(|error| Trouble::from_cause("cannot make an Ed25519 key", error.to_string()))?;
    let public = pair.public_key().as_ref();
    let public_blob = blob("ssh-ed25519", &[&string(public)]);
    let check = random_bytes::<4>();
    let mut private = [check, check].concat();
    private.extend(
        [string(b"ssh-ed25519"), string(public), string(&[&seed[..], public].concat()), string(comment.as_bytes())]
            .concat(),
    );
    // Padded to the block size of the cipher "none".
    (1_u8..).take((8 - private.len() % 8) % 8).for_each(|byte| private.push(byte));
    let mut whole = b"openssh-key-v1\0".to_vec();
    whole.extend([string(b"none"), string(b"none"), string(b""), 1_u32.to_be_bytes().to_vec()].concat());
    whole.extend([string(&public_blob), string(&private)].concat());
    Ok(Made {
        material: match format {
            Format::Pem => pem("OPENSSH PRIVATE KEY", &whole, 70),
            Format::Ppk => ppk::file("ssh-ed25519", comment, &public_blob, &string(&seed)),
        },
        fingerprint: STANDARD.encode(digest(&SHA256, &public_blob)),
        public_key: format!("ssh-ed25519 {}", STANDARD.encode(public_blob)),
    })
}

/// A public key that a client brought.
#[derive(Debug, PartialEq, Eq)]
pub struct Brought {
    /// `rsa` or `ed25519`.
    pub kind: &'static str,
    pub public_key: String,
    pub fingerprint: String,
}

/// Reads OpenSSH's line, RFC 4716's block, or X.509's SubjectPublicKeyInfo as PEM or base64. `None` if it is none of them.
pub fn read(material: &[u8]) -> Option<Brought> {
    let text = std::str::from_utf8(material).ok()?.trim();
    if let Some(body) = between(text, "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----") {
        let der = STANDARD.decode(body).ok()?;
        return rsa_of_spki(&der).map(|(modulus, exponent)| brought_rsa(modulus, exponent));
    }
    let encoded = match between(text, "---- BEGIN SSH2 PUBLIC KEY ----", "---- END SSH2 PUBLIC KEY ----") {
        Some(body) => body,
        None if text.starts_with("ssh-") => text.split_whitespace().nth(1)?.to_owned(),
        None => text.split_whitespace().collect(),
    };
    let bytes = STANDARD.decode(encoded).ok()?;
    if let Some((modulus, exponent)) = rsa_of_spki(&bytes) {
        return Some(brought_rsa(modulus, exponent));
    }
    let mut rest = &bytes[..];
    match take_string(&mut rest)? {
        b"ssh-rsa" => {
            let (exponent, modulus) = (take_string(&mut rest)?, take_string(&mut rest)?);
            let bits = strip_zeros(modulus).len() * 8;
            (rest.is_empty() && (1024..=8192).contains(&bits)).then(|| brought_rsa(modulus, exponent))
        }
        b"ssh-ed25519" if take_string(&mut rest)?.len() == 32 && rest.is_empty() => Some(Brought {
            kind: "ed25519",
            public_key: format!("ssh-ed25519 {}", STANDARD.encode(&bytes)),
            fingerprint: STANDARD.encode(digest(&SHA256, &bytes)),
        }),
        _ => None,
    }
}

/// The fingerprint of an imported RSA key is the MD5 of its DER.
fn brought_rsa(modulus: &[u8], exponent: &[u8]) -> Brought {
    let key = sequence(&[&integer(modulus), &integer(exponent)]);
    let spki = sequence(&[&RSA_ALGORITHM, &tlv(0x03, &[&[0], &key[..]].concat())]);
    let public = blob("ssh-rsa", &[&mpint(exponent), &mpint(modulus)]);
    Brought {
        kind: "rsa",
        public_key: format!("ssh-rsa {}", STANDARD.encode(public)),
        fingerprint: colons(&Md5::digest(spki)),
    }
}

fn between(text: &str, begin: &str, end: &str) -> Option<String> {
    let body = text.strip_prefix(begin)?.split(end).next()?;
    // RFC 4716 has headers, `Comment: "…"`, before the key.
    Some(body.lines().filter(|line| !line.contains(':')).flat_map(str::split_whitespace).collect())
}

/// PEM of X.509's SubjectPublicKeyInfo, out of PKCS #1's public key.
pub fn public_pem(key: &[u8]) -> String {
    let spki = sequence(&[&RSA_ALGORITHM, &tlv(0x03, &[&[0], key].concat())]);
    pem("PUBLIC KEY", &spki, 64)
}

// === SSH's own encoding (RFC 4251) ===

pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

fn blob(kind: &str, fields: &[&[u8]]) -> Vec<u8> {
    [&string(kind.as_bytes())[..], &fields.concat()].concat()
}

fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// A positive number, with a zero before a first bit that would mean a sign.
fn positive(number: &[u8]) -> Vec<u8> {
    let number = strip_zeros(number);
    match number.first() {
        Some(0x80..) => [&[0], number].concat(),
        _ => number.to_vec(),
    }
}

fn mpint(number: &[u8]) -> Vec<u8> {
    string(&positive(number))
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (value, tail) = tail.split_at_checked(length)?;
    *rest = tail;
    Some(value)
}

// === DER (X.690) ===

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short @ 0..=127) => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let bytes = strip_zeros(&bytes);
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(value);
    out
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn integer(number: &[u8]) -> Vec<u8> {
    tlv(0x02, &positive(number))
}

fn take_tlv<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_first_chunk::<2>()?;
    let [found, first] = *head;
    let (length, tail) = match first {
        short @ 0..=127 => (usize::from(short), tail),
        long => {
            let (bytes, tail) = tail.split_at_checked(usize::from(long & 0x7f))?;
            if bytes.len() > 4 {
                return None;
            }
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), tail)
        }
    };
    let (value, tail) = tail.split_at_checked(length)?;
    *rest = tail;
    (found == tag).then_some(value)
}

fn rsa_of_spki(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = take_tlv(&mut &der[..], 0x30)?.strip_prefix(&RSA_ALGORITHM)?;
    let mut key = take_tlv(&mut outer, 0x03)?.strip_prefix(&[0])?;
    let mut numbers = take_tlv(&mut key, 0x30)?;
    Some((take_tlv(&mut numbers, 0x02)?, take_tlv(&mut numbers, 0x02)?))
}

/// PuTTY's private numbers of an RSA key: d, p, q and the inverse of q, out of PKCS #1.
fn rsa_private(der: &[u8]) -> Option<Vec<u8>> {
    let mut numbers = take_tlv(&mut &der[..], 0x30)?;
    let mut next = || take_tlv(&mut numbers, 0x02);
    let [_version, _modulus, _exponent] = [next()?, next()?, next()?];
    let [d, p, q, _exponent1, _exponent2, inverse] = [next()?, next()?, next()?, next()?, next()?, next()?];
    Some([d, p, q, inverse].map(mpint).concat())
}

fn pem(label: &str, bytes: &[u8], width: usize) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines: Vec<&str> = encoded.as_bytes().chunks(width).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_made_can_be_read() {
        let made = make_ed25519("me", Format::Pem).expect("a key");
        let read = read(format!("{} me@here\n", made.public_key).as_bytes()).expect("a public key");
        assert_eq!((read.kind, &read.public_key, &read.fingerprint), ("ed25519", &made.public_key, &made.fingerprint));
        assert!(made.material.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    }

    proptest! {
        #[test]
        fn nothing_breaks_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), encode in any::<bool>()) {
            let material = if encode { format!("ssh-rsa {}", STANDARD.encode(&bytes)).into_bytes() } else { bytes.clone() };
            let _ = read(&material);
            let _ = rsa_of_spki(&bytes);
        }
    }
}
