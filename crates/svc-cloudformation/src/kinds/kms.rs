//! `AWS::KMS::Key` and `AWS::KMS::Alias`.

use serde_json::{Value, json};

use super::hands::{Hands, document, text_at, with};
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 12] = [
    "BypassPolicyLockoutSafetyCheck",
    "Description",
    "EnableKeyRotation",
    "Enabled",
    "KeyPolicy",
    "KeySpec",
    "KeyUsage",
    "MultiRegion",
    "Origin",
    "PendingWindowInDays",
    "RotationPeriodInDays",
    "Tags",
];

/// What a key is from its beginning.
const FIXED: [&str; 4] = ["KeySpec", "KeyUsage", "MultiRegion", "Origin"];

pub async fn create_key(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let input = w.pick(&[&FIXED[..], &["Description", "BypassPolicyLockoutSafetyCheck"]].concat());
    let tags = match w.list("Tags") {
        [] => Value::Null,
        tags => tags.iter().map(tag).collect(),
    };
    let input = with(input, [("Policy", document(w.get("KeyPolicy"))), ("Tags", tags)]);
    let made = h.call("kms", "CreateKey", input).await?;
    let id = text_at(&made, "/KeyMetadata/KeyId");
    settled(h, w, &id).await.map_err(|failure| failure.after(&id))
}

/// A tag as KMS writes it.
fn tag(tag: &Value) -> Value {
    json!({ "TagKey": tag["Key"], "TagValue": tag["Value"] })
}

/// What operations of their own set.
async fn settled(h: &Hands, w: &Work, id: &str) -> Result<Made, Failure> {
    if w.changed("EnableKeyRotation") || w.changed("RotationPeriodInDays") {
        let input = json!({ "KeyId": id, "RotationPeriodInDays": w.get("RotationPeriodInDays") });
        match (w.get("EnableKeyRotation").as_bool(), w.was("EnableKeyRotation").as_bool()) {
            (Some(true), _) => h.call("kms", "EnableKeyRotation", input).await.map(drop)?,
            (_, Some(true)) => h.call("kms", "DisableKeyRotation", json!({ "KeyId": id })).await.map(drop)?,
            _ => {}
        }
    }
    let enabled = |value: &Value| value.as_bool().unwrap_or(true);
    if enabled(w.get("Enabled")) != enabled(w.was("Enabled")) {
        let operation = if enabled(w.get("Enabled")) { "EnableKey" } else { "DisableKey" };
        h.call("kms", operation, json!({ "KeyId": id })).await?;
    }
    Ok(Made::new(id).attribute("KeyId", id).attribute("Arn", h.arn("kms", &format!("key/{id}"))))
}

pub async fn update_key(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let id = w.physical_id.as_str();
    if let Some(name) = FIXED.iter().find(|name| w.changed(name)) {
        return Err(Failure::new(format!("You cannot change the {name} property of an existing KMS key")));
    }
    if w.changed("KeyPolicy") {
        let bypass = w.get("BypassPolicyLockoutSafetyCheck");
        let policy = match w.get("KeyPolicy") {
            Value::Null => json!(default_policy(h)),
            policy => document(policy),
        };
        let input =
            json!({ "KeyId": id, "PolicyName": "default", "Policy": policy, "BypassPolicyLockoutSafetyCheck": bypass });
        h.call("kms", "PutKeyPolicy", input).await?;
    }
    if w.changed("Description") {
        let input = json!({ "KeyId": id, "Description": w.text("Description").unwrap_or_default() });
        h.call("kms", "UpdateKeyDescription", input).await?;
    }
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        h.call("kms", "UntagResource", json!({ "KeyId": id, "TagKeys": gone })).await?;
    }
    if !new.is_empty() {
        let tags: Vec<Value> = new.iter().map(tag).collect();
        h.call("kms", "TagResource", json!({ "KeyId": id, "Tags": tags })).await?;
    }
    settled(h, w, id).await
}

/// The policy of a key that was told none.
fn default_policy(h: &Hands) -> String {
    let root = h.global_arn("iam", "root");
    let statement = json!({ "Effect": "Allow", "Principal": { "AWS": root }, "Action": "kms:*", "Resource": "*" });
    json!({ "Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement] }).to_string()
}

/// Keys go when their time has come, not at once.
pub async fn delete_key(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({ "KeyId": w.physical_id, "PendingWindowInDays": w.get("PendingWindowInDays") });
    match h.remove("kms", "ScheduleKeyDeletion", input).await {
        Err(failure) if failure.reason.contains("is pending deletion") => Ok(()),
        done => done,
    }
}

pub async fn create_alias(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["AliasName", "TargetKeyId"])?;
    let name = w.text("AliasName").unwrap_or_default();
    let input = json!({ "AliasName": name, "TargetKeyId": w.get("TargetKeyId") });
    h.make(w, "kms", "CreateAlias", input).await?;
    Ok(Made::new(name))
}

pub async fn update_alias(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let input = json!({ "AliasName": w.physical_id, "TargetKeyId": w.get("TargetKeyId") });
    h.call("kms", "UpdateAlias", input).await?;
    Ok(Made::new(w.physical_id.as_str()))
}

pub async fn delete_alias(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("kms", "DeleteAlias", json!({ "AliasName": w.physical_id })).await
}
