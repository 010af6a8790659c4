//! API Gateway's errors in its own words.

use kogumo_model::apigateway::{BAD_REQUEST_EXCEPTION, CONFLICT_EXCEPTION, NOT_FOUND_EXCEPTION};
use kogumo_wire::Fault;

/// `noun` as AWS writes it: "Invalid Resource identifier specified".
pub fn unknown(noun: &str) -> Fault {
    NOT_FOUND_EXCEPTION.because(format!("Invalid {noun} identifier specified"))
}

pub fn not_found(message: impl Into<String>) -> Fault {
    NOT_FOUND_EXCEPTION.because(message)
}

pub fn bad_request(message: impl Into<String>) -> Fault {
    BAD_REQUEST_EXCEPTION.because(message)
}

pub fn conflict(message: impl Into<String>) -> Fault {
    CONFLICT_EXCEPTION.because(message)
}
