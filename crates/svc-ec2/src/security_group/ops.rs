//! The operations of security groups themselves.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{SecurityGroup as Shown, *};
use kogumo_wire::Fault;

use super::parts::{of_vpc, open_outwards};
use super::record::{Peer, Rule, SecurityGroup};
use super::shown::{arn, shown};
use crate::faults::{dependency, invalid_value, limit, missing_parameter};
use crate::filter::{Filters, each, number, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, new_id, put};
use crate::tag::{self, Tags};
use crate::{network_interface, vpc};

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST: usize = 2500;

pub fn create_security_group(
    w: &mut Writer,
    input: CreateSecurityGroupRequest,
) -> Result<CreateSecurityGroupResult, Fault> {
    check_text(&input.group_name, "GroupName")?;
    check_text(&input.description, "GroupDescription")?;
    if input.group_name.starts_with("sg-") {
        let message = format!(
            "Value ({}) for parameter GroupName is invalid. Group names may not be in the format sg-*",
            input.group_name
        );
        return Err(invalid_value(message));
    }
    if input.group_name.eq_ignore_ascii_case("default") {
        return Err(invalid_value(format!("Cannot use reserved security group name: {}", input.group_name)));
    }
    let vpc = vpc::named_or_default(w.store(), w.scope(), input.vpc_id.as_deref())?;
    let tags = tag::specified(w, input.tag_specifications, SecurityGroup::KIND)?;
    let others = of_vpc(w.store(), w.scope(), &vpc.id)?;
    if others.iter().any(|other| other.name == input.group_name) {
        let message = format!("The security group '{}' already exists for VPC '{}'", input.group_name, vpc.id);
        return Err(Fault::coded("InvalidGroup.Duplicate", 400, message));
    }
    if others.len() >= MOST {
        let message = "The maximum number of security groups has been reached.";
        return Err(limit("SecurityGroupLimitExceeded", message));
    }
    let mut group = open_outwards(&vpc.id, &input.group_name, &input.description);
    if !vpc.ipv6_blocks.is_empty() {
        let rule = Rule { id: new_id("sgr"), peer: Peer::Ipv6("::/0".into()), ..group.rules[0].clone() };
        group.rules.push(rule);
    }
    put(w, &group)?;
    tag::mark(w, &group, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &group.id)?;
    Ok(CreateSecurityGroupResult {
        security_group_arn: Some(arn(w.scope(), "security-group", &group.id)),
        tags: tags.shown_if_any(&group.id),
        group_id: Some(group.id),
    })
}

/// Names and descriptions. Source: Amazon EC2 API Reference, CreateSecurityGroup.
fn check_text(text: &str, parameter: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(missing_parameter(parameter));
    }
    if !text.is_ascii() {
        let message = format!(
            "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
        );
        return Err(invalid_value(message));
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    if text.len() > 255 || !text.chars().all(plain) {
        let message = format!(
            "Value ({text}) for parameter {parameter} is invalid. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
        );
        return Err(invalid_value(message));
    }
    Ok(())
}

fn permission(list: &Option<Vec<IpPermission>>, value: fn(&IpPermission) -> Vec<String>) -> Vec<String> {
    each(list, value)
}

fn cidrs(one: &IpPermission) -> Vec<String> {
    each(&one.ip_ranges, |range| text(&range.cidr_ip))
}

fn ipv6_cidrs(one: &IpPermission) -> Vec<String> {
    each(&one.ipv6_ranges, |range| text(&range.cidr_ipv6))
}

fn group_ids(one: &IpPermission) -> Vec<String> {
    each(&one.user_id_group_pairs, |pair| text(&pair.group_id))
}

fn group_names(one: &IpPermission) -> Vec<String> {
    each(&one.user_id_group_pairs, |pair| text(&pair.group_name))
}

fn user_ids(one: &IpPermission) -> Vec<String> {
    each(&one.user_id_group_pairs, |pair| text(&pair.user_id))
}

fn lists(one: &IpPermission) -> Vec<String> {
    each(&one.prefix_list_ids, |list| text(&list.prefix_list_id))
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("description", |group| text(&group.description)),
        ("egress.ip-permission.cidr", |group| permission(&group.ip_permissions_egress, cidrs)),
        ("egress.ip-permission.from-port", |group| {
            permission(&group.ip_permissions_egress, |one| number(one.from_port))
        }),
        ("egress.ip-permission.group-id", |group| permission(&group.ip_permissions_egress, group_ids)),
        ("egress.ip-permission.group-name", |group| permission(&group.ip_permissions_egress, group_names)),
        ("egress.ip-permission.ipv6-cidr", |group| permission(&group.ip_permissions_egress, ipv6_cidrs)),
        ("egress.ip-permission.prefix-list-id", |group| permission(&group.ip_permissions_egress, lists)),
        ("egress.ip-permission.protocol", |group| {
            permission(&group.ip_permissions_egress, |one| text(&one.ip_protocol))
        }),
        ("egress.ip-permission.to-port", |group| permission(&group.ip_permissions_egress, |one| number(one.to_port))),
        ("egress.ip-permission.user-id", |group| permission(&group.ip_permissions_egress, user_ids)),
        ("group-id", |group| text(&group.group_id)),
        ("group-name", |group| text(&group.group_name)),
        ("ip-permission.cidr", |group| permission(&group.ip_permissions, cidrs)),
        ("ip-permission.from-port", |group| permission(&group.ip_permissions, |one| number(one.from_port))),
        ("ip-permission.group-id", |group| permission(&group.ip_permissions, group_ids)),
        ("ip-permission.group-name", |group| permission(&group.ip_permissions, group_names)),
        ("ip-permission.ipv6-cidr", |group| permission(&group.ip_permissions, ipv6_cidrs)),
        ("ip-permission.prefix-list-id", |group| permission(&group.ip_permissions, lists)),
        ("ip-permission.protocol", |group| permission(&group.ip_permissions, |one| text(&one.ip_protocol))),
        ("ip-permission.to-port", |group| permission(&group.ip_permissions, |one| number(one.to_port))),
        ("ip-permission.user-id", |group| permission(&group.ip_permissions, user_ids)),
        ("owner-id", |group| text(&group.owner_id)),
        ("vpc-id", |group| text(&group.vpc_id)),
    ],
    tags: Some(|group| group.tags.as_ref()),
};

/// Names without a VPC are those of the default one.
pub fn describe_security_groups(
    r: &Reader,
    input: DescribeSecurityGroupsRequest,
) -> Result<DescribeSecurityGroupsResult, Fault> {
    let mut groups = chosen::<SecurityGroup>(r.store, r.scope(), input.group_ids.as_deref())?;
    if let Some(names) = &input.group_names {
        let default = vpc::find_default(r.store, r.scope())?.map(|vpc| vpc.id).unwrap_or_default();
        for name in names {
            if !groups.iter().any(|group| group.name == *name && group.vpc == default) {
                let message = format!("The security group '{name}' does not exist in default VPC '{default}'");
                return Err(Fault::coded("InvalidGroup.NotFound", 400, message));
            }
        }
        groups.retain(|group| group.vpc == default && names.contains(&group.name));
    }
    let tags = Tags::of_all(r.store, r.scope())?;
    let groups = groups.iter().map(|group| shown(group, r.scope(), &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.group_ids.as_ref().map(|_| "groupIds"),
    };
    let page = cut(FILTERS.select(groups, input.filters)?, wanted, |group| group.group_id.clone().unwrap_or_default())?;
    Ok(DescribeSecurityGroupsResult { security_groups: Some(page.items), next_token: page.next_token })
}

/// The group of a request that may name it either way; names are those of the default VPC.
///
/// # Errors
/// Neither is given; no such group.
pub fn named(w: &Writer, id: Option<&str>, name: Option<&str>) -> Result<SecurityGroup, Fault> {
    match (id, name) {
        (Some(id), _) => get(w.store(), w.scope(), id),
        (None, Some(name)) => {
            let vpc = vpc::named_or_default(w.store(), w.scope(), None)?;
            let group = of_vpc(w.store(), w.scope(), &vpc.id)?.into_iter().find(|group| group.name == name);
            group.ok_or_else(|| {
                let message = format!("The security group '{name}' does not exist in default VPC '{}'", vpc.id);
                Fault::coded("InvalidGroup.NotFound", 400, message)
            })
        }
        (None, None) => Err(missing_parameter("GroupName or GroupId")),
    }
}

pub fn delete_security_group(
    w: &mut Writer,
    input: DeleteSecurityGroupRequest,
) -> Result<DeleteSecurityGroupResult, Fault> {
    let group = named(w, input.group_id.as_deref(), input.group_name.as_deref())?;
    if group.is_default() {
        let message = format!("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", group.id);
        return Err(Fault::coded("CannotDelete", 400, message));
    }
    if network_interface::uses_group(w.store(), w.scope(), &group.id)? {
        return Err(dependency(format!("resource {} has a dependent object", group.id)));
    }
    let speaks_of = |other: &SecurityGroup| {
        other.id != group.id
            && other.rules.iter().any(|rule| matches!(&rule.peer, Peer::Group { id, .. } if *id == group.id))
    };
    if all::<SecurityGroup>(w.store(), w.scope())?.iter().any(speaks_of) {
        let message = format!("resource {} has a dependent object", group.id);
        return Err(Fault::coded("InvalidGroup.InUse", 400, message));
    }
    for rule in &group.rules {
        tag::forget(w, &rule.id)?;
    }
    delete::<SecurityGroup>(w, &group.id)?;
    Ok(DeleteSecurityGroupResult { return_: Some(true), group_id: Some(group.id) })
}

pub fn get_security_groups_for_vpc(
    r: &Reader,
    input: GetSecurityGroupsForVpcRequest,
) -> Result<GetSecurityGroupsForVpcResult, Fault> {
    static FILTERS: Filters<SecurityGroupForVpc> = Filters {
        names: &[
            ("group-id", |group| text(&group.group_id)),
            ("description", |group| text(&group.description)),
            ("group-name", |group| text(&group.group_name)),
            ("owner-id", |group| text(&group.owner_id)),
            ("primary-vpc-id", |group| text(&group.primary_vpc_id)),
        ],
        tags: Some(|group| group.tags.as_ref()),
    };
    let vpc: vpc::Vpc = get(r.store, r.scope(), &input.vpc_id)?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let groups = of_vpc(r.store, r.scope(), &vpc.id)?.into_iter().map(|group| SecurityGroupForVpc {
        tags: Some(tags.shown(&group.id)),
        description: Some(group.description),
        group_name: Some(group.name),
        owner_id: Some(r.caller.account().to_owned()),
        group_id: Some(group.id),
        primary_vpc_id: Some(group.vpc),
    });
    let groups = FILTERS.select(groups.collect(), input.filters)?;
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(groups, wanted, |group| group.group_id.clone().unwrap_or_default())?;
    Ok(GetSecurityGroupsForVpcResult { security_group_for_vpcs: Some(page.items), next_token: page.next_token })
}
