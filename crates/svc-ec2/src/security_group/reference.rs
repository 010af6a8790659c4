//! Rules that speak of groups in peered VPCs: who refers to a group, and which references have gone stale.

use kogumo_door::Reader;
use kogumo_model::ec2::{
    DescribeSecurityGroupReferencesRequest, DescribeSecurityGroupReferencesResult, DescribeStaleSecurityGroupsRequest,
    DescribeStaleSecurityGroupsResult, IpPermission, SecurityGroupReference, StaleIpPermission, StaleSecurityGroup,
};
use kogumo_wire::Fault;

use super::parts::of_vpc;
use super::record::{Peer, Rule, SecurityGroup};
use super::shown::permissions;
use crate::page::{Wanted, cut};
use crate::resource::{find, get};
use crate::vpc::Vpc;
use crate::vpc_parts::peers;

fn speaks_of(rule: &Rule, group: &str) -> bool {
    matches!(&rule.peer, Peer::Group { id, .. } if id == group)
}

pub fn describe_security_group_references(
    r: &Reader,
    input: DescribeSecurityGroupReferencesRequest,
) -> Result<DescribeSecurityGroupReferencesResult, Fault> {
    let mut references = Vec::new();
    for id in &input.group_id {
        let group: SecurityGroup = get(r.store, r.scope(), id)?;
        for (side, peering) in peers(r.store, r.scope(), &group.vpc)? {
            let others = of_vpc(r.store, &side.scope, &side.vpc)?;
            if others.iter().any(|other| other.rules.iter().any(|rule| speaks_of(rule, id))) {
                references.push(SecurityGroupReference {
                    group_id: Some(id.clone()),
                    referencing_vpc_id: Some(side.vpc),
                    vpc_peering_connection_id: Some(peering),
                    transit_gateway_id: None,
                });
            }
        }
    }
    Ok(DescribeSecurityGroupReferencesResult { security_group_reference_set: Some(references) })
}

fn stale_shown(permission: IpPermission) -> StaleIpPermission {
    StaleIpPermission {
        from_port: permission.from_port,
        ip_protocol: permission.ip_protocol,
        ip_ranges: Some(Vec::new()),
        prefix_list_ids: Some(Vec::new()),
        to_port: permission.to_port,
        user_id_group_pairs: permission.user_id_group_pairs,
    }
}

/// Whether a peered VPC of that account has the group.
fn is_within_reach(r: &Reader, vpc: &str, account: &str, id: &str) -> Result<bool, Fault> {
    for (side, _) in peers(r.store, r.scope(), vpc)? {
        let found = find::<SecurityGroup>(r.store, &side.scope, id)?;
        if side.scope.account == account && found.is_some_and(|found| found.vpc == side.vpc) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A rule is stale if its group is gone, or its VPC is not peered with this one any more.
pub fn describe_stale_security_groups(
    r: &Reader,
    input: DescribeStaleSecurityGroupsRequest,
) -> Result<DescribeStaleSecurityGroupsResult, Fault> {
    let vpc: Vpc = get(r.store, r.scope(), &input.vpc_id)?;
    let mut stale = Vec::new();
    for group in of_vpc(r.store, r.scope(), &vpc.id)? {
        let mut rules = Vec::new();
        for rule in &group.rules {
            let Peer::Group { id, account } = &rule.peer else { continue };
            let own = find::<SecurityGroup>(r.store, r.scope(), id)?;
            let is_own = own.is_some_and(|own| own.vpc == group.vpc);
            if !is_own && !is_within_reach(r, &group.vpc, account, id)? {
                rules.push(rule.clone());
            }
        }
        if !rules.is_empty() {
            let shown = |egress| permissions(&rules, egress).into_iter().map(stale_shown).collect();
            stale.push(StaleSecurityGroup {
                stale_ip_permissions: Some(shown(false)),
                stale_ip_permissions_egress: Some(shown(true)),
                description: Some(group.description),
                group_id: Some(group.id),
                group_name: Some(group.name),
                vpc_id: Some(group.vpc),
            });
        }
    }
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(stale, wanted, |group| group.group_id.clone().unwrap_or_default())?;
    Ok(DescribeStaleSecurityGroupsResult { stale_security_group_set: Some(page.items), next_token: page.next_token })
}
