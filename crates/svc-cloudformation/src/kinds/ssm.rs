//! `AWS::SSM::Parameter`, and the parameters behind dynamic references.

use serde_json::{Value, json};

use super::hands::{Hands, tag_list, with};
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 9] =
    ["Name", "Type", "Value", "Description", "AllowedPattern", "Tier", "Policies", "DataType", "Tags"];

/// Creates or updates: Parameter Store has one operation for both.
pub async fn put(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&PROPERTIES)?;
    let updating = !w.physical_id.is_empty();
    let name = if updating { w.physical_id.clone() } else { w.named("Name") };
    let input = w.pick(&["Type", "Value", "Description", "AllowedPattern", "Tier", "Policies", "DataType"]);
    let overwrite = updating || w.again;
    let tags = if overwrite || w.get("Tags").is_null() { Value::Null } else { tag_list(w.get("Tags")).into() };
    let input = with(input, [("Name", json!(name)), ("Overwrite", json!(overwrite)), ("Tags", tags)]);
    h.call("ssm", "PutParameter", input).await?;
    if updating && w.changed("Tags") {
        let id = json!({"ResourceType": "Parameter", "ResourceId": name});
        let id = || id.as_object().cloned().unwrap_or_default();
        let (now, before) = (tag_list(w.get("Tags")), tag_list(w.was("Tags")));
        let gone =
            before.iter().filter(|old| !now.iter().any(|new| new["Key"] == old["Key"])).map(|old| old["Key"].clone());
        let gone: Vec<Value> = gone.collect();
        if !gone.is_empty() {
            h.call("ssm", "RemoveTagsFromResource", with(id(), [("TagKeys", gone.into())])).await?;
        }
        if !now.is_empty() {
            h.call("ssm", "AddTagsToResource", with(id(), [("Tags", now.into())])).await?;
        }
    }
    Ok(Made::new(name).attribute("Type", w.get("Type").clone()).attribute("Value", w.get("Value").clone()))
}

pub async fn find(h: &Hands, name: &str) -> Result<Made, Failure> {
    let found = h.call("ssm", "GetParameter", json!({"Name": name})).await?;
    let part = |part: &str| found["Parameter"].get(part).cloned().unwrap_or_default();
    Ok(Made::new(name).attribute("Type", part("Type")).attribute("Value", part("Value")))
}

/// The value behind `{{resolve:ssm:…}}`, `{{resolve:ssm-secure:…}}`, `{{resolve:secretsmanager:…}}`.
pub async fn resolve(h: &Hands, service: &str, key: &str) -> Result<String, Failure> {
    let found = match service {
        "ssm" | "ssm-secure" => {
            let decrypt = service == "ssm-secure";
            h.call("ssm", "GetParameter", json!({"Name": key, "WithDecryption": decrypt})).await?
        }
        _ => return secret(h, key).await,
    };
    let value = found.pointer("/Parameter/Value").and_then(Value::as_str);
    value.map(str::to_owned).ok_or_else(|| Failure::new(format!("Parameter {key} has no value")))
}

/// `secret-id:SecretString:json-key:version-stage:version-id`; the secret's id may be an ARN.
async fn secret(h: &Hands, key: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = key.split(':').collect();
    let (id, rest) = if key.starts_with("arn:") { parts.split_at(7.min(parts.len())) } else { parts.split_at(1) };
    let part = |at: usize| rest.get(at).copied().filter(|text| !text.is_empty());
    let input = json!({"SecretId": id.join(":"), "VersionStage": part(2), "VersionId": part(3)});
    let found = h.call("secretsmanager", "GetSecretValue", input).await?;
    let text = found["SecretString"].as_str().unwrap_or_default();
    let Some(name) = part(1) else { return Ok(text.to_owned()) };
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    match value.get(name) {
        Some(Value::String(value)) => Ok(value.clone()),
        Some(value) => Ok(value.to_string()),
        None => Err(Failure::new(format!("Could not find a value associated with JSONKey in SecretString: {name}"))),
    }
}
