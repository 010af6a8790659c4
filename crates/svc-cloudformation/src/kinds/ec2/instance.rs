//! `AWS::EC2::Instance`.

use serde_json::{Map, Value, json};

use super::tagged::{follow_tags, make};
use crate::kinds::hands::{Hands, text_at, with};
use crate::kinds::wait;
use crate::world::{Failure, Made, Work};

/// Properties that RunInstances has under the same name.
const SAME: [&str; 14] = [
    "CpuOptions",
    "DisableApiTermination",
    "EbsOptimized",
    "EnclaveOptions",
    "HibernationOptions",
    "ImageId",
    "InstanceInitiatedShutdownBehavior",
    "InstanceType",
    "Ipv6AddressCount",
    "Ipv6Addresses",
    "KeyName",
    "LaunchTemplate",
    "MetadataOptions",
    "UserData",
];
/// And those that are written otherwise there.
const OTHER: [&str; 16] = [
    "AvailabilityZone",
    "BlockDeviceMappings",
    "CreditSpecification",
    "IamInstanceProfile",
    "Monitoring",
    "NetworkInterfaces",
    "PlacementGroupName",
    "PrivateIpAddress",
    "PropagateTagsToVolumeOnCreation",
    "SecurityGroupIds",
    "SecurityGroups",
    "SourceDestCheck",
    "SubnetId",
    "Tags",
    "Tenancy",
    "Volumes",
];
/// Seconds that an instance may take to run, to stop, to end.
const PATIENCE: u64 = 300;

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&SAME[..], &OTHER].concat())?;
    let id = make(h, w, "RunInstances", "instance", request(w), "/Instances/0/InstanceId").await?;
    let settled = async {
        let made = until_running(h, &id).await?;
        if w.get("SourceDestCheck").as_bool() == Some(false) {
            modify(h, &id, "SourceDestCheck", json!({"Value": false})).await?;
        }
        for volume in w.list("Volumes") {
            attach(h, &id, volume).await?;
        }
        if w.creation_policy.is_some() {
            wait::for_resource(h, w).await?;
        }
        Ok(made)
    };
    settled.await.map_err(|failure: Failure| failure.after(&id))
}

/// What RunInstances is asked for.
fn request(w: &Work) -> Map<String, Value> {
    let mut input = w.pick(&SAME);
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            input.insert(name.to_owned(), value);
        }
    };
    put("MinCount", json!(1));
    put("MaxCount", json!(1));
    put("ClientToken", json!(w.token));
    for name in ["PrivateIpAddress", "SecurityGroupIds", "SecurityGroups", "SubnetId", "BlockDeviceMappings"] {
        put(name, w.get(name).clone());
    }
    if let Some(monitoring) = w.get("Monitoring").as_bool() {
        put("Monitoring", json!({"Enabled": monitoring}));
    }
    if let Some(profile) = w.text("IamInstanceProfile") {
        put("IamInstanceProfile", json!({"Name": profile}));
    }
    if let Some(credits) = w.get("CreditSpecification")["CPUCredits"].as_str() {
        put("CreditSpecification", json!({"CpuCredits": credits}));
    }
    let placement: Map<String, Value> =
        [("AvailabilityZone", "AvailabilityZone"), ("GroupName", "PlacementGroupName"), ("Tenancy", "Tenancy")]
            .into_iter()
            .filter_map(|(to, from)| Some((to.to_owned(), json!(w.text(from)?))))
            .collect();
    if !placement.is_empty() {
        put("Placement", Value::Object(placement));
    }
    let interfaces: Vec<Value> = w.list("NetworkInterfaces").iter().map(interface).collect();
    if !interfaces.is_empty() {
        put("NetworkInterfaces", Value::Array(interfaces));
    }
    input
}

/// An interface of the template as RunInstances takes it.
fn interface(from: &Value) -> Value {
    let mut members = from.as_object().cloned().unwrap_or_default();
    if let Some(groups) = members.remove("GroupSet") {
        members.insert("Groups".into(), groups);
    }
    let index = members.get("DeviceIndex").and_then(Value::as_str).and_then(|text| text.parse::<i32>().ok());
    if let Some(index) = index {
        members.insert("DeviceIndex".into(), json!(index));
    }
    Value::Object(members)
}

async fn described(h: &Hands, id: &str) -> Result<Value, Failure> {
    let found = h.call("ec2", "DescribeInstances", json!({"InstanceIds": [id]})).await?;
    Ok(found.pointer("/Reservations/0/Instances/0").cloned().unwrap_or_default())
}

/// Waits for a state; an instance that fails on the way there tells why.
async fn until(h: &Hands, id: &str, state: &str) -> Result<Value, Failure> {
    let late = format!("Instance {id} is not {state} after {PATIENCE} seconds");
    h.until(PATIENCE, &late, || async {
        let instance = described(h, id).await?;
        let (now, reason) = (text_at(&instance, "/State/Name"), text_at(&instance, "/StateReason/Message"));
        let lacks = text_at(&instance, "/StateReason/Code") == "Server.InsufficientInstanceCapacity";
        match now.as_str() {
            reached if reached == state => Ok(Some(instance)),
            "shutting-down" | "terminated" if state != "terminated" => {
                Err(Failure::new(format!("Instance {id} failed to stabilize. Current state: {now}. Reason: {reason}")))
            }
            "pending" if lacks => Err(Failure::new(reason)),
            _ => Ok(None),
        }
    })
    .await
}

async fn until_running(h: &Hands, id: &str) -> Result<Made, Failure> {
    until(h, id, "running").await.map(|instance| made(id, &instance))
}

fn made(id: &str, instance: &Value) -> Made {
    let text = |pointer: &str| text_at(instance, pointer);
    Made::new(id)
        .attribute("InstanceId", id)
        .attribute("AvailabilityZone", text("/Placement/AvailabilityZone"))
        .attribute("PrivateDnsName", text("/PrivateDnsName"))
        .attribute("PrivateIp", text("/PrivateIpAddress"))
        .attribute("PublicDnsName", text("/PublicDnsName"))
        .attribute("PublicIp", text("/PublicIpAddress"))
        .attribute("VpcId", text("/VpcId"))
        .attribute("State.Code", text("/State/Code"))
        .attribute("State.Name", text("/State/Name"))
}

async fn modify(h: &Hands, id: &str, name: &'static str, value: Value) -> Result<(), Failure> {
    let input = with(Map::new(), [("InstanceId", json!(id)), (name, value)]);
    h.call("ec2", "ModifyInstanceAttribute", input).await.map(drop)
}

async fn attach(h: &Hands, id: &str, volume: &Value) -> Result<(), Failure> {
    let input = json!({"InstanceId": id, "VolumeId": volume["VolumeId"], "Device": volume["Device"]});
    h.call("ec2", "AttachVolume", input).await.map(drop)
}

/// What changes while the instance runs, and what it is stopped and started again for.
pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let changeable = [
        "CreditSpecification",
        "DisableApiTermination",
        "EbsOptimized",
        "IamInstanceProfile",
        "InstanceInitiatedShutdownBehavior",
        "InstanceType",
        "MetadataOptions",
        "Monitoring",
        "SecurityGroupIds",
        "SourceDestCheck",
        "Tags",
        "UserData",
        "Volumes",
    ];
    let other = SAME.iter().chain(&OTHER).find(|name| !changeable.contains(name) && w.changed(name));
    if let Some(name) = other {
        return Err(Failure::new(format!("Changing {name} of {} is not implemented by Kogumo", w.kind)));
    }
    let id = w.physical_id.as_str();
    while_running(h, w, id).await?;
    while_stopped(h, w, id).await?;
    follow_tags(h, w, id).await?;
    Ok(made(id, &described(h, id).await?))
}

async fn while_running(h: &Hands, w: &Work, id: &str) -> Result<(), Failure> {
    if w.changed("DisableApiTermination") {
        let value = w.get("DisableApiTermination").as_bool().unwrap_or_default();
        modify(h, id, "DisableApiTermination", json!({"Value": value})).await?;
    }
    if w.changed("InstanceInitiatedShutdownBehavior") {
        let value = w.text("InstanceInitiatedShutdownBehavior").unwrap_or("stop");
        modify(h, id, "InstanceInitiatedShutdownBehavior", json!({"Value": value})).await?;
    }
    if w.changed("SourceDestCheck") {
        let value = w.get("SourceDestCheck").as_bool().unwrap_or(true);
        modify(h, id, "SourceDestCheck", json!({"Value": value})).await?;
    }
    if w.changed("SecurityGroupIds") && !w.list("SecurityGroupIds").is_empty() {
        modify(h, id, "Groups", w.get("SecurityGroupIds").clone()).await?;
    }
    if w.changed("Monitoring") {
        let wanted = w.get("Monitoring").as_bool().unwrap_or_default();
        let operation = if wanted { "MonitorInstances" } else { "UnmonitorInstances" };
        h.call("ec2", operation, json!({"InstanceIds": [id]})).await?;
    }
    if w.changed("MetadataOptions") {
        let options = w.get("MetadataOptions").as_object().cloned().unwrap_or_default();
        h.call("ec2", "ModifyInstanceMetadataOptions", with(options, [("InstanceId", json!(id))])).await?;
    }
    if w.changed("CreditSpecification") {
        let credits = w.get("CreditSpecification")["CPUCredits"].as_str().unwrap_or("unlimited");
        let each = json!([{"InstanceId": id, "CpuCredits": credits}]);
        h.call("ec2", "ModifyInstanceCreditSpecification", json!({"InstanceCreditSpecifications": each})).await?;
    }
    if w.changed("IamInstanceProfile") {
        profile(h, w, id).await?;
    }
    let (gone, new) = w.list_changes("Volumes");
    for volume in gone {
        h.remove("ec2", "DetachVolume", json!({"InstanceId": id, "VolumeId": volume["VolumeId"]})).await?;
    }
    for volume in &new {
        attach(h, id, volume).await?;
    }
    Ok(())
}

async fn profile(h: &Hands, w: &Work, id: &str) -> Result<(), Failure> {
    let filter = json!([{"Name": "instance-id", "Values": [id]}]);
    let found = h.call("ec2", "DescribeIamInstanceProfileAssociations", json!({"Filters": filter})).await?;
    let association = text_at(&found, "/IamInstanceProfileAssociations/0/AssociationId");
    if !association.is_empty() {
        h.call("ec2", "DisassociateIamInstanceProfile", json!({"AssociationId": association})).await?;
    }
    if let Some(name) = w.text("IamInstanceProfile") {
        let input = json!({"InstanceId": id, "IamInstanceProfile": {"Name": name}});
        h.call("ec2", "AssociateIamInstanceProfile", input).await?;
    }
    Ok(())
}

async fn while_stopped(h: &Hands, w: &Work, id: &str) -> Result<(), Failure> {
    if !["InstanceType", "UserData", "EbsOptimized"].iter().any(|name| w.changed(name)) {
        return Ok(());
    }
    h.call("ec2", "StopInstances", json!({"InstanceIds": [id]})).await?;
    until(h, id, "stopped").await?;
    if w.changed("InstanceType") {
        modify(h, id, "InstanceType", json!({"Value": w.text("InstanceType").unwrap_or("m1.small")})).await?;
    }
    if w.changed("UserData") {
        let input = json!({"InstanceId": id, "Attribute": "userData", "Value": w.text("UserData").unwrap_or_default()});
        h.call("ec2", "ModifyInstanceAttribute", input).await?;
    }
    if w.changed("EbsOptimized") {
        let value = w.get("EbsOptimized").as_bool().unwrap_or_default();
        modify(h, id, "EbsOptimized", json!({"Value": value})).await?;
    }
    h.call("ec2", "StartInstances", json!({"InstanceIds": [id]})).await?;
    until(h, id, "running").await.map(drop)
}

/// Gone is what has ended: its interfaces hold subnets and groups until then.
pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    let id = w.physical_id.as_str();
    wait::forget_resource(h, w)?;
    match h.call("ec2", "TerminateInstances", json!({"InstanceIds": [id]})).await {
        Err(failure) if failure.not_found => return Ok(()),
        done => drop(done?),
    }
    match until(h, id, "terminated").await {
        Err(failure) if failure.not_found => Ok(()),
        ended => ended.map(drop),
    }
}
