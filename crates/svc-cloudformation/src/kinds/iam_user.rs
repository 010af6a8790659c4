//! `AWS::IAM::User` and `AWS::IAM::AccessKey`.

use serde_json::{Map, Value, json};

use super::hands::{Hands, text_at, with};
use super::iam_policy::{Holder, attach, detach_all, policies};
use super::texts;
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 8] =
    ["UserName", "Path", "Groups", "LoginProfile", "ManagedPolicyArns", "PermissionsBoundary", "Policies", "Tags"];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let name = w.named("UserName");
    let input = with(w.pick(&["Path", "PermissionsBoundary", "Tags"]), [("UserName", json!(name))]);
    h.make(w, "iam", "CreateUser", input).await?;
    let later = async {
        login(h, w, &name).await?;
        groups(h, w, &name).await?;
        attach(h, w, Holder::User, &name).await?;
        policies(h, w, Holder::User, &name).await?;
        made(h, &name).await
    };
    later.await.map_err(|failure| failure.after(&name))
}

pub async fn made(h: &Hands, name: &str) -> Result<Made, Failure> {
    let found = h.call("iam", "GetUser", json!({"UserName": name})).await?;
    Ok(Made::new(name).attribute("Arn", text_at(&found, "/User/Arn")))
}

/// Brings the password to what the template says.
async fn login(h: &Hands, w: &Work, name: &str) -> Result<(), Failure> {
    if !w.changed("LoginProfile") {
        return Ok(());
    }
    let profile = w.get("LoginProfile");
    if profile.is_null() {
        return h.remove("iam", "DeleteLoginProfile", json!({"UserName": name})).await;
    }
    let operation = if w.was("LoginProfile").is_null() { "CreateLoginProfile" } else { "UpdateLoginProfile" };
    let reset = profile["PasswordResetRequired"].clone();
    let input = with(
        Map::new(),
        [("UserName", json!(name)), ("Password", profile["Password"].clone()), ("PasswordResetRequired", reset)],
    );
    h.call("iam", operation, input).await.map(drop)
}

async fn groups(h: &Hands, w: &Work, name: &str) -> Result<(), Failure> {
    let (lost, gained) = w.list_changes("Groups");
    for group in texts(&lost) {
        h.remove("iam", "RemoveUserFromGroup", json!({"GroupName": group, "UserName": name})).await?;
    }
    for group in texts(&gained) {
        h.call("iam", "AddUserToGroup", json!({"GroupName": group, "UserName": name})).await?;
    }
    Ok(())
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let name = w.physical_id.as_str();
    if w.changed("PermissionsBoundary") {
        match w.get("PermissionsBoundary") {
            Value::Null => h.remove("iam", "DeleteUserPermissionsBoundary", json!({"UserName": name})).await?,
            arn => {
                let input = json!({"UserName": name, "PermissionsBoundary": arn});
                h.call("iam", "PutUserPermissionsBoundary", input).await.map(drop)?;
            }
        }
    }
    if w.changed("Path") {
        let path = w.text("Path").unwrap_or("/");
        h.call("iam", "UpdateUser", json!({"UserName": name, "NewPath": path})).await?;
    }
    login(h, w, name).await?;
    groups(h, w, name).await?;
    attach(h, w, Holder::User, name).await?;
    policies(h, w, Holder::User, name).await?;
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        h.call("iam", "UntagUser", json!({"UserName": name, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("iam", "TagUser", json!({"UserName": name, "Tags": new})).await?;
    }
    made(h, name).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    let name = w.physical_id.as_str();
    for group in texts(w.list("Groups")) {
        h.remove("iam", "RemoveUserFromGroup", json!({"GroupName": group, "UserName": name})).await?;
    }
    detach_all(h, Holder::User, name).await?;
    if !w.get("LoginProfile").is_null() {
        h.remove("iam", "DeleteLoginProfile", json!({"UserName": name})).await?;
    }
    h.remove("iam", "DeleteUser", json!({"UserName": name})).await
}

/// The key's id is what `Ref` answers; its secret is shown this once, as an attribute.
pub async fn create_key(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let user = w.get("UserName");
    let made = h.call("iam", "CreateAccessKey", json!({"UserName": user})).await?;
    let id = text_at(&made, "/AccessKey/AccessKeyId");
    if w.text("Status") == Some("Inactive") {
        let input = json!({"UserName": user, "AccessKeyId": id, "Status": "Inactive"});
        h.call("iam", "UpdateAccessKey", input).await.map_err(|failure| failure.after(&id))?;
    }
    Ok(Made::new(id).attribute("SecretAccessKey", text_at(&made, "/AccessKey/SecretAccessKey")))
}

pub async fn update_key(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let status = w.text("Status").unwrap_or("Active");
    let input = json!({"UserName": w.get("UserName"), "AccessKeyId": w.physical_id, "Status": status});
    h.call("iam", "UpdateAccessKey", input).await?;
    Ok(super::unchanged(w))
}

pub async fn delete_key(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"UserName": w.get("UserName"), "AccessKeyId": w.physical_id});
    h.remove("iam", "DeleteAccessKey", input).await
}
