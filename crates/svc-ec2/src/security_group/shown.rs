//! Groups and rules as the API shows them.

use kogumo_base::{Arn, Scope};
use kogumo_model::ec2::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ReferencedSecurityGroup, RevokedSecurityGroupRule,
    SecurityGroup as Shown, SecurityGroupRule, UserIdGroupPair,
};

use super::record::{Peer, Rule, SecurityGroup};
use crate::tag::Tags;

pub fn arn(scope: &Scope, kind: &str, id: &str) -> String {
    Arn::new("ec2", &scope.region, &scope.account, format!("{kind}/{id}")).to_string()
}

pub fn shown(group: &SecurityGroup, scope: &Scope, tags: &Tags) -> Shown {
    Shown {
        group_id: Some(group.id.clone()),
        ip_permissions_egress: Some(permissions(&group.rules, true)),
        tags: tags.shown_if_any(&group.id),
        vpc_id: Some(group.vpc.clone()),
        security_group_arn: Some(arn(scope, "security-group", &group.id)),
        owner_id: Some(scope.account.clone()),
        group_name: Some(group.name.clone()),
        description: Some(group.description.clone()),
        ip_permissions: Some(permissions(&group.rules, false)),
    }
}

/// The rules of one direction, those of the same protocol and ports in one permission.
pub fn permissions(rules: &[Rule], egress: bool) -> Vec<IpPermission> {
    let mut permissions: Vec<IpPermission> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.egress == egress) {
        let is_same = |one: &IpPermission| {
            one.ip_protocol.as_ref() == Some(&rule.protocol) && (one.from_port, one.to_port) == (rule.from, rule.to)
        };
        let at = permissions.iter().position(is_same).unwrap_or_else(|| {
            permissions.push(IpPermission {
                ip_protocol: Some(rule.protocol.clone()),
                from_port: rule.from,
                to_port: rule.to,
                user_id_group_pairs: Some(Vec::new()),
                ip_ranges: Some(Vec::new()),
                ipv6_ranges: Some(Vec::new()),
                prefix_list_ids: Some(Vec::new()),
            });
            permissions.len() - 1
        });
        if let Some(permission) = permissions.get_mut(at) {
            add_peer(permission, rule);
        }
    }
    permissions
}

fn add_peer(permission: &mut IpPermission, rule: &Rule) {
    let description = rule.description.clone();
    match &rule.peer {
        Peer::Ipv4(cidr) => {
            let range = IpRange { description, cidr_ip: Some(cidr.clone()) };
            permission.ip_ranges.get_or_insert_default().push(range);
        }
        Peer::Ipv6(cidr) => {
            let range = Ipv6Range { description, cidr_ipv6: Some(cidr.clone()) };
            permission.ipv6_ranges.get_or_insert_default().push(range);
        }
        Peer::PrefixList(id) => {
            let list = PrefixListId { description, prefix_list_id: Some(id.clone()) };
            permission.prefix_list_ids.get_or_insert_default().push(list);
        }
        Peer::Group { id, account } => {
            let pair = UserIdGroupPair {
                description,
                user_id: Some(account.clone()),
                group_id: Some(id.clone()),
                ..UserIdGroupPair::default()
            };
            permission.user_id_group_pairs.get_or_insert_default().push(pair);
        }
    }
}

pub fn rule_shown(group: &SecurityGroup, rule: &Rule, scope: &Scope, tags: &Tags) -> SecurityGroupRule {
    let mut shown = SecurityGroupRule {
        security_group_rule_id: Some(rule.id.clone()),
        group_id: Some(group.id.clone()),
        group_owner_id: Some(scope.account.clone()),
        is_egress: Some(rule.egress),
        ip_protocol: Some(rule.protocol.clone()),
        from_port: Some(rule.from.unwrap_or(-1)),
        to_port: Some(rule.to.unwrap_or(-1)),
        description: rule.description.clone(),
        tags: Some(tags.shown(&rule.id)),
        security_group_rule_arn: Some(arn(scope, "security-group-rule", &rule.id)),
        ..SecurityGroupRule::default()
    };
    match &rule.peer {
        Peer::Ipv4(cidr) => shown.cidr_ipv4 = Some(cidr.clone()),
        Peer::Ipv6(cidr) => shown.cidr_ipv6 = Some(cidr.clone()),
        Peer::PrefixList(id) => shown.prefix_list_id = Some(id.clone()),
        Peer::Group { id, account } => {
            shown.referenced_group_info = Some(ReferencedSecurityGroup {
                group_id: Some(id.clone()),
                user_id: Some(account.clone()),
                ..ReferencedSecurityGroup::default()
            });
        }
    }
    shown
}

pub fn revoked_shown(group: &SecurityGroup, rule: &Rule) -> RevokedSecurityGroupRule {
    let mut shown = RevokedSecurityGroupRule {
        security_group_rule_id: Some(rule.id.clone()),
        group_id: Some(group.id.clone()),
        is_egress: Some(rule.egress),
        ip_protocol: Some(rule.protocol.clone()),
        from_port: Some(rule.from.unwrap_or(-1)),
        to_port: Some(rule.to.unwrap_or(-1)),
        description: rule.description.clone(),
        ..RevokedSecurityGroupRule::default()
    };
    match &rule.peer {
        Peer::Ipv4(cidr) => shown.cidr_ipv4 = Some(cidr.clone()),
        Peer::Ipv6(cidr) => shown.cidr_ipv6 = Some(cidr.clone()),
        Peer::PrefixList(id) => shown.prefix_list_id = Some(id.clone()),
        Peer::Group { id, .. } => shown.referenced_group_id = Some(id.clone()),
    }
    shown
}
