//! Custom resources: a Lambda function makes them, and answers to a URL.

use kogumo_base::uuid;
use serde_json::{Map, Value, json};

use super::hands::Hands;
use super::{internal, signal};
use crate::invoke;
use crate::world::{Failure, Made, Work};

/// How long an answer may take if `ServiceTimeout` doesn't say.
const SECONDS: u64 = 3600;

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let answer = ask(h, w, "Create").await?;
    let id = answer["PhysicalResourceId"].as_str().filter(|id| !id.is_empty()).unwrap_or(&w.name).to_owned();
    Ok(made(id, &answer))
}

/// A new physical id means that the function has made another resource; the old one is cleaned up by the workflow.
pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let answer = ask(h, w, "Update").await?;
    let id = answer["PhysicalResourceId"].as_str().filter(|id| !id.is_empty()).unwrap_or(&w.physical_id).to_owned();
    Ok(made(id, &answer))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    ask(h, w, "Delete").await.map(drop)
}

fn made(id: String, answer: &Value) -> Made {
    let mut attributes = Map::new();
    flatten(&answer["Data"], "", &mut attributes);
    Made { physical_id: id, attributes, ..Made::default() }
}

/// `Fn::GetAtt` reaches into the data by dots.
fn flatten(data: &Value, prefix: &str, into: &mut Map<String, Value>) {
    for (name, value) in data.as_object().into_iter().flatten() {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        flatten(value, &name, into);
        into.insert(name, value.clone());
    }
}

/// Functions get every scalar as text, as CloudFormation hands them over.
fn texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(name, item)| (name.clone(), texts(item))).collect())
        }
        Value::String(_) | Value::Null => value.clone(),
        scalar => scalar.to_string().into(),
    }
}

async fn ask(h: &Hands, w: &Work, kind: &str) -> Result<Value, Failure> {
    let token = w.text("ServiceToken").unwrap_or_default();
    if !token.contains(":lambda:") {
        return Err(Failure::new(format!(
            "Invalid service token {token}: custom resources over SNS are not implemented by Kogumo"
        )));
    }
    let id = uuid();
    let mut event = json!({
        "RequestType": kind,
        "ServiceToken": token,
        "ResponseURL": signal::url(&h.cloud, &h.scope, "response", &id),
        "StackId": w.stack_id,
        "RequestId": id,
        "LogicalResourceId": w.logical_id,
        "ResourceType": w.kind,
        "ResourceProperties": texts(&w.properties),
    });
    if kind != "Create" {
        event["PhysicalResourceId"] = w.physical_id.as_str().into();
    }
    if kind == "Update" {
        event["OldResourceProperties"] = texts(&w.before);
    }
    invoke::event(&h.client, token, &event).await.map_err(|fault| Failure::new(fault.message))?;
    let limit = w.get("ServiceTimeout");
    let limit = limit.as_u64().or_else(|| limit.as_str()?.parse().ok()).unwrap_or(SECONDS);
    let late =
        "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId";
    let late = format!(
        "{late} [{id}]. If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version."
    );
    let text = h
        .until(limit, &late, || async {
            signal::ANSWERS.get(&h.cloud.store.read(), &h.scope, id.as_str()).map_err(internal)
        })
        .await?;
    h.cloud.store.write(|tx| signal::ANSWERS.delete(tx, &h.scope, id.as_str()).map(drop)).map_err(internal)?;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    if answer["Status"] == "SUCCESS" {
        return Ok(answer);
    }
    let reason = answer["Reason"].as_str().unwrap_or_default();
    let failure = Failure::new(format!(
        "Received response status [FAILED] from custom resource. Message returned: {reason} (RequestId: {id})"
    ));
    match answer["PhysicalResourceId"].as_str().filter(|_| kind == "Create") {
        Some(made) => Err(failure.after(made)),
        None => Err(failure),
    }
}
