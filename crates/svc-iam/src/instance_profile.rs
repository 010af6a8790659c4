//! Instance profiles: how an instance gets a role.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::entity::{self, Kind, unique_id};
use crate::page::page;
use crate::{quota, role, tags};

/// By the name in lower case.
static PROFILES: Table<Profile> = Table::new("iam/instance-profile");

#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    name: String,
    path: String,
    id: String,
    created: Timestamp,
    /// At most one.
    role: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

fn get(read: &dyn Read, scope: &Scope, name: &str) -> Result<Profile, Fault> {
    let found = PROFILES.get(read, &scope.global(), name.to_ascii_lowercase().as_str())?;
    found.ok_or_else(|| NO_SUCH_ENTITY_EXCEPTION.because(format!("Instance Profile {name} cannot be found.")))
}

/// The whole ARN and the tags of a profile, for those that decide over it.
pub fn told(read: &dyn Read, scope: &Scope, name: &str) -> Result<Option<(String, BTreeMap<String, String>)>, Trouble> {
    let found = PROFILES.get(read, &scope.global(), name.to_ascii_lowercase().as_str())?;
    Ok(found.map(|profile| (profile.arn(&scope.account), profile.tags)))
}

impl Profile {
    fn arn(&self, account: &str) -> String {
        Arn::new("iam", "", account, format!("instance-profile{}{}", self.path, self.name)).to_string()
    }
}

fn put(w: &mut Writer, profile: &Profile) -> Result<(), Fault> {
    let scope = w.scope().global();
    Ok(PROFILES.put(w.tx, &scope, profile.name.to_ascii_lowercase().as_str(), profile)?)
}

fn all(read: &dyn Read, scope: &Scope) -> Result<Vec<Profile>, Fault> {
    let rows = PROFILES.scan(read, &scope.global(), &Range::all());
    Ok(rows.map(|row| row.map(|(_, profile)| profile)).collect::<Result<_, _>>()?)
}

pub fn of_role(read: &dyn Read, scope: &Scope, role: &str) -> Result<Vec<Profile>, Fault> {
    let mut profiles = all(read, scope)?;
    profiles.retain(|profile| profile.role.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(role)));
    Ok(profiles)
}

pub fn shown(read: &dyn Read, scope: &Scope, profile: &Profile) -> Result<InstanceProfile, Fault> {
    let role = match &profile.role {
        Some(name) => entity::find(read, scope, Kind::Role, name)?,
        None => None,
    };
    Ok(InstanceProfile {
        path: profile.path.clone(),
        instance_profile_name: profile.name.clone(),
        instance_profile_id: profile.id.clone(),
        arn: profile.arn(&scope.account),
        create_date: profile.created,
        roles: role.iter().map(|entity| role::shown(entity, &scope.account)).collect(),
        tags: tags::shown_if_any(&profile.tags),
    })
}

pub fn create_instance_profile(
    w: &mut Writer,
    input: CreateInstanceProfileRequest,
) -> Result<CreateInstanceProfileResponse, Fault> {
    let scope = w.scope().clone();
    if PROFILES.contains(w.store(), &scope.global(), input.instance_profile_name.to_ascii_lowercase().as_str())? {
        let message = format!("Instance Profile {} already exists.", input.instance_profile_name);
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(message));
    }
    quota::room_for_one("InstanceProfilesPerAccount", count(w.store(), &scope)?, quota::INSTANCE_PROFILES)?;
    let profile = Profile {
        name: input.instance_profile_name,
        path: input.path.unwrap_or_else(|| "/".into()),
        id: unique_id("AIPA"),
        created: Timestamp::from_seconds(w.now.seconds()),
        role: None,
        tags: tags::made(input.tags)?,
    };
    put(w, &profile)?;
    Ok(CreateInstanceProfileResponse { instance_profile: shown(w.store(), &scope, &profile)? })
}

pub fn get_instance_profile(r: &Reader, input: GetInstanceProfileRequest) -> Result<GetInstanceProfileResponse, Fault> {
    let profile = get(r.store, r.scope(), &input.instance_profile_name)?;
    Ok(GetInstanceProfileResponse { instance_profile: shown(r.store, r.scope(), &profile)? })
}

pub fn delete_instance_profile(w: &mut Writer, input: DeleteInstanceProfileRequest) -> Result<Unit, Fault> {
    let profile = get(w.store(), w.scope(), &input.instance_profile_name)?;
    if profile.role.is_some() {
        let message = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(DELETE_CONFLICT_EXCEPTION.because(message));
    }
    let scope = w.scope().global();
    PROFILES.delete(w.tx, &scope, profile.name.to_ascii_lowercase().as_str())?;
    Ok(Unit)
}

pub fn list_instance_profiles(
    r: &Reader,
    input: ListInstanceProfilesRequest,
) -> Result<ListInstanceProfilesResponse, Fault> {
    let mut profiles = all(r.store, r.scope())?;
    profiles.retain(|profile| profile.path.starts_with(input.path_prefix.as_deref().unwrap_or("/")));
    let page = page(profiles, input.marker.as_deref(), input.max_items)?;
    let shown = page.items.iter().map(|profile| shown(r.store, r.scope(), profile)).collect::<Result<_, _>>()?;
    Ok(ListInstanceProfilesResponse { instance_profiles: shown, is_truncated: page.is_truncated, marker: page.marker })
}

pub fn list_instance_profiles_for_role(
    r: &Reader,
    input: ListInstanceProfilesForRoleRequest,
) -> Result<ListInstanceProfilesForRoleResponse, Fault> {
    let role = entity::get(r.store, r.scope(), Kind::Role, &input.role_name)?;
    let page = page(of_role(r.store, r.scope(), &role.name)?, input.marker.as_deref(), input.max_items)?;
    let shown = page.items.iter().map(|profile| shown(r.store, r.scope(), profile)).collect::<Result<_, _>>()?;
    Ok(ListInstanceProfilesForRoleResponse {
        instance_profiles: shown,
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn add_role_to_instance_profile(w: &mut Writer, input: AddRoleToInstanceProfileRequest) -> Result<Unit, Fault> {
    let role = entity::get(w.store(), w.scope(), Kind::Role, &input.role_name)?;
    let mut profile = get(w.store(), w.scope(), &input.instance_profile_name)?;
    if profile.role.is_some() {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"));
    }
    profile.role = Some(role.name);
    put(w, &profile)?;
    Ok(Unit)
}

pub fn remove_role_from_instance_profile(
    w: &mut Writer,
    input: RemoveRoleFromInstanceProfileRequest,
) -> Result<Unit, Fault> {
    let mut profile = get(w.store(), w.scope(), &input.instance_profile_name)?;
    if !profile.role.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&input.role_name)) {
        let message = format!("The role with name {} cannot be found.", input.role_name);
        return Err(NO_SUCH_ENTITY_EXCEPTION.because(message));
    }
    profile.role = None;
    put(w, &profile)?;
    Ok(Unit)
}

pub fn tag_instance_profile(w: &mut Writer, input: TagInstanceProfileRequest) -> Result<Unit, Fault> {
    let mut profile = get(w.store(), w.scope(), &input.instance_profile_name)?;
    tags::add(&mut profile.tags, input.tags)?;
    put(w, &profile)?;
    Ok(Unit)
}

pub fn untag_instance_profile(w: &mut Writer, input: UntagInstanceProfileRequest) -> Result<Unit, Fault> {
    let mut profile = get(w.store(), w.scope(), &input.instance_profile_name)?;
    profile.tags.retain(|key, _| !input.tag_keys.contains(key));
    put(w, &profile)?;
    Ok(Unit)
}

pub fn list_instance_profile_tags(
    r: &Reader,
    input: ListInstanceProfileTagsRequest,
) -> Result<ListInstanceProfileTagsResponse, Fault> {
    let profile = get(r.store, r.scope(), &input.instance_profile_name)?;
    let page = page(tags::shown(&profile.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListInstanceProfileTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}

/// How many there are: for the account's summary.
pub fn count(read: &dyn Read, scope: &Scope) -> Result<usize, Fault> {
    all(read, scope).map(|profiles| profiles.len())
}
