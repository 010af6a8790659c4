//! `AWS::DynamoDB::Table`.

use serde_json::{Map, Value, json};

use super::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

const PROPERTIES: [&str; 14] = [
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "Tags",
    "TimeToLiveSpecification",
];

/// How long a table may take to become active.
const SECONDS: u64 = 600;

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&PROPERTIES[..], &["PointInTimeRecoverySpecification"]].concat())?;
    let name = w.named("TableName");
    let same = w.pick(&[
        "AttributeDefinitions",
        "KeySchema",
        "LocalSecondaryIndexes",
        "BillingMode",
        "ProvisionedThroughput",
        "OnDemandThroughput",
        "TableClass",
        "DeletionProtectionEnabled",
        "Tags",
    ]);
    let indexes: Vec<Value> = w.list("GlobalSecondaryIndexes").iter().map(index).collect::<Result<_, _>>()?;
    let input = with(
        same,
        [
            ("TableName", json!(name)),
            ("GlobalSecondaryIndexes", if indexes.is_empty() { Value::Null } else { indexes.into() }),
            ("StreamSpecification", stream(w.get("StreamSpecification"))),
            ("SSESpecification", encryption(w.get("SSESpecification"))),
        ],
    );
    h.make(w, "dynamodb", "CreateTable", input).await?;
    let later = async {
        let made = active(h, &name).await?;
        time_to_live(h, w, &name).await?;
        recovery(h, w, &name).await?;
        Ok(made)
    };
    later.await.map_err(|failure: Failure| failure.after(&name))
}

/// What an index may have here.
fn index(given: &Value) -> Result<Value, Failure> {
    let known = ["IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput"];
    let members = given.as_object().cloned().unwrap_or_default();
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Failure::new(format!("{name} of a global secondary index is not implemented by Kogumo"))),
        None => Ok(Value::Object(members)),
    }
}

/// CloudFormation says which view, and with that that there is a stream.
fn stream(given: &Value) -> Value {
    match given {
        Value::Null => Value::Null,
        given => json!({"StreamEnabled": true, "StreamViewType": given["StreamViewType"]}),
    }
}

fn encryption(given: &Value) -> Value {
    let Value::Object(members) = given else { return Value::Null };
    let renamed = members.iter().map(|(name, value)| {
        let name = if name == "SSEEnabled" { "Enabled" } else { name };
        (name.to_owned(), value.clone())
    });
    Value::Object(renamed.collect::<Map<_, _>>())
}

pub async fn active(h: &Hands, name: &str) -> Result<Made, Failure> {
    let table = h
        .until(SECONDS, &format!("Table {name} did not become active"), || async {
            let found = h.call("dynamodb", "DescribeTable", json!({"TableName": name})).await?;
            Ok(found.get("Table").filter(|table| table["TableStatus"] == "ACTIVE").cloned())
        })
        .await?;
    let made = Made::new(name)
        .attribute("Arn", text_at(&table, "/TableArn"))
        .attribute("TableId", text_at(&table, "/TableId"));
    Ok(match table["LatestStreamArn"].as_str() {
        Some(arn) => made.attribute("StreamArn", arn),
        None => made,
    })
}

async fn time_to_live(h: &Hands, w: &Work, name: &str) -> Result<(), Failure> {
    let (now, before) = (w.get("TimeToLiveSpecification"), w.was("TimeToLiveSpecification"));
    if now == before {
        return Ok(());
    }
    let setting = match (now, before) {
        (Value::Null, before) => json!({"AttributeName": before["AttributeName"], "Enabled": false}),
        (now, _) => now.clone(),
    };
    let disabled_from_the_start = before.is_null() && setting["Enabled"] == false;
    if disabled_from_the_start {
        return Ok(());
    }
    let input = json!({"TableName": name, "TimeToLiveSpecification": setting});
    h.call("dynamodb", "UpdateTimeToLive", input).await.map(drop)
}

async fn recovery(h: &Hands, w: &Work, name: &str) -> Result<(), Failure> {
    let specification = w.get("PointInTimeRecoverySpecification");
    let off_and_never_on =
        specification["PointInTimeRecoveryEnabled"] != true && w.was("PointInTimeRecoverySpecification").is_null();
    if specification.is_null() || off_and_never_on || !w.changed("PointInTimeRecoverySpecification") {
        return Ok(());
    }
    let input = json!({"TableName": name, "PointInTimeRecoverySpecification": specification});
    h.call("dynamodb", "UpdateContinuousBackups", input).await.map(drop)
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&PROPERTIES[..], &["PointInTimeRecoverySpecification"]].concat())?;
    let name = w.physical_id.as_str();
    let simple =
        ["BillingMode", "ProvisionedThroughput", "OnDemandThroughput", "TableClass", "DeletionProtectionEnabled"];
    let changed: Vec<&str> = simple.into_iter().filter(|property| w.changed(property)).collect();
    let stream_changed = w.changed("StreamSpecification");
    if !changed.is_empty() || stream_changed || w.changed("SSESpecification") {
        let mut input = w.pick(&changed);
        // A property that is gone is what it is by default again.
        for (property, default) in [("DeletionProtectionEnabled", json!(false)), ("TableClass", json!("STANDARD"))] {
            if changed.contains(&property) {
                input.entry(property).or_insert(default);
            }
        }
        if changed.contains(&"BillingMode") && w.get("BillingMode") != "PAY_PER_REQUEST" {
            input.extend(w.pick(&["ProvisionedThroughput"]));
        }
        let streams = if !stream_changed {
            Value::Null
        } else if w.get("StreamSpecification").is_null() {
            json!({"StreamEnabled": false})
        } else {
            stream(w.get("StreamSpecification"))
        };
        let encryption =
            if w.changed("SSESpecification") { encryption(w.get("SSESpecification")) } else { Value::Null };
        let more = [("TableName", json!(name)), ("StreamSpecification", streams), ("SSESpecification", encryption)];
        h.call("dynamodb", "UpdateTable", with(input, more)).await?;
        active(h, name).await?;
    }
    indexes(h, w, name).await?;
    time_to_live(h, w, name).await?;
    recovery(h, w, name).await?;
    let made = active(h, name).await?;
    let (gone, new) = w.tag_changes("Tags");
    let arn = made.attributes.get("Arn").cloned().unwrap_or_default();
    if !gone.is_empty() {
        h.call("dynamodb", "UntagResource", json!({"ResourceArn": arn, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("dynamodb", "TagResource", json!({"ResourceArn": arn, "Tags": new})).await?;
    }
    Ok(made)
}

/// Global secondary indexes come, go and change one at a time.
async fn indexes(h: &Hands, w: &Work, name: &str) -> Result<(), Failure> {
    let (lost, gained) = w.list_changes("GlobalSecondaryIndexes");
    let find = |list: &[Value], index: &Value| list.iter().find(|one| one["IndexName"] == index["IndexName"]).cloned();
    let mut updates = Vec::new();
    for old in &lost {
        if find(&gained, old).is_none() {
            updates.push(json!({"Delete": {"IndexName": old["IndexName"]}}));
        }
    }
    for new in &gained {
        match find(&lost, new) {
            None => updates.push(json!({"Create": index(new)?})),
            Some(old) if old["KeySchema"] == new["KeySchema"] && old["Projection"] == new["Projection"] => {
                let throughput = &new["ProvisionedThroughput"];
                updates.push(json!({"Update": {"IndexName": new["IndexName"], "ProvisionedThroughput": throughput}}));
            }
            Some(_) => {
                updates.push(json!({"Delete": {"IndexName": new["IndexName"]}}));
                updates.push(json!({"Create": index(new)?}));
            }
        }
    }
    for update in updates {
        let input = json!({"TableName": name, "AttributeDefinitions": w.get("AttributeDefinitions"), "GlobalSecondaryIndexUpdates": [update]});
        h.call("dynamodb", "UpdateTable", input).await?;
        active(h, name).await?;
    }
    Ok(())
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    let name = w.physical_id.as_str();
    h.remove("dynamodb", "DeleteTable", json!({"TableName": name})).await?;
    h.until(SECONDS, &format!("Table {name} was not deleted"), || async {
        match h.call("dynamodb", "DescribeTable", json!({"TableName": name})).await {
            Err(failure) if failure.not_found => Ok(Some(())),
            Err(failure) => Err(failure),
            Ok(_) => Ok(None),
        }
    })
    .await
}
