//! The errors that many operations of EC2 answer. Source: "Error codes for the Amazon EC2 API".

use kogumo_wire::Fault;

pub fn invalid_value(message: impl Into<String>) -> Fault {
    Fault::coded("InvalidParameterValue", 400, message)
}

/// Two parameters that do not go together, or that need each other.
pub fn invalid_combination(message: impl Into<String>) -> Fault {
    Fault::coded("InvalidParameterCombination", 400, message)
}

pub fn missing_parameter(name: &str) -> Fault {
    Fault::coded("MissingParameter", 400, format!("The request must contain the parameter {name}"))
}

/// Something still needs what is to be deleted.
pub fn dependency(message: impl Into<String>) -> Fault {
    Fault::coded("DependencyViolation", 400, message)
}

/// A quota: `VpcLimitExceeded`, "The maximum number of VPCs has been reached."
pub fn limit(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::coded(code, 400, message)
}

/// A parameter that would have no effect here, by its name: it is refused, not stored.
pub fn unsupported(parameter: &str) -> Fault {
    Fault::coded("UnsupportedOperation", 400, format!("The parameter {parameter} is not implemented by Kogumo"))
}

/// What this machine cannot do.
pub fn unsupported_here(message: impl Into<String>) -> Fault {
    Fault::coded("UnsupportedOperation", 400, message)
}

/// Refuses parameters that are there and would have no effect.
///
/// # Errors
/// For the first one that is there.
pub fn refuse(parameters: &[(&str, bool)]) -> Result<(), Fault> {
    match parameters.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(unsupported(name)),
        None => Ok(()),
    }
}
