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

/// The table of an internet gateway, in place of which another one may come.
pub async fn associate_gateway(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["RouteTableId", "GatewayId"])?;
    let input = Value::Object(w.pick(&["RouteTableId", "GatewayId"]));
    let id = text_at(&h.call("ec2", "AssociateRouteTable", input).await?, "/AssociationId");
    Ok(Made::new(w.text("GatewayId").unwrap_or_default()).attribute("AssociationId", id))
}

pub async fn replace_gateway(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let made = Made::new(w.physical_id.as_str());
    let Some(id) = of_gateway(h, &w.physical_id).await? else { return Err(Failure::new("the association is gone")) };
    let input = json!({"AssociationId": id, "RouteTableId": w.get("RouteTableId")});
    let id = text_at(&h.call("ec2", "ReplaceRouteTableAssociation", input).await?, "/NewAssociationId");
    Ok(made.attribute("AssociationId", id))
}

pub async fn disassociate_gateway(h: &Hands, w: &Work) -> Result<(), Failure> {
    match of_gateway(h, &w.physical_id).await? {
        Some(id) => h.remove("ec2", "DisassociateRouteTable", json!({"AssociationId": id})).await,
        None => Ok(()),
    }
}

/// The association that a gateway has now.
async fn of_gateway(h: &Hands, gateway: &str) -> Result<Option<String>, Failure> {
    let filter = json!([{"Name": "association.gateway-id", "Values": [gateway]}]);
    let found = h.call("ec2", "DescribeRouteTables", json!({"Filters": filter})).await?;
    let all = found.pointer("/RouteTables/0/Associations").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = all.iter().find(|one| one["GatewayId"] == gateway);
    Ok(own.map(|one| text_at(one, "/RouteTableAssociationId")))
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
