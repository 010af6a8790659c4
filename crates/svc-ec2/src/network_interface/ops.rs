//! The operations of network interfaces.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{NetworkInterface as Shown, *};
use kogumo_wire::{Fault, Unit};

use super::parts::{Plan, make, remove};
use super::record::NetworkInterface;
use super::shown::Surroundings;
use crate::client_token;
use crate::faults::{count, invalid_combination, invalid_value, refuse};
use crate::filter::{Filters, each, flag, number, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, chosen, get};
use crate::subnet::Subnet;
use crate::tag::{self, Tags};

/// The addresses that a request asks for, in its two ways.
fn plan(input: &CreateNetworkInterfaceRequest) -> Result<Plan, Fault> {
    let listed = input.private_ip_addresses.as_deref().unwrap_or_default();
    let address = |one: &PrivateIpAddressSpecification| one.private_ip_address.clone();
    let is_primary = |one: &&PrivateIpAddressSpecification| one.primary == Some(true);
    if listed.iter().filter(is_primary).count() > 1 {
        return Err(invalid_value("Only one address may be the primary one"));
    }
    let listed_primary = listed.iter().find(is_primary).and_then(address);
    if listed_primary.is_some() && input.private_ip_address.is_some() {
        let message = "The parameters privateIpAddress and privateIpAddresses may not both name the primary address";
        return Err(invalid_combination(message));
    }
    let secondary_count = count(input.secondary_private_ip_address_count, "secondaryPrivateIpAddressCount")?;
    if secondary_count > 0 && listed.len() > 1 {
        let message =
            "You can't specify secondaryPrivateIpAddressCount and more than one address in privateIpAddresses";
        return Err(invalid_combination(message));
    }
    let ipv6_count = count(input.ipv6_address_count, "ipv6AddressCount")?;
    if ipv6_count > 0 && input.ipv6_addresses.as_ref().is_some_and(|listed| !listed.is_empty()) {
        return Err(invalid_combination("You can't specify both ipv6AddressCount and ipv6Addresses"));
    }
    Ok(Plan {
        description: input.description.clone().unwrap_or_default(),
        groups: input.groups.clone().unwrap_or_default(),
        primary: input.private_ip_address.clone().or(listed_primary),
        secondary: listed.iter().filter(|one| !is_primary(one)).filter_map(address).collect(),
        secondary_count,
        ipv6: input.ipv6_addresses.iter().flatten().filter_map(|one| one.ipv6_address.clone()).collect(),
        ipv6_count,
        ..Plan::default()
    })
}

pub fn create_network_interface(
    w: &mut Writer,
    input: CreateNetworkInterfaceRequest,
) -> Result<CreateNetworkInterfaceResult, Fault> {
    refuse(&[
        ("Ipv4Prefixes", input.ipv4_prefixes.is_some()),
        ("Ipv4PrefixCount", input.ipv4_prefix_count.is_some()),
        ("Ipv6Prefixes", input.ipv6_prefixes.is_some()),
        ("Ipv6PrefixCount", input.ipv6_prefix_count.is_some()),
        ("InterfaceType", input.interface_type.is_some()),
        ("EnablePrimaryIpv6", input.enable_primary_ipv6 == Some(true)),
        ("ConnectionTrackingSpecification", input.connection_tracking_specification.is_some()),
        ("Operator", input.operator.is_some()),
    ])?;
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateNetworkInterface", token.as_deref(), &input)?;
    let interface = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let subnet: Subnet = get(w.store(), w.scope(), &input.subnet_id)?;
            let mut plan = plan(&input)?;
            if subnet.assign_ipv6 && plan.ipv6.is_empty() && input.ipv6_address_count.is_none() {
                plan.ipv6_count = 1;
            }
            let tags = tag::specified(w, input.tag_specifications, NetworkInterface::KIND)?;
            let interface = make(w, &subnet, plan)?;
            tag::mark(w, &interface, tags)?;
            claim.keep(w, &interface.id)?;
            interface
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &interface.id)?;
    let around = Surroundings::of(w.store(), w.scope(), std::slice::from_ref(&interface))?;
    let shown = Shown { status: Some("pending".into()), ..around.show(&interface, &tags) };
    Ok(CreateNetworkInterfaceResult { network_interface: Some(shown), client_token: token })
}

fn attachment(interface: &Shown, value: fn(&NetworkInterfaceAttachment) -> Vec<String>) -> Vec<String> {
    interface.attachment.iter().flat_map(value).collect()
}

fn association(interface: &Shown, value: fn(&NetworkInterfaceAssociation) -> Vec<String>) -> Vec<String> {
    interface.association.iter().flat_map(value).collect()
}

fn address_owner(address: &NetworkInterfacePrivateIpAddress) -> Vec<String> {
    address.association.iter().flat_map(|one| text(&one.ip_owner_id)).collect()
}

fn address_public(address: &NetworkInterfacePrivateIpAddress) -> Vec<String> {
    address.association.iter().flat_map(|one| text(&one.public_ip)).collect()
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("association.allocation-id", |one| association(one, |association| text(&association.allocation_id))),
        ("association.association-id", |one| association(one, |association| text(&association.association_id))),
        ("association.ip-owner-id", |one| association(one, |association| text(&association.ip_owner_id))),
        ("association.public-ip", |one| association(one, |association| text(&association.public_ip))),
        ("association.public-dns-name", |one| association(one, |association| text(&association.public_dns_name))),
        ("addresses.association.owner-id", |one| each(&one.private_ip_addresses, address_owner)),
        ("addresses.association.public-ip", |one| each(&one.private_ip_addresses, address_public)),
        ("addresses.primary", |one| each(&one.private_ip_addresses, |address| flag(address.primary))),
        ("addresses.private-ip-address", |one| {
            each(&one.private_ip_addresses, |address| text(&address.private_ip_address))
        }),
        ("attachment.attach-time", |one| {
            attachment(one, |held| held.attach_time.iter().map(|time| time.iso_millis()).collect())
        }),
        ("attachment.attachment-id", |one| attachment(one, |held| text(&held.attachment_id))),
        ("attachment.delete-on-termination", |one| attachment(one, |held| flag(held.delete_on_termination))),
        ("attachment.device-index", |one| attachment(one, |held| number(held.device_index))),
        ("attachment.instance-id", |one| attachment(one, |held| text(&held.instance_id))),
        ("attachment.instance-owner-id", |one| attachment(one, |held| text(&held.instance_owner_id))),
        ("attachment.status", |one| attachment(one, |held| text(&held.status))),
        ("availability-zone", |one| text(&one.availability_zone)),
        ("availability-zone-id", |one| text(&one.availability_zone_id)),
        ("description", |one| text(&one.description)),
        ("group-id", |one| each(&one.groups, |group| text(&group.group_id))),
        ("group-name", |one| each(&one.groups, |group| text(&group.group_name))),
        ("ipv6-addresses.ipv6-address", |one| each(&one.ipv6_addresses, |address| text(&address.ipv6_address))),
        ("interface-type", |one| text(&one.interface_type)),
        ("mac-address", |one| text(&one.mac_address)),
        ("network-interface-id", |one| text(&one.network_interface_id)),
        ("operator.managed", |one| one.operator.iter().flat_map(|operator| flag(operator.managed)).collect()),
        ("operator.principal", |one| one.operator.iter().flat_map(|operator| text(&operator.principal)).collect()),
        ("owner-id", |one| text(&one.owner_id)),
        ("private-dns-name", |one| text(&one.private_dns_name)),
        ("private-ip-address", |one| text(&one.private_ip_address)),
        ("requester-id", |one| text(&one.requester_id)),
        ("requester-managed", |one| flag(one.requester_managed)),
        ("source-dest-check", |one| flag(one.source_dest_check)),
        ("status", |one| text(&one.status)),
        ("subnet-id", |one| text(&one.subnet_id)),
        ("vpc-id", |one| text(&one.vpc_id)),
    ],
    tags: Some(|one| one.tag_set.as_ref()),
};

pub fn describe_network_interfaces(
    r: &Reader,
    input: DescribeNetworkInterfacesRequest,
) -> Result<DescribeNetworkInterfacesResult, Fault> {
    let interfaces = chosen::<NetworkInterface>(r.store, r.scope(), input.network_interface_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let around = Surroundings::of(r.store, r.scope(), &interfaces)?;
    let interfaces = interfaces.iter().map(|one| around.show(one, &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.network_interface_ids.as_ref().map(|_| "networkInterfaceIds"),
    };
    let interfaces = FILTERS.select(interfaces, input.filters)?;
    let page = cut(interfaces, wanted, |one| one.network_interface_id.clone().unwrap_or_default())?;
    Ok(DescribeNetworkInterfacesResult { network_interfaces: Some(page.items), next_token: page.next_token })
}

pub fn delete_network_interface(w: &mut Writer, input: DeleteNetworkInterfaceRequest) -> Result<Unit, Fault> {
    let interface: NetworkInterface = get(w.store(), w.scope(), &input.network_interface_id)?;
    if interface.attachment.is_some() {
        return Err(invalid_value(format!("Network interface '{}' is currently in use.", interface.id)));
    }
    remove(w, interface)?;
    Ok(Unit)
}
