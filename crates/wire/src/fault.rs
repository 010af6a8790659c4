//! Faults: AWS's own errors, as values. How one looks on the wire, its protocol decides.

use std::borrow::Cow;
use std::fmt;

use kogumo_base::Trouble;

use crate::schema::{ErrorFact, Operation, Protocol};
use crate::shaped::Structure;

/// An error that the client is told, with AWS's code, status and fields.
pub struct Fault {
    pub kind: FaultKind,
    pub message: String,
    /// The fields of the model's error structure besides the message, where it has any.
    pub fields: Option<Box<dyn Structure>>,
}

/// Which error it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// An error of the service's model (or of a patch beside it).
    Modelled(&'static ErrorFact),
    /// An error that all services share, whose code depends on the protocol.
    Common(Common),
    /// An error known by code and status only.
    Coded { code: Cow<'static, str>, status: u16 },
}

/// The errors that AWS's documentation lists as common to all services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    Validation,
    MissingParameter,
    Serialization,
    AccessDenied,
    UnknownOperation,
    NotImplemented,
    Internal,
    Throttling,
    MissingToken,
    UnknownKey,
    BadSignature,
    IncompleteSignature,
    ExpiredToken,
    RequestExpired,
    TooLarge,
    Unavailable,
}

impl Fault {
    /// An error of the model.
    pub fn modelled(fact: &'static ErrorFact, message: impl Into<String>) -> Self {
        Fault { kind: FaultKind::Modelled(fact), message: message.into(), fields: None }
    }

    /// An error of the model with its fields. The fields' own message member is filled in from `message`.
    pub fn with_fields(fact: &'static ErrorFact, message: impl Into<String>, fields: impl Structure) -> Self {
        Fault { kind: FaultKind::Modelled(fact), message: message.into(), fields: Some(Box::new(fields)) }
    }

    pub fn common(common: Common, message: impl Into<String>) -> Self {
        Fault { kind: FaultKind::Common(common), message: message.into(), fields: None }
    }

    /// An error that no model lists. Prefer a patch beside the facts.
    pub fn coded(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Fault { kind: FaultKind::Coded { code: code.into(), status }, message: message.into(), fields: None }
    }

    /// Input that the service finds wrong: `ValidationException` or `ValidationError`, as the protocol has it.
    pub fn validation(message: impl Into<String>) -> Self {
        Fault::common(Common::Validation, message)
    }

    /// Input that breaks the model's constraints, as the operation's service answers it.
    pub fn invalid_input(operation: &Operation, verdict: String) -> Self {
        match operation.invalid {
            Some(fact) => Fault::modelled(fact, verdict),
            None => Fault::validation(verdict),
        }
    }

    pub fn access_denied(message: impl Into<String>) -> Self {
        Fault::common(Common::AccessDenied, message)
    }

    /// An operation, parameter or feature that is not built, by its name.
    pub fn not_implemented(what: &str) -> Self {
        Fault::common(Common::NotImplemented, format!("{what} is not implemented by Kogumo"))
    }

    /// Whether this is that error of the model.
    pub fn is(&self, fact: &'static ErrorFact) -> bool {
        matches!(self.kind, FaultKind::Modelled(own) if own.shape == fact.shape)
    }

    /// The code as the model names it (`ResourceNotFoundException`); for logs, CloudFormation's reasons and tests.
    pub fn code(&self, protocol: Protocol) -> &str {
        match &self.kind {
            FaultKind::Modelled(fact) if matches!(protocol, Protocol::Query | Protocol::Ec2 | Protocol::RestXml) => {
                fact.code
            }
            FaultKind::Modelled(fact) => fact.shape,
            FaultKind::Common(common) => common.code_and_status(protocol).0,
            FaultKind::Coded { code, .. } => code,
        }
    }

    pub fn status(&self, protocol: Protocol) -> u16 {
        match &self.kind {
            FaultKind::Modelled(fact) => fact.status,
            FaultKind::Common(common) => common.code_and_status(protocol).1,
            FaultKind::Coded { status, .. } => *status,
        }
    }

    /// Whether the client is to blame.
    pub fn sender(&self, protocol: Protocol) -> bool {
        self.status(protocol) < 500
    }
}

impl Common {
    /// The code and status in that protocol. Source: each service's "Common Errors" page.
    fn code_and_status(self, protocol: Protocol) -> (&'static str, u16) {
        use Protocol::{Ec2, Query, RestJson, RestXml};
        match (self, protocol) {
            (Common::Validation, Query) => ("ValidationError", 400),
            (Common::Validation, Ec2) => ("InvalidParameterValue", 400),
            (Common::Validation, RestXml) => ("InvalidRequest", 400),
            (Common::Validation, _) => ("ValidationException", 400),
            (Common::MissingParameter, Query | Ec2) => ("MissingParameter", 400),
            (Common::MissingParameter, RestXml) => ("InvalidRequest", 400),
            (Common::MissingParameter, _) => ("ValidationException", 400),
            (Common::Serialization, Query | Ec2) => ("MalformedInput", 400),
            (Common::Serialization, RestXml) => ("MalformedXML", 400),
            (Common::Serialization, _) => ("SerializationException", 400),
            (Common::AccessDenied, Query | RestXml) => ("AccessDenied", 403),
            (Common::AccessDenied, Ec2) => ("UnauthorizedOperation", 403),
            (Common::AccessDenied, RestJson) => ("AccessDeniedException", 403),
            (Common::AccessDenied, _) => ("AccessDeniedException", 400),
            (Common::UnknownOperation, Query | Ec2) => ("InvalidAction", 400),
            (Common::UnknownOperation, RestXml) => ("MethodNotAllowed", 405),
            (Common::UnknownOperation, RestJson) => ("UnknownOperationException", 404),
            (Common::UnknownOperation, _) => ("UnknownOperationException", 400),
            (Common::NotImplemented, Query | Ec2 | RestXml) => ("NotImplemented", 501),
            (Common::NotImplemented, _) => ("NotImplementedException", 501),
            (Common::Internal, RestXml) => ("InternalError", 500),
            (Common::Internal, _) => ("InternalFailure", 500),
            (Common::Throttling, Query) => ("Throttling", 400),
            (Common::Throttling, Ec2) => ("RequestLimitExceeded", 503),
            (Common::Throttling, RestXml) => ("SlowDown", 503),
            (Common::Throttling, RestJson) => ("TooManyRequestsException", 429),
            (Common::Throttling, _) => ("ThrottlingException", 400),
            (Common::MissingToken, Query) => ("MissingAuthenticationToken", 403),
            (Common::MissingToken, Ec2) => ("AuthFailure", 401),
            (Common::MissingToken, RestXml) => ("AccessDenied", 403),
            (Common::MissingToken, RestJson) => ("MissingAuthenticationTokenException", 403),
            (Common::MissingToken, _) => ("MissingAuthenticationTokenException", 400),
            (Common::UnknownKey, Query) => ("InvalidClientTokenId", 403),
            (Common::UnknownKey, Ec2) => ("AuthFailure", 401),
            (Common::UnknownKey, RestXml) => ("InvalidAccessKeyId", 403),
            (Common::UnknownKey, RestJson) => ("UnrecognizedClientException", 403),
            (Common::UnknownKey, _) => ("UnrecognizedClientException", 400),
            (Common::BadSignature, Ec2) => ("AuthFailure", 401),
            (Common::BadSignature, Query | RestXml) => ("SignatureDoesNotMatch", 403),
            (Common::BadSignature, RestJson) => ("InvalidSignatureException", 403),
            (Common::BadSignature, _) => ("InvalidSignatureException", 400),
            (Common::IncompleteSignature, Query | Ec2) => ("IncompleteSignature", 400),
            (Common::IncompleteSignature, RestXml) => ("AuthorizationHeaderMalformed", 400),
            (Common::IncompleteSignature, RestJson) => ("IncompleteSignatureException", 403),
            (Common::IncompleteSignature, _) => ("IncompleteSignatureException", 400),
            (Common::ExpiredToken, Query) => ("ExpiredToken", 403),
            (Common::ExpiredToken, Ec2) => ("RequestExpired", 400),
            (Common::ExpiredToken, RestXml) => ("ExpiredToken", 400),
            (Common::ExpiredToken, RestJson) => ("ExpiredTokenException", 403),
            (Common::ExpiredToken, _) => ("ExpiredTokenException", 400),
            (Common::RequestExpired, Query) => ("SignatureDoesNotMatch", 403),
            (Common::RequestExpired, Ec2) => ("RequestExpired", 400),
            (Common::RequestExpired, RestXml) => ("RequestTimeTooSkewed", 403),
            (Common::RequestExpired, RestJson) => ("InvalidSignatureException", 403),
            (Common::RequestExpired, _) => ("InvalidSignatureException", 400),
            (Common::TooLarge, RestXml) => ("EntityTooLarge", 400),
            (Common::TooLarge, RestJson) => ("RequestEntityTooLargeException", 413),
            (Common::TooLarge, _) => ("RequestEntityTooLarge", 413),
            (Common::Unavailable, _) => ("ServiceUnavailable", 503),
        }
    }
}

impl ErrorFact {
    /// `NO_SUCH_KEY.because("The specified key does not exist.")`
    pub fn because(&'static self, message: impl Into<String>) -> Fault {
        Fault::modelled(self, message)
    }
}

impl PartialEq for ErrorFact {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
    }
}

impl Eq for ErrorFact {}

impl From<Trouble> for Fault {
    /// The chain is logged where it happens; the client only hears that we failed.
    fn from(trouble: Trouble) -> Self {
        tracing::error!("{trouble}");
        Fault::common(Common::Internal, "We encountered an internal error. Please try again.")
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(Protocol::Json11), self.message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Fault {}
