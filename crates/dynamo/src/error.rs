//! The one error of the engine: what DynamoDB calls a `ValidationException`, with AWS's own words.

use std::fmt;

/// A request that DynamoDB refuses. The text is AWS's message, ready for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationError(pub String);

impl ValidationError {
    /// The message AWS puts before most complaints about a parameter's value.
    pub fn parameter(detail: impl fmt::Display) -> Self {
        ValidationError(format!("One or more parameter values were invalid: {detail}"))
    }
}

impl From<&str> for ValidationError {
    fn from(message: &str) -> Self {
        ValidationError(message.to_owned())
    }
}

impl From<String> for ValidationError {
    fn from(message: String) -> Self {
        ValidationError(message)
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ValidationError {}
