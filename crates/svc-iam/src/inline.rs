//! Inline policies of users, groups and roles.

use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_wire::{Fault, Unit};

use crate::document::{self, Purpose};
use crate::entity::{self, Kind};
use crate::page::{Page, page};
use crate::quota;

fn missing(kind: Kind, policy: &str) -> Fault {
    NO_SUCH_ENTITY_EXCEPTION.because(format!("The {} policy with name {policy} cannot be found.", kind.noun()))
}

fn put(w: &mut Writer, kind: Kind, name: &str, policy: String, text: String) -> Result<Unit, Fault> {
    document::check(&text, Purpose::Identity)?;
    entity::update(w, kind, name, |entity| {
        entity.refuse_service_linked()?;
        entity.inline.insert(policy, text);
        quota::inline_size(entity)
    })?;
    Ok(Unit)
}

/// The entity's own spelling of its name, and the document as it is shown.
fn get(r: &Reader, kind: Kind, name: &str, policy: &str) -> Result<(String, String), Fault> {
    let entity = entity::get(r.store, r.scope(), kind, name)?;
    let text = entity.inline.get(policy).ok_or_else(|| missing(kind, policy))?;
    Ok((entity.name.clone(), document::shown(text)))
}

fn delete(w: &mut Writer, kind: Kind, name: &str, policy: &str) -> Result<Unit, Fault> {
    entity::update(w, kind, name, |entity| {
        entity.refuse_service_linked()?;
        entity.inline.remove(policy).map(drop).ok_or_else(|| missing(kind, policy))
    })?;
    Ok(Unit)
}

fn list(r: &Reader, kind: Kind, name: &str, marker: Option<&str>, most: Option<i32>) -> Result<Page<String>, Fault> {
    let entity = entity::get(r.store, r.scope(), kind, name)?;
    page(entity.inline.into_keys().collect(), marker, most)
}

pub fn put_user_policy(w: &mut Writer, input: PutUserPolicyRequest) -> Result<Unit, Fault> {
    put(w, Kind::User, &input.user_name, input.policy_name, input.policy_document)
}

pub fn put_group_policy(w: &mut Writer, input: PutGroupPolicyRequest) -> Result<Unit, Fault> {
    put(w, Kind::Group, &input.group_name, input.policy_name, input.policy_document)
}

pub fn put_role_policy(w: &mut Writer, input: PutRolePolicyRequest) -> Result<Unit, Fault> {
    put(w, Kind::Role, &input.role_name, input.policy_name, input.policy_document)
}

pub fn get_user_policy(r: &Reader, input: GetUserPolicyRequest) -> Result<GetUserPolicyResponse, Fault> {
    let (user_name, policy_document) = get(r, Kind::User, &input.user_name, &input.policy_name)?;
    Ok(GetUserPolicyResponse { user_name, policy_name: input.policy_name, policy_document })
}

pub fn get_group_policy(r: &Reader, input: GetGroupPolicyRequest) -> Result<GetGroupPolicyResponse, Fault> {
    let (group_name, policy_document) = get(r, Kind::Group, &input.group_name, &input.policy_name)?;
    Ok(GetGroupPolicyResponse { group_name, policy_name: input.policy_name, policy_document })
}

pub fn get_role_policy(r: &Reader, input: GetRolePolicyRequest) -> Result<GetRolePolicyResponse, Fault> {
    let (role_name, policy_document) = get(r, Kind::Role, &input.role_name, &input.policy_name)?;
    Ok(GetRolePolicyResponse { role_name, policy_name: input.policy_name, policy_document })
}

pub fn delete_user_policy(w: &mut Writer, input: DeleteUserPolicyRequest) -> Result<Unit, Fault> {
    delete(w, Kind::User, &input.user_name, &input.policy_name)
}

pub fn delete_group_policy(w: &mut Writer, input: DeleteGroupPolicyRequest) -> Result<Unit, Fault> {
    delete(w, Kind::Group, &input.group_name, &input.policy_name)
}

pub fn delete_role_policy(w: &mut Writer, input: DeleteRolePolicyRequest) -> Result<Unit, Fault> {
    delete(w, Kind::Role, &input.role_name, &input.policy_name)
}

pub fn list_user_policies(r: &Reader, input: ListUserPoliciesRequest) -> Result<ListUserPoliciesResponse, Fault> {
    let page = list(r, Kind::User, &input.user_name, input.marker.as_deref(), input.max_items)?;
    Ok(ListUserPoliciesResponse { policy_names: page.items, is_truncated: page.is_truncated, marker: page.marker })
}

pub fn list_group_policies(r: &Reader, input: ListGroupPoliciesRequest) -> Result<ListGroupPoliciesResponse, Fault> {
    let page = list(r, Kind::Group, &input.group_name, input.marker.as_deref(), input.max_items)?;
    Ok(ListGroupPoliciesResponse { policy_names: page.items, is_truncated: page.is_truncated, marker: page.marker })
}

pub fn list_role_policies(r: &Reader, input: ListRolePoliciesRequest) -> Result<ListRolePoliciesResponse, Fault> {
    let page = list(r, Kind::Role, &input.role_name, input.marker.as_deref(), input.max_items)?;
    Ok(ListRolePoliciesResponse { policy_names: page.items, is_truncated: page.is_truncated, marker: page.marker })
}
