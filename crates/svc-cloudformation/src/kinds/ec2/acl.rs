//! Network ACLs, their entries, and which subnets they guard.

use serde_json::{Map, Value, json};

use super::tagged::{make, same};
use crate::kinds::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["VpcId", "Tags"])?;
    let id = make(h, w, "CreateNetworkAcl", "network-acl", w.pick(&["VpcId"]), "/NetworkAcl/NetworkAclId").await?;
    Ok(Made::new(id.as_str()).attribute("Id", id))
}

const OF_ENTRY: [&str; 9] = [
    "CidrBlock",
    "Egress",
    "Icmp",
    "Ipv6CidrBlock",
    "NetworkAclId",
    "PortRange",
    "Protocol",
    "RuleAction",
    "RuleNumber",
];

fn entry(w: &Work) -> Value {
    let same = w.pick(&["CidrBlock", "Ipv6CidrBlock", "NetworkAclId", "PortRange", "RuleAction", "RuleNumber"]);
    let protocol = match w.get("Protocol") {
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    let egress = w.get("Egress").as_bool().unwrap_or_default();
    with(same, [("Protocol", json!(protocol)), ("Egress", json!(egress)), ("IcmpTypeCode", w.get("Icmp").clone())])
}

pub async fn create_entry(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&OF_ENTRY)?;
    h.make(w, "ec2", "CreateNetworkAclEntry", entry(w)).await?;
    let id = format!("{}|{}|{}", w.text("NetworkAclId").unwrap_or_default(), w.get("RuleNumber"), egress_word(w));
    Ok(Made::new(id.as_str()).attribute("Id", id))
}

fn egress_word(w: &Work) -> &'static str {
    if w.get("Egress").as_bool() == Some(true) { "true" } else { "false" }
}

pub async fn update_entry(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&OF_ENTRY)?;
    h.call("ec2", "ReplaceNetworkAclEntry", entry(w)).await?;
    Ok(same(w))
}

pub async fn delete_entry(h: &Hands, w: &Work) -> Result<(), Failure> {
    let egress = w.get("Egress").as_bool().unwrap_or_default();
    let input = with(w.pick(&["NetworkAclId", "RuleNumber"]), [("Egress", json!(egress))]);
    h.remove("ec2", "DeleteNetworkAclEntry", input).await
}

/// The association of a subnet, whichever ACL it is with, and the default ACL of its VPC.
async fn current(h: &Hands, subnet: &Value) -> Result<(Value, String), Failure> {
    let of_subnet = json!([{"Name": "association.subnet-id", "Values": [subnet]}]);
    let found = h.call("ec2", "DescribeNetworkAcls", json!({"Filters": of_subnet})).await?;
    let acl = &found["NetworkAcls"][0];
    let associations = acl["Associations"].as_array().cloned().unwrap_or_default();
    let own = associations.into_iter().find(|one| one["SubnetId"] == *subnet).unwrap_or_default();
    let of_vpc = json!([{"Name": "vpc-id", "Values": [acl["VpcId"]]}, {"Name": "default", "Values": ["true"]}]);
    let default = h.call("ec2", "DescribeNetworkAcls", json!({"Filters": of_vpc})).await?;
    Ok((own["NetworkAclAssociationId"].clone(), text_at(&default, "/NetworkAcls/0/NetworkAclId")))
}

pub async fn associate(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["NetworkAclId", "SubnetId"])?;
    let (association, _) = current(h, w.get("SubnetId")).await?;
    let input = json!({"AssociationId": association, "NetworkAclId": w.get("NetworkAclId")});
    let made = h.call("ec2", "ReplaceNetworkAclAssociation", input).await?;
    let id = text_at(&made, "/NewAssociationId");
    Ok(Made::new(id.as_str()).attribute("AssociationId", id))
}

/// The subnet goes back to its VPC's default ACL.
pub async fn disassociate(h: &Hands, w: &Work) -> Result<(), Failure> {
    let (_, default) = current(h, w.get("SubnetId")).await?;
    let input = Map::from_iter([
        ("AssociationId".to_owned(), json!(w.physical_id)),
        ("NetworkAclId".to_owned(), json!(default)),
    ]);
    h.remove("ec2", "ReplaceNetworkAclAssociation", Value::Object(input)).await
}
