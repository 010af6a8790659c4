//! What is said of a request's body that is not what the client said it would be. Source: "Error responses", Amazon S3 API Reference.

use kogumo_sigv4::{ChecksumAlgorithm, ChunkProblem};
use kogumo_wire::Fault;

pub fn incomplete() -> Fault {
    Fault::coded("IncompleteBody", 400, "The request body terminated unexpectedly")
}

pub fn wrong_length() -> Fault {
    Fault::coded(
        "IncompleteBody",
        400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

pub fn timed_out() -> Fault {
    let message = "Your socket connection to the server was not read from or written to within the timeout period. \
                   Idle connections will be closed.";
    Fault::coded("RequestTimeout", 400, message)
}

pub fn missing_length() -> Fault {
    Fault::coded("MissingContentLength", 411, "You must provide the Content-Length HTTP header.")
}

pub fn hash_mismatch() -> Fault {
    Fault::coded(
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
}

pub fn bad_digest(algorithm: ChecksumAlgorithm) -> Fault {
    Fault::coded(
        "BadDigest",
        400,
        format!("The {} you specified did not match the calculated checksum.", algorithm.name()),
    )
}

pub fn trailer_malformed() -> Fault {
    let message =
        "The request contained trailing data that was not well-formed or did not conform to our published schema.";
    Fault::coded("MalformedTrailerError", 400, message)
}

pub fn not_gzip() -> Fault {
    Fault::coded("SerializationException", 400, "The body is not in the encoding that Content-Encoding names.")
}

/// What is wrong with a body in `aws-chunked` encoding.
pub fn chunk(problem: ChunkProblem) -> Fault {
    match problem {
        ChunkProblem::Malformed(_) | ChunkProblem::Incomplete => incomplete(),
        ChunkProblem::WrongLength { .. } => wrong_length(),
        ChunkProblem::TrailerMalformed => trailer_malformed(),
        ChunkProblem::Mismatch(_) => {
            let message = "The request signature we calculated does not match the signature you provided. \
                           Check your key and signing method.";
            Fault::coded("SignatureDoesNotMatch", 403, message)
        }
    }
}
