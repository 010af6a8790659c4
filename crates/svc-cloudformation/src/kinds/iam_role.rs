//! `AWS::IAM::Role` and `AWS::IAM::InstanceProfile`.

use serde_json::{Value, json};

use super::hands::{Hands, document, text_at, with};
use super::iam_policy::{Holder, attach, detach_all, policies};
use super::texts;
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 9] = [
    "RoleName",
    "Path",
    "AssumeRolePolicyDocument",
    "Description",
    "ManagedPolicyArns",
    "MaxSessionDuration",
    "PermissionsBoundary",
    "Policies",
    "Tags",
];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let name = w.named("RoleName");
    let input = with(
        w.pick(&["Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags"]),
        [("RoleName", json!(name)), ("AssumeRolePolicyDocument", document(w.get("AssumeRolePolicyDocument")))],
    );
    h.make(w, "iam", "CreateRole", input).await?;
    let later = async {
        attach(h, w, Holder::Role, &name).await?;
        policies(h, w, Holder::Role, &name).await?;
        made(h, &name).await
    };
    later.await.map_err(|failure| failure.after(&name))
}

pub async fn made(h: &Hands, name: &str) -> Result<Made, Failure> {
    let found = h.call("iam", "GetRole", json!({"RoleName": name})).await?;
    Ok(Made::new(name)
        .attribute("Arn", text_at(&found, "/Role/Arn"))
        .attribute("RoleId", text_at(&found, "/Role/RoleId")))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let name = w.physical_id.as_str();
    if w.changed("AssumeRolePolicyDocument") {
        let policy = document(w.get("AssumeRolePolicyDocument"));
        h.call("iam", "UpdateAssumeRolePolicy", json!({"RoleName": name, "PolicyDocument": policy})).await?;
    }
    if w.changed("Description") || w.changed("MaxSessionDuration") {
        let description = w.text("Description").unwrap_or_default();
        let seconds = w.get("MaxSessionDuration").as_i64().unwrap_or(3600);
        let input = json!({"RoleName": name, "Description": description, "MaxSessionDuration": seconds});
        h.call("iam", "UpdateRole", input).await?;
    }
    if w.changed("PermissionsBoundary") {
        match w.get("PermissionsBoundary") {
            Value::Null => h.remove("iam", "DeleteRolePermissionsBoundary", json!({"RoleName": name})).await?,
            arn => {
                let input = json!({"RoleName": name, "PermissionsBoundary": arn});
                h.call("iam", "PutRolePermissionsBoundary", input).await.map(drop)?;
            }
        }
    }
    attach(h, w, Holder::Role, name).await?;
    policies(h, w, Holder::Role, name).await?;
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        h.call("iam", "UntagRole", json!({"RoleName": name, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("iam", "TagRole", json!({"RoleName": name, "Tags": new})).await?;
    }
    made(h, name).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    detach_all(h, Holder::Role, &w.physical_id).await?;
    h.remove("iam", "DeleteRole", json!({"RoleName": w.physical_id})).await
}

pub async fn create_profile(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let name = w.named("InstanceProfileName");
    let input = json!({"InstanceProfileName": name, "Path": w.get("Path")});
    h.make(w, "iam", "CreateInstanceProfile", input).await?;
    let later = async {
        for role in texts(w.list("Roles")) {
            let input = json!({"InstanceProfileName": name, "RoleName": role});
            h.make(w, "iam", "AddRoleToInstanceProfile", input).await?;
        }
        profile(h, &name).await
    };
    later.await.map_err(|failure| failure.after(&name))
}

pub async fn profile(h: &Hands, name: &str) -> Result<Made, Failure> {
    let found = h.call("iam", "GetInstanceProfile", json!({"InstanceProfileName": name})).await?;
    Ok(Made::new(name).attribute("Arn", text_at(&found, "/InstanceProfile/Arn")))
}

pub async fn update_profile(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let name = w.physical_id.as_str();
    let (lost, gained) = w.list_changes("Roles");
    for role in texts(&lost) {
        let input = json!({"InstanceProfileName": name, "RoleName": role});
        h.remove("iam", "RemoveRoleFromInstanceProfile", input).await?;
    }
    for role in texts(&gained) {
        let input = json!({"InstanceProfileName": name, "RoleName": role});
        h.call("iam", "AddRoleToInstanceProfile", input).await?;
    }
    profile(h, name).await
}

pub async fn delete_profile(h: &Hands, w: &Work) -> Result<(), Failure> {
    for role in texts(w.list("Roles")) {
        let input = json!({"InstanceProfileName": w.physical_id, "RoleName": role});
        h.remove("iam", "RemoveRoleFromInstanceProfile", input).await?;
    }
    h.remove("iam", "DeleteInstanceProfile", json!({"InstanceProfileName": w.physical_id})).await
}
