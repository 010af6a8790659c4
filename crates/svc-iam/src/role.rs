//! Roles.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_policy::Renaming;
use kogumo_wire::{Fault, Unit};

use crate::document::{self, Purpose};
use crate::entity::{self, Entity, Kind, RoleDetails};
use crate::page::page;
use crate::{instance_profile, policy, principals, quota, tags};

/// Seconds; what a role allows if nobody says else.
pub const DEFAULT_SESSION: i32 = 3600;

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
    quota::trust_policy_size(&input.assume_role_policy_document)?;
    principals::check(w.store(), w.caller.account(), &input.assume_role_policy_document)?;
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

pub fn get_role(r: &Reader, input: GetRoleRequest) -> Result<GetRoleResponse, Fault> {
    let role = entity::get(r.store, r.scope(), Kind::Role, &input.role_name)?;
    let role = Role { role_last_used: Some(last_used(r, &role)?), ..shown(&role, r.caller.account()) };
    Ok(GetRoleResponse { role })
}

/// A role that was never used has an empty RoleLastUsed.
pub fn last_used(r: &Reader, role: &Entity) -> Result<RoleLastUsed, Fault> {
    let last = r.cloud.uses.of_role(r.store, r.caller.account(), &role.name)?;
    let shown = |last: kogumo_door::Use| RoleLastUsed {
        last_used_date: Some(Timestamp::from_seconds(last.time.seconds())),
        region: Some(last.region),
    };
    Ok(last.map(shown).unwrap_or_default())
}

/// Changes what only roles have.
/// `describes`: only the description changes, which may be done to a service-linked role too.
fn change(w: &mut Writer, name: &str, describes: bool, change: impl FnOnce(&mut RoleDetails)) -> Result<Entity, Fault> {
    entity::update(w, Kind::Role, name, |role| {
        if !describes {
            role.refuse_service_linked()?;
        }
        role.role.as_mut().map(change);
        Ok(())
    })
}

pub fn update_role(w: &mut Writer, input: UpdateRoleRequest) -> Result<UpdateRoleResponse, Fault> {
    let describes = input.max_session_duration.is_none();
    change(w, &input.role_name, describes, |role| {
        role.max_session = input.max_session_duration.unwrap_or(role.max_session);
        role.description = input.description.or(role.description.take());
    })?;
    Ok(UpdateRoleResponse::default())
}

pub fn update_role_description(
    w: &mut Writer,
    input: UpdateRoleDescriptionRequest,
) -> Result<UpdateRoleDescriptionResponse, Fault> {
    let role = change(w, &input.role_name, true, |role| role.description = Some(input.description))?;
    Ok(UpdateRoleDescriptionResponse { role: Some(shown(&role, w.caller.account())) })
}

pub fn update_assume_role_policy(w: &mut Writer, input: UpdateAssumeRolePolicyRequest) -> Result<Unit, Fault> {
    document::check(&input.policy_document, Purpose::Trust)?;
    quota::trust_policy_size(&input.policy_document)?;
    principals::check(w.store(), w.caller.account(), &input.policy_document)?;
    change(w, &input.role_name, false, |role| role.trust = input.policy_document)?;
    Ok(Unit)
}

pub fn delete_role(w: &mut Writer, input: DeleteRoleRequest) -> Result<Unit, Fault> {
    let role = entity::get(w.store(), w.scope(), Kind::Role, &input.role_name)?;
    role.refuse_service_linked()?;
    role.refuse_policies()?;
    if !instance_profile::of_role(w.store(), w.scope(), &role.name)?.is_empty() {
        let message = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(DELETE_CONFLICT_EXCEPTION.because(message));
    }
    entity::delete(w, Kind::Role, &role.name)?;
    let arn = role.arn(w.caller.account());
    w.cloud.rename_principal(w.tx, &Renaming { from: &arn, to: &role.id })?;
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
        role.refuse_service_linked()?;
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
        role.refuse_service_linked()?;
        role.boundary = None;
        Ok(())
    })?;
    Ok(Unit)
}
