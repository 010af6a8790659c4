//! Texts out of this cloud's S3: templates, stack policies, included fragments.

use std::sync::Arc;

use kogumo_door::{Client, Context};
use kogumo_model::s3::{GetObject, GetObjectRequest};
use kogumo_template::MAX_BYTES;
use kogumo_wire::Fault;

use crate::location::Location;

/// The text behind a URL of S3; `what` names the request's member in errors.
///
/// # Errors
/// A URL that isn't S3's, an object that can't be had, more than a template may hold.
pub async fn text(context: &Context, url: &str, what: &str) -> Result<String, Fault> {
    let location = Location::parse(url).ok_or_else(|| Fault::validation(format!("{what} must be a supported URL.")))?;
    object(context, location).await
}

/// The text of an object.
///
/// # Errors
/// As [`text`].
pub async fn object(context: &Context, location: Location) -> Result<String, Fault> {
    let request = GetObjectRequest {
        bucket: location.bucket,
        key: location.key,
        version_id: location.version,
        ..GetObjectRequest::default()
    };
    let wrong = |message: &str| Fault::validation(format!("S3 error: {message}"));
    let caller = context.caller.through("cloudformation.amazonaws.com");
    let client = Client::new(Arc::clone(&context.cloud), caller);
    let found = client.call::<GetObject>(request).await.map_err(|fault| wrong(&fault.message))?;
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let bytes = found.body.collect(limit).await;
    let bytes = bytes.map_err(|_| Fault::validation(format!("Template may not exceed {MAX_BYTES} bytes in size.")))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| wrong("the object is no text"))
}
