//! `AWS::IAM::Group` and `AWS::IAM::UserToGroupAddition`.

use serde_json::json;

use super::hands::{Hands, text_at};
use super::iam_policy::{Holder, attach, detach_all, policies};
use super::texts;
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 4] = ["GroupName", "Path", "ManagedPolicyArns", "Policies"];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let name = w.named("GroupName");
    h.make(w, "iam", "CreateGroup", json!({"GroupName": name, "Path": w.get("Path")})).await?;
    settled(h, w, &name).await.map_err(|failure| failure.after(&name))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    if w.changed("Path") {
        let path = w.text("Path").unwrap_or("/");
        h.call("iam", "UpdateGroup", json!({"GroupName": w.physical_id, "NewPath": path})).await?;
    }
    settled(h, w, &w.physical_id).await
}

async fn settled(h: &Hands, w: &Work, name: &str) -> Result<Made, Failure> {
    attach(h, w, Holder::Group, name).await?;
    policies(h, w, Holder::Group, name).await?;
    let found = h.call("iam", "GetGroup", json!({"GroupName": name})).await?;
    Ok(Made::new(name).attribute("Arn", text_at(&found, "/Group/Arn")))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    detach_all(h, Holder::Group, &w.physical_id).await?;
    h.remove("iam", "DeleteGroup", json!({"GroupName": w.physical_id})).await
}

pub async fn add_users(h: &Hands, w: &Work) -> Result<Made, Failure> {
    for user in texts(w.list("Users")) {
        let input = json!({"GroupName": w.get("GroupName"), "UserName": user});
        h.call("iam", "AddUserToGroup", input).await.map_err(|failure| failure.after(&w.name))?;
    }
    Ok(Made::new(w.name.as_str()).attribute("Id", w.name.as_str()))
}

pub async fn update_users(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let (lost, gained) = w.list_changes("Users");
    for user in texts(&gained) {
        h.call("iam", "AddUserToGroup", json!({"GroupName": w.get("GroupName"), "UserName": user})).await?;
    }
    for user in texts(&lost) {
        h.remove("iam", "RemoveUserFromGroup", json!({"GroupName": w.was("GroupName"), "UserName": user})).await?;
    }
    Ok(super::unchanged(w))
}

pub async fn remove_users(h: &Hands, w: &Work) -> Result<(), Failure> {
    for user in texts(w.list("Users")) {
        h.remove("iam", "RemoveUserFromGroup", json!({"GroupName": w.get("GroupName"), "UserName": user})).await?;
    }
    Ok(())
}
