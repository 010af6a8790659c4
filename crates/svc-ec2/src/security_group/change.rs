//! Adding rules to groups and taking them away.

use kogumo_door::Writer;
use kogumo_model::ec2::{
    AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupEgressResult, AuthorizeSecurityGroupIngressRequest,
    AuthorizeSecurityGroupIngressResult, IpPermission, IpRange, RevokeSecurityGroupEgressRequest,
    RevokeSecurityGroupEgressResult, RevokeSecurityGroupIngressRequest, RevokeSecurityGroupIngressResult,
    RevokedSecurityGroupRule, SecurityGroupRule, TagSpecification, UserIdGroupPair,
};
use kogumo_wire::Fault;

use super::ops::named;
use super::parts::of_vpc;
use super::permission::{Wanted, wanted};
use super::record::{Peer, Rule, SecurityGroup};
use super::rule::RULE;
use super::shown::{revoked_shown, rule_shown};
use crate::faults::{invalid_combination, limit, missing_parameter};
use crate::prefix_list;
use crate::resource::{Resource, find, get, new_id, put};
use crate::tag::{self, Tags};
use crate::vpc_parts;

/// For each direction and address family. Source: Amazon VPC User Guide, "Amazon VPC quotas".
pub const MOST_RULES: usize = 60;

/// The parameters that older clients give one rule in.
#[derive(Default)]
struct Plain {
    protocol: Option<String>,
    from: Option<i32>,
    to: Option<i32>,
    cidr: Option<String>,
    group_name: Option<String>,
    group_owner: Option<String>,
}

/// What a request says, in either way, as permissions.
fn permissions(list: Option<Vec<IpPermission>>, plain: Plain) -> Result<Vec<IpPermission>, Fault> {
    let is_plain = plain.protocol.is_some() || plain.cidr.is_some() || plain.group_name.is_some();
    match (list, is_plain) {
        (Some(_), true) => {
            Err(invalid_combination("The parameter ipPermissions may not be used in combination with other parameters"))
        }
        (Some(list), false) => Ok(list),
        (None, false) => Err(missing_parameter("ipPermissions")),
        (None, true) => {
            let range = plain.cidr.map(|cidr| IpRange { cidr_ip: Some(cidr), description: None });
            let pair = plain.group_name.map(|name| UserIdGroupPair {
                group_name: Some(name),
                user_id: plain.group_owner,
                ..UserIdGroupPair::default()
            });
            Ok(vec![IpPermission {
                // A group alone stands for all of its traffic.
                ip_protocol: plain.protocol.or_else(|| pair.as_ref().map(|_| "-1".to_owned())),
                from_port: plain.from,
                to_port: plain.to,
                ip_ranges: range.map(|range| vec![range]),
                user_id_group_pairs: pair.map(|pair| vec![pair]),
                ..IpPermission::default()
            }])
        }
    }
}

/// The rules of a request; the groups and lists that it names are there.
pub fn rules_of(w: &Writer, group: &SecurityGroup, list: Vec<IpPermission>) -> Result<Vec<Wanted>, Fault> {
    let rules = wanted(list, |id, name, owner| peer(w, group, id, name, owner))?;
    for rule in &rules {
        if let Peer::PrefixList(id) = &rule.peer {
            prefix_list::check(w.store(), w.scope(), id)?;
        }
    }
    Ok(rules)
}

/// A group that a rule speaks of: of the same VPC, or of one that is peered with it.
pub fn peer(
    w: &Writer,
    group: &SecurityGroup,
    id: Option<String>,
    name: Option<String>,
    owner: Option<String>,
) -> Result<Peer, Fault> {
    let own = w.caller.account().to_owned();
    let Some(id) = id else {
        let name = name.ok_or_else(|| missing_parameter("GroupId"))?;
        let found = of_vpc(w.store(), w.scope(), &group.vpc)?.into_iter().find(|other| other.name == name);
        let found = found.ok_or_else(|| {
            let message = format!("The security group '{name}' does not exist in VPC '{}'", group.vpc);
            Fault::coded("InvalidGroup.NotFound", 400, message)
        })?;
        return Ok(Peer::Group { id: found.id, account: own });
    };
    SecurityGroup::KIND.check(&id)?;
    if owner.as_deref().is_some_and(|owner| owner.len() != 12 || !owner.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(crate::faults::invalid_value(format!("Invalid value '{}' for userId", owner.unwrap_or_default())));
    }
    if let Some(found) = find::<SecurityGroup>(w.store(), w.scope(), &id)? {
        if found.vpc == group.vpc || vpc_parts::are_peered(w.store(), w.scope(), &group.vpc, &found.vpc)? {
            return Ok(Peer::Group { id, account: own });
        }
        let message = "You have specified two resources that belong to different networks.";
        return Err(Fault::coded("InvalidGroup.NotFound", 400, message));
    }
    // Groups of another region cannot be spoken of (Amazon VPC Peering Guide, "Reference peer security groups").
    for (side, _) in vpc_parts::peers(w.store(), w.scope(), &group.vpc)? {
        let found = find::<SecurityGroup>(w.store(), &side.scope, &id)?.filter(|found| found.vpc == side.vpc);
        if found.is_some() && side.scope.region == w.scope().region {
            return Ok(Peer::Group { id, account: side.scope.account });
        }
    }
    // A rule whose group is out of reach by now can still be revoked.
    if let Some(rule) = group.rules.iter().find(|rule| matches!(&rule.peer, Peer::Group { id: own, .. } if *own == id))
    {
        return Ok(rule.peer.clone());
    }
    Err(SecurityGroup::KIND.missing(&id))
}

/// Rules of one family share a quota.
fn is_ipv6(peer: &Peer) -> bool {
    matches!(peer, Peer::Ipv6(_))
}

fn authorize(
    w: &mut Writer,
    mut group: SecurityGroup,
    egress: bool,
    permissions: Vec<IpPermission>,
    tags: Option<Vec<TagSpecification>>,
) -> Result<Vec<SecurityGroupRule>, Fault> {
    let rules = rules_of(w, &group, permissions)?;
    let tags = tag::specified(w, tags, RULE)?;
    let mut made: Vec<Rule> = Vec::new();
    for rule in rules {
        if group.rules.iter().any(|own| rule.is(own, egress)) {
            let message = format!("the specified rule \"{}\" already exists", rule.in_words());
            return Err(Fault::coded("InvalidPermission.Duplicate", 400, message));
        }
        let family = is_ipv6(&rule.peer);
        let own = group.rules.iter().filter(|own| own.egress == egress && is_ipv6(&own.peer) == family).count();
        if own >= MOST_RULES {
            let message = "The maximum number of rules per security group has been reached.";
            return Err(limit("RulesPerSecurityGroupLimitExceeded", message));
        }
        let rule = rule.into_rule(new_id(RULE.prefix), egress);
        group.rules.push(rule.clone());
        made.push(rule);
    }
    put(w, &group)?;
    for rule in &made {
        tag::add(w, RULE, &rule.id, tags.clone())?;
    }
    let tags = Tags::of_all(w.store(), w.scope())?;
    Ok(made.iter().map(|rule| rule_shown(&group, rule, w.scope(), &tags)).collect())
}

pub fn authorize_security_group_ingress(
    w: &mut Writer,
    input: AuthorizeSecurityGroupIngressRequest,
) -> Result<AuthorizeSecurityGroupIngressResult, Fault> {
    let group = named(w, input.group_id.as_deref(), input.group_name.as_deref())?;
    let plain = Plain {
        protocol: input.ip_protocol,
        from: input.from_port,
        to: input.to_port,
        cidr: input.cidr_ip,
        group_name: input.source_security_group_name,
        group_owner: input.source_security_group_owner_id,
    };
    let permissions = permissions(input.ip_permissions, plain)?;
    let rules = authorize(w, group, false, permissions, input.tag_specifications)?;
    Ok(AuthorizeSecurityGroupIngressResult { return_: Some(true), security_group_rules: Some(rules) })
}

pub fn authorize_security_group_egress(
    w: &mut Writer,
    input: AuthorizeSecurityGroupEgressRequest,
) -> Result<AuthorizeSecurityGroupEgressResult, Fault> {
    let group: SecurityGroup = get(w.store(), w.scope(), &input.group_id)?;
    let plain = Plain {
        protocol: input.ip_protocol,
        from: input.from_port,
        to: input.to_port,
        cidr: input.cidr_ip,
        group_name: input.source_security_group_name,
        group_owner: input.source_security_group_owner_id,
    };
    let permissions = permissions(input.ip_permissions, plain)?;
    let rules = authorize(w, group, true, permissions, input.tag_specifications)?;
    Ok(AuthorizeSecurityGroupEgressResult { return_: Some(true), security_group_rules: Some(rules) })
}

/// Which rules a revocation speaks of.
struct Revocation {
    ids: Option<Vec<String>>,
    permissions: Option<Vec<IpPermission>>,
    plain: Plain,
}

fn revoke(
    w: &mut Writer,
    mut group: SecurityGroup,
    egress: bool,
    asked: Revocation,
) -> Result<Vec<RevokedSecurityGroupRule>, Fault> {
    let mut revoked: Vec<Rule> = Vec::new();
    if let Some(ids) = asked.ids {
        for id in ids {
            RULE.check(&id)?;
            let at = group.rules.iter().position(|rule| rule.id == id && rule.egress == egress);
            revoked.push(group.rules.remove(at.ok_or_else(|| RULE.missing(&id))?));
        }
    } else {
        for rule in rules_of(w, &group, permissions(asked.permissions, asked.plain)?)? {
            let at = group.rules.iter().position(|own| rule.is(own, egress));
            let missing = || {
                let message = "The specified rule does not exist in this security group.";
                Fault::coded("InvalidPermission.NotFound", 400, message)
            };
            revoked.push(group.rules.remove(at.ok_or_else(missing)?));
        }
    }
    for rule in &revoked {
        tag::forget(w, &rule.id)?;
    }
    put(w, &group)?;
    Ok(revoked.iter().map(|rule| revoked_shown(&group, rule)).collect())
}

pub fn revoke_security_group_ingress(
    w: &mut Writer,
    input: RevokeSecurityGroupIngressRequest,
) -> Result<RevokeSecurityGroupIngressResult, Fault> {
    let group = named(w, input.group_id.as_deref(), input.group_name.as_deref())?;
    let plain = Plain {
        protocol: input.ip_protocol,
        from: input.from_port,
        to: input.to_port,
        cidr: input.cidr_ip,
        group_name: input.source_security_group_name,
        group_owner: input.source_security_group_owner_id,
    };
    let asked = Revocation { ids: input.security_group_rule_ids, permissions: input.ip_permissions, plain };
    let revoked = revoke(w, group, false, asked)?;
    Ok(RevokeSecurityGroupIngressResult {
        return_: Some(true),
        unknown_ip_permissions: None,
        revoked_security_group_rules: Some(revoked),
    })
}

pub fn revoke_security_group_egress(
    w: &mut Writer,
    input: RevokeSecurityGroupEgressRequest,
) -> Result<RevokeSecurityGroupEgressResult, Fault> {
    let group: SecurityGroup = get(w.store(), w.scope(), &input.group_id)?;
    let plain = Plain {
        protocol: input.ip_protocol,
        from: input.from_port,
        to: input.to_port,
        cidr: input.cidr_ip,
        group_name: input.source_security_group_name,
        group_owner: input.source_security_group_owner_id,
    };
    let asked = Revocation { ids: input.security_group_rule_ids, permissions: input.ip_permissions, plain };
    let revoked = revoke(w, group, true, asked)?;
    Ok(RevokeSecurityGroupEgressResult {
        return_: Some(true),
        unknown_ip_permissions: None,
        revoked_security_group_rules: Some(revoked),
    })
}
