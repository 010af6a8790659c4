//! AWS's errors of the EBS direct APIs, each with its reason.

use kogumo_model::ebs::*;
use kogumo_wire::{Fault, Protocol};

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

/// What KMS refuses, as EBS says it.
pub fn of_kms(fault: &Fault) -> Fault {
    let message = fault.message.clone();
    match fault.code(Protocol::Json11) {
        "AccessDeniedException" => {
            let fields = AccessDeniedException { reason: "DEPENDENCY_ACCESS_DENIED".into() };
            Fault::with_fields(&ACCESS_DENIED_EXCEPTION, message, fields)
        }
        "NotFoundException" => {
            let fields = ResourceNotFoundException { reason: Some("DEPENDENCY_RESOURCE_NOT_FOUND".into()) };
            Fault::with_fields(&RESOURCE_NOT_FOUND_EXCEPTION, message, fields)
        }
        _ => invalid("INVALID_CUSTOMER_KEY", message),
    }
}
