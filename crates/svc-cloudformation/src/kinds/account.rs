//! `AWS::ApiGateway::Account`: a setting of the account, which outlives the stack that made it.

use serde_json::{Value, json};

use super::hands::Hands;
use crate::world::{Failure, Made, Work};

pub async fn put(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["CloudWatchRoleArn"])?;
    let role = w.get("CloudWatchRoleArn");
    if w.changed("CloudWatchRoleArn") {
        let patch = match role {
            Value::Null => json!([{"op": "remove", "path": "/cloudwatchRoleArn"}]),
            role => json!([{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]),
        };
        h.call("apigateway", "UpdateAccount", json!({"patchOperations": patch})).await?;
    }
    let id = if w.physical_id.is_empty() { &w.name } else { &w.physical_id };
    Ok(Made::new(id.as_str()).attribute("Id", id.as_str()))
}
