//! The interfaces of a launch: made in their subnets, or taken as they are.

use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::record::Instance as Record;
use crate::faults::{invalid_combination, invalid_value, refuse};
use crate::instance_type::InstanceType;
use crate::network_interface::{self, NetworkInterface as Interface};
use crate::resource::get;
use crate::subnet::Subnet as SubnetRecord;
use crate::tag;

/// Whether a launch may ask for these interfaces.
///
/// # Errors
/// Device indices that are missing, or there twice; an automatic public address beside a second interface.
pub(super) fn check(wanted: &[InstanceNetworkInterfaceSpecification]) -> Result<(), Fault> {
    let Some(unnamed) = wanted.iter().position(|one| one.device_index.is_none()) else {
        let mut indices: Vec<i32> = wanted.iter().filter_map(|one| one.device_index).collect();
        indices.sort_unstable();
        if indices.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(invalid_value("Each network interface requires a unique device index."));
        }
        if indices.first().is_some_and(|first| *first != 0) {
            let message = "When specifying network interfaces, you must include a device at index 0.";
            return Err(invalid_value(message));
        }
        if wanted.len() > 1 && wanted.iter().any(|one| one.associate_public_ip_address == Some(true)) {
            return Err(invalid_combination(
                "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.",
            ));
        }
        return Ok(());
    };
    // AWS CLI's and older clients' one interface may leave it out.
    if unnamed == 0 && wanted.len() == 1 {
        return Ok(());
    }
    Err(invalid_value("Each network interface requires a device index."))
}

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
    network_interface::check_interfaces(wanted.len(), kind)?;
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
            network_interface::check_addresses(&interface, kind)?;
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
        network_interface::check_addresses(&interface, kind)?;
        network_interface::attach(w, &mut interface, Some(&instance.id), index, delete.unwrap_or(true))?;
        tag::mark(w, &interface, tags.to_vec())?;
        if index == 0 && one.associate_public_ip_address.unwrap_or(place.map_public_ip) {
            network_interface::give_public_address(w, &mut interface)?;
        }
    }
    Ok(())
}
