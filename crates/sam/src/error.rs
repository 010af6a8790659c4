//! What can be wrong with a template, in SAM's own words.

use std::fmt;

/// Why a template cannot be transformed: every mistake that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransformError {
    causes: Vec<String>,
}

impl TransformError {
    pub(crate) fn new(errors: Vec<Error>) -> TransformError {
        let mut causes: Vec<String> = Vec::new();
        for message in errors.iter().flat_map(Error::messages) {
            if !causes.contains(&message) {
                causes.push(message);
            }
        }
        TransformError { causes }
    }

    /// The mistakes, one sentence or two each.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }
}

impl fmt::Display for TransformError {
    /// The status reason that CloudFormation shows for a failed transform.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application \
             Specification document. Number of errors found: {}.",
            self.causes.len()
        )?;
        self.causes.iter().try_for_each(|cause| write!(f, " {cause}"))
    }
}

impl std::error::Error for TransformError {}

/// One mistake. The kinds differ in who collects them on the way up.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// A resource is wrong; the others are looked at nevertheless.
    Resource { id: String, message: String },
    /// An event source is wrong; its function says so.
    Event { id: String, message: String },
    /// The structure of the template is wrong; the other resources are looked at nevertheless.
    Template(String),
    /// Something is wrong that ends the transform at once.
    Document(Vec<Error>),
    /// The Globals section is wrong.
    Globals(String),
    /// A resource to be generated would overwrite one of the template.
    Duplicate { id: String, generated: String, kind: String },
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn resource(id: impl AsRef<str>, message: impl Into<String>) -> Error {
        Error::Resource { id: id.as_ref().to_owned(), message: message.into() }
    }

    pub(crate) fn event(id: impl AsRef<str>, message: impl Into<String>) -> Error {
        Error::Event { id: id.as_ref().to_owned(), message: message.into() }
    }

    /// A wrong structure that ends the transform at once.
    pub(crate) fn document(message: impl Into<String>) -> Error {
        Error::Document(vec![Error::Template(message.into())])
    }

    /// A wrong event is a wrong function.
    pub(crate) fn of_function(self, function: &str) -> Error {
        match self {
            event @ Error::Event { .. } => Error::resource(function, event.messages().concat()),
            other => other,
        }
    }

    pub(crate) fn messages(&self) -> Vec<String> {
        match self {
            Error::Resource { id, message } => vec![format!("Resource with id [{id}] is invalid. {message}")],
            Error::Event { id, message } => vec![format!("Event with id [{id}] is invalid. {message}")],
            Error::Template(message) => vec![format!("Structure of the SAM template is invalid. {message}")],
            Error::Document(errors) => errors.iter().flat_map(Error::messages).collect(),
            Error::Globals(message) => vec![format!("'Globals' section is invalid. {message}")],
            Error::Duplicate { id, generated, kind } => vec![format!(
                "Transforming resource with id [{id}] attempts to create a new resource with id [{generated}] \
                 and type \"{kind}\". A resource with that id already exists within this template. Please use \
                 a different id for that resource."
            )],
        }
    }
}
