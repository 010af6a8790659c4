//! Attaching interfaces to instances and taking them off. An instance is known by its first interface.

use kogumo_door::Writer;
use kogumo_model::ec2::{AttachNetworkInterfaceRequest, AttachNetworkInterfaceResult, DetachNetworkInterfaceRequest};
use kogumo_wire::{Fault, Unit};

use super::attribute::own;
use super::parts::{attach, check_addresses, check_interfaces, detach, kind_of, of_instance};
use super::record::NetworkInterface;
use crate::faults::{invalid_value, refuse};
use crate::resource::{Kind, Resource, put};

/// Attachments are kept with their interfaces.
const ATTACHMENT: &Kind = &Kind {
    prefix: "eni-attach",
    name: "network-interface-attachment",
    malformed: "InvalidNetworkInterfaceAttachmentId.Malformed",
    not_found: "InvalidAttachmentID.NotFound",
    text: "The networkInterfaceAttachment ID '{}' does not exist",
};

pub fn attach_network_interface(
    w: &mut Writer,
    input: AttachNetworkInterfaceRequest,
) -> Result<AttachNetworkInterfaceResult, Fault> {
    refuse(&[
        ("NetworkCardIndex", input.network_card_index.is_some_and(|index| index != 0)),
        ("EnaSrdSpecification", input.ena_srd_specification.is_some()),
        ("EnaQueueCount", input.ena_queue_count.is_some()),
    ])?;
    let mut interface = own(w, &input.network_interface_id)?;
    let held = of_instance(w.store(), w.scope(), &input.instance_id)?;
    let Some(first) = held.first() else {
        let message = format!("The instance ID '{}' does not exist", input.instance_id);
        return Err(Fault::coded("InvalidInstanceID.NotFound", 400, message));
    };
    if first.zone != interface.zone {
        let message = format!(
            "You may not attach a network interface to an instance if they are not in the same availability zone: {} and {}",
            interface.zone, first.zone
        );
        return Err(invalid_value(message));
    }
    let at = |one: &NetworkInterface| one.attachment.as_ref().map(|held| held.device_index);
    if input.device_index < 1 || held.iter().any(|one| at(one) == Some(input.device_index)) {
        let message = format!(
            "Instance '{}' already has an interface attached at device index '{}'.",
            input.instance_id, input.device_index
        );
        return Err(invalid_value(message));
    }
    if let Some(kind) = kind_of(w, Some(&input.instance_id))? {
        check_interfaces(held.len() + 1, kind)?;
        check_addresses(&interface, kind)?;
    }
    let running = first.attachment.as_ref().is_some_and(|held| held.running);
    let id = attach(w, &mut interface, Some(&input.instance_id), input.device_index, false)?;
    if let Some(held) = &mut interface.attachment {
        held.running = running;
    }
    put(w, &interface)?;
    Ok(AttachNetworkInterfaceResult { attachment_id: Some(id), network_card_index: Some(0) })
}

/// The first interface stays as long as the instance.
pub fn detach_network_interface(w: &mut Writer, input: DetachNetworkInterfaceRequest) -> Result<Unit, Fault> {
    ATTACHMENT.check(&input.attachment_id)?;
    let is_it = |one: &NetworkInterface| one.attachment.as_ref().is_some_and(|held| held.id == input.attachment_id);
    let all = crate::resource::all::<NetworkInterface>(w.store(), w.scope())?;
    let mut interface = all.into_iter().find(is_it).ok_or_else(|| ATTACHMENT.missing(&input.attachment_id))?;
    own(w, interface.id())?;
    if interface.attachment.as_ref().is_some_and(|held| held.device_index == 0) {
        let message = "The network interface at device index 0 and networkCard index 0 cannot be detached.";
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    detach(w, &mut interface)?;
    Ok(Unit)
}
