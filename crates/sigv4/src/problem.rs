//! What can be wrong with a signature, as plain facts. The gateway turns them into AWS's code and wording, which differ
//! between S3 and the rest and from protocol to protocol.

use kogumo_base::Timestamp;

/// Where a client put its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The `Authorization` header.
    Header,
    /// A presigned URL.
    Query,
    /// The form of an S3 POST upload.
    Form,
}

/// Why a request's authentication does not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is both an `Authorization` header and a presigned query.
    TwoWays,
    /// A scheme nobody here speaks, SigV4A among them; the scheme as the client named it.
    UnsupportedAlgorithm { place: Place, algorithm: String },
    /// Parts are missing: the parameters' names, and the header as it came (empty for the other places).
    Incomplete { place: Place, missing: Vec<&'static str>, header: String },
    /// The credential is not `KEY/DATE/REGION/SERVICE/aws4_request`.
    CredentialMalformed { place: Place, credential: String },
    /// The scope does not end in `aws4_request`.
    WrongTerminator { found: String },
    /// The moment of signing cannot be read.
    DateMalformed { place: Place, found: String },
    /// The scope's date is not the day of the moment of signing.
    DateMismatch { scope_date: String, moment: String },
    /// Signed for another region.
    WrongRegion { found: String, expected: String },
    /// Signed for another service.
    WrongService { found: String, expected: String },
    /// `host` is not among the signed headers.
    HostNotSigned,
    /// S3: headers that have to be signed and are not.
    HeadersNotSigned(Vec<String>),
    /// Signed too long ago by the machine's clock.
    TooOld { signed: Timestamp, now: Timestamp },
    /// Signed in the future by the machine's clock.
    TooNew { signed: Timestamp, now: Timestamp },
    /// `X-Amz-Expires` is not a number from 0 to 604800.
    ExpiresOutOfRange { found: String },
    /// A presigned URL (or a form's policy) is over.
    Expired { at: Timestamp, now: Timestamp },
    /// The signature is another than the one calculated here.
    Mismatch(Box<Mismatch>),
}

/// What was signed here, for the client to compare with: AWS shows it in its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Empty for SigV2 and forms, which have none.
    pub canonical_request: String,
    pub string_to_sign: String,
    pub signature_provided: String,
}
