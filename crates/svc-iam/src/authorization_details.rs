//! Everything about who may do what, in one answer.

use kogumo_door::Reader;
use kogumo_model::iam::*;
use kogumo_wire::Fault;

use crate::aws_managed;
use crate::document;
use crate::entity::{self, Entity, Kind};
use crate::page::page;
use crate::{attachment, instance_profile, policy, role, tags, version};

/// One line of the answer.
enum Detail {
    User(UserDetail),
    Group(GroupDetail),
    Role(RoleDetail),
    Policy(ManagedPolicyDetail),
}

pub fn get_account_authorization_details(
    r: &Reader,
    input: GetAccountAuthorizationDetailsRequest,
) -> Result<GetAccountAuthorizationDetailsResponse, Fault> {
    let filter = input.filter.unwrap_or_default();
    let wanted = |kind: &str| filter.is_empty() || filter.iter().any(|one| one == kind);
    let everybody = policy::everybody(r.store, r.scope())?;
    let mut details = Vec::new();
    for entity in &everybody {
        match entity.kind {
            Kind::User if wanted("User") => details.push(Detail::User(user(r, entity)?)),
            Kind::Group if wanted("Group") => details.push(Detail::Group(group(r, entity))),
            Kind::Role if wanted("Role") => details.push(Detail::Role(role_detail(r, entity)?)),
            _ => {}
        }
    }
    if wanted("LocalManagedPolicy") {
        let own = policy::all(r.store, r.scope())?;
        details.extend(own.iter().map(|policy| Detail::Policy(own_policy(policy, &everybody))));
    }
    if wanted("AWSManagedPolicy") {
        details.extend(aws_policies(&everybody).into_iter().map(Detail::Policy));
    }
    let page = page(details, input.marker.as_deref(), input.max_items)?;
    let (mut users, mut groups, mut roles, mut policies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for detail in page.items {
        match detail {
            Detail::User(user) => users.push(user),
            Detail::Group(group) => groups.push(group),
            Detail::Role(role) => roles.push(role),
            Detail::Policy(policy) => policies.push(policy),
        }
    }
    Ok(GetAccountAuthorizationDetailsResponse {
        user_detail_list: Some(users),
        group_detail_list: Some(groups),
        role_detail_list: Some(roles),
        policies: Some(policies),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

fn inline(entity: &Entity) -> Vec<PolicyDetail> {
    let shown = |(name, text): (&String, &String)| PolicyDetail {
        policy_name: Some(name.clone()),
        policy_document: Some(document::shown(text)),
    };
    entity.inline.iter().map(shown).collect()
}

fn user(r: &Reader, user: &Entity) -> Result<UserDetail, Fault> {
    let mut groups = Vec::new();
    for name in &user.groups {
        groups.extend(entity::find(r.store, r.scope(), Kind::Group, name)?.map(|group| group.name));
    }
    Ok(UserDetail {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.id.clone()),
        arn: Some(user.arn(r.caller.account())),
        create_date: Some(user.created),
        user_policy_list: Some(inline(user)),
        group_list: Some(groups),
        attached_managed_policies: Some(attachment::attached(user)),
        permissions_boundary: user.boundary_shown(),
        tags: Some(tags::shown(&user.tags)),
    })
}

fn group(r: &Reader, group: &Entity) -> GroupDetail {
    GroupDetail {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.id.clone()),
        arn: Some(group.arn(r.caller.account())),
        create_date: Some(group.created),
        group_policy_list: Some(inline(group)),
        attached_managed_policies: Some(attachment::attached(group)),
    }
}

fn role_detail(r: &Reader, role: &Entity) -> Result<RoleDetail, Fault> {
    let profiles = instance_profile::of_role(r.store, r.scope(), &role.name)?;
    let profiles = profiles.iter().map(|profile| instance_profile::shown(r.store, r.scope(), profile));
    Ok(RoleDetail {
        path: Some(role.path.clone()),
        role_name: Some(role.name.clone()),
        role_id: Some(role.id.clone()),
        arn: Some(role.arn(r.caller.account())),
        create_date: Some(role.created),
        assume_role_policy_document: role.role.as_ref().map(|details| document::shown(&details.trust)),
        instance_profile_list: Some(profiles.collect::<Result<_, _>>()?),
        role_policy_list: Some(inline(role)),
        attached_managed_policies: Some(attachment::attached(role)),
        permissions_boundary: role.boundary_shown(),
        tags: Some(tags::shown(&role.tags)),
        role_last_used: Some(role::last_used(r, role)?),
    })
}

fn own_policy(policy: &policy::ManagedPolicy, everybody: &[Entity]) -> ManagedPolicyDetail {
    let versions = policy.versions.iter().rev();
    let versions = versions.map(|(number, one)| version::shown(policy, *number, one, true)).collect();
    detail(policy::shown(policy, everybody), versions)
}

/// Those of AWS's policies that somebody has.
fn aws_policies(everybody: &[Entity]) -> Vec<ManagedPolicyDetail> {
    let mut arns: Vec<&String> =
        everybody.iter().flat_map(|entity| entity.attached.iter().chain(&entity.boundary)).collect();
    arns.sort();
    arns.dedup();
    let known = arns.into_iter().filter_map(|arn| aws_managed::find(arn));
    known
        .map(|policy| detail(policy::shown_of_aws(&policy, everybody), vec![version::shown_of_aws(&policy, true)]))
        .collect()
}

fn detail(policy: Policy, versions: Vec<PolicyVersion>) -> ManagedPolicyDetail {
    ManagedPolicyDetail {
        policy_name: policy.policy_name,
        policy_id: policy.policy_id,
        arn: policy.arn,
        path: policy.path,
        default_version_id: policy.default_version_id,
        attachment_count: policy.attachment_count,
        permissions_boundary_usage_count: policy.permissions_boundary_usage_count,
        is_attachable: policy.is_attachable,
        description: policy.description,
        create_date: policy.create_date,
        update_date: policy.update_date,
        policy_version_list: Some(versions),
    }
}
