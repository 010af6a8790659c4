//! What can go wrong with a template, said so that its author finds the place.

use std::fmt;

/// Why a template could not be parsed or rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The text is not a template: what was expected, and the line and column (from 1) where it was not found.
    Syntax { message: String, line: usize, column: usize },
    /// A directive that AWS does not allow in its templates, such as `#include`.
    Refused(String),
    /// A method was called with arguments that it cannot take; Java would have thrown here.
    Call(String),
    /// The template wants more steps, memory, output or depth than one rendering is given.
    Limit(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Syntax { message, line, column } => write!(f, "{message} at line {line}, column {column}"),
            Error::Refused(directive) => write!(f, "Directive #{directive} is not allowed in a mapping template"),
            Error::Call(message) => f.write_str(message),
            Error::Limit(what) => write!(f, "Mapping template exceeds the limit of {what}"),
        }
    }
}

impl std::error::Error for Error {}
