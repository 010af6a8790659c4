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

/// Requests that modify an attribute modify one. The attributes are named as in the API, whether each is given beside.
///
/// # Errors
/// None of them is given, or several are.
pub fn one_attribute(attributes: &[(&str, bool)]) -> Result<(), Fault> {
    let given: Vec<&str> = attributes.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    match given.len() {
        1 => Ok(()),
        0 => Err(invalid_combination("No attributes specified.")),
        _ => {
            let message = format!("Fields for multiple attribute types specified: {}", given.join(", "));
            Err(invalid_combination(message))
        }
    }
}

/// A number of things that is asked for.
///
/// # Errors
/// Less than nothing.
pub fn count(number: Option<i32>, parameter: &str) -> Result<usize, Fault> {
    let number = number.unwrap_or_default();
    usize::try_from(number)
        .map_err(|_| invalid_value(format!("Value ({number}) for parameter {parameter} is invalid.")))
}
