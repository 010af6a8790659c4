//! Where a package comes from: the request itself, or an object of S3, which is read through the door.

use bytes::Bytes;
use kogumo_door::Context;
use kogumo_model::lambda::*;
use kogumo_model::s3::{GetObject, GetObjectRequest};
use kogumo_wire::{Fault, Protocol};

use crate::code::{Code, CodeStore, INLINE_LIMIT, NotKept, UNPACKED_LIMIT};
use crate::faults;
use crate::zip::Refusal;

/// A package as a request names it.
pub struct Source {
    pub zip_file: Option<Bytes>,
    pub bucket: Option<String>,
    pub key: Option<String>,
    pub object_version: Option<String>,
}

impl From<&FunctionCode> for Source {
    fn from(code: &FunctionCode) -> Source {
        let code = code.clone();
        Source {
            zip_file: code.zip_file,
            bucket: code.s3_bucket,
            key: code.s3_key,
            object_version: code.s3_object_version,
        }
    }
}

impl From<&UpdateFunctionCodeRequest> for Source {
    fn from(code: &UpdateFunctionCodeRequest) -> Source {
        let code = code.clone();
        Source {
            zip_file: code.zip_file,
            bucket: code.s3_bucket,
            key: code.s3_key,
            object_version: code.s3_object_version,
        }
    }
}

impl From<&LayerVersionContentInput> for Source {
    fn from(code: &LayerVersionContentInput) -> Source {
        let code = code.clone();
        Source {
            zip_file: code.zip_file,
            bucket: code.s3_bucket,
            key: code.s3_key,
            object_version: code.s3_object_version,
        }
    }
}

impl Source {
    /// The package's bytes.
    ///
    /// # Errors
    /// Lambda's, for no source, an object that can't be read, or too large a package.
    pub async fn fetch(self, cx: &Context) -> Result<Bytes, Fault> {
        match (self.zip_file, self.bucket, self.key) {
            (Some(zip), None, None) if zip.len() > INLINE_LIMIT => Err(too_large()),
            (Some(zip), None, None) => Ok(zip),
            (None, Some(bucket), Some(key)) => fetch_object(cx, bucket, key, self.object_version).await,
            (Some(_), ..) => {
                Err(faults::invalid("Please do not provide other FunctionCode parameters when providing a ZipFile."))
            }
            _ => Err(faults::invalid("Please provide a source for function code.")),
        }
    }
}

async fn fetch_object(cx: &Context, bucket: String, key: String, version: Option<String>) -> Result<Bytes, Fault> {
    let input = GetObjectRequest { bucket, key, version_id: version, ..GetObjectRequest::default() };
    let object = cx.client().call::<GetObject>(input).await.map_err(|fault| {
        let code = fault.code(Protocol::RestXml).to_owned();
        faults::invalid(format!(
            "Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {}",
            fault.message
        ))
    })?;
    let body = object.body.collect(UNPACKED_LIMIT).await;
    body.map_err(|uncollected| match uncollected {
        kogumo_wire::Uncollected::TooLarge => too_large(),
        kogumo_wire::Uncollected::Broken(trouble) => trouble.into(),
    })
}

fn too_large() -> Fault {
    faults::invalid(format!("Unzipped size must be smaller than {UNPACKED_LIMIT} bytes"))
}

/// Keeps a package, on a thread that may take its time.
///
/// # Errors
/// Lambda's, for a package that is refused.
pub async fn keep(store: &CodeStore, package: Bytes) -> Result<Code, Fault> {
    let store = store.clone();
    blocking(move || store.keep(&package).map_err(refused)).await
}

/// What a package would be kept as.
///
/// # Errors
/// As `keep`.
pub async fn check(package: Bytes) -> Result<Code, Fault> {
    blocking(move || Code::check(&package).map_err(|refusal| refused(refusal.into()))).await
}

/// Runs work that waits for a disk or a processor on a thread for such.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(kogumo_base::Trouble::new("a thread of Lambda's has panicked").into()))
}

/// Lambda's words for a refused package.
fn refused(why: NotKept) -> Fault {
    let refusal = match why {
        NotKept::Trouble(trouble) => return trouble.into(),
        NotKept::Refused(refusal) => refusal,
    };
    match refusal {
        Refusal::Broken(_) => {
            faults::invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
        }
        Refusal::Empty => faults::invalid("Uploaded file must be a non-empty zip"),
        Refusal::ClimbsOut(name) => faults::invalid(format!(
            "Could not unzip uploaded file. Please check your file, then try to upload again. \
             An entry leads out of the package: {name}"
        )),
        Refusal::TooLarge => too_large(),
    }
}
