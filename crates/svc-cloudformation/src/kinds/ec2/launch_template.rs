//! `AWS::EC2::LaunchTemplate`. An update makes a version, which becomes the default one only by somebody's wish.

use serde_json::{Map, Value, json};

use super::tagged::make;
use crate::kinds::hands::Hands;
use crate::world::{Failure, Made, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["LaunchTemplateData", "LaunchTemplateName", "TagSpecifications", "VersionDescription"])?;
    let mut input = Map::from_iter([("LaunchTemplateName".to_owned(), json!(w.named("LaunchTemplateName")))]);
    input.insert("LaunchTemplateData".into(), data(w.get("LaunchTemplateData")));
    input.insert("ClientToken".into(), json!(w.token));
    input.extend(w.pick(&["VersionDescription"]));
    let own = w.list("TagSpecifications").iter().find(|one| one["ResourceType"] == "launch-template");
    let id = make(h, w, "CreateLaunchTemplate", "launch-template", input, "/LaunchTemplate/LaunchTemplateId").await?;
    let settled = async {
        if let Some(tags) = own {
            h.call("ec2", "CreateTags", json!({"Resources": [id], "Tags": tags["Tags"]})).await?;
        }
        made(h, &id).await
    };
    settled.await.map_err(|failure: Failure| failure.after(&id))
}

/// The template's data as the API takes it: CloudFormation writes a few members otherwise.
fn data(from: &Value) -> Value {
    let mut members = from.as_object().cloned().unwrap_or_default();
    for interface in members.get_mut("NetworkInterfaces").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(members) = interface.as_object_mut() {
            let number = members.get("DeviceIndex").and_then(Value::as_str).and_then(|text| text.parse::<i32>().ok());
            if let Some(number) = number {
                members.insert("DeviceIndex".into(), json!(number));
            }
        }
    }
    Value::Object(members)
}

async fn made(h: &Hands, id: &str) -> Result<Made, Failure> {
    let found = h.call("ec2", "DescribeLaunchTemplates", json!({"LaunchTemplateIds": [id]})).await?;
    let number = |name: &str| found["LaunchTemplates"][0][name].to_string();
    Ok(Made::new(id)
        .attribute("LaunchTemplateId", id)
        .attribute("DefaultVersionNumber", number("DefaultVersionNumber"))
        .attribute("LatestVersionNumber", number("LatestVersionNumber")))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let id = w.physical_id.as_str();
    if w.changed("LaunchTemplateData") || w.changed("VersionDescription") {
        let mut input = w.pick(&["VersionDescription"]);
        input.insert("LaunchTemplateId".into(), json!(id));
        input.insert("LaunchTemplateData".into(), data(w.get("LaunchTemplateData")));
        input.insert("ClientToken".into(), json!(w.token));
        h.call("ec2", "CreateLaunchTemplateVersion", Value::Object(input)).await?;
    }
    if w.changed("TagSpecifications") {
        return Err(Failure::new(format!("Changing TagSpecifications of {} is not implemented by Kogumo", w.kind)));
    }
    made(h, id).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("ec2", "DeleteLaunchTemplate", json!({"LaunchTemplateId": w.physical_id})).await
}
