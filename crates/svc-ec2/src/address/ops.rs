//! Allocating, describing and releasing Elastic IP addresses.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{Address as Shown, *};
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use super::record::Address;
use crate::faults::{invalid_combination, limit, missing_parameter, refuse};
use crate::filter::{Filters, text};
use crate::network_interface::NetworkInterface;
use crate::resource::{Resource, all, chosen, delete, find, get, put};
use crate::tag::{self, Tags};
use crate::{cidr, public_address};

/// Source: Amazon EC2 User Guide, "Elastic IP address quota".
const MOST: usize = 5;

pub fn allocate_address(w: &mut Writer, input: AllocateAddressRequest) -> Result<AllocateAddressResult, Fault> {
    refuse(&[
        ("PublicIpv4Pool", input.public_ipv4_pool.as_deref().is_some_and(|pool| pool != "amazon")),
        ("CustomerOwnedIpv4Pool", input.customer_owned_ipv4_pool.is_some()),
        ("IpamPoolId", input.ipam_pool_id.is_some()),
        ("NetworkBorderGroup", input.network_border_group.as_deref().is_some_and(|group| group != w.caller.region())),
        ("Domain=standard", input.domain.as_deref() == Some("standard")),
    ])?;
    let tags = tag::specified(w, input.tag_specifications, Address::KIND)?;
    check_quota(w)?;
    let public = match input.address {
        Some(text) => {
            let address = cidr::address4(&text)?;
            if !public_address::take_this(w, address)? {
                return Err(Fault::coded("InvalidAddress.NotFound", 400, format!("Address '{text}' not found.")));
            }
            address
        }
        None => public_address::take(w)?,
    };
    let address =
        Address { id: Address::KIND.new_id(), public: public.to_string(), association: None, reverse_name: None };
    put(w, &address)?;
    tag::mark(w, &address, tags)?;
    Ok(AllocateAddressResult {
        allocation_id: Some(address.id),
        public_ipv4_pool: Some("amazon".into()),
        network_border_group: Some(w.caller.region().to_owned()),
        domain: Some("vpc".into()),
        public_ip: Some(address.public),
        ..AllocateAddressResult::default()
    })
}

/// # Errors
/// `AddressLimitExceeded`.
pub(super) fn check_quota(w: &Writer) -> Result<(), Fault> {
    if all::<Address>(w.store(), w.scope())?.len() >= MOST {
        return Err(limit("AddressLimitExceeded", "The maximum number of addresses has been reached."));
    }
    Ok(())
}

fn shown(read: &dyn Read, scope: &Scope, address: &Address, tags: &Tags) -> Result<Shown, Fault> {
    let mut shown = Shown {
        allocation_id: Some(address.id.clone()),
        domain: Some("vpc".into()),
        tags: tags.shown_if_any(&address.id),
        public_ipv4_pool: Some("amazon".into()),
        network_border_group: Some(scope.region.clone()),
        public_ip: Some(address.public.clone()),
        ..Shown::default()
    };
    if let Some(association) = &address.association {
        let interface = find::<NetworkInterface>(read, scope, &association.interface)?;
        shown.association_id = Some(association.id.clone());
        shown.network_interface_id = Some(association.interface.clone());
        shown.network_interface_owner_id = Some(scope.account.clone());
        shown.private_ip_address = Some(association.private.clone());
        shown.subnet_id = interface.as_ref().map(|interface| interface.subnet.clone());
        shown.instance_id = interface.and_then(|interface| interface.attachment?.instance);
    }
    Ok(shown)
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("allocation-id", |address| text(&address.allocation_id)),
        ("association-id", |address| text(&address.association_id)),
        ("domain", |address| text(&address.domain)),
        ("instance-id", |address| text(&address.instance_id)),
        ("network-border-group", |address| text(&address.network_border_group)),
        ("network-interface-id", |address| text(&address.network_interface_id)),
        ("network-interface-owner-id", |address| text(&address.network_interface_owner_id)),
        ("private-ip-address", |address| text(&address.private_ip_address)),
        ("public-ip", |address| text(&address.public_ip)),
    ],
    tags: Some(|address| address.tags.as_ref()),
};

pub fn describe_addresses(r: &Reader, input: DescribeAddressesRequest) -> Result<DescribeAddressesResult, Fault> {
    let mut addresses = chosen::<Address>(r.store, r.scope(), input.allocation_ids.as_deref())?;
    if let Some(wanted) = input.public_ips.filter(|wanted| !wanted.is_empty()) {
        if let Some(missing) = wanted.iter().find(|one| !addresses.iter().any(|address| address.public == **one)) {
            return Err(not_found(missing));
        }
        addresses.retain(|address| wanted.contains(&address.public));
    }
    let tags = Tags::of_all(r.store, r.scope())?;
    let addresses = addresses.iter().map(|one| shown(r.store, r.scope(), one, &tags)).collect::<Result<_, _>>()?;
    Ok(DescribeAddressesResult { addresses: Some(FILTERS.select(addresses, input.filters)?) })
}

pub(super) fn not_found(public: &str) -> Fault {
    Fault::coded("InvalidAddress.NotFound", 400, format!("Address '{public}' not found."))
}

/// # Errors
/// An address is named in both ways.
pub(super) fn one_way(id: Option<&str>, public: Option<&str>) -> Result<(), Fault> {
    if id.is_some() && public.is_some() {
        return Err(invalid_combination("You may specify public IP or allocation id, but not both in the same call"));
    }
    Ok(())
}

/// The address of a request that may name it either way.
pub fn named(w: &Writer, id: Option<&str>, public: Option<&str>) -> Result<Address, Fault> {
    match (id, public) {
        (Some(id), _) => get(w.store(), w.scope(), id),
        (None, Some(public)) => {
            let found = all::<Address>(w.store(), w.scope())?.into_iter().find(|address| address.public == public);
            found.ok_or_else(|| not_found(public))
        }
        (None, None) => Err(missing_parameter("allocationId")),
    }
}

pub fn release_address(w: &mut Writer, input: ReleaseAddressRequest) -> Result<Unit, Fault> {
    one_way(input.allocation_id.as_deref(), input.public_ip.as_deref())?;
    let address = named(w, input.allocation_id.as_deref(), input.public_ip.as_deref())?;
    if address.association.is_some() {
        return Err(Fault::coded("InvalidIPAddress.InUse", 400, format!("Address {} is in use.", address.public)));
    }
    if address.reverse_name.is_some() {
        let message =
            format!("The address with allocation id {} cannot be released: it has a reverse DNS record.", address.id);
        return Err(Fault::coded("InvalidAddress.Locked", 400, message));
    }
    public_address::give_back(w, &address.public)?;
    delete::<Address>(w, &address.id)?;
    Ok(Unit)
}
