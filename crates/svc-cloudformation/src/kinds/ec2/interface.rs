//! `AWS::EC2::NetworkInterface`, and its attachment to an instance.

use serde_json::{Value, json};

use super::tagged::{follow_tags, make, same};
use crate::kinds::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

const SAME: [&str; 7] = [
    "Description",
    "Ipv6AddressCount",
    "Ipv6Addresses",
    "PrivateIpAddress",
    "PrivateIpAddresses",
    "SecondaryPrivateIpAddressCount",
    "SubnetId",
];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&SAME[..], &["GroupSet", "SourceDestCheck", "Tags"]].concat())?;
    let input = with(w.pick(&SAME), [("Groups", w.get("GroupSet").clone())]);
    let Value::Object(input) = input else { return Err(Failure::new("Internal Failure")) };
    let pointer = "/NetworkInterface/NetworkInterfaceId";
    let id = make(h, w, "CreateNetworkInterface", "network-interface", input, pointer).await?;
    let done = async {
        if w.get("SourceDestCheck").as_bool() == Some(false) {
            modify(h, &id, json!({"SourceDestCheck": {"Value": false}})).await?;
        }
        made(h, &id).await
    };
    done.await.map_err(|failure| failure.after(&id))
}

async fn modify(h: &Hands, id: &str, change: Value) -> Result<(), Failure> {
    let Value::Object(change) = change else { return Ok(()) };
    let input = with(change, [("NetworkInterfaceId", json!(id))]);
    h.call("ec2", "ModifyNetworkInterfaceAttribute", input).await.map(drop)
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let changeable = ["Description", "GroupSet", "SourceDestCheck", "Tags"];
    if let Some(name) = SAME.iter().find(|name| !changeable.contains(name) && w.changed(name)) {
        return Err(Failure::new(format!("Changing {name} of {} is not implemented by Kogumo", w.kind)));
    }
    let id = w.physical_id.clone();
    if w.changed("Description") {
        modify(h, &id, json!({"Description": {"Value": w.text("Description").unwrap_or_default()}})).await?;
    }
    if w.changed("GroupSet") && !w.list("GroupSet").is_empty() {
        modify(h, &id, json!({"Groups": w.get("GroupSet")})).await?;
    }
    if w.changed("SourceDestCheck") {
        let check = w.get("SourceDestCheck").as_bool().unwrap_or(true);
        modify(h, &id, json!({"SourceDestCheck": {"Value": check}})).await?;
    }
    follow_tags(h, w, &id).await?;
    made(h, &id).await
}

async fn made(h: &Hands, id: &str) -> Result<Made, Failure> {
    let found = h.call("ec2", "DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": [id]})).await?;
    let interface = &found["NetworkInterfaces"][0];
    let addresses = interface["PrivateIpAddresses"].as_array().cloned().unwrap_or_default();
    let secondary: Vec<Value> = addresses.iter().skip(1).map(|one| one["PrivateIpAddress"].clone()).collect();
    Ok(Made::new(id)
        .attribute("Id", id)
        .attribute("PrimaryPrivateIpAddress", interface["PrivateIpAddress"].clone())
        .attribute("PrimaryIpv6Address", interface["Ipv6Addresses"][0]["Ipv6Address"].clone())
        .attribute("SecondaryPrivateIpAddresses", secondary)
        .attribute("VpcId", interface["VpcId"].clone()))
}

/// Attaches an interface. A step that ran before finds it attached.
pub async fn attach(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["DeleteOnTermination", "DeviceIndex", "InstanceId", "NetworkInterfaceId"])?;
    let index = w.get("DeviceIndex");
    let index = index.as_i64().or_else(|| index.as_str()?.parse().ok()).unwrap_or_default();
    let interface = w.get("NetworkInterfaceId");
    let asked = json!({"InstanceId": w.get("InstanceId"), "NetworkInterfaceId": interface, "DeviceIndex": index});
    let held = async || {
        let found = h.call("ec2", "DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": [interface]})).await?;
        let attachment = &found["NetworkInterfaces"][0]["Attachment"];
        let is_own = attachment["InstanceId"] == *w.get("InstanceId");
        Ok(attachment["AttachmentId"].as_str().filter(|_| is_own).map(str::to_owned))
    };
    let earlier = if w.again { held().await? } else { None };
    let id = match earlier {
        Some(id) => id,
        None => text_at(&h.call("ec2", "AttachNetworkInterface", asked).await?, "/AttachmentId"),
    };
    if let Some(goes) = w.get("DeleteOnTermination").as_bool() {
        keep_or_not(h, w, &id, goes).await.map_err(|failure| failure.after(&id))?;
    }
    Ok(Made::new(id.as_str()).attribute("AttachmentId", id))
}

async fn keep_or_not(h: &Hands, w: &Work, attachment: &str, goes: bool) -> Result<(), Failure> {
    let interface = w.text("NetworkInterfaceId").unwrap_or_default();
    modify(h, interface, json!({"Attachment": {"AttachmentId": attachment, "DeleteOnTermination": goes}})).await
}

pub async fn update_attachment(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let goes = w.get("DeleteOnTermination").as_bool().unwrap_or(true);
    keep_or_not(h, w, &w.physical_id, goes).await?;
    Ok(same(w))
}

pub async fn detach(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("ec2", "DetachNetworkInterface", json!({"AttachmentId": w.physical_id, "Force": true})).await
}
