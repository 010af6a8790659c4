//! The operations of VPCs.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{Vpc as Shown, *};
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use super::cidr_block;
use super::record::{CidrAssociation, Vpc};
use super::rules::{self, MOST_VPCS};
use crate::faults::{dependency, invalid_combination, invalid_value, limit, missing_parameter, one_attribute, refuse};
use crate::filter::{Filters, each, flag, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, new_id, put};
use crate::tag::{self, Tags};
use crate::{default_vpc, network_acl, route_table, security_group, vpc_parts};

/// A VPC with what each has from the beginning: a main route table, a default ACL, a default group.
///
/// # Errors
/// Trouble with the store.
pub fn make(w: &mut Writer, cidr: &str, tenancy: &str, is_default: bool) -> Result<Vpc, Fault> {
    let vpc = Vpc {
        id: Vpc::KIND.new_id(),
        blocks: vec![CidrAssociation { id: new_id("vpc-cidr-assoc"), cidr: cidr.to_owned() }],
        ipv6_blocks: Vec::new(),
        tenancy: tenancy.to_owned(),
        is_default,
        dhcp_options: "default".into(),
        dns_support: true,
        dns_hostnames: is_default,
        usage_metrics: false,
    };
    put(w, &vpc)?;
    route_table::make_main(w, &vpc)?;
    network_acl::make_default(w, &vpc.id)?;
    security_group::make_default(w, &vpc.id)?;
    Ok(vpc)
}

/// A network border group other than the region's own: a Local Zone's, which there is none of here.
pub fn is_elsewhere(w: &Writer, group: Option<&str>) -> bool {
    group.is_some_and(|group| group != w.caller.region())
}

pub fn create_vpc(w: &mut Writer, input: CreateVpcRequest) -> Result<CreateVpcResult, Fault> {
    refuse(&[
        ("Ipv4IpamPoolId", input.ipv4_ipam_pool_id.is_some()),
        ("Ipv6IpamPoolId", input.ipv6_ipam_pool_id.is_some()),
        ("Ipv6Pool", input.ipv6_pool.is_some()),
        ("VpcEncryptionControl", input.vpc_encryption_control.is_some()),
        ("Ipv6CidrBlock", input.ipv6_cidr_block.is_some()),
        ("Ipv6CidrBlockNetworkBorderGroup", is_elsewhere(w, input.ipv6_cidr_block_network_border_group.as_deref())),
    ])?;
    let cidr = input.cidr_block.ok_or_else(|| missing_parameter("cidrBlock"))?;
    let net = rules::block(&cidr)?;
    let tenancy = input.instance_tenancy.unwrap_or_else(|| "default".into());
    if tenancy == "host" {
        return Err(invalid_value("Value (host) for parameter instanceTenancy is invalid. Use default or dedicated."));
    }
    let tags = tag::specified(w, input.tag_specifications, Vpc::KIND)?;
    if all::<Vpc>(w.store(), w.scope())?.len() >= MOST_VPCS {
        return Err(limit("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }
    let mut vpc = make(w, &net.to_string(), &tenancy, false)?;
    if input.amazon_provided_ipv6_cidr_block == Some(true) {
        cidr_block::add_ipv6(w, &mut vpc)?;
    }
    tag::mark(w, &vpc, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &vpc.id)?;
    let shown = Shown { state: Some("pending".into()), ..shown(&vpc, w.scope(), &tags) };
    Ok(CreateVpcResult { vpc: Some(shown) })
}

/// A VPC as the API shows it.
pub fn shown(vpc: &Vpc, scope: &Scope, tags: &Tags) -> Shown {
    Shown {
        owner_id: Some(scope.account.clone()),
        instance_tenancy: Some(vpc.tenancy.clone()),
        ipv6_cidr_block_association_set: Some(
            vpc.ipv6_blocks.iter().map(|block| cidr_block::shown_ipv6(block, scope, "associated")).collect(),
        ),
        cidr_block_association_set: Some(
            vpc.blocks.iter().map(|block| cidr_block::shown_ipv4(block, "associated")).collect(),
        ),
        is_default: Some(vpc.is_default),
        tags: tags.shown_if_any(&vpc.id),
        block_public_access_states: Some(BlockPublicAccessStates { internet_gateway_block_mode: Some("off".into()) }),
        vpc_id: Some(vpc.id.clone()),
        state: Some("available".into()),
        cidr_block: Some(vpc.cidr().to_owned()),
        dhcp_options_id: Some(vpc.dhcp_options.clone()),
        ..Shown::default()
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("cidr", |vpc| text(&vpc.cidr_block)),
        ("cidr-block", |vpc| text(&vpc.cidr_block)),
        ("cidr-block-association.cidr-block", |vpc| {
            each(&vpc.cidr_block_association_set, |block| text(&block.cidr_block))
        }),
        ("cidr-block-association.association-id", |vpc| {
            each(&vpc.cidr_block_association_set, |block| text(&block.association_id))
        }),
        ("cidr-block-association.state", |vpc| {
            each(&vpc.cidr_block_association_set, |block| {
                block.cidr_block_state.iter().flat_map(|state| text(&state.state)).collect()
            })
        }),
        ("dhcp-options-id", |vpc| text(&vpc.dhcp_options_id)),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |vpc| {
            each(&vpc.ipv6_cidr_block_association_set, |block| text(&block.ipv6_cidr_block))
        }),
        ("ipv6-cidr-block-association.ipv6-pool", |vpc| {
            each(&vpc.ipv6_cidr_block_association_set, |block| text(&block.ipv6_pool))
        }),
        ("ipv6-cidr-block-association.association-id", |vpc| {
            each(&vpc.ipv6_cidr_block_association_set, |block| text(&block.association_id))
        }),
        ("ipv6-cidr-block-association.state", |vpc| {
            each(&vpc.ipv6_cidr_block_association_set, |block| {
                block.ipv6_cidr_block_state.iter().flat_map(|state| text(&state.state)).collect()
            })
        }),
        ("is-default", |vpc| flag(vpc.is_default)),
        ("owner-id", |vpc| text(&vpc.owner_id)),
        ("state", |vpc| text(&vpc.state)),
        ("vpc-id", |vpc| text(&vpc.vpc_id)),
    ],
    tags: Some(|vpc| vpc.tags.as_ref()),
};

pub fn describe_vpcs(r: &Reader, input: DescribeVpcsRequest) -> Result<DescribeVpcsResult, Fault> {
    let vpcs = chosen::<Vpc>(r.store, r.scope(), input.vpc_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let vpcs = vpcs.iter().map(|vpc| shown(vpc, r.scope(), &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.vpc_ids.as_ref().map(|_| "vpcIds"),
    };
    let page = cut(FILTERS.select(vpcs, input.filters)?, wanted, |vpc| vpc.vpc_id.clone().unwrap_or_default())?;
    Ok(DescribeVpcsResult { vpcs: Some(page.items), next_token: page.next_token })
}

/// Deletes a VPC with its main route table, default ACL and default group. Everything else has to be gone before.
pub fn delete_vpc(w: &mut Writer, input: DeleteVpcRequest) -> Result<Unit, Fault> {
    let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    if vpc_parts::has_dependents(w.store(), w.scope(), &vpc.id)? {
        let message = format!("The vpc '{}' has dependencies and cannot be deleted.", vpc.id);
        return Err(dependency(message));
    }
    vpc_parts::delete_own(w, &vpc.id)?;
    delete::<Vpc>(w, &vpc.id)?;
    Ok(Unit)
}

/// One attribute a call, as AWS wants it.
pub fn modify_vpc_attribute(w: &mut Writer, input: ModifyVpcAttributeRequest) -> Result<Unit, Fault> {
    let mut vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    let value = |attribute: Option<AttributeBooleanValue>| attribute.map(|one| one.value.unwrap_or_default());
    let hostnames = value(input.enable_dns_hostnames);
    let support = value(input.enable_dns_support);
    let metrics = value(input.enable_network_address_usage_metrics);
    one_attribute(&[
        ("enableDnsHostnames", hostnames.is_some()),
        ("enableDnsSupport", support.is_some()),
        ("enableNetworkAddressUsageMetrics", metrics.is_some()),
    ])?;
    // The other way round it is no error: without support, hostnames are there and nobody tells them.
    if hostnames == Some(true) && !vpc.dns_support {
        let message = format!("You can only enable DNS hostnames of {} if you've enabled DNS support.", vpc.id);
        return Err(invalid_combination(message));
    }
    vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
    vpc.dns_support = support.unwrap_or(vpc.dns_support);
    vpc.usage_metrics = metrics.unwrap_or(vpc.usage_metrics);
    put(w, &vpc)?;
    Ok(Unit)
}

pub fn describe_vpc_attribute(
    r: &Reader,
    input: DescribeVpcAttributeRequest,
) -> Result<DescribeVpcAttributeResult, Fault> {
    let vpc: Vpc = get(r.store, r.scope(), &input.vpc_id)?;
    let asked =
        |name: &str, value: bool| (input.attribute == name).then_some(AttributeBooleanValue { value: Some(value) });
    Ok(DescribeVpcAttributeResult {
        enable_dns_hostnames: asked("enableDnsHostnames", vpc.dns_hostnames),
        enable_dns_support: asked("enableDnsSupport", vpc.dns_support),
        enable_network_address_usage_metrics: asked("enableNetworkAddressUsageMetrics", vpc.usage_metrics),
        vpc_id: Some(vpc.id),
    })
}

/// Dedicated VPCs can become default ones, not the other way round: the model lets only `default` through.
pub fn modify_vpc_tenancy(w: &mut Writer, input: ModifyVpcTenancyRequest) -> Result<ModifyVpcTenancyResult, Fault> {
    let mut vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    vpc.tenancy = input.instance_tenancy;
    put(w, &vpc)?;
    Ok(ModifyVpcTenancyResult { return_value: Some(true) })
}

pub fn create_default_vpc(w: &mut Writer, _: CreateDefaultVpcRequest) -> Result<CreateDefaultVpcResult, Fault> {
    if find_default(w.store(), w.scope())?.is_some() {
        let message = "A Default VPC already exists for this account in this region.";
        return Err(Fault::coded("DefaultVpcAlreadyExists", 400, message));
    }
    let vpc = default_vpc::make(w)?;
    let tags = Tags::of_one(w.store(), w.scope(), &vpc.id)?;
    Ok(CreateDefaultVpcResult { vpc: Some(shown(&vpc, w.scope(), &tags)) })
}

/// The default VPC of the scope, unless it has been deleted.
pub fn find_default(read: &dyn Read, scope: &Scope) -> Result<Option<Vpc>, Fault> {
    Ok(all::<Vpc>(read, scope)?.into_iter().find(|vpc| vpc.is_default))
}

/// The default VPC where a request names none.
///
/// # Errors
/// `VPCIdNotSpecified` if it has been deleted.
pub fn named_or_default(read: &dyn Read, scope: &Scope, id: Option<&str>) -> Result<Vpc, Fault> {
    match id {
        Some(id) => get(read, scope, id),
        None => find_default(read, scope)?
            .ok_or_else(|| Fault::coded("VPCIdNotSpecified", 400, "No default VPC for this user")),
    }
}
