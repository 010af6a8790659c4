//! Users.

use kogumo_door::{Principal, Reader, Writer};
use kogumo_model::iam::*;
use kogumo_policy::Renaming;
use kogumo_wire::{Fault, Unit};

use crate::entity::{self, Entity, Kind};
use crate::page::page;
use crate::{access_key, mfa, policy, service_credential, signing_certificate, ssh_public_key, tags};

pub fn shown(user: &Entity, account: &str) -> User {
    User {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: user.id.clone(),
        arn: user.arn(account),
        create_date: user.created,
        permissions_boundary: user.boundary_shown(),
        tags: tags::shown_if_any(&user.tags),
        ..User::default()
    }
}

/// The user that is meant: the named one, else the caller.
///
/// # Errors
/// The caller is no user.
pub fn named_or_calling(principal: &Principal, name: Option<String>) -> Result<String, Fault> {
    match (name, principal) {
        (Some(name), _) => Ok(name),
        (None, Principal::User { name, .. }) => Ok(name.clone()),
        _ => Err(Fault::validation("Must specify userName when calling with non-User credentials")),
    }
}

pub fn create_user(w: &mut Writer, input: CreateUserRequest) -> Result<CreateUserResponse, Fault> {
    let mut user = Entity::new(Kind::User, input.user_name, input.path, w.now);
    user.tags = tags::made(input.tags)?;
    user.boundary = policy::boundary(w, input.permissions_boundary)?;
    entity::create(w, &user)?;
    Ok(CreateUserResponse { user: Some(shown(&user, w.caller.account())) })
}

pub fn get_user(r: &Reader, input: GetUserRequest) -> Result<GetUserResponse, Fault> {
    let account = r.caller.account();
    if let (None, Principal::Root { account }) = (&input.user_name, &*r.caller.principal) {
        let root = User {
            path: "/".into(),
            user_name: "root".into(),
            user_id: account.clone(),
            arn: r.caller.principal.arn(),
            ..User::default()
        };
        return Ok(GetUserResponse { user: root });
    }
    let name = named_or_calling(&r.caller.principal, input.user_name)?;
    let user = entity::get(r.store, r.scope(), Kind::User, &name)?;
    Ok(GetUserResponse { user: shown(&user, account) })
}

pub fn update_user(w: &mut Writer, input: UpdateUserRequest) -> Result<Unit, Fault> {
    let (old, new) = entity::rename(w, Kind::User, &input.user_name, input.new_user_name, input.new_path)?;
    access_key::follow_rename(w, &old.name, &new)?;
    mfa::follow_rename(w, &old.name, &new)?;
    signing_certificate::CERTIFICATES.follow_rename(w, &old.name, &new.name, |_, _| {})?;
    ssh_public_key::KEYS.follow_rename(w, &old.name, &new.name, |_, _| {})?;
    service_credential::CREDENTIALS.follow_rename(w, &old.name, &new.name, service_credential::rename)?;
    let account = w.caller.account().to_owned();
    w.cloud.rename_principal(w.tx, &Renaming { from: &old.arn(&account), to: &new.arn(&account) })?;
    Ok(Unit)
}

pub fn delete_user(w: &mut Writer, input: DeleteUserRequest) -> Result<Unit, Fault> {
    let user = entity::get(w.store(), w.scope(), Kind::User, &input.user_name)?;
    user.refuse_policies()?;
    let conflict = |what: &str| DELETE_CONFLICT_EXCEPTION.because(format!("Cannot delete entity, must {what} first."));
    if !user.groups.is_empty() {
        return Err(conflict("remove users from group"));
    }
    if user.login.is_some() {
        return Err(conflict("delete login profile"));
    }
    if !mfa::of_user(w.store(), w.scope(), &user.name)?.is_empty() {
        return Err(conflict("delete MFA device"));
    }
    if !access_key::of_user(w.store(), w.caller.account(), &user.name)?.is_empty() {
        return Err(conflict("delete access keys"));
    }
    if !signing_certificate::CERTIFICATES.of_user(w.store(), w.scope(), &user.name)?.is_empty() {
        return Err(conflict("delete signing certificate"));
    }
    if !ssh_public_key::KEYS.of_user(w.store(), w.scope(), &user.name)?.is_empty() {
        return Err(conflict("delete SSH public keys"));
    }
    if !service_credential::CREDENTIALS.of_user(w.store(), w.scope(), &user.name)?.is_empty() {
        return Err(conflict("delete service specific credentials"));
    }
    entity::delete(w, Kind::User, &user.name)?;
    let arn = user.arn(w.caller.account());
    w.cloud.rename_principal(w.tx, &Renaming { from: &arn, to: &user.id })?;
    Ok(Unit)
}

pub fn list_users(r: &Reader, input: ListUsersRequest) -> Result<ListUsersResponse, Fault> {
    let users = entity::under(r, Kind::User, input.path_prefix.as_deref())?;
    let page = page(users, input.marker.as_deref(), input.max_items)?;
    // Tags and the boundary are GetUser's to tell.
    let bare = |user: &Entity| User { tags: None, permissions_boundary: None, ..shown(user, r.caller.account()) };
    Ok(ListUsersResponse {
        users: page.items.iter().map(bare).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn tag_user(w: &mut Writer, input: TagUserRequest) -> Result<Unit, Fault> {
    entity::update(w, Kind::User, &input.user_name, |user| tags::add(&mut user.tags, input.tags))?;
    Ok(Unit)
}

pub fn untag_user(w: &mut Writer, input: UntagUserRequest) -> Result<Unit, Fault> {
    entity::update(w, Kind::User, &input.user_name, |user| {
        user.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })?;
    Ok(Unit)
}

pub fn list_user_tags(r: &Reader, input: ListUserTagsRequest) -> Result<ListUserTagsResponse, Fault> {
    let user = entity::get(r.store, r.scope(), Kind::User, &input.user_name)?;
    let page = page(tags::shown(&user.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListUserTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}

pub fn put_user_permissions_boundary(w: &mut Writer, input: PutUserPermissionsBoundaryRequest) -> Result<Unit, Fault> {
    let boundary = policy::boundary(w, Some(input.permissions_boundary))?;
    entity::update(w, Kind::User, &input.user_name, |user| {
        user.boundary = boundary;
        Ok(())
    })?;
    Ok(Unit)
}

pub fn delete_user_permissions_boundary(
    w: &mut Writer,
    input: DeleteUserPermissionsBoundaryRequest,
) -> Result<Unit, Fault> {
    entity::update(w, Kind::User, &input.user_name, |user| {
        user.boundary = None;
        Ok(())
    })?;
    Ok(Unit)
}
