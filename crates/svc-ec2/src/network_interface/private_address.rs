//! Further private addresses of an interface, IPv4 and IPv6.

use kogumo_door::Writer;
use kogumo_model::ec2::{
    AssignIpv6AddressesRequest, AssignIpv6AddressesResult, AssignPrivateIpAddressesRequest,
    AssignPrivateIpAddressesResult, AssignedPrivateIpAddress, UnassignIpv6AddressesRequest,
    UnassignIpv6AddressesResult, UnassignPrivateIpAddressesRequest,
};
use kogumo_wire::{Fault, Unit};

use super::attribute::own;
use super::parts::{check_addresses, check_count, claim, ipv6_addresses, kind_of, of_subnet, used_addresses};
use super::record::{NetworkInterface, PrivateAddress};
use crate::address;
use crate::faults::{count, invalid_combination, invalid_value, missing_parameter, refuse};
use crate::resource::{get, put};
use crate::subnet::Subnet;

pub fn assign_private_ip_addresses(
    w: &mut Writer,
    input: AssignPrivateIpAddressesRequest,
) -> Result<AssignPrivateIpAddressesResult, Fault> {
    refuse(&[("Ipv4Prefixes", input.ipv4_prefixes.is_some()), ("Ipv4PrefixCount", input.ipv4_prefix_count.is_some())])?;
    let mut interface = own(w, &input.network_interface_id)?;
    let subnet: Subnet = get(w.store(), w.scope(), &interface.subnet)?;
    let listed = input.private_ip_addresses.unwrap_or_default();
    let more = count(input.secondary_private_ip_address_count, "secondaryPrivateIpAddressCount")?;
    match (listed.is_empty(), more) {
        (true, 0) => return Err(missing_parameter("privateIpAddresses or secondaryPrivateIpAddressCount")),
        (false, 1..) => {
            let message = "Only one of privateIpAddresses and secondaryPrivateIpAddressCount may be specified";
            return Err(invalid_combination(message));
        }
        _ => {}
    }
    if input.allow_reassignment == Some(true) {
        for text in &listed {
            take_from_others(w, &interface, text)?;
        }
    }
    let mut used = used_addresses(w.store(), w.scope(), &subnet.id)?;
    let wanted = listed.iter().map(|text| Some(text.as_str())).chain((0..more).map(|_| None));
    let made = wanted.map(|text| claim(&subnet, &mut used, text)).collect::<Result<Vec<_>, _>>()?;
    interface.addresses.extend(made.iter().map(|one| PrivateAddress { address: one.clone(), public: None }));
    check_limits(w, &interface)?;
    put(w, &interface)?;
    let assigned = made.into_iter().map(|one| AssignedPrivateIpAddress { private_ip_address: Some(one) });
    Ok(AssignPrivateIpAddressesResult {
        network_interface_id: Some(interface.id),
        assigned_private_ip_addresses: Some(assigned.collect()),
        assigned_ipv4_prefixes: None,
    })
}

/// As the instance's type says, where it is attached to one.
fn check_limits(w: &Writer, interface: &NetworkInterface) -> Result<(), Fault> {
    check_count(interface.addresses.len().max(interface.ipv6.len()))?;
    kind_of(w, interface.instance())?.map_or(Ok(()), |kind| check_addresses(interface, kind))
}

/// A secondary address moves: whoever has it now loses it.
fn take_from_others(w: &mut Writer, to: &NetworkInterface, text: &str) -> Result<(), Fault> {
    for mut other in of_subnet(w.store(), w.scope(), &to.subnet)? {
        let at = other.addresses.iter().position(|own| own.address == text);
        match at {
            Some(0) => {
                return Err(invalid_value(format!("The primary address {text} of {} cannot be reassigned", other.id)));
            }
            Some(at) if other.id != to.id => {
                address::let_go(w, &mut other, Some(text))?;
                other.addresses.remove(at);
                put(w, &other)?;
            }
            _ => {}
        }
    }
    Ok(())
}

pub fn unassign_private_ip_addresses(w: &mut Writer, input: UnassignPrivateIpAddressesRequest) -> Result<Unit, Fault> {
    refuse(&[("Ipv4Prefixes", input.ipv4_prefixes.is_some())])?;
    let mut interface = own(w, &input.network_interface_id)?;
    let addresses = input.private_ip_addresses.ok_or_else(|| missing_parameter("privateIpAddresses"))?;
    for text in &addresses {
        let at = interface.addresses.iter().position(|own| own.address == *text);
        match at {
            Some(0) => return Err(invalid_value(format!("The primary address {text} cannot be unassigned"))),
            Some(at) => {
                address::let_go(w, &mut interface, Some(text))?;
                interface.addresses.remove(at);
            }
            None => {
                let message =
                    format!("Some of [{}] are not assigned to interface {}", addresses.join(", "), interface.id);
                return Err(invalid_value(message));
            }
        }
    }
    put(w, &interface)?;
    Ok(Unit)
}

pub fn assign_ipv6_addresses(
    w: &mut Writer,
    input: AssignIpv6AddressesRequest,
) -> Result<AssignIpv6AddressesResult, Fault> {
    refuse(&[("Ipv6Prefixes", input.ipv6_prefixes.is_some()), ("Ipv6PrefixCount", input.ipv6_prefix_count.is_some())])?;
    let mut interface = own(w, &input.network_interface_id)?;
    let subnet: Subnet = get(w.store(), w.scope(), &interface.subnet)?;
    let listed = input.ipv6_addresses.unwrap_or_default();
    let more = count(input.ipv6_address_count, "ipv6AddressCount")?;
    if more > 0 && !listed.is_empty() {
        return Err(invalid_combination("You can't specify both ipv6AddressCount and ipv6Addresses"));
    }
    let made = ipv6_addresses(w.store(), w.scope(), &subnet, &listed, more)?;
    if made.is_empty() {
        return Err(missing_parameter("ipv6Addresses or ipv6AddressCount"));
    }
    interface.ipv6.extend(made.iter().cloned());
    check_limits(w, &interface)?;
    put(w, &interface)?;
    Ok(AssignIpv6AddressesResult {
        assigned_ipv6_addresses: Some(made),
        assigned_ipv6_prefixes: None,
        network_interface_id: Some(interface.id),
    })
}

pub fn unassign_ipv6_addresses(
    w: &mut Writer,
    input: UnassignIpv6AddressesRequest,
) -> Result<UnassignIpv6AddressesResult, Fault> {
    refuse(&[("Ipv6Prefixes", input.ipv6_prefixes.is_some())])?;
    let mut interface = own(w, &input.network_interface_id)?;
    let addresses = input.ipv6_addresses.ok_or_else(|| missing_parameter("ipv6Addresses"))?;
    if let Some(text) = addresses.iter().find(|text| !interface.ipv6.contains(text)) {
        return Err(invalid_value(format!("Some of [{text}] are not assigned to interface {}", interface.id)));
    }
    interface.ipv6.retain(|own| !addresses.contains(own));
    put(w, &interface)?;
    Ok(UnassignIpv6AddressesResult {
        network_interface_id: Some(interface.id),
        unassigned_ipv6_addresses: Some(addresses),
        unassigned_ipv6_prefixes: None,
    })
}
