//! The operations of subnets.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{Subnet as Shown, *};
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use super::ipv6::shown_ipv6;
use super::record::Subnet;
use super::rules::{self, MOST_SUBNETS};
use crate::faults::{dependency, invalid_combination, limit, missing_parameter, refuse};
use crate::filter::{Filters, each, flag, number, text};
use crate::page::{Wanted, cut};
use crate::region::{self, Zone};
use crate::resource::{Resource, all, chosen, delete, get, new_id, put};
use crate::tag::{self, Tags};
use crate::vpc::{self, CidrAssociation, Vpc};
use crate::{default_vpc, network_acl, vpc_parts};

/// The subnets of a VPC.
///
/// # Errors
/// Trouble with the store.
pub fn of_vpc(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<Vec<Subnet>, Fault> {
    let mut subnets = all::<Subnet>(read, scope)?;
    subnets.retain(|subnet| subnet.vpc == vpc);
    Ok(subnets)
}

/// A subnet, with the VPC's default ACL on it.
///
/// # Errors
/// Trouble with the store.
pub fn make(w: &mut Writer, vpc: &Vpc, zone: Zone, cidr: &str, default_for_zone: bool) -> Result<Subnet, Fault> {
    let subnet = Subnet {
        id: Subnet::KIND.new_id(),
        vpc: vpc.id.clone(),
        cidr: cidr.to_owned(),
        zone: zone.name,
        zone_id: zone.id,
        ipv6_blocks: Vec::new(),
        default_for_zone,
        map_public_ip: default_for_zone,
        assign_ipv6: false,
        dns64: false,
        hostname_type: "ip-name".into(),
        resource_name_a_record: false,
        resource_name_aaaa_record: false,
        reservations: Vec::new(),
    };
    put(w, &subnet)?;
    network_acl::take_in(w, &subnet)?;
    Ok(subnet)
}

pub fn create_subnet(w: &mut Writer, input: CreateSubnetRequest) -> Result<CreateSubnetResult, Fault> {
    refuse(&[
        ("OutpostArn", input.outpost_arn.is_some()),
        ("Ipv6Native", input.ipv6_native == Some(true)),
        ("Ipv4IpamPoolId", input.ipv4_ipam_pool_id.is_some()),
        ("Ipv6IpamPoolId", input.ipv6_ipam_pool_id.is_some()),
    ])?;
    let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    let cidr = input.cidr_block.ok_or_else(|| missing_parameter("cidrBlock"))?;
    let tags = tag::specified(w, input.tag_specifications, Subnet::KIND)?;
    let zone =
        region::zone(w.caller.region(), input.availability_zone.as_deref(), input.availability_zone_id.as_deref())?;
    let others = of_vpc(w.store(), w.scope(), &vpc.id)?;
    let net = rules::block(&vpc, others.iter().map(|other| other.cidr.as_str()), &cidr)?;
    if others.len() >= MOST_SUBNETS {
        let message = format!("The maximum number of subnets has been reached for VPC {}.", vpc.id);
        return Err(limit("SubnetLimitExceeded", message));
    }
    let mut subnet = make(w, &vpc, zone, &net.to_string(), false)?;
    if let Some(text) = input.ipv6_cidr_block {
        let blocks = others.iter().flat_map(|other| &other.ipv6_blocks).map(|block| block.cidr.as_str());
        let net = rules::ipv6_block(&vpc, blocks, &text)?;
        subnet.ipv6_blocks.push(CidrAssociation { id: new_id("subnet-cidr-assoc"), cidr: net.to_string() });
        put(w, &subnet)?;
    }
    tag::mark(w, &subnet, tags)?;
    Ok(CreateSubnetResult { subnet: Some(one_shown(w, &subnet)?) })
}

fn one_shown(w: &Writer, subnet: &Subnet) -> Result<Shown, Fault> {
    let tags = Tags::of_one(w.store(), w.scope(), &subnet.id)?;
    shown(w.store(), w.scope(), subnet, &tags)
}

/// A subnet as the API shows it.
///
/// # Errors
/// Trouble with the store.
pub fn shown(read: &dyn Read, scope: &Scope, subnet: &Subnet, tags: &Tags) -> Result<Shown, Fault> {
    let free = vpc_parts::free_addresses(read, scope, subnet)?;
    Ok(Shown {
        availability_zone_id: Some(subnet.zone_id.clone()),
        map_customer_owned_ip_on_launch: Some(false),
        owner_id: Some(scope.account.clone()),
        assign_ipv6_address_on_creation: Some(subnet.assign_ipv6),
        ipv6_cidr_block_association_set: Some(
            subnet.ipv6_blocks.iter().map(|block| shown_ipv6(block, "associated")).collect(),
        ),
        tags: tags.shown_if_any(&subnet.id),
        subnet_arn: Some(arn(scope, &subnet.id)),
        enable_dns64: Some(subnet.dns64),
        ipv6_native: Some(false),
        private_dns_name_options_on_launch: Some(PrivateDnsNameOptionsOnLaunch {
            hostname_type: Some(subnet.hostname_type.clone()),
            enable_resource_name_dns_a_record: Some(subnet.resource_name_a_record),
            enable_resource_name_dns_aaaa_record: Some(subnet.resource_name_aaaa_record),
        }),
        block_public_access_states: Some(BlockPublicAccessStates { internet_gateway_block_mode: Some("off".into()) }),
        subnet_id: Some(subnet.id.clone()),
        state: Some("available".into()),
        vpc_id: Some(subnet.vpc.clone()),
        cidr_block: Some(subnet.cidr.clone()),
        available_ip_address_count: i32::try_from(free).ok(),
        availability_zone: Some(subnet.zone.clone()),
        default_for_az: Some(subnet.default_for_zone),
        map_public_ip_on_launch: Some(subnet.map_public_ip),
        ..Shown::default()
    })
}

fn arn(scope: &Scope, id: &str) -> String {
    kogumo_base::Arn::new("ec2", &scope.region, &scope.account, format!("subnet/{id}")).to_string()
}

fn name_options(subnet: &Shown, value: fn(&PrivateDnsNameOptionsOnLaunch) -> Vec<String>) -> Vec<String> {
    subnet.private_dns_name_options_on_launch.iter().flat_map(value).collect()
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("availability-zone", |subnet| text(&subnet.availability_zone)),
        ("availability-zone-id", |subnet| text(&subnet.availability_zone_id)),
        ("available-ip-address-count", |subnet| number(subnet.available_ip_address_count)),
        ("cidr-block", |subnet| text(&subnet.cidr_block)),
        ("cidr", |subnet| text(&subnet.cidr_block)),
        ("customer-owned-ipv4-pool", |subnet| text(&subnet.customer_owned_ipv4_pool)),
        ("default-for-az", |subnet| flag(subnet.default_for_az)),
        ("enable-dns64", |subnet| flag(subnet.enable_dns64)),
        ("enable-lni-at-device-index", |subnet| number(subnet.enable_lni_at_device_index)),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |subnet| {
            each(&subnet.ipv6_cidr_block_association_set, |block| text(&block.ipv6_cidr_block))
        }),
        ("ipv6-cidr-block-association.association-id", |subnet| {
            each(&subnet.ipv6_cidr_block_association_set, |block| text(&block.association_id))
        }),
        ("ipv6-cidr-block-association.state", |subnet| {
            each(&subnet.ipv6_cidr_block_association_set, |block| {
                block.ipv6_cidr_block_state.iter().flat_map(|state| text(&state.state)).collect()
            })
        }),
        ("ipv6-native", |subnet| flag(subnet.ipv6_native)),
        ("map-customer-owned-ip-on-launch", |subnet| flag(subnet.map_customer_owned_ip_on_launch)),
        ("map-public-ip-on-launch", |subnet| flag(subnet.map_public_ip_on_launch)),
        ("outpost-arn", |subnet| text(&subnet.outpost_arn)),
        ("owner-id", |subnet| text(&subnet.owner_id)),
        ("private-dns-name-options-on-launch.hostname-type", |subnet| {
            name_options(subnet, |options| text(&options.hostname_type))
        }),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", |subnet| {
            name_options(subnet, |options| flag(options.enable_resource_name_dns_a_record))
        }),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", |subnet| {
            name_options(subnet, |options| flag(options.enable_resource_name_dns_aaaa_record))
        }),
        ("state", |subnet| text(&subnet.state)),
        ("subnet-arn", |subnet| text(&subnet.subnet_arn)),
        ("subnet-id", |subnet| text(&subnet.subnet_id)),
        ("vpc-id", |subnet| text(&subnet.vpc_id)),
    ],
    tags: Some(|subnet| subnet.tags.as_ref()),
};

pub fn describe_subnets(r: &Reader, input: DescribeSubnetsRequest) -> Result<DescribeSubnetsResult, Fault> {
    let subnets = chosen::<Subnet>(r.store, r.scope(), input.subnet_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let subnets = subnets.iter().map(|subnet| shown(r.store, r.scope(), subnet, &tags)).collect::<Result<_, _>>()?;
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.subnet_ids.as_ref().map(|_| "subnetIds"),
    };
    let page = cut(FILTERS.select(subnets, input.filters)?, wanted, |one| one.subnet_id.clone().unwrap_or_default())?;
    Ok(DescribeSubnetsResult { subnets: Some(page.items), next_token: page.next_token })
}

pub fn delete_subnet(w: &mut Writer, input: DeleteSubnetRequest) -> Result<Unit, Fault> {
    let subnet: Subnet = get(w.store(), w.scope(), &input.subnet_id)?;
    if vpc_parts::subnet_has_dependents(w.store(), w.scope(), &subnet.id)? {
        let message = format!("The subnet '{}' has dependencies and cannot be deleted.", subnet.id);
        return Err(dependency(message));
    }
    vpc_parts::leave_subnet(w, &subnet)?;
    delete::<Subnet>(w, &subnet.id)?;
    Ok(Unit)
}

/// One attribute a call, as AWS wants it.
pub fn modify_subnet_attribute(w: &mut Writer, input: ModifySubnetAttributeRequest) -> Result<Unit, Fault> {
    refuse(&[
        ("MapCustomerOwnedIpOnLaunch", input.map_customer_owned_ip_on_launch.is_some()),
        ("CustomerOwnedIpv4Pool", input.customer_owned_ipv4_pool.is_some()),
        ("EnableLniAtDeviceIndex", input.enable_lni_at_device_index.is_some()),
        ("DisableLniAtDeviceIndex", input.disable_lni_at_device_index.is_some()),
    ])?;
    let mut subnet: Subnet = get(w.store(), w.scope(), &input.subnet_id)?;
    let mut changed = 0;
    let flags = [
        (input.map_public_ip_on_launch, &mut subnet.map_public_ip),
        (input.assign_ipv6_address_on_creation, &mut subnet.assign_ipv6),
        (input.enable_dns64, &mut subnet.dns64),
        (input.enable_resource_name_dns_a_record_on_launch, &mut subnet.resource_name_a_record),
        (input.enable_resource_name_dns_aaaa_record_on_launch, &mut subnet.resource_name_aaaa_record),
    ];
    for (value, own) in flags {
        if let Some(value) = value {
            *own = value.value.unwrap_or_default();
            changed += 1;
        }
    }
    if let Some(hostname_type) = input.private_dns_hostname_type_on_launch {
        subnet.hostname_type = hostname_type;
        changed += 1;
    }
    if changed != 1 {
        return Err(invalid_combination("Exactly one subnet attribute must be specified"));
    }
    if subnet.assign_ipv6 && subnet.ipv6_blocks.is_empty() {
        let message = format!(
            "Invalid value 'true' for assign-ipv6-address-on-creation: the subnet {} does not have an IPv6 CIDR block associated with it.",
            subnet.id
        );
        return Err(crate::faults::invalid_value(message));
    }
    put(w, &subnet)?;
    Ok(Unit)
}

pub fn create_default_subnet(
    w: &mut Writer,
    input: CreateDefaultSubnetRequest,
) -> Result<CreateDefaultSubnetResult, Fault> {
    refuse(&[("Ipv6Native", input.ipv6_native == Some(true))])?;
    let (name, id) = (input.availability_zone.as_deref(), input.availability_zone_id.as_deref());
    if name.is_none() && id.is_none() {
        return Err(missing_parameter("availabilityZone"));
    }
    let zone = region::zone(w.caller.region(), name, id)?;
    let vpc = vpc::find_default(w.store(), w.scope())?.ok_or_else(|| {
        let message = "No default VPC found for this account in this region.";
        Fault::coded("DefaultVpcDoesNotExist", 400, message)
    })?;
    let others = of_vpc(w.store(), w.scope(), &vpc.id)?;
    if let Some(own) = others.iter().find(|subnet| subnet.default_for_zone && subnet.zone == zone.name) {
        let message = format!("'{}' is already the default subnet in {}.", own.id, zone.name);
        return Err(Fault::coded("DefaultSubnetAlreadyExistsInAvailabilityZone", 400, message));
    }
    let cidr = default_vpc::free_block(&vpc, &others).ok_or_else(|| {
        Fault::coded("InsufficientCidrBlocks", 400, "There are not enough free CIDR blocks in the default VPC.")
    })?;
    let subnet = make(w, &vpc, zone, &cidr, true)?;
    Ok(CreateDefaultSubnetResult { subnet: Some(one_shown(w, &subnet)?) })
}
