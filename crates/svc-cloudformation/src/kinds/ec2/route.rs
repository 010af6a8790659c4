//! Route tables, routes, and which subnets follow which table.

use serde_json::{Value, json};

use super::tagged::{make, same};
use crate::kinds::hands::{Hands, text_at};
use crate::world::{Failure, Made, Work};

const DESTINATIONS: [&str; 3] = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
const TARGETS: [&str; 6] = [
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "InstanceId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
];

pub async fn create_table(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["VpcId", "Tags"])?;
    let id = make(h, w, "CreateRouteTable", "route-table", w.pick(&["VpcId"]), "/RouteTable/RouteTableId").await?;
    Ok(Made::new(id.as_str()).attribute("RouteTableId", id))
}

fn whole(w: &Work) -> Value {
    Value::Object(w.pick(&[&["RouteTableId"], &DESTINATIONS[..], &TARGETS].concat()))
}

/// The same route again is no failure: EC2 answers as the first time.
pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&["RouteTableId"], &DESTINATIONS[..], &TARGETS].concat())?;
    h.call("ec2", "CreateRoute", whole(w)).await?;
    let destination = DESTINATIONS.iter().find_map(|name| w.text(name)).unwrap_or_default();
    let table = w.text("RouteTableId").unwrap_or_default();
    Ok(Made::new(format!("{table}|{destination}")).attribute("CidrBlock", destination))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    h.call("ec2", "ReplaceRoute", whole(w)).await?;
    Ok(same(w))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    let input = Value::Object(w.pick(&[&["RouteTableId"], &DESTINATIONS[..]].concat()));
    h.remove("ec2", "DeleteRoute", input).await
}

pub async fn associate(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["RouteTableId", "SubnetId"])?;
    let made = h.call(
        "ec2",
        "AssociateRouteTable",
        json!({"RouteTableId": w.get("RouteTableId"), "SubnetId": w.get("SubnetId")}),
    );
    let id = text_at(&made.await?, "/AssociationId");
    Ok(Made::new(id.as_str()).attribute("Id", id))
}
