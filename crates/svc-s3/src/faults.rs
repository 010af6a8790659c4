//! S3's errors that its model does not list. Source: "Error responses", Amazon S3 API Reference.

use kogumo_model::s3;
use kogumo_wire::Fault;

use crate::conditions::WriteRefusal;

pub fn no_such_bucket() -> Fault {
    s3::NO_SUCH_BUCKET.because("The specified bucket does not exist")
}

pub fn no_such_key() -> Fault {
    s3::NO_SUCH_KEY.because("The specified key does not exist.")
}

pub fn no_such_upload() -> Fault {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    s3::NO_SUCH_UPLOAD.because(message)
}

pub fn no_such_version() -> Fault {
    Fault::coded("NoSuchVersion", 404, "The specified version does not exist.")
}

pub fn method_not_allowed() -> Fault {
    Fault::coded("MethodNotAllowed", 405, "The specified method is not allowed against this resource.")
}

pub fn access_denied() -> Fault {
    Fault::coded("AccessDenied", 403, "Access Denied")
}

pub fn invalid_bucket_name() -> Fault {
    Fault::coded("InvalidBucketName", 400, "The specified bucket is not valid.")
}

pub fn invalid_argument(message: impl Into<String>) -> Fault {
    Fault::coded("InvalidArgument", 400, message)
}

pub fn invalid_request(message: impl Into<String>) -> Fault {
    Fault::coded("InvalidRequest", 400, message)
}

pub fn malformed_xml() -> Fault {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Fault::coded("MalformedXML", 400, message)
}

/// A condition that does not hold; S3 names its header in the error's `Condition`.
pub fn precondition_failed() -> Fault {
    Fault::coded("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold")
}

pub fn not_modified() -> Fault {
    Fault::coded("NotModified", 304, "Not Modified")
}

pub fn invalid_range() -> Fault {
    Fault::coded("InvalidRange", 416, "The requested range is not satisfiable")
}

pub fn too_large() -> Fault {
    Fault::coded("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")
}

pub fn object_locked() -> Fault {
    Fault::coded("AccessDenied", 403, "Access Denied because object protected by object lock.")
}

impl From<WriteRefusal> for Fault {
    fn from(refusal: WriteRefusal) -> Self {
        match refusal {
            WriteRefusal::Failed(_) => precondition_failed(),
            WriteRefusal::NoSuchKey => no_such_key(),
            WriteRefusal::NotImplemented => {
                let message = "A header you provided implies functionality that is not implemented";
                Fault::coded("NotImplemented", 501, message)
            }
        }
    }
}
