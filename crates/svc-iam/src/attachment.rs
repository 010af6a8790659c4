//! Managed policies on users, groups and roles.

use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_wire::{Fault, Unit};

use crate::entity::{self, Entity, Kind};
use crate::page::{Page, page};
use crate::{policy, quota};

/// Attaching what is attached already changes nothing.
fn attach(w: &mut Writer, kind: Kind, name: &str, arn: String) -> Result<Unit, Fault> {
    entity::get(w.store(), w.scope(), kind, name)?;
    policy::must_be_attachable(w.store(), w.scope(), &arn)?;
    entity::update(w, kind, name, |entity| {
        entity.refuse_service_linked()?;
        entity.attached.insert(arn);
        if entity.attached.len() > kind.most_attached() {
            return Err(quota::exceeded(&format!("PoliciesPer{}", capital(kind)), kind.most_attached()));
        }
        Ok(())
    })?;
    Ok(Unit)
}

fn capital(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "User",
        Kind::Group => "Group",
        Kind::Role => "Role",
    }
}

fn detach(w: &mut Writer, kind: Kind, name: &str, arn: &str) -> Result<Unit, Fault> {
    entity::update(w, kind, name, |entity| {
        entity.refuse_service_linked()?;
        match entity.attached.remove(arn) {
            true => Ok(()),
            false => Err(NO_SUCH_ENTITY_EXCEPTION.because(format!("Policy {arn} was not found."))),
        }
    })?;
    Ok(Unit)
}

/// The managed policies of an entity.
pub fn attached(entity: &Entity) -> Vec<AttachedPolicy> {
    let shown = |arn: &String| AttachedPolicy {
        policy_name: arn.rsplit('/').next().map(str::to_owned),
        policy_arn: Some(arn.clone()),
    };
    entity.attached.iter().map(shown).collect()
}

fn list(
    r: &Reader,
    kind: Kind,
    name: &str,
    prefix: Option<&str>,
    marker: Option<&str>,
    most: Option<i32>,
) -> Result<Page<AttachedPolicy>, Fault> {
    let entity = entity::get(r.store, r.scope(), kind, name)?;
    let under = |arn: &str| arn.split_once(":policy").is_some_and(|(_, path)| path.starts_with(prefix.unwrap_or("/")));
    let mut attached = attached(&entity);
    attached.retain(|policy| policy.policy_arn.as_deref().is_some_and(under));
    page(attached, marker, most)
}

pub fn attach_user_policy(w: &mut Writer, input: AttachUserPolicyRequest) -> Result<Unit, Fault> {
    attach(w, Kind::User, &input.user_name, input.policy_arn)
}

pub fn attach_group_policy(w: &mut Writer, input: AttachGroupPolicyRequest) -> Result<Unit, Fault> {
    attach(w, Kind::Group, &input.group_name, input.policy_arn)
}

pub fn attach_role_policy(w: &mut Writer, input: AttachRolePolicyRequest) -> Result<Unit, Fault> {
    attach(w, Kind::Role, &input.role_name, input.policy_arn)
}

pub fn detach_user_policy(w: &mut Writer, input: DetachUserPolicyRequest) -> Result<Unit, Fault> {
    detach(w, Kind::User, &input.user_name, &input.policy_arn)
}

pub fn detach_group_policy(w: &mut Writer, input: DetachGroupPolicyRequest) -> Result<Unit, Fault> {
    detach(w, Kind::Group, &input.group_name, &input.policy_arn)
}

pub fn detach_role_policy(w: &mut Writer, input: DetachRolePolicyRequest) -> Result<Unit, Fault> {
    detach(w, Kind::Role, &input.role_name, &input.policy_arn)
}

pub fn list_attached_user_policies(
    r: &Reader,
    input: ListAttachedUserPoliciesRequest,
) -> Result<ListAttachedUserPoliciesResponse, Fault> {
    let page =
        list(r, Kind::User, &input.user_name, input.path_prefix.as_deref(), input.marker.as_deref(), input.max_items)?;
    Ok(ListAttachedUserPoliciesResponse {
        attached_policies: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn list_attached_group_policies(
    r: &Reader,
    input: ListAttachedGroupPoliciesRequest,
) -> Result<ListAttachedGroupPoliciesResponse, Fault> {
    let page = list(
        r,
        Kind::Group,
        &input.group_name,
        input.path_prefix.as_deref(),
        input.marker.as_deref(),
        input.max_items,
    )?;
    Ok(ListAttachedGroupPoliciesResponse {
        attached_policies: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn list_attached_role_policies(
    r: &Reader,
    input: ListAttachedRolePoliciesRequest,
) -> Result<ListAttachedRolePoliciesResponse, Fault> {
    let page =
        list(r, Kind::Role, &input.role_name, input.path_prefix.as_deref(), input.marker.as_deref(), input.max_items)?;
    Ok(ListAttachedRolePoliciesResponse {
        attached_policies: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}
