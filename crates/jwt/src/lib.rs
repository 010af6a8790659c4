//! JSON Web Tokens as this cloud issues and believes them: RS256 and nothing else. Only for others does it sign ES384, too.
//!
//! A [`SigningKey`] signs, a [`KeySet`] (the JWKS document) verifies, and [`Expected`] says what claims must hold. There is
//! no algorithm to choose: a token whose header names another one (`none`, `HS256` with the public key as secret) is
//! refused before anything else is looked at. Pure: time, keys and issuers are handed in.

mod claims;
mod ec;
mod jwk;
mod key;
mod session;
mod token;

pub use claims::{Expected, Refused};
pub use ec::EcSigningKey;
pub use jwk::{KeySet, PublicKey};
pub use key::SigningKey;
pub use session::{browser_session_of, session_of};
pub use token::{MAX_TOKEN, Token, TokenError};
