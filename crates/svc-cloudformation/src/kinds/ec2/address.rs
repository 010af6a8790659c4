//! Elastic IP addresses and what they lead to.

use serde_json::{Value, json};

use super::tagged::{follow_tags, make};
use crate::kinds::hands::{Hands, text_at};
use crate::world::{Failure, Made, Work};

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["Address", "Domain", "InstanceId", "NetworkBorderGroup", "PublicIpv4Pool", "Tags"])?;
    let input = w.pick(&["Address", "Domain", "NetworkBorderGroup", "PublicIpv4Pool"]);
    let allocation = make(h, w, "AllocateAddress", "elastic-ip", input, "/AllocationId").await?;
    let found = h.call("ec2", "DescribeAddresses", json!({"AllocationIds": [allocation]})).await?;
    let public = text_at(&found, "/Addresses/0/PublicIp");
    lead(h, w, &allocation).await.map_err(|failure| failure.after(&public))?;
    Ok(made(&public, &allocation))
}

/// `Ref` is the address itself.
fn made(public: &str, allocation: &str) -> Made {
    Made::new(public).attribute("AllocationId", allocation).attribute("PublicIp", public)
}

/// To the instance that the template names.
async fn lead(h: &Hands, w: &Work, allocation: &str) -> Result<(), Failure> {
    match w.get("InstanceId") {
        Value::Null => Ok(()),
        instance => {
            let input = json!({"AllocationId": allocation, "InstanceId": instance, "AllowReassociation": true});
            h.call("ec2", "AssociateAddress", input).await.map(drop)
        }
    }
}

/// The id of an address, which the physical id is not.
async fn allocation(h: &Hands, w: &Work) -> Result<Option<(String, Option<String>)>, Failure> {
    let asked = h.call("ec2", "DescribeAddresses", json!({"PublicIps": [w.physical_id]})).await;
    match asked {
        Err(failure) if failure.not_found => Ok(None),
        found => {
            let found = found?;
            let association = found.pointer("/Addresses/0/AssociationId").and_then(Value::as_str).map(str::to_owned);
            Ok(Some((text_at(&found, "/Addresses/0/AllocationId"), association)))
        }
    }
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let gone = || Failure::new(format!("Address {} does not exist any more", w.physical_id));
    let (id, association) = allocation(h, w).await?.ok_or_else(gone)?;
    if w.changed("InstanceId") {
        match (w.get("InstanceId"), association) {
            (Value::Null, Some(association)) => {
                h.remove("ec2", "DisassociateAddress", json!({"AssociationId": association})).await?;
            }
            _ => lead(h, w, &id).await?,
        }
    }
    follow_tags(h, w, &id).await?;
    Ok(made(&w.physical_id, &id))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    let Some((id, association)) = allocation(h, w).await? else { return Ok(()) };
    if let Some(association) = association {
        h.remove("ec2", "DisassociateAddress", json!({"AssociationId": association})).await?;
    }
    h.remove("ec2", "ReleaseAddress", json!({"AllocationId": id})).await
}

pub async fn associate(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let same = ["AllocationId", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress"];
    w.only(&[&same[..], &["EIP"]].concat())?;
    let mut input = w.pick(&same);
    if let Some(public) = w.text("EIP") {
        input.insert("PublicIp".into(), json!(public));
    }
    let made = h.call("ec2", "AssociateAddress", Value::Object(input)).await?;
    let id = text_at(&made, "/AssociationId");
    Ok(Made::new(id.as_str()).attribute("Id", id))
}
