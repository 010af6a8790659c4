//! What SQS says to parameters that it does not take.

use kogumo_model::sqs::{
    INVALID_PARAMETER_VALUE_EXCEPTION, MISSING_REQUIRED_PARAMETER_EXCEPTION, QUEUE_DOES_NOT_EXIST,
};
use kogumo_wire::Fault;

/// `Value 11 for parameter MaxNumberOfMessages is invalid. Reason: …`
pub fn invalid(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Fault {
    let message = format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}");
    INVALID_PARAMETER_VALUE_EXCEPTION.because(message)
}

pub fn refused(message: impl Into<String>) -> Fault {
    INVALID_PARAMETER_VALUE_EXCEPTION.because(message)
}

pub fn missing(parameter: &str) -> Fault {
    MISSING_REQUIRED_PARAMETER_EXCEPTION.because(format!("The request must contain the parameter {parameter}."))
}

pub fn no_queue() -> Fault {
    QUEUE_DOES_NOT_EXIST.because("The specified queue does not exist.")
}

/// A number that must lie between two others.
pub fn within(value: i32, least: i32, most: i32, parameter: &str) -> Result<i32, Fault> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(invalid(value, parameter, &format!("Must be between {least} and {most}, if provided.")))
}
