//! RSA public keys as people write them: OpenSSH's line (RFC 4253, section 6.6) and PEM (RFC 8017, RFC 5280). Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};
use x509_parser::public_key::{PublicKey, RSAPublicKey};

/// Keys are this long at least.
const LEAST_BITS: usize = 2048;

/// The algorithm identifier of RSA: the object identifier 1.2.840.113549.1.1.1, and no parameters.
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Both numbers big-endian, without leading zeros.
#[derive(Debug, PartialEq, Eq)]
pub struct RsaKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// Why a text is no key.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Neither OpenSSH's nor PEM, or not RSA.
    Encoding,
    Malformed,
    Short,
}

impl RsaKey {
    /// # Errors
    /// See [`Refused`].
    pub fn read(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        let key = if let Some(line) = text.strip_prefix("ssh-rsa ") {
            let blob = line.split_ascii_whitespace().next().and_then(|word| STANDARD.decode(word).ok());
            blob.and_then(|blob| of_blob(&blob)).ok_or(Refused::Malformed)?
        } else if text.starts_with("-----BEGIN") {
            let block = Pem::iter_from_buffer(text.as_bytes()).next().and_then(Result::ok).ok_or(Refused::Malformed)?;
            of_pem(&block)?
        } else {
            return Err(Refused::Encoding);
        };
        let leading = key.modulus.first().map_or(8, |byte| byte.leading_zeros() as usize);
        if key.modulus.len() * 8 - leading.min(key.modulus.len() * 8) < LEAST_BITS {
            return Err(Refused::Short);
        }
        Ok(key)
    }

    fn new(modulus: &[u8], exponent: &[u8]) -> Self {
        let bare = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect();
        RsaKey { modulus: bare(modulus), exponent: bare(exponent) }
    }

    fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        for field in [b"ssh-rsa".to_vec(), positive(&self.exponent), positive(&self.modulus)] {
            blob.extend(u32::try_from(field.len()).unwrap_or_default().to_be_bytes());
            blob.extend(field);
        }
        blob
    }

    /// `ssh-rsa AAAA…`
    pub fn ssh(&self) -> String {
        format!("ssh-rsa {}", STANDARD.encode(self.blob()))
    }

    /// `-----BEGIN PUBLIC KEY-----`
    pub fn pem(&self) -> String {
        let numbers = [der(0x02, &positive(&self.modulus)), der(0x02, &positive(&self.exponent))].concat();
        // A bit string says how many bits of its last byte do not count: none.
        let bits = [vec![0], der(0x30, &numbers)].concat();
        let text = STANDARD.encode(der(0x30, &[RSA_ALGORITHM.to_vec(), der(0x03, &bits)].concat()));
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        let mut rest = text.as_str();
        while let Some((line, behind)) = rest.split_at_checked(64.min(rest.len())).filter(|(line, _)| !line.is_empty())
        {
            pem.push_str(line);
            pem.push('\n');
            rest = behind;
        }
        pem + "-----END PUBLIC KEY-----\n"
    }

    /// MD5 over OpenSSH's form, in pairs: what `ssh-keygen -E md5 -lf` says.
    pub fn fingerprint(&self) -> String {
        let pairs: Vec<String> = Md5::digest(self.blob()).iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    }
}

fn of_blob(blob: &[u8]) -> Option<RsaKey> {
    let mut rest = blob;
    let mut field = || {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (field, behind) = behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        rest = behind;
        Some(field)
    };
    let (kind, exponent, modulus) = (field()?, field()?, field()?);
    (kind == b"ssh-rsa" && rest.is_empty()).then(|| RsaKey::new(modulus, exponent))
}

fn of_pem(block: &Pem) -> Result<RsaKey, Refused> {
    match block.label.as_str() {
        "PUBLIC KEY" => {
            let (_, info) = SubjectPublicKeyInfo::from_der(&block.contents).map_err(|_| Refused::Malformed)?;
            match info.parsed() {
                Ok(PublicKey::RSA(key)) => Ok(RsaKey::new(key.modulus, key.exponent)),
                Ok(_) => Err(Refused::Encoding),
                Err(_) => Err(Refused::Malformed),
            }
        }
        "RSA PUBLIC KEY" => {
            let (_, key) = RSAPublicKey::from_der(&block.contents).map_err(|_| Refused::Malformed)?;
            Ok(RsaKey::new(key.modulus, key.exponent))
        }
        _ => Err(Refused::Encoding),
    }
}

/// A number whose first bit is no sign.
fn positive(number: &[u8]) -> Vec<u8> {
    let sign = number.first().is_none_or(|byte| byte & 0x80 != 0);
    sign.then_some(0).into_iter().chain(number.iter().copied()).collect()
}

/// A DER element: its tag, its length, its contents.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let digits: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut element = vec![tag];
    match u8::try_from(contents.len()) {
        Ok(short) if short < 0x80 => element.push(short),
        _ => {
            element.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            element.extend(digits);
        }
    }
    element.extend_from_slice(contents);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bytes: usize) -> RsaKey {
        RsaKey::new(&vec![0xc5; bytes], &[1, 0, 1])
    }

    #[test]
    fn both_encodings_lead_to_the_same_key() {
        let key = key(256);
        assert_eq!(
            RsaKey::read(&format!("{} somebody@somewhere\n", key.ssh())),
            Ok(RsaKey::new(&key.modulus, &key.exponent))
        );
        assert_eq!(RsaKey::read(&key.pem()), Ok(key));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(RsaKey::read(&key(128).ssh()), Err(Refused::Short));
        assert_eq!(RsaKey::read("ssh-rsa AAAA"), Err(Refused::Malformed));
        assert_eq!(RsaKey::read("ssh-rsa "), Err(Refused::Encoding));
        assert_eq!(RsaKey::read("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"), Err(Refused::Encoding));
        let pem = key(256).pem();
        assert_eq!(RsaKey::read(&pem.replace("MII", "MIA")), Err(Refused::Malformed));
        assert_eq!(RsaKey::read(&pem.replace("PUBLIC KEY", "PRIVATE KEY")), Err(Refused::Encoding));
    }
}
