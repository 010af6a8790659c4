//! Public keys of credentials, as COSE (RFC 9053) writes them.

use minicbor::Decoder;
use minicbor::data::Type;
use ring::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::Refused;

/// ECDSA with P-256 and SHA-256.
pub const ES256: i64 = -7;
/// RSASSA-PKCS1-v1_5 with SHA-256.
pub const RS256: i64 = -257;

const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const ELLIPTIC: i64 = 2;
const RSA: i64 = 3;
const P256: i64 = 1;

/// A credential's public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PublicKey {
    /// The point, uncompressed (SEC 1, section 2.3.3).
    Es256(Vec<u8>),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// A label's value, where it can be of use.
enum Part<'b> {
    Number(i64),
    Bytes(&'b [u8]),
}

impl PublicKey {
    /// Reads a key from where the decoder stands, and leaves the decoder behind it.
    ///
    /// # Errors
    /// No key, or one of another algorithm.
    pub fn read(from: &mut Decoder<'_>) -> Result<Self, Refused> {
        let form = |_| Refused::Form("the credential's public key");
        let count = from.map().map_err(form)?.ok_or(Refused::Form("the credential's public key"))?;
        let mut parts: Vec<(i64, Part)> = Vec::new();
        for _ in 0..count {
            let label = from.i64().map_err(form)?;
            match from.datatype().map_err(form)? {
                Type::Bytes => parts.push((label, Part::Bytes(from.bytes().map_err(form)?))),
                kind if is_integer(kind) => parts.push((label, Part::Number(from.i64().map_err(form)?))),
                _ => from.skip().map_err(form)?,
            }
        }
        let number = |label| {
            parts.iter().find_map(|(own, part)| match part {
                Part::Number(number) if *own == label => Some(*number),
                _ => None,
            })
        };
        let bytes = |label| {
            parts.iter().find_map(|(own, part)| match part {
                Part::Bytes(bytes) if *own == label => Some(*bytes),
                _ => None,
            })
        };
        match (number(KEY_TYPE), number(ALGORITHM)) {
            (Some(ELLIPTIC), Some(ES256)) => match (number(-1), bytes(-2), bytes(-3)) {
                (Some(P256), Some(x), Some(y)) if x.len() == 32 && y.len() == 32 => {
                    Ok(PublicKey::Es256([&[4][..], x, y].concat()))
                }
                _ => Err(Refused::Form("the credential's public key")),
            },
            (Some(RSA), Some(RS256)) => match (bytes(-1), bytes(-2)) {
                (Some(modulus), Some(exponent)) => {
                    Ok(PublicKey::Rs256 { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
                }
                _ => Err(Refused::Form("the credential's public key")),
            },
            _ => Err(Refused::Unsupported),
        }
    }

    pub fn algorithm(&self) -> i64 {
        match self {
            PublicKey::Es256(_) => ES256,
            PublicKey::Rs256 { .. } => RS256,
        }
    }

    /// Whether the key's owner signed the message.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
            }
            PublicKey::Rs256 { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
        }
    }
}

fn is_integer(kind: Type) -> bool {
    use Type::{I8, I16, I32, I64, Int, U8, U16, U32, U64};
    matches!(kind, U8 | U16 | U32 | U64 | I8 | I16 | I32 | I64 | Int)
}
