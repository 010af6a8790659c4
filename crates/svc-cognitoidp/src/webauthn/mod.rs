//! Web Authentication (W3C, Level 2) as a relying party sees it: whether what a browser brings from an authenticator is the
//! answer to what was asked. Pure.

mod attestation;
mod authenticator_data;
mod ceremony;
mod client_data;
mod key;

pub use ceremony::{Asked, Known, assertion, registration};
pub use key::PublicKey;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Why a credential is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It does not have the form; which part.
    Form(&'static str),
    /// It answers another challenge, or none.
    Challenge,
    /// The page was not the relying party's.
    Origin,
    /// The authenticator was asked by another relying party.
    RelyingParty,
    /// Nobody touched the authenticator, or it was to make sure who did.
    User,
    /// A key, or an attestation, of a sort that is not known here.
    Unsupported,
    Signature,
    /// The authenticator's counter went back: there are two of it.
    Counter,
}

/// The algorithms that are asked for: ES256 and RS256 by their COSE numbers.
pub const ALGORITHMS: [i64; 2] = [key::ES256, key::RS256];

/// Base64url as browsers write it; padding is let through.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(false),
);

pub fn encoded(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests;
