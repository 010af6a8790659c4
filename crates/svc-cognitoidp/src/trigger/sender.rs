//! CustomEmailSender and CustomSMSSender: a function sends what Cognito would have sent. The code goes to it as a message of
//! the AWS Encryption SDK, under the pool's KMS key.
//!
//! Source: "Custom sender Lambda triggers". Functions are told, not asked: nothing waits for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::{Client, Context};
use kogumo_model::cognitoidp::CODE_DELIVERY_FAILURE_EXCEPTION;
use kogumo_wire::{Fault, Protocol};
use serde_json::json;

use super::call::{Trigger, client, tell};
use super::{Setting, attributes};
use crate::encryption_sdk::{DataKey, Draft};
use crate::faults::invalid;
use crate::pool::Pool;
use crate::user::User;

/// Their names in LambdaConfig.
pub const SENDERS: [&str; 2] = ["CustomEmailSender", "CustomSMSSender"];
const SERVICE: &str = "cognito-idp.amazonaws.com";
/// The member of the encryption context that names the pool.
const POOL: &str = "userpool-id";

/// Lets Cognito use the pool's key, in the name of who sets it: a grant that is bound to the pool. It has a name, so that
/// the same one is not made twice.
///
/// # Errors
/// The caller may not, or there is no such key.
pub async fn grant(cx: &Context, pool: &Pool) -> Result<(), Fault> {
    let has_sender = SENDERS.iter().any(|name| pool.trigger(name).is_some());
    let Some(key) = pool.text("/LambdaConfig/KMSKeyID").filter(|_| has_sender) else { return Ok(()) };
    let input = json!({
        "KeyId": key,
        "Name": pool.id,
        "GranteeServicePrincipal": SERVICE,
        "RetiringServicePrincipal": SERVICE,
        "Operations": ["GenerateDataKey"],
        "Constraints": { "SourceArn": pool.arn(), "EncryptionContextSubset": { POOL: pool.id } },
    });
    let client = Client::new(Arc::clone(&cx.cloud), cx.caller.through(SERVICE));
    match client.call_json("kms", "CreateGrant", &input).await {
        Ok(_) => Ok(()),
        Err(fault) => Err(invalid(format!("Cannot create a grant for the KMS key {key}: {}", fault.message))),
    }
}

/// The kind of a function's requests, by its name in LambdaConfig.
fn request_type(name: &str) -> &'static str {
    if name == SENDERS[0] { "customEmailSenderRequestV1" } else { "customSMSSenderRequestV1" }
}

/// Hands a code to the pool's own sender for mail, or for text messages; `false` if it has none.
///
/// # Errors
/// The key or the function cannot be used.
pub async fn send(setting: Setting<'_>, occasion: &str, by_mail: bool, user: &User, code: &str) -> Result<bool, Fault> {
    let name = if by_mail { SENDERS[0] } else { SENDERS[1] };
    if setting.pool.trigger(name).is_none() {
        return Ok(false);
    }
    let request = json!({
        "type": request_type(name),
        "code": encrypted(setting, code).await?,
        "clientMetadata": setting.metadata,
        "userAttributes": attributes(user),
    });
    let source = format!("{name}_{occasion}");
    tell(setting, Trigger { name, source: &source, version: "1" }, &user.name, request).await?;
    Ok(true)
}

/// The code under a data key of the pool's KMS key.
async fn encrypted(setting: Setting<'_>, code: &str) -> Result<String, Fault> {
    let draft = Draft::new(BTreeMap::from([(POOL.into(), setting.pool.id.clone())]))?;
    let key = setting.pool.text("/LambdaConfig/KMSKeyID").unwrap_or_default();
    let input = json!({ "KeyId": key, "KeySpec": "AES_256", "EncryptionContext": draft.context });
    let made = client(setting).call_json("kms", "GenerateDataKey", &input).await.map_err(|fault| {
        let why = fault.code(Protocol::RestJson);
        CODE_DELIVERY_FAILURE_EXCEPTION.because(format!("Failed to encrypt the code with the KMS key: {why}."))
    })?;
    let bytes = |name: &str| made[name].as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let (plaintext, encrypted) = (bytes("Plaintext"), bytes("CiphertextBlob"));
    let arn = made["KeyId"].as_str().unwrap_or_default();
    let key = DataKey { plaintext: &plaintext, encrypted: &encrypted, arn };
    Ok(STANDARD.encode(draft.seal(&key, code.as_bytes())?))
}
