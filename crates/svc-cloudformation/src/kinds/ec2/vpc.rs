//! `AWS::EC2::VPC`, its further blocks, and its subnets.

use serde_json::{Map, Value, json};

use super::tagged::{follow_tags, make};
use crate::kinds::hands::{Hands, text_at};
use crate::world::{Failure, Made, Told, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["CidrBlock", "EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy", "Tags"])?;
    let id = make(h, w, "CreateVpc", "vpc", w.pick(&["CidrBlock", "InstanceTenancy"]), "/Vpc/VpcId").await?;
    settled(h, w, &id).await.map_err(|failure| failure.after(&id))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let id = w.physical_id.clone();
    if w.changed("InstanceTenancy") {
        let input = json!({"VpcId": id, "InstanceTenancy": w.get("InstanceTenancy")});
        h.call("ec2", "ModifyVpcTenancy", input).await?;
    }
    follow_tags(h, w, &id).await?;
    settled(h, w, &id).await
}

async fn settled(h: &Hands, w: &Work, id: &str) -> Result<Made, Failure> {
    for (name, default) in [("EnableDnsSupport", true), ("EnableDnsHostnames", false)] {
        if w.changed(name) {
            let value = w.get(name).as_bool().unwrap_or(default);
            h.call("ec2", "ModifyVpcAttribute", json!({"VpcId": id, name: {"Value": value}})).await?;
        }
    }
    let vpc = described(h, id).await?;
    let of_vpc = json!([{"Name": "vpc-id", "Values": [id]}, {"Name": "default", "Values": ["true"]}]);
    let acls = h.call("ec2", "DescribeNetworkAcls", json!({"Filters": of_vpc})).await?;
    let named = json!([{"Name": "vpc-id", "Values": [id]}, {"Name": "group-name", "Values": ["default"]}]);
    let groups = h.call("ec2", "DescribeSecurityGroups", json!({"Filters": named})).await?;
    let made = Made { attributes: blocks(&vpc), ..Made::new(id) };
    Ok(made
        .attribute("VpcId", id)
        .attribute("CidrBlock", text_at(&vpc, "/Vpcs/0/CidrBlock"))
        .attribute("DefaultNetworkAcl", text_at(&acls, "/NetworkAcls/0/NetworkAclId"))
        .attribute("DefaultSecurityGroup", text_at(&groups, "/SecurityGroups/0/GroupId")))
}

async fn described(h: &Hands, id: &str) -> Result<Value, Failure> {
    h.call("ec2", "DescribeVpcs", json!({"VpcIds": [id]})).await
}

/// The attributes of a VPC that its further blocks change.
fn blocks(vpc: &Value) -> Map<String, Value> {
    let each = |list: &str, member: &str| -> Value {
        let blocks = vpc.pointer(&format!("/Vpcs/0/{list}")).and_then(Value::as_array).cloned().unwrap_or_default();
        blocks.iter().map(|block| block[member].clone()).collect()
    };
    let all = [
        ("CidrBlockAssociations", each("CidrBlockAssociationSet", "AssociationId")),
        ("Ipv6CidrBlocks", each("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock")),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub async fn create_block(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["VpcId", "CidrBlock", "AmazonProvidedIpv6CidrBlock"])?;
    let input = Value::Object(w.pick(&["VpcId", "CidrBlock", "AmazonProvidedIpv6CidrBlock"]));
    let made = h.call("ec2", "AssociateVpcCidrBlock", input).await?;
    let id = ["/CidrBlockAssociation/AssociationId", "/Ipv6CidrBlockAssociation/AssociationId"];
    let id = id.map(|pointer| text_at(&made, pointer)).concat();
    let vpc = w.text("VpcId").unwrap_or_default().to_owned();
    let attributes = blocks(&described(h, &vpc).await?);
    let told = Told { kind: "AWS::EC2::VPC", physical_id: vpc, attributes };
    Ok(Made { told: Some(told), ..Made::new(id.as_str()).attribute("Id", id) })
}

const OF_SUBNET: [&str; 5] = ["VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId", "Ipv6CidrBlock"];

pub async fn create_subnet(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let attributes =
        ["AssignIpv6AddressOnCreation", "EnableDns64", "MapPublicIpOnLaunch", "PrivateDnsNameOptionsOnLaunch"];
    w.only(&[&OF_SUBNET[..], &attributes, &["Tags"]].concat())?;
    let id = make(h, w, "CreateSubnet", "subnet", w.pick(&OF_SUBNET), "/Subnet/SubnetId").await?;
    subnet_settled(h, w, &id).await.map_err(|failure| failure.after(&id))
}

pub async fn update_subnet(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if w.changed("Ipv6CidrBlock") {
        return Err(Failure::new("Changing Ipv6CidrBlock of AWS::EC2::Subnet is not implemented by Kogumo"));
    }
    let id = w.physical_id.clone();
    follow_tags(h, w, &id).await?;
    subnet_settled(h, w, &id).await
}

async fn subnet_settled(h: &Hands, w: &Work, id: &str) -> Result<Made, Failure> {
    let modify = async |name: &str, value: Value| {
        h.call("ec2", "ModifySubnetAttribute", json!({"SubnetId": id, name: value})).await.map(drop)
    };
    for name in ["AssignIpv6AddressOnCreation", "EnableDns64", "MapPublicIpOnLaunch"] {
        if w.changed(name) {
            modify(name, json!({"Value": w.get(name).as_bool().unwrap_or_default()})).await?;
        }
    }
    if w.changed("PrivateDnsNameOptionsOnLaunch") {
        let options = w.get("PrivateDnsNameOptionsOnLaunch");
        let flag = |name: &str| json!({"Value": options[name].as_bool().unwrap_or_default()});
        let hostname_type = options["HostnameType"].as_str().unwrap_or("ip-name");
        modify("PrivateDnsHostnameTypeOnLaunch", json!(hostname_type)).await?;
        modify("EnableResourceNameDnsARecordOnLaunch", flag("EnableResourceNameDnsARecord")).await?;
        modify("EnableResourceNameDnsAAAARecordOnLaunch", flag("EnableResourceNameDnsAAAARecord")).await?;
    }
    let found = h.call("ec2", "DescribeSubnets", json!({"SubnetIds": [id]})).await?;
    let filter = json!([{"Name": "association.subnet-id", "Values": [id]}]);
    let acls = h.call("ec2", "DescribeNetworkAcls", json!({"Filters": filter})).await?;
    let associations =
        acls.pointer("/NetworkAcls/0/Associations").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = associations.iter().find(|one| one["SubnetId"] == id).map(|one| one["NetworkAclAssociationId"].clone());
    let subnet = &found["Subnets"][0];
    let ipv6 = subnet["Ipv6CidrBlockAssociationSet"].as_array().cloned().unwrap_or_default();
    let ipv6: Vec<Value> = ipv6.iter().map(|block| block["Ipv6CidrBlock"].clone()).collect();
    let mut made = Made::new(id).attribute("SubnetId", id).attribute("Ipv6CidrBlocks", ipv6);
    for name in ["AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId"] {
        made = made.attribute(name, subnet[name].clone());
    }
    Ok(made.attribute("NetworkAclAssociationId", own.unwrap_or_default()))
}

pub async fn create_subnet_block(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["SubnetId", "Ipv6CidrBlock"])?;
    let input = Value::Object(w.pick(&["SubnetId", "Ipv6CidrBlock"]));
    let made = h.call("ec2", "AssociateSubnetCidrBlock", input).await?;
    let id = text_at(&made, "/Ipv6CidrBlockAssociation/AssociationId");
    Ok(Made::new(id.as_str()).attribute("Id", id))
}
