//! AWS's signatures, from the server's side and without I/O: SigV4 in headers and presigned URLs, S3's POST forms, the signatures
//! S3 had first, bodies in `aws-chunked` encoding, and the checksums that travel with them. This room says what is wrong;
//! the gateway says it in AWS's words.

mod authentication;
mod canonical;
mod checksum;
mod chunked;
mod credential;
mod encode;
mod key;
mod legacy;
mod payload;
mod post;
mod presented;
mod problem;
mod sign;

pub use authentication::Authentication;
pub use canonical::{Request, Rules, canonical_request};
pub use checksum::{Checksum, ChecksumAlgorithm};
pub use chunked::{ChunkProblem, ChunkSigner, Decoder, Step};
pub use credential::Credential;
pub use encode::hex;
pub use key::{KeyCache, SigningKey};
pub use legacy::Legacy;
pub use payload::{BodyHash, Payload, Streaming};
pub use post::FormSignature;
pub use presented::{ALGORITHM, MAX_SKEW, Presented};
pub use problem::{Mismatch, Place, Problem};
pub use sign::Signer;
