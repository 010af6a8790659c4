//! The operations of NAT gateways.

use kogumo_base::Trouble;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{NatGateway as Shown, *};
use kogumo_store::timers::{self, Timer};
use kogumo_wire::Fault;

use super::record::{NatAddress, NatGateway};
use crate::address::{self, Address};
use crate::client_token;
use crate::faults::{count, invalid_combination, limit, missing_parameter, refuse};
use crate::filter::{Filters, text};
use crate::internet_gateway::InternetGateway;
use crate::network_interface::{self, NetworkInterface, Plan};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, find, get, put};
use crate::subnet::Subnet;
use crate::tag::{self, Tags};

/// In one zone. Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST: usize = 5;
/// So long a gateway that is gone is shown. Source: Amazon VPC User Guide, "Delete a NAT gateway".
const SHOWN_SECONDS: i64 = 3600;
/// The timer that ends that.
pub const FORGET: &str = "ec2/nat-gateway";

pub fn create_nat_gateway(w: &mut Writer, input: CreateNatGatewayRequest) -> Result<CreateNatGatewayResult, Fault> {
    refuse(&[
        ("AvailabilityMode=regional", input.availability_mode.as_deref() == Some("regional")),
        ("VpcId", input.vpc_id.is_some()),
        ("AvailabilityZoneAddresses", input.availability_zone_addresses.is_some()),
        ("SecondaryAllocationIds", input.secondary_allocation_ids.is_some()),
    ])?;
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateNatGateway", token.as_deref(), &input)?;
    let gateway = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let gateway = make(w, input)?;
            claim.keep(w, &gateway.id)?;
            gateway
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &gateway.id)?;
    let state = if gateway.failure.is_some() { "failed" } else { "pending" };
    let shown = Shown { state: Some(state.into()), ..shown(&gateway, &tags) };
    Ok(CreateNatGatewayResult { client_token: token, nat_gateway: Some(shown) })
}

fn make(w: &mut Writer, input: CreateNatGatewayRequest) -> Result<NatGateway, Fault> {
    let subnet: Subnet = get(w.store(), w.scope(), &input.subnet_id.ok_or_else(|| missing_parameter("subnetId"))?)?;
    let tags = tag::specified(w, input.tag_specifications, NatGateway::KIND)?;
    let is_public = input.connectivity_type.as_deref() != Some("private");
    let elastic = match (is_public, input.allocation_id) {
        (true, Some(id)) => Some(get::<Address>(w.store(), w.scope(), &id)?),
        (true, None) => return Err(missing_parameter("allocationId")),
        (false, Some(_)) => {
            return Err(invalid_combination("A private NAT gateway cannot have an Elastic IP address"));
        }
        (false, None) => None,
    };
    if is_public
        && (input.secondary_private_ip_addresses.is_some() || input.secondary_private_ip_address_count.is_some())
    {
        return Err(invalid_combination("Secondary private addresses of a public NAT gateway need allocations"));
    }
    if let Some(association) = elastic.as_ref().and_then(|address| address.association.as_ref()) {
        let message = format!("Elastic IP address is already associated with {}", association.interface);
        return Err(Fault::coded("Resource.AlreadyAssociated", 400, message));
    }
    check_quota(w, &subnet)?;
    let id = NatGateway::KIND.new_id();
    let plan = Plan {
        description: format!("Interface for NAT Gateway {id}"),
        primary: input.private_ip_address,
        secondary: input.secondary_private_ip_addresses.unwrap_or_default(),
        secondary_count: count(input.secondary_private_ip_address_count, "secondaryPrivateIpAddressCount")?,
        kind: "nat_gateway".into(),
        made_for: Some(id.clone()),
        ..Plan::default()
    };
    let mut gateway = NatGateway {
        id,
        vpc: subnet.vpc.clone(),
        subnet: subnet.id.clone(),
        is_public,
        interface: String::new(),
        addresses: Vec::new(),
        created: w.now,
        deleted: None,
        failure: None,
    };
    let has_gateway =
        all::<InternetGateway>(w.store(), w.scope())?.iter().any(|one| one.vpc.as_ref() == Some(&subnet.vpc));
    if is_public && !has_gateway {
        let message = format!("Network {} has no Internet gateway attached", subnet.vpc);
        gateway.failure = Some(("Gateway.NotAttached".into(), message));
        forget_later(w, &gateway)?;
    } else {
        hold_interface(w, &mut gateway, &subnet, plan, elastic)?;
    }
    put(w, &gateway)?;
    tag::mark(w, &gateway, tags)?;
    Ok(gateway)
}

fn check_quota(w: &Writer, subnet: &Subnet) -> Result<(), Fault> {
    let mut here = 0;
    for other in all::<NatGateway>(w.store(), w.scope())?.iter().filter(|other| other.is_alive()) {
        let other = find::<Subnet>(w.store(), w.scope(), &other.subnet)?;
        here += usize::from(other.is_some_and(|other| other.zone == subnet.zone));
    }
    if here >= MOST {
        let message = format!("Performing this operation would exceed the limit of {MOST} NAT gateways");
        return Err(limit("NatGatewayLimitExceeded", message));
    }
    Ok(())
}

/// Makes the gateway's interface and lets the Elastic IP lead to it.
fn hold_interface(
    w: &mut Writer,
    gateway: &mut NatGateway,
    subnet: &Subnet,
    plan: Plan,
    elastic: Option<Address>,
) -> Result<(), Fault> {
    let mut interface = network_interface::make(w, subnet, plan)?;
    // It answers for whole subnets: no group stands in front of it.
    interface.groups.clear();
    network_interface::attach(w, &mut interface, None, 1, false)?;
    if let Some(elastic) = elastic {
        let primary = interface.primary().to_owned();
        address::associate(w, elastic, &mut interface, &primary)?;
    }
    gateway.addresses = interface
        .addresses
        .iter()
        .map(|own| NatAddress {
            private: own.address.clone(),
            public: own.public.as_ref().map(|public| public.address.clone()),
            allocation: own.public.as_ref().and_then(|public| public.allocation.clone()),
            association: own.public.as_ref().and_then(|public| public.association.clone()),
        })
        .collect();
    gateway.interface = interface.id;
    Ok(())
}

fn forget_later(w: &mut Writer, gateway: &NatGateway) -> Result<(), Fault> {
    let due = w.now.plus_seconds(SHOWN_SECONDS);
    Ok(timers::put(w.tx, due, FORGET, &w.caller.scope, gateway.id.as_str(), gateway.id.as_bytes())?)
}

/// A gateway that has been gone for an hour is not shown any more.
///
/// # Errors
/// Trouble with the store.
pub fn forget(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let id = String::from_utf8_lossy(&timer.payload).into_owned();
    NatGateway::TABLE.delete(w.tx, &timer.scope, id.as_str())?;
    tag::forget_in(w, &timer.scope, &id)
}

fn shown(gateway: &NatGateway, tags: &Tags) -> Shown {
    let address = |(index, own): (usize, &NatAddress)| NatGatewayAddress {
        allocation_id: own.allocation.clone(),
        network_interface_id: Some(gateway.interface.clone()),
        private_ip: Some(own.private.clone()),
        public_ip: own.public.clone(),
        association_id: own.association.clone(),
        is_primary: Some(index == 0),
        status: Some("succeeded".into()),
        ..NatGatewayAddress::default()
    };
    Shown {
        create_time: Some(gateway.created),
        delete_time: gateway.deleted,
        failure_code: gateway.failure.as_ref().map(|(code, _)| code.clone()),
        failure_message: gateway.failure.as_ref().map(|(_, message)| message.clone()),
        nat_gateway_addresses: Some(gateway.addresses.iter().enumerate().map(address).collect()),
        nat_gateway_id: Some(gateway.id.clone()),
        state: Some(gateway.state().into()),
        subnet_id: Some(gateway.subnet.clone()),
        vpc_id: Some(gateway.vpc.clone()),
        tags: Some(tags.shown(&gateway.id)),
        connectivity_type: Some(if gateway.is_public { "public".into() } else { "private".into() }),
        availability_mode: Some("zonal".into()),
        ..Shown::default()
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("nat-gateway-id", |gateway| text(&gateway.nat_gateway_id)),
        ("state", |gateway| text(&gateway.state)),
        ("subnet-id", |gateway| text(&gateway.subnet_id)),
        ("vpc-id", |gateway| text(&gateway.vpc_id)),
        ("connectivity-type", |gateway| text(&gateway.connectivity_type)),
    ],
    tags: Some(|gateway| gateway.tags.as_ref()),
};

pub fn describe_nat_gateways(
    r: &Reader,
    input: DescribeNatGatewaysRequest,
) -> Result<DescribeNatGatewaysResult, Fault> {
    let gateways = chosen::<NatGateway>(r.store, r.scope(), input.nat_gateway_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let gateways = gateways.iter().map(|gateway| shown(gateway, &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.nat_gateway_ids.as_ref().map(|_| "natGatewayIds"),
    };
    let page =
        cut(FILTERS.select(gateways, input.filter)?, wanted, |one| one.nat_gateway_id.clone().unwrap_or_default())?;
    Ok(DescribeNatGatewaysResult { nat_gateways: Some(page.items), next_token: page.next_token })
}

/// The Elastic IP stays with the account; routes to the gateway become blackholes.
pub fn delete_nat_gateway(w: &mut Writer, input: DeleteNatGatewayRequest) -> Result<DeleteNatGatewayResult, Fault> {
    let mut gateway: NatGateway = get(w.store(), w.scope(), &input.nat_gateway_id)?;
    if gateway.deleted.is_none() {
        if let Some(interface) = find::<NetworkInterface>(w.store(), w.scope(), &gateway.interface)? {
            network_interface::remove(w, interface)?;
        }
        gateway.deleted = Some(w.now);
        put(w, &gateway)?;
        forget_later(w, &gateway)?;
    }
    Ok(DeleteNatGatewayResult { nat_gateway_id: Some(gateway.id) })
}
