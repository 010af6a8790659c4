//! `AWS::Logs::*`.

use serde_json::{Value, json};

use super::hands::{Hands, document, tag_map, text_at};
use crate::world::{Failure, Made, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["LogGroupName", "RetentionInDays", "KmsKeyId", "Tags", "LogGroupClass"])?;
    let name = w.named("LogGroupName");
    let tags = if w.list("Tags").is_empty() { Value::Null } else { tag_map(w.list("Tags")) };
    let input = json!({"logGroupName": name, "kmsKeyId": w.get("KmsKeyId"), "logGroupClass": w.get("LogGroupClass"), "tags": tags});
    h.make(w, "logs", "CreateLogGroup", input).await?;
    retain(h, w, &name).await.map_err(|failure| failure.after(&name))?;
    Ok(made(h, &name))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["LogGroupName", "RetentionInDays", "KmsKeyId", "Tags", "LogGroupClass"])?;
    let name = &w.physical_id;
    if w.changed("KmsKeyId") || w.changed("LogGroupClass") {
        return Err(Failure::new(
            "Changing KmsKeyId or LogGroupClass of AWS::Logs::LogGroup is not implemented by Kogumo",
        ));
    }
    if w.changed("RetentionInDays") {
        retain(h, w, name).await?;
    }
    let (gone, new) = w.tag_changes("Tags");
    let arn = h.arn("logs", &format!("log-group:{name}"));
    if !gone.is_empty() {
        h.call("logs", "UntagResource", json!({"resourceArn": arn, "tagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("logs", "TagResource", json!({"resourceArn": arn, "tags": tag_map(&new)})).await?;
    }
    Ok(made(h, name))
}

async fn retain(h: &Hands, w: &Work, name: &str) -> Result<(), Failure> {
    match w.get("RetentionInDays") {
        Value::Null if w.physical_id.is_empty() => Ok(()),
        Value::Null => h.remove("logs", "DeleteRetentionPolicy", json!({"logGroupName": name})).await,
        days => {
            h.call("logs", "PutRetentionPolicy", json!({"logGroupName": name, "retentionInDays": days})).await.map(drop)
        }
    }
}

fn made(h: &Hands, name: &str) -> Made {
    Made::new(name).attribute("Arn", h.arn("logs", &format!("log-group:{name}:*")))
}

/// The group of exactly that name.
pub async fn find(h: &Hands, name: &str) -> Result<Option<Made>, Failure> {
    let found = h.call("logs", "DescribeLogGroups", json!({"logGroupNamePrefix": name})).await?;
    let groups = found["logGroups"].as_array().cloned().unwrap_or_default();
    Ok(groups.iter().any(|group| group["logGroupName"] == name).then(|| made(h, name)))
}

pub async fn create_stream(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let name = w.named("LogStreamName");
    let input = json!({"logGroupName": w.get("LogGroupName"), "logStreamName": name});
    h.make(w, "logs", "CreateLogStream", input).await?;
    Ok(Made::new(name))
}

pub async fn delete_stream(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = json!({"logGroupName": w.get("LogGroupName"), "logStreamName": w.physical_id});
    h.remove("logs", "DeleteLogStream", input).await
}

/// The members of PutQueryDefinition.
fn definition(w: &Work) -> Value {
    json!({
        "name": w.get("Name"),
        "queryString": w.get("QueryString"),
        "logGroupNames": w.get("LogGroupNames"),
        "queryLanguage": w.get("QueryLanguage"),
        "queryDefinitionId": if w.physical_id.is_empty() { Value::Null } else { json!(w.physical_id) },
    })
}

/// Makes a query definition, or changes the one there is.
pub async fn put_query(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Name", "QueryString", "LogGroupNames", "QueryLanguage"])?;
    let made = h.call("logs", "PutQueryDefinition", definition(w)).await?;
    let id = text_at(&made, "/queryDefinitionId");
    Ok(Made::new(id.as_str()).attribute("QueryDefinitionId", id))
}

pub async fn delete_query(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("logs", "DeleteQueryDefinition", json!({"queryDefinitionId": w.physical_id})).await
}

pub async fn put_policy(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["PolicyName", "PolicyDocument"])?;
    let name = w.named("PolicyName");
    let input = json!({"policyName": name, "policyDocument": document(w.get("PolicyDocument"))});
    h.call("logs", "PutResourcePolicy", input).await?;
    Ok(Made::new(name))
}

pub async fn delete_policy(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("logs", "DeleteResourcePolicy", json!({"policyName": w.physical_id})).await
}
