//! Who is in a group.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};

use super::{get, join, leave, members, ops};
use crate::faults::no_user;
use crate::page::page;
use crate::pool;
use crate::user::{self, by_name, find, view};

pub fn admin_add_user_to_group(w: &mut Writer, input: AdminAddUserToGroupRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    let group = get(w.store(), &pool, &input.group_name)?;
    join(w.tx, &pool, &group.name, &user.name)?;
    user::update(w.tx, &pool, &user.name, |user| {
        user.groups.insert(group.name.clone());
        Ok(())
    })?;
    Ok(Unit)
}

pub fn admin_remove_user_from_group(w: &mut Writer, input: AdminRemoveUserFromGroupRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    let group = get(w.store(), &pool, &input.group_name)?;
    leave(w.tx, &pool, &group.name, &user.name)?;
    user::update(w.tx, &pool, &user.name, |user| {
        user.groups.remove(&group.name);
        Ok(())
    })?;
    Ok(Unit)
}

pub fn admin_list_groups_for_user(
    r: &Reader,
    input: AdminListGroupsForUserRequest,
) -> Result<AdminListGroupsForUserResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let user = find(r.store, &pool, &input.username)?.ok_or_else(no_user)?;
    let (names, next_token) = page(user.groups.into_iter().collect(), input.next_token.as_deref(), input.limit)?;
    let mut groups = Vec::new();
    for name in names {
        groups.push(ops::shown(&pool, &get(r.store, &pool, &name)?));
    }
    Ok(AdminListGroupsForUserResponse { groups: Some(groups), next_token })
}

pub fn list_users_in_group(r: &Reader, input: ListUsersInGroupRequest) -> Result<ListUsersInGroupResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let group = get(r.store, &pool, &input.group_name)?;
    let names = members(r.store, &pool, &group.name)?;
    let (names, next_token) = page(names, input.next_token.as_deref(), input.limit)?;
    let mut users = Vec::new();
    for name in names {
        users.extend(by_name(r.store, &pool, &name)?.as_ref().map(view::user_type));
    }
    Ok(ListUsersInGroupResponse { users: Some(users), next_token })
}
