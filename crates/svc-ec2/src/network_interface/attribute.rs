//! Attributes of network interfaces.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{
    AttributeBooleanValue, AttributeValue, DescribeNetworkInterfaceAttributeRequest,
    DescribeNetworkInterfaceAttributeResult, ModifyNetworkInterfaceAttributeRequest,
    ResetNetworkInterfaceAttributeRequest,
};
use kogumo_wire::{Fault, Unit};

use super::parts::check_groups;
use super::record::NetworkInterface;
use super::shown::{attachment, groups};
use crate::faults::{missing_parameter, one_attribute, refuse};
use crate::resource::{get, put};

/// An interface that clients may change: not one that a service holds.
pub fn own(w: &Writer, id: &str) -> Result<NetworkInterface, Fault> {
    let interface: NetworkInterface = get(w.store(), w.scope(), id)?;
    if interface.made_for.is_some() {
        let message = format!(
            "You do not have permission to access the specified resource. The network interface {id} is managed by a service."
        );
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    Ok(interface)
}

pub fn modify_network_interface_attribute(
    w: &mut Writer,
    input: ModifyNetworkInterfaceAttributeRequest,
) -> Result<Unit, Fault> {
    refuse(&[
        ("EnaSrdSpecification", input.ena_srd_specification.is_some()),
        ("EnablePrimaryIpv6", input.enable_primary_ipv6.is_some()),
        ("ConnectionTrackingSpecification", input.connection_tracking_specification.is_some()),
        ("AssociatePublicIpAddress", input.associate_public_ip_address.is_some()),
        ("AssociatedSubnetIds", input.associated_subnet_ids.is_some()),
    ])?;
    let mut interface = own(w, &input.network_interface_id)?;
    one_attribute(&[
        ("description", input.description.is_some()),
        ("sourceDestCheck", input.source_dest_check.is_some()),
        ("groupSet", input.groups.is_some()),
        ("attachment", input.attachment.is_some()),
    ])?;
    if let Some(description) = input.description {
        interface.description = description.value.unwrap_or_default();
    }
    if let Some(check) = input.source_dest_check {
        interface.source_dest_check = check.value.unwrap_or_default();
    }
    if let Some(groups) = input.groups {
        check_groups(w, &interface.vpc, &interface.subnet, &groups)?;
        if groups.is_empty() {
            return Err(missing_parameter("groupId"));
        }
        interface.groups = groups;
    }
    if let Some(changes) = input.attachment {
        let wanted = changes.attachment_id.unwrap_or_default();
        let held = interface.attachment.as_mut().filter(|held| held.id == wanted).ok_or_else(|| {
            let message = format!("The networkInterfaceAttachment ID '{wanted}' does not exist");
            Fault::coded("InvalidAttachmentID.NotFound", 400, message)
        })?;
        held.delete_on_termination = changes.delete_on_termination.unwrap_or(held.delete_on_termination);
    }
    put(w, &interface)?;
    Ok(Unit)
}

pub fn describe_network_interface_attribute(
    r: &Reader,
    input: DescribeNetworkInterfaceAttributeRequest,
) -> Result<DescribeNetworkInterfaceAttributeResult, Fault> {
    let interface: NetworkInterface = get(r.store, r.scope(), &input.network_interface_id)?;
    let mut result = DescribeNetworkInterfaceAttributeResult::default();
    match input.attribute.as_deref() {
        Some("description") => result.description = Some(AttributeValue { value: Some(interface.description.clone()) }),
        Some("groupSet") => result.groups = Some(groups(r.store, r.scope(), &interface)?),
        Some("sourceDestCheck") => {
            result.source_dest_check = Some(AttributeBooleanValue { value: Some(interface.source_dest_check) });
        }
        Some("attachment") => result.attachment = attachment(r.scope(), &interface),
        Some("associatePublicIpAddress") => {
            let public = interface.addresses.first().and_then(|primary| primary.public.as_ref());
            result.associate_public_ip_address = Some(public.is_some_and(|public| public.allocation.is_none()));
        }
        _ => return Err(missing_parameter("attribute")),
    }
    result.network_interface_id = Some(interface.id);
    Ok(result)
}

pub fn reset_network_interface_attribute(
    w: &mut Writer,
    input: ResetNetworkInterfaceAttributeRequest,
) -> Result<Unit, Fault> {
    let mut interface = own(w, &input.network_interface_id)?;
    input.source_dest_check.ok_or_else(|| missing_parameter("sourceDestCheck"))?;
    interface.source_dest_check = true;
    put(w, &interface)?;
    Ok(Unit)
}
