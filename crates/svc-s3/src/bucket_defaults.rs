//! What every bucket is until it is told otherwise, and telling it otherwise is not built: access logs, requester pays,
//! transfer acceleration, replication.

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_wire::{Fault, Unit};

use crate::bucket_config::{reading, writing};

pub fn get_bucket_logging(
    cx: &Reader,
    input: s3::GetBucketLoggingRequest,
) -> Result<s3::GetBucketLoggingOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    Ok(s3::GetBucketLoggingOutput::default())
}

pub fn put_bucket_logging(cx: &mut Writer, input: s3::PutBucketLoggingRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    match input.bucket_logging_status.logging_enabled {
        None => Ok(Unit),
        Some(_) => Err(Fault::not_implemented("Access logs of a bucket")),
    }
}

pub fn get_bucket_request_payment(
    cx: &Reader,
    input: s3::GetBucketRequestPaymentRequest,
) -> Result<s3::GetBucketRequestPaymentOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    Ok(s3::GetBucketRequestPaymentOutput { payer: Some("BucketOwner".into()) })
}

pub fn put_bucket_request_payment(cx: &mut Writer, input: s3::PutBucketRequestPaymentRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    match input.request_payment_configuration.payer.as_str() {
        "BucketOwner" => Ok(Unit),
        _ => Err(Fault::not_implemented("Requester pays")),
    }
}

pub fn get_bucket_accelerate_configuration(
    cx: &Reader,
    input: s3::GetBucketAccelerateConfigurationRequest,
) -> Result<s3::GetBucketAccelerateConfigurationOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    Ok(s3::GetBucketAccelerateConfigurationOutput::default())
}

pub fn get_bucket_replication(
    cx: &Reader,
    input: s3::GetBucketReplicationRequest,
) -> Result<s3::GetBucketReplicationOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let message = "The replication configuration was not found";
    Err(Fault::coded("ReplicationConfigurationNotFoundError", 404, message))
}
