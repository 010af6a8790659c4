//! What KMS says when it refuses.

use kogumo_model::kms::{
    DISABLED_EXCEPTION, DRY_RUN_OPERATION_EXCEPTION, INCORRECT_KEY_EXCEPTION, INVALID_ARN_EXCEPTION,
    INVALID_CIPHERTEXT_EXCEPTION, INVALID_KEY_USAGE_EXCEPTION, KMS_INVALID_STATE_EXCEPTION, NOT_FOUND_EXCEPTION,
    UNSUPPORTED_OPERATION_EXCEPTION,
};
use kogumo_wire::Fault;

pub fn no_such_key(arn: &str) -> Fault {
    NOT_FOUND_EXCEPTION.because(format!("Key '{arn}' does not exist"))
}

pub fn no_such_alias(arn: &str) -> Fault {
    NOT_FOUND_EXCEPTION.because(format!("Alias {arn} is not found."))
}

pub fn not_a_key_id(text: &str) -> Fault {
    NOT_FOUND_EXCEPTION.because(format!("Invalid keyId '{text}'"))
}

/// An ARN of another region than the one that is asked.
pub fn elsewhere(region: &str) -> Fault {
    NOT_FOUND_EXCEPTION.because(format!("Invalid arn {region}"))
}

pub fn not_an_arn(text: &str) -> Fault {
    INVALID_ARN_EXCEPTION.because(format!("Invalid arn {text}"))
}

pub fn disabled(arn: &str) -> Fault {
    DISABLED_EXCEPTION.because(format!("{arn} is disabled."))
}

/// `what` is the state in words: `is pending deletion`.
pub fn invalid_state(arn: &str, what: &str) -> Fault {
    KMS_INVALID_STATE_EXCEPTION.because(format!("{arn} {what}."))
}

pub fn invalid_usage(arn: &str, usage: &str, operation: &str) -> Fault {
    INVALID_KEY_USAGE_EXCEPTION.because(format!("{arn} key usage is {usage} which is not valid for {operation}."))
}

/// A ciphertext that nobody here has made, that was altered, or whose context is another. AWS does not say which.
pub fn invalid_ciphertext() -> Fault {
    INVALID_CIPHERTEXT_EXCEPTION.because("")
}

pub fn incorrect_key() -> Fault {
    INCORRECT_KEY_EXCEPTION
        .because("The key ID in the request does not identify a CMK that can perform this operation.")
}

/// The ciphertext names a key that is not here. AWS does not tell it from one that is forbidden.
pub fn unknown_ciphertext_key() -> Fault {
    Fault::access_denied(
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are \
         not allowed to access.",
    )
}

pub fn unsupported(why: impl Into<String>) -> Fault {
    UNSUPPORTED_OPERATION_EXCEPTION.because(why)
}

/// How a call is answered that only wanted to be tried and would have succeeded.
pub fn dry_run() -> Fault {
    DRY_RUN_OPERATION_EXCEPTION.because("The request would have succeeded, but the DryRun option is set.")
}
