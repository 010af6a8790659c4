//! The errors of HTTP APIs in their own words.

use kogumo_model::apigatewayv2::{BAD_REQUEST_EXCEPTION, CONFLICT_EXCEPTION, NOT_FOUND_EXCEPTION};
use kogumo_wire::Fault;

/// `noun` as AWS writes it: "Invalid Route identifier specified".
pub fn unknown(noun: &str, id: &str) -> Fault {
    NOT_FOUND_EXCEPTION.because(format!("Invalid {noun} identifier specified {id}"))
}

pub fn bad_request(message: impl Into<String>) -> Fault {
    BAD_REQUEST_EXCEPTION.because(message)
}

pub fn conflict(message: impl Into<String>) -> Fault {
    CONFLICT_EXCEPTION.because(message)
}
