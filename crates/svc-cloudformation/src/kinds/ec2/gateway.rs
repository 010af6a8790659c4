//! Internet gateways and their attachments, egress-only gateways, NAT gateways.

use serde_json::{Value, json};

use super::tagged::{make, same};
use crate::kinds::hands::{Hands, text_at};
use crate::world::{Failure, Made, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Tags"])?;
    let pointer = "/InternetGateway/InternetGatewayId";
    let id = make(h, w, "CreateInternetGateway", "internet-gateway", w.pick(&[]), pointer).await?;
    Ok(Made::new(id.as_str()).attribute("InternetGatewayId", id))
}

pub async fn create_egress_only(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["VpcId", "Tags"])?;
    let pointer = "/EgressOnlyInternetGateway/EgressOnlyInternetGatewayId";
    let kind = "egress-only-internet-gateway";
    let id = make(h, w, "CreateEgressOnlyInternetGateway", kind, w.pick(&["VpcId"]), pointer).await?;
    Ok(Made::new(id.as_str()).attribute("Id", id))
}

/// Attaches; the same attachment again is no failure.
pub async fn attach(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["VpcId", "InternetGatewayId"])?;
    let input = Value::Object(w.pick(&["VpcId", "InternetGatewayId"]));
    h.make(w, "ec2", "AttachInternetGateway", input).await?;
    let vpc = w.text("VpcId").unwrap_or_default();
    Ok(Made::new(format!("IGW|{vpc}")).attribute("AttachmentType", "IGW"))
}

pub async fn update_attachment(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if w.changed("InternetGatewayId") {
        take_off(h, w, w.was("InternetGatewayId")).await?;
        h.call("ec2", "AttachInternetGateway", Value::Object(w.pick(&["VpcId", "InternetGatewayId"]))).await?;
    }
    Ok(same(w))
}

pub async fn detach(h: &Hands, w: &Work) -> Result<(), Failure> {
    take_off(h, w, w.get("InternetGatewayId")).await
}

async fn take_off(h: &Hands, w: &Work, gateway: &Value) -> Result<(), Failure> {
    let input = json!({"VpcId": w.get("VpcId"), "InternetGatewayId": gateway});
    match h.remove("ec2", "DetachInternetGateway", input).await {
        // It has been detached already.
        Err(failure) if failure.reason.contains("is not attached to network") => Ok(()),
        done => done,
    }
}

const OF_NAT: [&str; 7] = [
    "AllocationId",
    "ConnectivityType",
    "PrivateIpAddress",
    "SecondaryAllocationIds",
    "SecondaryPrivateIpAddressCount",
    "SecondaryPrivateIpAddresses",
    "SubnetId",
];

/// A NAT gateway, once it is available.
pub async fn create_nat(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&OF_NAT[..], &["Tags"]].concat())?;
    let id = make(h, w, "CreateNatGateway", "natgateway", w.pick(&OF_NAT), "/NatGateway/NatGatewayId").await?;
    let late = format!("NAT gateway {id} did not become available");
    let ask = async || {
        let found = h.call("ec2", "DescribeNatGateways", json!({"NatGatewayIds": [id]})).await?;
        let gateway = found["NatGateways"][0].clone();
        match gateway["State"].as_str() {
            Some("available") => Ok(Some(gateway)),
            Some("failed") => Err(Failure::new(text_at(&gateway, "/FailureMessage"))),
            _ => Ok(None),
        }
    };
    let gateway = h.until(300, &late, ask).await.map_err(|failure| failure.after(&id))?;
    let interface = text_at(&gateway, "/NatGatewayAddresses/0/NetworkInterfaceId");
    Ok(Made::new(id.as_str()).attribute("NatGatewayId", id).attribute("EniId", interface))
}
