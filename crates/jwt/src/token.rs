//! A token as it arrives: read without belief, then verified against an issuer's keys.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::Trouble;
use serde_json::{Map, Value};

use crate::KeySet;

/// A token over these claims, with what `sign` makes of the text that is to be signed.
pub(crate) fn signed(
    header: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Trouble>,
) -> Result<String, Trouble> {
    let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
    let signature = sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
    Ok(token)
}

/// No longer token is looked at, in bytes. With thousands of groups a token of Cognito stays below it.
pub const MAX_TOKEN: usize = 256 * 1024;

/// A token that has been read. Its claims are the bearer's own words until [`Token::verified_by`] has answered well.
#[derive(Clone, Debug)]
pub struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not three parts of base 64 that hold two JSON objects and a signature, or too long.
    Malformed,
    /// The header asks for another algorithm than RS256, or for an extension (`crit`).
    Algorithm,
    /// The header names a key that the issuer does not have.
    UnknownKey,
    /// The signature is not the key's.
    Signature,
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// It is malformed or not meant to be verified by RS256.
    pub fn read(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN {
            return Err(TokenError::Malformed);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let signed = text.get(..header.len() + 1 + claims.len()).ok_or(TokenError::Malformed)?.to_owned();
        let token = Token { header: object(header)?, claims: object(claims)?, signed, signature: bytes(signature)? };
        let plain = token.header.get("alg").and_then(Value::as_str) == Some("RS256");
        if !plain || token.header.contains_key("crit") {
            return Err(TokenError::Algorithm);
        }
        Ok(token)
    }

    /// Whose token it says it is: tells which keys to ask for.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The claims, once one of these keys is found to have signed them.
    ///
    /// # Errors
    /// No such key, or not its signature.
    pub fn verified_by(&self, keys: &KeySet) -> Result<&Map<String, Value>, TokenError> {
        let key = keys.find(self.key_id()).ok_or(TokenError::UnknownKey)?;
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(TokenError::Signature);
        }
        Ok(&self.claims)
    }
}

fn bytes(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    serde_json::from_slice(&bytes(part)?).map_err(|_| TokenError::Malformed)
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TokenError::Malformed => "the token is malformed",
            TokenError::Algorithm => "the token's algorithm is not RS256",
            TokenError::UnknownKey => "the issuer has no such key",
            TokenError::Signature => "the token's signature is wrong",
        })
    }
}
