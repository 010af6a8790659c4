//! The operations of network ACLs.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{NetworkAcl as Shown, *};
use kogumo_wire::{Fault, Unit};

use super::entry;
use super::parts::{closed, of_vpc};
use super::record::{Association, Entry, LAST_IPV6, NetworkAcl};
use crate::client_token;
use crate::faults::{dependency, invalid_value, limit};
use crate::filter::{Filters, each, flag, number, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, all, chosen, delete, get, new_id, put};
use crate::tag::{self, Tags};
use crate::vpc::Vpc;

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
const MOST: usize = 200;

pub fn create_network_acl(w: &mut Writer, input: CreateNetworkAclRequest) -> Result<CreateNetworkAclResult, Fault> {
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateNetworkAcl", token.as_deref(), &input)?;
    let acl = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
            let tags = tag::specified(w, input.tag_specifications, NetworkAcl::KIND)?;
            if of_vpc(w.store(), w.scope(), &vpc.id)?.len() >= MOST {
                let message = "The maximum number of network ACLs has been reached.";
                return Err(limit("NetworkAclLimitExceeded", message));
            }
            let mut acl = closed(&vpc.id, false);
            if !vpc.ipv6_blocks.is_empty() {
                acl.entries.extend([true, false].map(|egress| Entry::all(LAST_IPV6, egress, false, "::/0")));
            }
            put(w, &acl)?;
            tag::mark(w, &acl, tags)?;
            claim.keep(w, &acl.id)?;
            acl
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &acl.id)?;
    Ok(CreateNetworkAclResult { network_acl: Some(shown(&acl, w.scope(), &tags)), client_token: token })
}

fn shown(acl: &NetworkAcl, scope: &Scope, tags: &Tags) -> Shown {
    let association = |one: &Association| NetworkAclAssociation {
        network_acl_association_id: Some(one.id.clone()),
        network_acl_id: Some(acl.id.clone()),
        subnet_id: Some(one.subnet.clone()),
    };
    let mut entries: Vec<&Entry> = acl.entries.iter().collect();
    entries.sort_by_key(|entry| (!entry.egress, entry.number));
    Shown {
        associations: Some(acl.associations.iter().map(association).collect()),
        entries: Some(entries.into_iter().map(entry::shown).collect()),
        is_default: Some(acl.is_default),
        network_acl_id: Some(acl.id.clone()),
        tags: Some(tags.shown(&acl.id)),
        vpc_id: Some(acl.vpc.clone()),
        owner_id: Some(scope.account.clone()),
    }
}

fn ports(entry: &NetworkAclEntry, side: fn(&PortRange) -> Option<i32>) -> Vec<String> {
    entry.port_range.iter().flat_map(|range| number(side(range))).collect()
}

fn icmp(entry: &NetworkAclEntry, side: fn(&IcmpTypeCode) -> Option<i32>) -> Vec<String> {
    entry.icmp_type_code.iter().flat_map(|icmp| number(side(icmp))).collect()
}

/// Protocols can be asked for by name, too.
fn protocol(entry: &NetworkAclEntry) -> Vec<String> {
    let name = match entry.protocol.as_deref() {
        Some("1") => Some("icmp"),
        Some("6") => Some("tcp"),
        Some("17") => Some("udp"),
        _ => None,
    };
    text(&entry.protocol).into_iter().chain(name.map(str::to_owned)).collect()
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("association.association-id", |acl| each(&acl.associations, |one| text(&one.network_acl_association_id))),
        ("association.network-acl-id", |acl| each(&acl.associations, |one| text(&one.network_acl_id))),
        ("association.subnet-id", |acl| each(&acl.associations, |one| text(&one.subnet_id))),
        ("default", |acl| flag(acl.is_default)),
        ("entry.cidr", |acl| each(&acl.entries, |entry| text(&entry.cidr_block))),
        ("entry.icmp.code", |acl| each(&acl.entries, |entry| icmp(entry, |icmp| icmp.code))),
        ("entry.icmp.type", |acl| each(&acl.entries, |entry| icmp(entry, |icmp| icmp.type_))),
        ("entry.ipv6-cidr", |acl| each(&acl.entries, |entry| text(&entry.ipv6_cidr_block))),
        ("entry.port-range.from", |acl| each(&acl.entries, |entry| ports(entry, |range| range.from))),
        ("entry.port-range.to", |acl| each(&acl.entries, |entry| ports(entry, |range| range.to))),
        ("entry.protocol", |acl| each(&acl.entries, protocol)),
        ("entry.rule-action", |acl| each(&acl.entries, |entry| text(&entry.rule_action))),
        ("entry.egress", |acl| each(&acl.entries, |entry| flag(entry.egress))),
        ("entry.rule-number", |acl| each(&acl.entries, |entry| number(entry.rule_number))),
        ("network-acl-id", |acl| text(&acl.network_acl_id)),
        ("owner-id", |acl| text(&acl.owner_id)),
        ("vpc-id", |acl| text(&acl.vpc_id)),
    ],
    tags: Some(|acl| acl.tags.as_ref()),
};

pub fn describe_network_acls(
    r: &Reader,
    input: DescribeNetworkAclsRequest,
) -> Result<DescribeNetworkAclsResult, Fault> {
    let acls = chosen::<NetworkAcl>(r.store, r.scope(), input.network_acl_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let acls = acls.iter().map(|acl| shown(acl, r.scope(), &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.network_acl_ids.as_ref().map(|_| "networkAclIds"),
    };
    let page = cut(FILTERS.select(acls, input.filters)?, wanted, |acl| acl.network_acl_id.clone().unwrap_or_default())?;
    Ok(DescribeNetworkAclsResult { network_acls: Some(page.items), next_token: page.next_token })
}

pub fn delete_network_acl(w: &mut Writer, input: DeleteNetworkAclRequest) -> Result<Unit, Fault> {
    let acl: NetworkAcl = get(w.store(), w.scope(), &input.network_acl_id)?;
    if acl.is_default {
        return Err(invalid_value(format!("Cannot delete default network ACL {}", acl.id)));
    }
    if !acl.associations.is_empty() {
        let message = format!("The networkAcl '{}' has dependencies and cannot be deleted.", acl.id);
        return Err(dependency(message));
    }
    delete::<NetworkAcl>(w, &acl.id)?;
    Ok(Unit)
}

/// A subnet moves to another ACL. The association gets a new id.
pub fn replace_network_acl_association(
    w: &mut Writer,
    input: ReplaceNetworkAclAssociationRequest,
) -> Result<ReplaceNetworkAclAssociationResult, Fault> {
    let to: NetworkAcl = get(w.store(), w.scope(), &input.network_acl_id)?;
    let id = &input.association_id;
    for mut from in all::<NetworkAcl>(w.store(), w.scope())? {
        let Some(at) = from.associations.iter().position(|one| one.id == *id) else { continue };
        if from.vpc != to.vpc {
            let message = format!("network acl {} and network acl {} belong to different networks", from.id, to.id);
            return Err(invalid_value(message));
        }
        let mut association = from.associations.remove(at);
        put(w, &from)?;
        let mut to = if from.id == to.id { from } else { to };
        association.id = new_id("aclassoc");
        let new_id = association.id.clone();
        to.associations.push(association);
        put(w, &to)?;
        return Ok(ReplaceNetworkAclAssociationResult { new_association_id: Some(new_id) });
    }
    let message = format!("The association ID '{id}' does not exist");
    Err(Fault::coded("InvalidAssociationID.NotFound", 400, message))
}
