//! Cognito's errors in its own words, those that more than one operation answers.

use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

pub fn invalid(message: impl Into<String>) -> Fault {
    INVALID_PARAMETER_EXCEPTION.because(message.into())
}

pub fn not_authorized(message: impl Into<String>) -> Fault {
    NOT_AUTHORIZED_EXCEPTION.because(message.into())
}

/// Wrong password, altered proof, and, where a client hides who exists, no such user.
pub fn wrong_credentials() -> Fault {
    not_authorized("Incorrect username or password.")
}

pub fn no_user() -> Fault {
    USER_NOT_FOUND_EXCEPTION.because("User does not exist.")
}

/// As [`no_user`], where a client asks for a code or brings one.
pub fn no_user_of_client() -> Fault {
    USER_NOT_FOUND_EXCEPTION.because("Username/client id combination not found.")
}

pub fn no_pool(id: &str) -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because(format!("User pool {id} does not exist."))
}

pub fn no_client(id: &str) -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because(format!("User pool client {id} does not exist."))
}

pub fn wrong_code() -> Fault {
    CODE_MISMATCH_EXCEPTION.because("Invalid verification code provided, please try again.")
}

pub fn expired_code() -> Fault {
    EXPIRED_CODE_EXCEPTION.because("Invalid code provided, please request a code again.")
}

pub fn too_many_attempts() -> Fault {
    LIMIT_EXCEEDED_EXCEPTION.because("Attempt limit exceeded, please try after some time.")
}

pub fn invalid_session() -> Fault {
    not_authorized("Invalid session for the user.")
}

/// A setting or a step that is known to AWS and not built here.
pub fn unbuilt(what: &str) -> Fault {
    Fault::not_implemented(what)
}
