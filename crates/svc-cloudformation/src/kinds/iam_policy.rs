//! Policies: `AWS::IAM::ManagedPolicy`, `AWS::IAM::Policy`, and those that stand within users, groups and roles.

use serde_json::{Map, Value, json};

use super::hands::{Hands, document, text_at, with};
use super::texts;
use crate::world::{Failure, Made, Work};

/// What policies belong to.
#[derive(Clone, Copy)]
pub enum Holder {
    Group,
    Role,
    User,
}

impl Holder {
    const ALL: [(Holder, &'static str); 3] =
        [(Holder::Group, "Groups"), (Holder::Role, "Roles"), (Holder::User, "Users")];

    fn word(self) -> &'static str {
        match self {
            Holder::Group => "Group",
            Holder::Role => "Role",
            Holder::User => "User",
        }
    }

    /// `{"RoleName": name, …}`
    fn input(self, name: &str, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
        let own = Map::from_iter([(format!("{}Name", self.word()), Value::from(name))]);
        with(own, more)
    }

    /// `PutRolePolicy`, `AttachUserPolicy` …
    fn operation(self, verb: &str) -> String {
        format!("{verb}{}Policy", self.word())
    }

    async fn put(self, h: &Hands, name: &str, policy: &str, text: &Value) -> Result<(), Failure> {
        let input = self.input(name, [("PolicyName", policy.into()), ("PolicyDocument", document(text))]);
        h.call("iam", &self.operation("Put"), input).await.map(drop)
    }

    async fn remove(self, h: &Hands, name: &str, policy: &str) -> Result<(), Failure> {
        h.remove("iam", &self.operation("Delete"), self.input(name, [("PolicyName", policy.into())])).await
    }

    async fn attach(self, h: &Hands, name: &str, arn: &str) -> Result<(), Failure> {
        h.call("iam", &self.operation("Attach"), self.input(name, [("PolicyArn", arn.into())])).await.map(drop)
    }

    async fn detach(self, h: &Hands, name: &str, arn: &str) -> Result<(), Failure> {
        h.remove("iam", &self.operation("Detach"), self.input(name, [("PolicyArn", arn.into())])).await
    }
}

/// Brings the attached policies to what `ManagedPolicyArns` says.
pub async fn attach(h: &Hands, w: &Work, holder: Holder, name: &str) -> Result<(), Failure> {
    let (lost, gained) = w.list_changes("ManagedPolicyArns");
    for arn in texts(&lost) {
        holder.detach(h, name, arn).await?;
    }
    for arn in texts(&gained) {
        holder.attach(h, name, arn).await?;
    }
    Ok(())
}

/// Brings the inline policies to what `Policies` says.
pub async fn policies(h: &Hands, w: &Work, holder: Holder, name: &str) -> Result<(), Failure> {
    let (lost, gained) = w.list_changes("Policies");
    for policy in &lost {
        if !gained.iter().any(|new| new["PolicyName"] == policy["PolicyName"]) {
            holder.remove(h, name, policy["PolicyName"].as_str().unwrap_or_default()).await?;
        }
    }
    for policy in &gained {
        holder.put(h, name, policy["PolicyName"].as_str().unwrap_or_default(), &policy["PolicyDocument"]).await?;
    }
    Ok(())
}

/// Takes all policies from a holder that is going to be deleted.
pub async fn detach_all(h: &Hands, holder: Holder, name: &str) -> Result<(), Failure> {
    let (attached, inline) = match holder {
        Holder::Group => ("ListAttachedGroupPolicies", "ListGroupPolicies"),
        Holder::Role => ("ListAttachedRolePolicies", "ListRolePolicies"),
        Holder::User => ("ListAttachedUserPolicies", "ListUserPolicies"),
    };
    let there = |found: Result<Value, Failure>| match found {
        Err(failure) if failure.not_found => Ok(Value::Null),
        found => found,
    };
    let found = there(h.call("iam", attached, holder.input(name, [])).await)?;
    for policy in found["AttachedPolicies"].as_array().into_iter().flatten() {
        holder.detach(h, name, policy["PolicyArn"].as_str().unwrap_or_default()).await?;
    }
    let found = there(h.call("iam", inline, holder.input(name, [])).await)?;
    for policy in texts(found["PolicyNames"].as_array().map_or(&[], Vec::as_slice)) {
        holder.remove(h, name, policy).await?;
    }
    Ok(())
}

/// `AWS::IAM::Policy`: one inline policy in several holders. Its physical id is made up.
pub async fn create_inline(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["PolicyName", "PolicyDocument", "Groups", "Roles", "Users"])?;
    if Holder::ALL.iter().all(|(_, property)| w.list(property).is_empty()) {
        return Err(Failure::new("At least one of [Groups,Roles,Users] must be non-empty."));
    }
    let policy = w.text("PolicyName").unwrap_or_default();
    for (holder, property) in Holder::ALL {
        for name in texts(w.list(property)) {
            holder.put(h, name, policy, w.get("PolicyDocument")).await.map_err(|failure| failure.after(&w.name))?;
        }
    }
    Ok(Made::new(w.name.as_str()).attribute("Id", w.name.as_str()))
}

pub async fn update_inline(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["PolicyName", "PolicyDocument", "Groups", "Roles", "Users"])?;
    let policy = w.text("PolicyName").unwrap_or_default();
    let old = w.was("PolicyName").as_str().unwrap_or_default();
    for (holder, property) in Holder::ALL {
        for name in texts(w.list(property)) {
            holder.put(h, name, policy, w.get("PolicyDocument")).await?;
        }
        for name in texts(w.was(property).as_array().map_or(&[], Vec::as_slice)) {
            let stays = policy == old && texts(w.list(property)).any(|one| one == name);
            if !stays {
                holder.remove(h, name, old).await?;
            }
        }
    }
    Ok(super::unchanged(w))
}

pub async fn delete_inline(h: &Hands, w: &Work) -> Result<(), Failure> {
    let policy = w.text("PolicyName").unwrap_or_default();
    for (holder, property) in Holder::ALL {
        for name in texts(w.list(property)) {
            holder.remove(h, name, policy).await?;
        }
    }
    Ok(())
}

/// The holder of `AWS::IAM::RolePolicy` and its likes, and its name.
fn single(w: &Work) -> (Holder, String) {
    let (holder, property) = match w.kind.as_str() {
        "AWS::IAM::GroupPolicy" => (Holder::Group, "GroupName"),
        "AWS::IAM::UserPolicy" => (Holder::User, "UserName"),
        _ => (Holder::Role, "RoleName"),
    };
    (holder, w.text(property).unwrap_or_default().to_owned())
}

pub async fn put_one(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let (holder, name) = single(w);
    let policy = w.text("PolicyName").unwrap_or_default();
    holder.put(h, &name, policy, w.get("PolicyDocument")).await?;
    Ok(Made::new(format!("{policy}|{name}")))
}

pub async fn delete_one(h: &Hands, w: &Work) -> Result<(), Failure> {
    let (holder, name) = single(w);
    holder.remove(h, &name, w.text("PolicyName").unwrap_or_default()).await
}

pub async fn create_managed(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["ManagedPolicyName", "Description", "Path", "PolicyDocument", "Groups", "Roles", "Users"])?;
    let name = w.named("ManagedPolicyName");
    let input = with(
        w.pick(&["Description", "Path"]),
        [("PolicyName", json!(name)), ("PolicyDocument", document(w.get("PolicyDocument")))],
    );
    let made = h.make(w, "iam", "CreatePolicy", input).await?;
    let arn = match made.pointer("/Policy/Arn").and_then(Value::as_str) {
        Some(arn) => arn.to_owned(),
        None => h.global_arn("iam", &format!("policy{}{name}", w.text("Path").unwrap_or("/"))),
    };
    let later = async {
        for (holder, property) in Holder::ALL {
            for name in texts(w.list(property)) {
                holder.attach(h, name, &arn).await?;
            }
        }
        managed(h, &arn).await
    };
    later.await.map_err(|failure| failure.after(&arn))
}

async fn managed(h: &Hands, arn: &str) -> Result<Made, Failure> {
    let found = h.call("iam", "GetPolicy", json!({"PolicyArn": arn})).await?;
    let mut made = Made::new(arn).attribute("PolicyArn", arn);
    for name in [
        "PolicyId",
        "DefaultVersionId",
        "AttachmentCount",
        "IsAttachable",
        "PermissionsBoundaryUsageCount",
        "CreateDate",
        "UpdateDate",
    ] {
        if let Some(value) = found["Policy"].get(name) {
            made = made.attribute(name, value.clone());
        }
    }
    Ok(made)
}

pub async fn update_managed(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let arn = w.physical_id.as_str();
    if w.changed("PolicyDocument") {
        let found = h.call("iam", "ListPolicyVersions", json!({"PolicyArn": arn})).await?;
        let versions = found["Versions"].as_array().cloned().unwrap_or_default();
        let oldest = versions.iter().rev().find(|version| version["IsDefaultVersion"] != true);
        // A policy keeps five versions.
        if let (true, Some(oldest)) = (versions.len() >= 5, oldest) {
            let input = json!({"PolicyArn": arn, "VersionId": text_at(oldest, "/VersionId")});
            h.remove("iam", "DeletePolicyVersion", input).await?;
        }
        let text = document(w.get("PolicyDocument"));
        h.call("iam", "CreatePolicyVersion", json!({"PolicyArn": arn, "PolicyDocument": text, "SetAsDefault": true}))
            .await?;
    }
    for (holder, property) in Holder::ALL {
        let (lost, gained) = w.list_changes(property);
        for name in texts(&lost) {
            holder.detach(h, name, arn).await?;
        }
        for name in texts(&gained) {
            holder.attach(h, name, arn).await?;
        }
    }
    managed(h, arn).await
}

pub async fn delete_managed(h: &Hands, w: &Work) -> Result<(), Failure> {
    let arn = w.physical_id.as_str();
    for (holder, property) in Holder::ALL {
        for name in texts(w.list(property)) {
            holder.detach(h, name, arn).await?;
        }
    }
    match h.call("iam", "ListPolicyVersions", json!({"PolicyArn": arn})).await {
        Err(failure) if failure.not_found => return Ok(()),
        Err(failure) => return Err(failure),
        Ok(found) => {
            for version in found["Versions"].as_array().into_iter().flatten() {
                if version["IsDefaultVersion"] != true {
                    let input = json!({"PolicyArn": arn, "VersionId": text_at(version, "/VersionId")});
                    h.remove("iam", "DeletePolicyVersion", input).await?;
                }
            }
        }
    }
    h.remove("iam", "DeletePolicy", json!({"PolicyArn": arn})).await
}
