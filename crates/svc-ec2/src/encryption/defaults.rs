//! Encryption by default, and the key that is used where none is named.

use kogumo_door::{Context, Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;
use serde_json::json;

use super::record::{DEFAULT, DEFAULTS, Defaults};
use crate::faults::invalid_value;

fn set(w: &mut Writer, change: impl FnOnce(&mut Defaults)) -> Result<Defaults, Fault> {
    let mut defaults = Defaults::of(w.store(), w.scope())?;
    change(&mut defaults);
    DEFAULTS.put(w.tx, &w.caller.scope, DEFAULT, &defaults)?;
    Ok(defaults)
}

pub fn get_ebs_encryption_by_default(
    r: &Reader,
    _: GetEbsEncryptionByDefaultRequest,
) -> Result<GetEbsEncryptionByDefaultResult, Fault> {
    let on = Defaults::of(r.store, r.scope())?.by_default;
    let kind = if on { "sse-kms" } else { "none" };
    Ok(GetEbsEncryptionByDefaultResult { ebs_encryption_by_default: Some(on), sse_type: Some(kind.into()) })
}

pub fn enable_ebs_encryption_by_default(
    w: &mut Writer,
    _: EnableEbsEncryptionByDefaultRequest,
) -> Result<EnableEbsEncryptionByDefaultResult, Fault> {
    set(w, |defaults| defaults.by_default = true)?;
    Ok(EnableEbsEncryptionByDefaultResult { ebs_encryption_by_default: Some(true) })
}

pub fn disable_ebs_encryption_by_default(
    w: &mut Writer,
    _: DisableEbsEncryptionByDefaultRequest,
) -> Result<DisableEbsEncryptionByDefaultResult, Fault> {
    set(w, |defaults| defaults.by_default = false)?;
    Ok(DisableEbsEncryptionByDefaultResult { ebs_encryption_by_default: Some(false) })
}

pub fn get_ebs_default_kms_key_id(
    r: &Reader,
    _: GetEbsDefaultKmsKeyIdRequest,
) -> Result<GetEbsDefaultKmsKeyIdResult, Fault> {
    let key = Defaults::of(r.store, r.scope())?.key().to_owned();
    Ok(GetEbsDefaultKmsKeyIdResult { kms_key_id: Some(key) })
}

/// Only keys that can encrypt data keys are any good.
pub async fn modify_ebs_default_kms_key_id(
    context: Context,
    input: ModifyEbsDefaultKmsKeyIdRequest,
) -> Result<ModifyEbsDefaultKmsKeyIdResult, Fault> {
    let wanted = json!({ "KeyId": input.kms_key_id });
    let found = context.client().call_json("kms", "DescribeKey", &wanted).await;
    let found =
        found.map_err(|fault| invalid_value(format!("The specified KMS key is not accessible: {}", fault.message)))?;
    let key = &found["KeyMetadata"];
    if key["KeySpec"] != "SYMMETRIC_DEFAULT" || key["KeyUsage"] != "ENCRYPT_DECRYPT" {
        return Err(invalid_value("Amazon EBS supports symmetric KMS keys only."));
    }
    let arn = key["Arn"].as_str().unwrap_or_default().to_owned();
    context.write(|w| set(w, |defaults| defaults.key = Some(arn.clone())))?;
    Ok(ModifyEbsDefaultKmsKeyIdResult { kms_key_id: Some(arn) })
}

pub fn reset_ebs_default_kms_key_id(
    w: &mut Writer,
    _: ResetEbsDefaultKmsKeyIdRequest,
) -> Result<ResetEbsDefaultKmsKeyIdResult, Fault> {
    let defaults = set(w, |defaults| defaults.key = None)?;
    Ok(ResetEbsDefaultKmsKeyIdResult { kms_key_id: Some(defaults.key().to_owned()) })
}
