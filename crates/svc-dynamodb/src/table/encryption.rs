//! Which KMS key a table says that it is encrypted under. Items are not encrypted here (`kogumo doctor` says so), but the
//! key is a real one, and who names it may use it.

use kogumo_door::{Client, Context};
use kogumo_model::dynamodb::SSESpecification;
use kogumo_model::kms::{DescribeKey, DescribeKeyRequest};
use kogumo_wire::{Fault, Protocol};

use crate::record::Encryption;

/// The key of a table that names none.
const DEFAULT_KEY: &str = "alias/aws/dynamodb";

/// Puts the key's ARN in the place of whatever names it: KMS knows it, on behalf of who calls.
///
/// # Errors
/// There is no such key, it cannot encrypt, or the caller may not use it.
pub async fn name_key(cx: &Context, given: Option<&mut SSESpecification>) -> Result<(), Fault> {
    let Some(given) = given.filter(|given| given.enabled == Some(true)) else { return Ok(()) };
    let key_id = given.kms_master_key_id.clone().unwrap_or_else(|| DEFAULT_KEY.to_owned());
    let client = Client::new(cx.cloud.clone(), cx.caller.through("dynamodb.amazonaws.com"));
    let request = DescribeKeyRequest { key_id, ..Default::default() };
    let key = client.call::<DescribeKey>(request).await.map_err(told)?.key_metadata.unwrap_or_default();
    if key.key_spec.as_deref() != Some("SYMMETRIC_DEFAULT") || key.enabled != Some(true) {
        let arn = key.arn.unwrap_or_default();
        let message = format!("The KMS key {arn} is not an enabled symmetric encryption key.");
        return Err(Fault::validation(message));
    }
    given.kms_master_key_id = key.arn;
    Ok(())
}

/// KMS's errors as DynamoDB passes them on.
fn told(fault: Fault) -> Fault {
    match fault.code(Protocol::Json11) {
        "AccessDeniedException" => fault,
        _ if !fault.sender(Protocol::Json11) => fault,
        code => Fault::validation(format!("KMS key cannot be used: {} ({code})", fault.message)),
    }
}

/// The encryption that an SSESpecification asks for, its key being named by its ARN. Without one, AWS encrypts with a key
/// that nobody sees.
pub fn wanted(given: Option<&SSESpecification>) -> Option<Encryption> {
    let given = given.filter(|given| given.enabled == Some(true))?;
    Some(Encryption { key_arn: given.kms_master_key_id.clone()? })
}
