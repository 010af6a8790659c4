//! `AWS::DynamoDB::GlobalTable`, as far as it is a table: with its one replica in the stack's own region.

use serde_json::{Map, Value};

use super::dynamodb;
use super::hands::Hands;
use crate::world::{Failure, Made, Work};

/// What both types call by the same name.
const SAME: [&str; 8] = [
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "StreamSpecification",
    "TimeToLiveSpecification",
];
/// What a replica says of the table in its region.
const OF_REPLICA: [&str; 4] = ["DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "TableClass", "Tags"];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    dynamodb::create(h, &table(h, w)?).await
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    dynamodb::update(h, &table(h, w)?).await
}

/// The same work for a table.
fn table(h: &Hands, w: &Work) -> Result<Work, Failure> {
    let before = if w.before.is_null() { Value::Null } else { properties(&w.before, &h.scope.region)? };
    Ok(Work { properties: properties(&w.properties, &h.scope.region)?, before, ..w.clone() })
}

/// A global table's properties as a table's.
fn properties(global: &Value, region: &str) -> Result<Value, Failure> {
    let unbuilt =
        |what: &str| Failure::new(format!("{what} of AWS::DynamoDB::GlobalTable is not implemented by Kogumo"));
    let mut table = Map::new();
    for (name, value) in global.as_object().into_iter().flatten() {
        match name.as_str() {
            "Replicas" => {}
            "SSESpecification" => drop(table.insert(name.clone(), value.clone())),
            _ if SAME.contains(&name.as_str()) => drop(table.insert(name.clone(), value.clone())),
            _ => return Err(unbuilt(name)),
        }
    }
    let replicas = global["Replicas"].as_array().map_or(&[][..], Vec::as_slice);
    let [replica] = replicas else { return Err(unbuilt("More than one replica")) };
    if replica["Region"] != region {
        return Err(Failure::new("The stack's own region has to be among the Replicas of AWS::DynamoDB::GlobalTable"));
    }
    for (name, value) in replica.as_object().into_iter().flatten() {
        match name.as_str() {
            "Region" => {}
            _ if OF_REPLICA.contains(&name.as_str()) => drop(table.insert(name.clone(), value.clone())),
            _ => return Err(unbuilt(&format!("{name} of a replica"))),
        }
    }
    Ok(Value::Object(table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_replica_makes_a_table() {
        let here = json!({"Region": "r", "TableClass": "STANDARD", "Tags": []});
        let global = json!({"TableName": "t", "BillingMode": "PAY_PER_REQUEST", "Replicas": [here]});
        let table = json!({"TableName": "t", "BillingMode": "PAY_PER_REQUEST", "TableClass": "STANDARD", "Tags": []});
        assert_eq!(properties(&global, "r").ok(), Some(table));
        assert!(properties(&global, "elsewhere").is_err());
        assert!(properties(&json!({"Replicas": [here, here]}), "r").is_err());
        assert!(properties(&json!({"Replicas": [here], "WriteProvisionedThroughputSettings": {}}), "r").is_err());
    }
}
