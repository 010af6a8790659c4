//! Lambda's errors as it words them, each with `Type: User`.

use kogumo_model::lambda::*;
use kogumo_wire::Fault;

fn user() -> Option<String> {
    Some("User".to_owned())
}

pub fn not_found(message: impl Into<String>) -> Fault {
    Fault::with_fields(&RESOURCE_NOT_FOUND_EXCEPTION, message, ResourceNotFoundException { type_: user() })
}

pub fn function_not_found(arn: &str) -> Fault {
    not_found(format!("Function not found: {arn}"))
}

pub fn invalid(message: impl Into<String>) -> Fault {
    Fault::with_fields(&INVALID_PARAMETER_VALUE_EXCEPTION, message, InvalidParameterValueException { type_: user() })
}

pub fn conflict(message: impl Into<String>) -> Fault {
    Fault::with_fields(&RESOURCE_CONFLICT_EXCEPTION, message, ResourceConflictException { type_: user() })
}

/// The given revision isn't the latest.
pub fn precondition(of: &str) -> Fault {
    let message = format!(
        "The Revision Id provided does not match the latest Revision Id. Call the Get{of} API to retrieve the latest Revision Id"
    );
    Fault::with_fields(&PRECONDITION_FAILED_EXCEPTION, message, PreconditionFailedException { type_: user() })
}

/// 429, with the limit that was reached.
pub fn throttled(reason: &str) -> Fault {
    let fields = TooManyRequestsException {
        reason: Some(reason.to_owned()),
        type_: user(),
        ..TooManyRequestsException::default()
    };
    Fault::with_fields(&TOO_MANY_REQUESTS_EXCEPTION, "Rate Exceeded.", fields)
}

/// Checks a `RevisionId` that a caller may have given.
pub fn check_revision(given: Option<&str>, latest: &str, of: &str) -> Result<(), Fault> {
    match given {
        Some(given) if given != latest => Err(precondition(of)),
        _ => Ok(()),
    }
}
