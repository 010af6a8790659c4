//! Rules by their ids: describing, changing, and their descriptions.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{
    DescribeSecurityGroupRulesRequest, DescribeSecurityGroupRulesResult, IpPermission, ModifySecurityGroupRulesRequest,
    ModifySecurityGroupRulesResult, SecurityGroupRule, SecurityGroupRuleDescription, SecurityGroupRuleRequest,
    UpdateSecurityGroupRuleDescriptionsEgressRequest, UpdateSecurityGroupRuleDescriptionsEgressResult,
    UpdateSecurityGroupRuleDescriptionsIngressRequest, UpdateSecurityGroupRuleDescriptionsIngressResult,
};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::change::{peer, rules_of};
use super::ops::named;
use super::permission::{self, Wanted};
use super::record::{Peer, Rule, SecurityGroup};
use super::shown::rule_shown;
use crate::faults::{invalid_combination, missing_parameter};
use crate::filter::{Filters, text};
use crate::page::{self, cut};
use crate::prefix_list;
use crate::resource::{Kind, all, get, put};
use crate::tag::Tags;

/// Rules are kept in their groups; ids and tags they have of their own.
pub const RULE: &Kind = &Kind {
    prefix: "sgr",
    name: "security-group-rule",
    malformed: "InvalidSecurityGroupRuleId.Malformed",
    not_found: "InvalidSecurityGroupRuleId.NotFound",
    text: "The security group rule ID '{}' does not exist",
};

/// Whether there is a rule of that id.
pub fn rule_exists(read: &dyn Read, scope: &Scope, id: &str) -> Result<bool, Trouble> {
    Ok(all::<SecurityGroup>(read, scope)?.iter().any(|group| group.rules.iter().any(|rule| rule.id == id)))
}

static FILTERS: Filters<SecurityGroupRule> = Filters {
    names: &[
        ("group-id", |rule| text(&rule.group_id)),
        ("security-group-rule-id", |rule| text(&rule.security_group_rule_id)),
    ],
    tags: Some(|rule| rule.tags.as_ref()),
};

pub fn describe_security_group_rules(
    r: &Reader,
    input: DescribeSecurityGroupRulesRequest,
) -> Result<DescribeSecurityGroupRulesResult, Fault> {
    let tags = Tags::of_all(r.store, r.scope())?;
    let groups = all::<SecurityGroup>(r.store, r.scope())?;
    let shown =
        groups.iter().flat_map(|group| group.rules.iter().map(|rule| rule_shown(group, rule, r.scope(), &tags)));
    let mut rules: Vec<SecurityGroupRule> = shown.collect();
    let named = input.security_group_rule_ids.as_ref().map(|_| "securityGroupRuleIds");
    if let Some(ids) = input.security_group_rule_ids {
        for id in &ids {
            RULE.check(id)?;
            if !rules.iter().any(|rule| rule.security_group_rule_id.as_ref() == Some(id)) {
                return Err(RULE.missing(id));
            }
        }
        rules.retain(|rule| rule.security_group_rule_id.as_ref().is_some_and(|id| ids.contains(id)));
    }
    let wanted = page::Wanted { token: input.next_token.as_deref(), most: input.max_results, named };
    let page = cut(FILTERS.select(rules, input.filters)?, wanted, |rule| {
        rule.security_group_rule_id.clone().unwrap_or_default()
    })?;
    Ok(DescribeSecurityGroupRulesResult { security_group_rules: Some(page.items), next_token: page.next_token })
}

/// The rule that a request puts in another's place.
fn requested(w: &Writer, group: &SecurityGroup, asked: SecurityGroupRuleRequest) -> Result<Wanted, Fault> {
    let protocol = permission::protocol(asked.ip_protocol.as_deref().ok_or_else(|| missing_parameter("ipProtocol"))?)?;
    let (from, to) = permission::ports(&protocol, asked.from_port, asked.to_port)?;
    let peer = match (asked.cidr_ipv4, asked.cidr_ipv6, asked.prefix_list_id, asked.referenced_group_id) {
        (Some(cidr), None, None, None) => permission::ipv4(&cidr)?,
        (None, Some(cidr), None, None) => permission::ipv6(&cidr)?,
        (None, None, Some(id), None) => {
            prefix_list::check(w.store(), w.scope(), &id)?;
            Peer::PrefixList(id)
        }
        (None, None, None, Some(id)) => peer(w, group, Some(id), None, None)?,
        _ => {
            let message = "A rule must have exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId";
            return Err(invalid_combination(message));
        }
    };
    Ok(Wanted { protocol, from, to, peer, description: permission::description(asked.description)? })
}

pub fn modify_security_group_rules(
    w: &mut Writer,
    input: ModifySecurityGroupRulesRequest,
) -> Result<ModifySecurityGroupRulesResult, Fault> {
    let mut group: SecurityGroup = get(w.store(), w.scope(), &input.group_id)?;
    for update in input.security_group_rules {
        let id = &update.security_group_rule_id;
        RULE.check(id)?;
        let asked = update.security_group_rule.ok_or_else(|| missing_parameter("SecurityGroupRule"))?;
        let wanted = requested(w, &group, asked)?;
        let at = group.rules.iter().position(|rule| rule.id == *id).ok_or_else(|| RULE.missing(id))?;
        let egress = group.rules[at].egress;
        if group.rules.iter().any(|rule| rule.id != *id && wanted.is(rule, egress)) {
            let message = format!("the specified rule \"{}\" already exists", wanted.in_words());
            return Err(Fault::coded("InvalidPermission.Duplicate", 400, message));
        }
        group.rules[at] = wanted.into_rule(id.clone(), egress);
    }
    put(w, &group)?;
    Ok(ModifySecurityGroupRulesResult { return_: Some(true) })
}

/// Gives rules new descriptions; one that is not given takes the old one away.
fn describe(
    w: &mut Writer,
    mut group: SecurityGroup,
    egress: bool,
    permissions: Option<Vec<IpPermission>>,
    by_id: Option<Vec<SecurityGroupRuleDescription>>,
) -> Result<(), Fault> {
    let mut named: Vec<(usize, Option<String>)> = Vec::new();
    let mut note = |rules: &[Rule], is: &dyn Fn(&Rule) -> bool, text, missing: Fault| {
        named.push((rules.iter().position(is).ok_or(missing)?, text));
        Ok::<(), Fault>(())
    };
    if permissions.is_none() && by_id.is_none() {
        return Err(missing_parameter("ipPermissions or securityGroupRuleDescriptions"));
    }
    for one in by_id.unwrap_or_default() {
        let id = one.security_group_rule_id.unwrap_or_default();
        let text = permission::description(one.description)?;
        note(&group.rules, &|rule| rule.id == id && rule.egress == egress, text, RULE.missing(&id))?;
    }
    for wanted in rules_of(w, &group, permissions.unwrap_or_default())? {
        let message = "The specified rule does not exist in this security group.";
        let missing = Fault::coded("InvalidPermission.NotFound", 400, message);
        note(&group.rules, &|rule| wanted.is(rule, egress), wanted.description.clone(), missing)?;
    }
    for (at, text) in named {
        group.rules[at].description = text;
    }
    put(w, &group)
}

pub fn update_security_group_rule_descriptions_ingress(
    w: &mut Writer,
    input: UpdateSecurityGroupRuleDescriptionsIngressRequest,
) -> Result<UpdateSecurityGroupRuleDescriptionsIngressResult, Fault> {
    let group = named(w, input.group_id.as_deref(), input.group_name.as_deref())?;
    describe(w, group, false, input.ip_permissions, input.security_group_rule_descriptions)?;
    Ok(UpdateSecurityGroupRuleDescriptionsIngressResult { return_: Some(true) })
}

pub fn update_security_group_rule_descriptions_egress(
    w: &mut Writer,
    input: UpdateSecurityGroupRuleDescriptionsEgressRequest,
) -> Result<UpdateSecurityGroupRuleDescriptionsEgressResult, Fault> {
    let group = named(w, input.group_id.as_deref(), input.group_name.as_deref())?;
    describe(w, group, true, input.ip_permissions, input.security_group_rule_descriptions)?;
    Ok(UpdateSecurityGroupRuleDescriptionsEgressResult { return_: Some(true) })
}
