//! CreateGroup and its kin.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};

use super::{GROUPS, Group, get, key, leave, members, of_pool};
use crate::page::page;
use crate::pool::{self, Pool};
use crate::user;

pub fn shown(pool: &Pool, group: &Group) -> GroupType {
    GroupType {
        group_name: Some(group.name.clone()),
        user_pool_id: Some(pool.id.clone()),
        description: group.description.clone(),
        role_arn: group.role.clone(),
        precedence: group.precedence,
        creation_date: Some(group.created),
        last_modified_date: Some(group.modified),
    }
}

pub fn create_group(w: &mut Writer, input: CreateGroupRequest) -> Result<CreateGroupResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    if GROUPS.contains(w.tx, &pool.scope, key(&pool, &input.group_name))? {
        let message = format!("A group with the name {} already exists.", input.group_name);
        return Err(GROUP_EXISTS_EXCEPTION.because(message));
    }
    let group = Group {
        name: input.group_name,
        description: input.description,
        role: input.role_arn,
        precedence: input.precedence,
        created: w.now,
        modified: w.now,
    };
    GROUPS.put(w.tx, &pool.scope, key(&pool, &group.name), &group)?;
    Ok(CreateGroupResponse { group: Some(shown(&pool, &group)) })
}

pub fn get_group(r: &Reader, input: GetGroupRequest) -> Result<GetGroupResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    Ok(GetGroupResponse { group: Some(shown(&pool, &get(r.store, &pool, &input.group_name)?)) })
}

pub fn update_group(w: &mut Writer, input: UpdateGroupRequest) -> Result<UpdateGroupResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let mut group = get(w.store(), &pool, &input.group_name)?;
    group.description = input.description.or(group.description);
    group.role = input.role_arn.or(group.role);
    group.precedence = input.precedence.or(group.precedence);
    group.modified = w.now;
    GROUPS.put(w.tx, &pool.scope, key(&pool, &group.name), &group)?;
    Ok(UpdateGroupResponse { group: Some(shown(&pool, &group)) })
}

pub fn delete_group(w: &mut Writer, input: DeleteGroupRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let group = get(w.store(), &pool, &input.group_name)?;
    for name in members(w.store(), &pool, &group.name)? {
        leave(w.tx, &pool, &group.name, &name)?;
        user::update(w.tx, &pool, &name, |user| {
            user.groups.remove(&group.name);
            Ok(())
        })?;
    }
    GROUPS.delete(w.tx, &pool.scope, key(&pool, &group.name))?;
    Ok(Unit)
}

pub fn list_groups(r: &Reader, input: ListGroupsRequest) -> Result<ListGroupsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let (groups, next_token) = page(of_pool(r.store, &pool)?, input.next_token.as_deref(), input.limit)?;
    Ok(ListGroupsResponse { groups: Some(groups.iter().map(|group| shown(&pool, group)).collect()), next_token })
}
