//! Our own failures: a disk that is full, a process that will not start. Never a client's fault.

use std::error::Error;
use std::fmt;

/// What went wrong on our side, with the chain of causes. It is logged whole; a client sees only `InternalFailure`.
#[derive(Debug)]
pub struct Trouble {
    what: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Trouble {
    /// A trouble without a deeper cause.
    pub fn new(what: impl Into<String>) -> Self {
        Trouble { what: what.into(), cause: None }
    }

    /// A trouble and what caused it: `Trouble::from_cause("cannot open the store", io_error)`.
    pub fn from_cause(what: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Trouble { what: what.into(), cause: Some(cause.into()) }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
