//! What is wrong with a template, in CloudFormation's words.

use std::fmt;

/// The message of CloudFormation's `ValidationError`, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub String);

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Problem(message.into())
    }

    /// `Template format error: …`: the template's structure is wrong.
    pub fn format(message: impl fmt::Display) -> Self {
        Problem(format!("Template format error: {message}"))
    }

    /// `Template error: …`: a function is used wrongly.
    pub fn template(message: impl fmt::Display) -> Self {
        Problem(format!("Template error: {message}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}
