//! `AWS::IAM::VirtualMFADevice`.

use serde_json::json;

use super::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

/// A device is enabled with codes that no template has: `Users` must be empty until somebody does that.
pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["VirtualMfaDeviceName", "Path", "Tags", "Users"])?;
    if !w.list("Users").is_empty() {
        return Err(Failure::new(
            "Users of AWS::IAM::VirtualMFADevice is not implemented by Kogumo but for an empty list",
        ));
    }
    let name = w.named("VirtualMfaDeviceName");
    let input = with(w.pick(&["Path", "Tags"]), [("VirtualMFADeviceName", json!(name))]);
    let made = h.make(w, "iam", "CreateVirtualMFADevice", input).await?;
    let serial = match text_at(&made, "/VirtualMFADevice/SerialNumber") {
        serial if serial.is_empty() => h.global_arn("iam", &format!("mfa{}{name}", w.text("Path").unwrap_or("/"))),
        serial => serial,
    };
    Ok(Made::new(serial.as_str()).attribute("SerialNumber", serial))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["VirtualMfaDeviceName", "Path", "Tags", "Users"])?;
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        h.call("iam", "UntagMFADevice", json!({"SerialNumber": w.physical_id, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("iam", "TagMFADevice", json!({"SerialNumber": w.physical_id, "Tags": new})).await?;
    }
    Ok(super::unchanged(w))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("iam", "DeleteVirtualMFADevice", json!({"SerialNumber": w.physical_id})).await
}
