//! Roles.

use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_wire::{Fault, Unit};
use serde_json::json;

use crate::document::{self, Purpose};
use crate::entity::{self, Entity, Kind, RoleDetails};
use crate::page::page;
use crate::{instance_profile, policy, tags};

/// Seconds; what a role allows if nobody says else.
const DEFAULT_SESSION: i32 = 3600;

pub fn shown(role: &Entity, account: &str) -> Role {
    let details = role.role.as_ref();
    Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: role.arn(account),
        create_date: role.created,
        assume_role_policy_document: details.map(|details| document::shown(&details.trust)),
        description: details.and_then(|details| details.description.clone()),
        max_session_duration: details.map(|details| details.max_session),
        permissions_boundary: role.boundary_shown(),
        tags: tags::shown_if_any(&role.tags),
        ..Role::default()
    }
}

pub fn create_role(w: &mut Writer, input: CreateRoleRequest) -> Result<CreateRoleResponse, Fault> {
    document::check(&input.assume_role_policy_document, Purpose::Trust)?;
    let mut role = Entity::new(Kind::Role, input.role_name, input.path, w.now);
    role.tags = tags::made(input.tags)?;
    role.boundary = policy::boundary(w, input.permissions_boundary)?;
    role.role = Some(RoleDetails {
        trust: input.assume_role_policy_document,
        description: input.description,
        max_session: input.max_session_duration.unwrap_or(DEFAULT_SESSION),
    });
    entity::create(w, &role)?;
    Ok(CreateRoleResponse { role: shown(&role, w.caller.account()) })
}

/// Roles that belong to a service: their name, path and trust are the service's.
pub fn create_service_linked_role(
    w: &mut Writer,
    input: CreateServiceLinkedRoleRequest,
) -> Result<CreateServiceLinkedRoleResponse, Fault> {
    let Some(service) = input.aws_service_name.strip_suffix(".amazonaws.com") else {
        return Err(
            INVALID_INPUT_EXCEPTION.because(format!("Service role name {} is not valid", input.aws_service_name))
        );
    };
    let words = service
        .split(['.', '-'])
        .map(|word| word.get(..1).unwrap_or_default().to_ascii_uppercase() + word.get(1..).unwrap_or_default());
    let suffix = input.custom_suffix.map_or(String::new(), |suffix| format!("_{suffix}"));
    let name = format!("AWSServiceRoleFor{}{suffix}", words.collect::<String>());
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": input.aws_service_name } }],
    });
    let mut role = Entity::new(Kind::Role, name, Some(format!("/aws-service-role/{}/", input.aws_service_name)), w.now);
    role.role =
        Some(RoleDetails { trust: trust.to_string(), description: input.description, max_session: DEFAULT_SESSION });
    if entity::find(w.store(), w.scope(), Kind::Role, &role.name)?.is_some() {
        let message =
            format!("Service role name {} has been taken in this account, please try a different suffix.", role.name);
        return Err(INVALID_INPUT_EXCEPTION.because(message));
    }
    entity::create(w, &role)?;
    Ok(CreateServiceLinkedRoleResponse { role: Some(shown(&role, w.caller.account())) })
}

pub fn get_role(r: &Reader, input: GetRoleRequest) -> Result<GetRoleResponse, Fault> {
    let role = entity::get(r.store, r.scope(), Kind::Role, &input.role_name)?;
    // A role that was never used has an empty RoleLastUsed.
    let role = Role { role_last_used: Some(RoleLastUsed::default()), ..shown(&role, r.caller.account()) };
    Ok(GetRoleResponse { role })
}

/// Changes what only roles have.
fn change(w: &mut Writer, name: &str, change: impl FnOnce(&mut RoleDetails)) -> Result<Entity, Fault> {
    entity::update(w, Kind::Role, name, |role| {
        role.role.as_mut().map(change);
        Ok(())
    })
}

pub fn update_role(w: &mut Writer, input: UpdateRoleRequest) -> Result<UpdateRoleResponse, Fault> {
    change(w, &input.role_name, |role| {
        role.max_session = input.max_session_duration.unwrap_or(role.max_session);
        role.description = input.description.or(role.description.take());
    })?;
    Ok(UpdateRoleResponse::default())
}

pub fn update_role_description(
    w: &mut Writer,
    input: UpdateRoleDescriptionRequest,
) -> Result<UpdateRoleDescriptionResponse, Fault> {
    let role = change(w, &input.role_name, |role| role.description = Some(input.description))?;
    Ok(UpdateRoleDescriptionResponse { role: Some(shown(&role, w.caller.account())) })
}

pub fn update_assume_role_policy(w: &mut Writer, input: UpdateAssumeRolePolicyRequest) -> Result<Unit, Fault> {
    document::check(&input.policy_document, Purpose::Trust)?;
    change(w, &input.role_name, |role| role.trust = input.policy_document)?;
    Ok(Unit)
}

pub fn delete_role(w: &mut Writer, input: DeleteRoleRequest) -> Result<Unit, Fault> {
    let role = entity::get(w.store(), w.scope(), Kind::Role, &input.role_name)?;
    role.refuse_policies()?;
    if !instance_profile::of_role(w.store(), w.scope(), &role.name)?.is_empty() {
        let message = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(DELETE_CONFLICT_EXCEPTION.because(message));
    }
    entity::delete(w, Kind::Role, &role.name)?;
    Ok(Unit)
}

pub fn list_roles(r: &Reader, input: ListRolesRequest) -> Result<ListRolesResponse, Fault> {
    let roles = entity::under(r, Kind::Role, input.path_prefix.as_deref())?;
    let page = page(roles, input.marker.as_deref(), input.max_items)?;
    let bare = |role: &Entity| Role { tags: None, permissions_boundary: None, ..shown(role, r.caller.account()) };
    Ok(ListRolesResponse {
        roles: page.items.iter().map(bare).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn tag_role(w: &mut Writer, input: TagRoleRequest) -> Result<Unit, Fault> {
    entity::update(w, Kind::Role, &input.role_name, |role| tags::add(&mut role.tags, input.tags))?;
    Ok(Unit)
}

pub fn untag_role(w: &mut Writer, input: UntagRoleRequest) -> Result<Unit, Fault> {
    entity::update(w, Kind::Role, &input.role_name, |role| {
        role.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })?;
    Ok(Unit)
}

pub fn list_role_tags(r: &Reader, input: ListRoleTagsRequest) -> Result<ListRoleTagsResponse, Fault> {
    let role = entity::get(r.store, r.scope(), Kind::Role, &input.role_name)?;
    let page = page(tags::shown(&role.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListRoleTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}

pub fn put_role_permissions_boundary(w: &mut Writer, input: PutRolePermissionsBoundaryRequest) -> Result<Unit, Fault> {
    let boundary = policy::boundary(w, Some(input.permissions_boundary))?;
    entity::update(w, Kind::Role, &input.role_name, |role| {
        role.boundary = boundary;
        Ok(())
    })?;
    Ok(Unit)
}

pub fn delete_role_permissions_boundary(
    w: &mut Writer,
    input: DeleteRolePermissionsBoundaryRequest,
) -> Result<Unit, Fault> {
    entity::update(w, Kind::Role, &input.role_name, |role| {
        role.boundary = None;
        Ok(())
    })?;
    Ok(Unit)
}
