//! AWS's errors of the EBS direct APIs, each with its reason.

use kogumo_model::ebs::*;
use kogumo_wire::Fault;

/// `ValidationException` for that reason: `INVALID_BLOCK_TOKEN`, ….
pub fn invalid(reason: &str, message: impl Into<String>) -> Fault {
    Fault::with_fields(&VALIDATION_EXCEPTION, message, ValidationException { reason: Some(reason.into()) })
}

pub fn invalid_value(message: impl Into<String>) -> Fault {
    invalid("INVALID_PARAMETER_VALUE", message)
}

pub fn no_snapshot(id: &str) -> Fault {
    let fields = ResourceNotFoundException { reason: Some("SNAPSHOT_NOT_FOUND".into()) };
    Fault::with_fields(&RESOURCE_NOT_FOUND_EXCEPTION, format!("The snapshot '{id}' does not exist."), fields)
}
