//! `AWS::EC2::PlacementGroup`. It is known by its name, which CloudFormation makes up.

use serde_json::{Value, json};

use crate::kinds::hands::Hands;
use crate::world::{Failure, Made, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["PartitionCount", "SpreadLevel", "Strategy", "Tags"])?;
    let mut input = w.pick(&["PartitionCount", "SpreadLevel"]);
    input.insert("GroupName".into(), json!(w.name));
    input.insert("Strategy".into(), json!(w.text("Strategy").unwrap_or("cluster")));
    let tags = w.list("Tags").to_vec();
    if !tags.is_empty() {
        input.insert("TagSpecifications".into(), json!([{"ResourceType": "placement-group", "Tags": tags}]));
    }
    h.make(w, "ec2", "CreatePlacementGroup", Value::Object(input)).await?;
    Ok(Made::new(w.name.as_str()).attribute("GroupName", w.name.as_str()))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    match h.remove("ec2", "DeletePlacementGroup", json!({"GroupName": w.physical_id})).await {
        // EC2 has a word of its own for what isn't there.
        Err(failure) if failure.reason.contains("is unknown") => Ok(()),
        done => done,
    }
}
