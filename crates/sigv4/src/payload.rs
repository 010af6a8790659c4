//! What `x-amz-content-sha256` says of the body.

use ring::digest::{Context, SHA256};

use crate::encode::hex;

/// The body, as the header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The SHA-256 of the whole body, in lower-case hexadecimal.
    Hash(String),
    /// `UNSIGNED-PAYLOAD`
    Unsigned,
    /// The body is in `aws-chunked` encoding.
    Streaming(Streaming),
}

/// The four sorts of `aws-chunked` body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streaming {
    Signed,
    SignedTrailer,
    UnsignedTrailer,
}

impl Payload {
    /// Reads the header's value; `None` if it is none of those that are served (`STREAMING-AWS4-ECDSA-…` is SigV4A's).
    pub fn parse(value: &str) -> Option<Self> {
        match value {
            "UNSIGNED-PAYLOAD" => Some(Payload::Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Some(Payload::Streaming(Streaming::Signed)),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Some(Payload::Streaming(Streaming::SignedTrailer)),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Some(Payload::Streaming(Streaming::UnsignedTrailer)),
            hash if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Some(Payload::Hash(hash.to_ascii_lowercase()))
            }
            _ => None,
        }
    }
}

/// The SHA-256 of a body as it goes by.
#[derive(Clone)]
pub struct BodyHash(Context);

impl Default for BodyHash {
    fn default() -> Self {
        BodyHash(Context::new(&SHA256))
    }
}

impl BodyHash {
    /// The hash of a body that is all there, in hexadecimal.
    pub fn of(body: &[u8]) -> String {
        if body.is_empty() {
            return Self::EMPTY.to_owned();
        }
        let mut hash = Self::default();
        hash.update(body);
        hash.finish()
    }

    /// The hash of nothing.
    pub const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}
