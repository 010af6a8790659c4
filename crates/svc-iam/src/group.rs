//! Groups and who is in them.

use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_wire::{Fault, Unit};

use crate::entity::{self, Entity, Kind};
use crate::page::page;
use crate::{quota, user};

fn shown(group: &Entity, account: &str) -> Group {
    Group {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: group.id.clone(),
        arn: group.arn(account),
        create_date: group.created,
    }
}

fn member_key(group: &str) -> String {
    group.to_ascii_lowercase()
}

pub fn create_group(w: &mut Writer, input: CreateGroupRequest) -> Result<CreateGroupResponse, Fault> {
    let group = Entity::new(Kind::Group, input.group_name, input.path, w.now);
    entity::create(w, &group)?;
    Ok(CreateGroupResponse { group: shown(&group, w.caller.account()) })
}

/// The users of a group.
fn members(read: &dyn kogumo_store::Read, scope: &kogumo_base::Scope, group: &str) -> Result<Vec<Entity>, Fault> {
    let mut users = entity::all(read, scope, Kind::User)?;
    users.retain(|user| user.groups.contains(&member_key(group)));
    Ok(users)
}

pub fn get_group(r: &Reader, input: GetGroupRequest) -> Result<GetGroupResponse, Fault> {
    let group = entity::get(r.store, r.scope(), Kind::Group, &input.group_name)?;
    let users = members(r.store, r.scope(), &group.name)?;
    let page = page(users, input.marker.as_deref(), input.max_items)?;
    let account = r.caller.account();
    Ok(GetGroupResponse {
        group: shown(&group, account),
        users: page.items.iter().map(|member| user::shown(member, account)).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn update_group(w: &mut Writer, input: UpdateGroupRequest) -> Result<Unit, Fault> {
    let (old, new) = entity::rename(w, Kind::Group, &input.group_name, input.new_group_name, input.new_path)?;
    for mut member in members(w.store(), w.scope(), &old.name)? {
        member.groups.remove(&member_key(&old.name));
        member.groups.insert(member_key(&new.name));
        entity::put(w, &member)?;
    }
    Ok(Unit)
}

pub fn delete_group(w: &mut Writer, input: DeleteGroupRequest) -> Result<Unit, Fault> {
    let group = entity::get(w.store(), w.scope(), Kind::Group, &input.group_name)?;
    if !members(w.store(), w.scope(), &group.name)?.is_empty() {
        return Err(DELETE_CONFLICT_EXCEPTION.because("Cannot delete entity, must remove users from group first."));
    }
    group.refuse_policies()?;
    entity::delete(w, Kind::Group, &group.name)?;
    Ok(Unit)
}

pub fn list_groups(r: &Reader, input: ListGroupsRequest) -> Result<ListGroupsResponse, Fault> {
    let groups = entity::under(r, Kind::Group, input.path_prefix.as_deref())?;
    let page = page(groups, input.marker.as_deref(), input.max_items)?;
    let groups = page.items.iter().map(|group| shown(group, r.caller.account())).collect();
    Ok(ListGroupsResponse { groups, is_truncated: page.is_truncated, marker: page.marker })
}

pub fn add_user_to_group(w: &mut Writer, input: AddUserToGroupRequest) -> Result<Unit, Fault> {
    let group = entity::get(w.store(), w.scope(), Kind::Group, &input.group_name)?;
    entity::update(w, Kind::User, &input.user_name, |user| {
        user.groups.insert(member_key(&group.name));
        match user.groups.len() <= quota::GROUPS_PER_USER {
            true => Ok(()),
            false => Err(quota::exceeded("GroupsPerUser", quota::GROUPS_PER_USER)),
        }
    })?;
    Ok(Unit)
}

pub fn remove_user_from_group(w: &mut Writer, input: RemoveUserFromGroupRequest) -> Result<Unit, Fault> {
    let group = entity::get(w.store(), w.scope(), Kind::Group, &input.group_name)?;
    entity::update(w, Kind::User, &input.user_name, |user| {
        user.groups.remove(&member_key(&group.name));
        Ok(())
    })?;
    Ok(Unit)
}

pub fn list_groups_for_user(r: &Reader, input: ListGroupsForUserRequest) -> Result<ListGroupsForUserResponse, Fault> {
    let user = entity::get(r.store, r.scope(), Kind::User, &input.user_name)?;
    let groups = user.groups.iter().map(|name| entity::get(r.store, r.scope(), Kind::Group, name));
    let page = page(groups.collect::<Result<Vec<_>, Fault>>()?, input.marker.as_deref(), input.max_items)?;
    let groups = page.items.iter().map(|group| shown(group, r.caller.account())).collect();
    Ok(ListGroupsForUserResponse { groups, is_truncated: page.is_truncated, marker: page.marker })
}
