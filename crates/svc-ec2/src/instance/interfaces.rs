//! The interfaces of a launch: made in their subnets, or taken as they are.

use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::record::Instance as Record;
use crate::faults::{invalid_combination, refuse};
use crate::instance_type::InstanceType;
use crate::network_interface::{self, NetworkInterface as Interface};
use crate::resource::get;
use crate::subnet::Subnet as SubnetRecord;
use crate::tag;

/// Makes or takes the interfaces.
pub(super) fn connect(
    w: &mut Writer,
    input: &RunInstancesRequest,
    instance: &Record,
    subnet: &SubnetRecord,
    groups: &[String],
    kind: &InstanceType,
    tags: &[Tag],
) -> Result<(), Fault> {
    let mut wanted = input.network_interfaces.clone().unwrap_or_default();
    if !wanted.iter().any(|one| one.device_index.unwrap_or_default() == 0) {
        wanted.insert(
            0,
            InstanceNetworkInterfaceSpecification {
                private_ip_address: input.private_ip_address.clone(),
                ipv6_address_count: input.ipv6_address_count,
                ipv6_addresses: input.ipv6_addresses.clone(),
                groups: Some(groups.to_vec()),
                device_index: Some(0),
                ..InstanceNetworkInterfaceSpecification::default()
            },
        );
    }
    if i32::try_from(wanted.len()).unwrap_or(i32::MAX) > kind.interfaces {
        let message = format!("Interface count {} exceeds the limit for {}", wanted.len(), kind.name);
        return Err(Fault::coded("AttachmentLimitExceeded", 400, message));
    }
    for one in wanted {
        refuse(&[
            ("NetworkInterfaces.Ipv6Prefixes", one.ipv6_prefixes.is_some()),
            ("NetworkInterfaces.Ipv6PrefixCount", one.ipv6_prefix_count.is_some()),
            ("NetworkInterfaces.PrimaryIpv6", one.primary_ipv6 == Some(true)),
        ])?;
        let index = one.device_index.unwrap_or_default();
        let delete = one.delete_on_termination;
        if let Some(id) = &one.network_interface_id {
            let mut interface: Interface = get(w.store(), w.scope(), id)?;
            if interface.zone != subnet.zone {
                return Err(invalid_combination(format!(
                    "The network interface '{id}' is not in the availability zone of the instance."
                )));
            }
            network_interface::attach(w, &mut interface, Some(&instance.id), index, delete.unwrap_or(false))?;
            continue;
        }
        let place: SubnetRecord = match one.subnet_id.as_deref() {
            Some(id) => get(w.store(), w.scope(), id)?,
            None => subnet.clone(),
        };
        if place.zone != subnet.zone {
            return Err(invalid_combination(format!(
                "The subnet '{}' is not in the availability zone of the instance.",
                place.id
            )));
        }
        let mut secondary: Vec<String> = Vec::new();
        let mut primary = one.private_ip_address.clone();
        for address in one.private_ip_addresses.iter().flatten() {
            let text = address.private_ip_address.clone();
            if address.primary == Some(true) { primary = text } else { secondary.extend(text) }
        }
        let ipv6: Vec<String> =
            one.ipv6_addresses.iter().flatten().filter_map(|own| own.ipv6_address.clone()).collect();
        let usual = i32::from(place.assign_ipv6 && ipv6.is_empty());
        let plan = network_interface::Plan {
            description: one.description.clone().unwrap_or_default(),
            groups: one.groups.clone().unwrap_or_default(),
            primary,
            secondary,
            secondary_count: usize::try_from(one.secondary_private_ip_address_count.unwrap_or_default())
                .unwrap_or_default(),
            ipv6_count: usize::try_from(one.ipv6_address_count.unwrap_or(usual)).unwrap_or_default(),
            ipv6,
            ..network_interface::Plan::default()
        };
        let mut interface = network_interface::make(w, &place, plan)?;
        network_interface::attach(w, &mut interface, Some(&instance.id), index, delete.unwrap_or(true))?;
        tag::mark(w, &interface, tags.to_vec())?;
        if index == 0 && one.associate_public_ip_address.unwrap_or(place.map_public_ip) {
            network_interface::give_public_address(w, &mut interface)?;
        }
    }
    Ok(())
}
