//! VPC endpoints and peering connections.

use serde_json::{Value, json};

use super::tagged::{follow_tags, make};
use crate::kinds::hands::{Hands, document, text_at, with};
use crate::world::{Failure, Made, Work};

const OF_ENDPOINT: [&str; 8] = [
    "IpAddressType",
    "PrivateDnsEnabled",
    "RouteTableIds",
    "SecurityGroupIds",
    "ServiceName",
    "SubnetIds",
    "VpcEndpointType",
    "VpcId",
];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&OF_ENDPOINT[..], &["PolicyDocument", "Tags"]].concat())?;
    // A template's default differs from the API's.
    let private_dns = match (w.get("PrivateDnsEnabled"), w.text("VpcEndpointType")) {
        (Value::Null, Some("Interface")) => json!(false),
        (given, _) => given.clone(),
    };
    let own = [("PolicyDocument", document(w.get("PolicyDocument"))), ("PrivateDnsEnabled", private_dns)];
    let Value::Object(input) = with(w.pick(&OF_ENDPOINT), own) else { return Err(Failure::new("Internal Failure")) };
    let id = make(h, w, "CreateVpcEndpoint", "vpc-endpoint", input, "/VpcEndpoint/VpcEndpointId").await?;
    made(h, &id).await
}

async fn made(h: &Hands, id: &str) -> Result<Made, Failure> {
    let found = h.call("ec2", "DescribeVpcEndpoints", json!({"VpcEndpointIds": [id]})).await?;
    let endpoint = &found["VpcEndpoints"][0];
    let names = endpoint["DnsEntries"].as_array().cloned().unwrap_or_default();
    let entry = |one: &Value| {
        let zone = one["HostedZoneId"].as_str().unwrap_or_default();
        json!(format!("{zone}:{}", one["DnsName"].as_str().unwrap_or_default()))
    };
    Ok(Made::new(id)
        .attribute("Id", id)
        .attribute("CreationTimestamp", endpoint["CreationTimestamp"].clone())
        .attribute("DnsEntries", names.iter().map(entry).collect::<Vec<_>>())
        .attribute("NetworkInterfaceIds", endpoint["NetworkInterfaceIds"].clone()))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if w.changed("IpAddressType") {
        return Err(Failure::new("Changing IpAddressType of AWS::EC2::VPCEndpoint is not implemented by Kogumo"));
    }
    let id = w.physical_id.clone();
    let mut input = serde_json::Map::new();
    for (property, word) in
        [("RouteTableIds", "RouteTableIds"), ("SubnetIds", "SubnetIds"), ("SecurityGroupIds", "SecurityGroupIds")]
    {
        let (gone, new) = w.list_changes(property);
        for (verb, list) in [("Remove", gone), ("Add", new)] {
            if !list.is_empty() {
                input.insert(format!("{verb}{word}"), json!(list));
            }
        }
    }
    if w.changed("PolicyDocument") {
        input.insert("PolicyDocument".into(), document(w.get("PolicyDocument")));
    }
    if w.changed("PrivateDnsEnabled") {
        input.insert("PrivateDnsEnabled".into(), json!(w.get("PrivateDnsEnabled").as_bool().unwrap_or_default()));
    }
    if !input.is_empty() {
        h.call("ec2", "ModifyVpcEndpoint", with(input, [("VpcEndpointId", json!(id))])).await?;
    }
    follow_tags(h, w, &id).await?;
    made(h, &id).await
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("ec2", "DeleteVpcEndpoints", json!({"VpcEndpointIds": [w.physical_id]})).await
}

/// Within an account a stack accepts its own request, as on AWS.
pub async fn create_peering(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let same = ["PeerOwnerId", "PeerRegion", "PeerVpcId", "VpcId"];
    w.only(&[&same[..], &["Tags"]].concat())?;
    let kind = "vpc-peering-connection";
    let pointer = "/VpcPeeringConnection/VpcPeeringConnectionId";
    let id = make(h, w, "CreateVpcPeeringConnection", kind, w.pick(&same), pointer).await?;
    let found = h.call("ec2", "DescribeVpcPeeringConnections", json!({"VpcPeeringConnectionIds": [id]})).await?;
    let connection = &found["VpcPeeringConnections"][0];
    let status = text_at(connection, "/Status/Code");
    if status == "failed" {
        return Err(Failure::new(text_at(connection, "/Status/Message")).after(&id));
    }
    let accepter = &connection["AccepterVpcInfo"];
    let is_own = accepter["OwnerId"] == h.scope.account.as_str() && accepter["Region"] == h.scope.region.as_str();
    if is_own && status == "pending-acceptance" {
        let accepted = h.call("ec2", "AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": id})).await;
        accepted.map_err(|failure| failure.after(&id))?;
    }
    Ok(Made::new(id.as_str()).attribute("Id", id))
}
