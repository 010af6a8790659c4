//! Managed policies: the account's own, and AWS's.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::aws_managed::{self, AwsPolicy};
use crate::document::{self, Purpose};
use crate::entity::{self, Entity, Kind, unique_id};
use crate::page::page;
use crate::{quota, tags};

/// By the name in lower case.
static POLICIES: Table<ManagedPolicy> = Table::new("iam/policy");

#[derive(Clone, Serialize, Deserialize)]
pub struct ManagedPolicy {
    pub name: String,
    pub path: String,
    pub id: String,
    pub arn: String,
    pub description: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Version numbers never come back.
    pub next_version: u32,
    pub default_version: u32,
    pub versions: BTreeMap<u32, Version>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Version {
    pub document: String,
    pub created: Timestamp,
}

fn name_of(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

fn find(read: &dyn Read, scope: &Scope, arn: &str) -> Result<Option<ManagedPolicy>, Fault> {
    let found = POLICIES.get(read, &scope.global(), name_of(arn).as_str())?;
    Ok(found.filter(|policy| policy.arn == arn))
}

/// # Errors
/// NoSuchEntity
pub fn get(read: &dyn Read, scope: &Scope, arn: &str) -> Result<ManagedPolicy, Fault> {
    find(read, scope, arn)?.ok_or_else(|| NO_SUCH_ENTITY_EXCEPTION.because(format!("Policy {arn} was not found.")))
}

pub fn put(w: &mut Writer, policy: &ManagedPolicy) -> Result<(), Fault> {
    let scope = w.scope().global();
    Ok(POLICIES.put(w.tx, &scope, name_of(&policy.arn).as_str(), policy)?)
}

/// # Errors
/// NoSuchEntity with the words that attaching has for it.
pub fn must_be_attachable(read: &dyn Read, scope: &Scope, arn: &str) -> Result<(), Fault> {
    if aws_managed::find(arn).is_some() || find(read, scope, arn)?.is_some() {
        return Ok(());
    }
    if Arn::parse(arn).is_none_or(|arn| arn.service != "iam" || !arn.resource.starts_with("policy/")) {
        return Err(INVALID_INPUT_EXCEPTION.because(format!("ARN {arn} is not valid.")));
    }
    Err(NO_SUCH_ENTITY_EXCEPTION.because(format!("Policy {arn} does not exist or is not attachable.")))
}

/// Checks a permissions boundary.
pub fn boundary(w: &Writer, arn: Option<String>) -> Result<Option<String>, Fault> {
    if let Some(arn) = &arn {
        must_be_attachable(w.store(), w.scope(), arn)?;
    }
    Ok(arn)
}

/// The account's own.
pub fn all(read: &dyn Read, scope: &Scope) -> Result<Vec<ManagedPolicy>, Fault> {
    let rows = POLICIES.scan(read, &scope.global(), &Range::all());
    Ok(rows.map(|row| row.map(|(_, policy)| policy)).collect::<Result<_, _>>()?)
}

/// All users, groups and roles.
pub fn everybody(read: &dyn Read, scope: &Scope) -> Result<Vec<Entity>, Fault> {
    let mut entities = Vec::new();
    for kind in [Kind::User, Kind::Group, Kind::Role] {
        entities.extend(entity::all(read, scope, kind)?);
    }
    Ok(entities)
}

fn count(entities: &[Entity], holds: impl Fn(&Entity) -> bool) -> Option<i32> {
    i32::try_from(entities.iter().filter(|entity| holds(entity)).count()).ok()
}

pub fn shown(policy: &ManagedPolicy, entities: &[Entity]) -> Policy {
    Policy {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.clone()),
        arn: Some(policy.arn.clone()),
        path: Some(policy.path.clone()),
        default_version_id: Some(format!("v{}", policy.default_version)),
        attachment_count: count(entities, |entity| entity.attached.contains(&policy.arn)),
        permissions_boundary_usage_count: count(entities, |entity| entity.boundary.as_ref() == Some(&policy.arn)),
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(policy.created),
        update_date: Some(policy.updated),
        tags: tags::shown_if_any(&policy.tags),
    }
}

/// A policy of AWS's; its id is not known.
pub fn shown_of_aws(policy: &AwsPolicy, entities: &[Entity]) -> Policy {
    let arn = policy.arn();
    Policy {
        policy_name: Some(policy.name().to_owned()),
        default_version_id: Some(policy.version.to_owned()),
        attachment_count: count(entities, |entity| entity.attached.contains(&arn)),
        permissions_boundary_usage_count: count(entities, |entity| entity.boundary.as_ref() == Some(&arn)),
        is_attachable: Some(true),
        create_date: policy.created(),
        update_date: policy.updated(),
        arn: Some(arn),
        path: Some(policy.path()),
        ..Policy::default()
    }
}

pub fn create_policy(w: &mut Writer, input: CreatePolicyRequest) -> Result<CreatePolicyResponse, Fault> {
    document::check(&input.policy_document, Purpose::Identity)?;
    quota::managed_policy_size(&input.policy_document)?;
    quota::managed_policies(count_own(w.store(), w.scope())?)?;
    let path = input.path.unwrap_or_else(|| "/".into());
    let arn = Arn::new("iam", "", w.caller.account(), format!("policy{path}{}", input.policy_name)).to_string();
    let scope = w.scope().global();
    if POLICIES.contains(w.store(), &scope, name_of(&arn).as_str())? {
        let message = format!("A policy called {} already exists. Duplicate names are not allowed.", input.policy_name);
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(message));
    }
    let now = Timestamp::from_seconds(w.now.seconds());
    let policy = ManagedPolicy {
        name: input.policy_name,
        path,
        id: unique_id("ANPA"),
        arn,
        description: input.description,
        created: now,
        updated: now,
        next_version: 2,
        default_version: 1,
        versions: BTreeMap::from([(1, Version { document: input.policy_document, created: now })]),
        tags: tags::made(input.tags)?,
    };
    put(w, &policy)?;
    Ok(CreatePolicyResponse { policy: Some(shown(&policy, &[])) })
}

pub fn get_policy(r: &Reader, input: GetPolicyRequest) -> Result<GetPolicyResponse, Fault> {
    let entities = everybody(r.store, r.scope())?;
    let policy = match aws_managed::find(&input.policy_arn) {
        Some(policy) => shown_of_aws(&policy, &entities),
        None => shown(&get(r.store, r.scope(), &input.policy_arn)?, &entities),
    };
    Ok(GetPolicyResponse { policy: Some(policy) })
}

pub fn delete_policy(w: &mut Writer, input: DeletePolicyRequest) -> Result<Unit, Fault> {
    let policy = get(w.store(), w.scope(), &input.policy_arn)?;
    let used = |entity: &Entity| entity.attached.contains(&policy.arn) || entity.boundary.as_ref() == Some(&policy.arn);
    if everybody(w.store(), w.scope())?.iter().any(used) {
        return Err(DELETE_CONFLICT_EXCEPTION.because("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        let message = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
                       The default version is deleted with the policy.";
        return Err(DELETE_CONFLICT_EXCEPTION.because(message));
    }
    let scope = w.scope().global();
    POLICIES.delete(w.tx, &scope, name_of(&policy.arn).as_str())?;
    Ok(Unit)
}

pub fn list_policies(r: &Reader, input: ListPoliciesRequest) -> Result<ListPoliciesResponse, Fault> {
    let entities = everybody(r.store, r.scope())?;
    let scope = input.scope.as_deref().unwrap_or("All");
    let mut policies = Vec::new();
    if scope != "AWS" {
        for row in POLICIES.scan(r.store, &r.scope().global(), &Range::all()) {
            // Tags and description are GetPolicy's to tell.
            policies.push(Policy { tags: None, description: None, ..shown(&row?.1, &entities) });
        }
    }
    if scope != "Local" {
        policies.extend(aws_managed::all().map(|policy| shown_of_aws(&policy, &entities)));
    }
    let prefix = input.path_prefix.unwrap_or_else(|| "/".into());
    let only_attached = input.only_attached == Some(true);
    let usage = input.policy_usage_filter.as_deref();
    policies.retain(|policy| {
        let used = match usage {
            Some("PermissionsBoundary") => policy.permissions_boundary_usage_count,
            _ => policy.attachment_count,
        };
        policy.path.as_deref().unwrap_or("/").starts_with(&prefix)
            && (!(only_attached || usage.is_some()) || used > Some(0))
    });
    let page = page(policies, input.marker.as_deref(), input.max_items)?;
    Ok(ListPoliciesResponse { policies: Some(page.items), is_truncated: page.is_truncated, marker: page.marker })
}

pub fn list_entities_for_policy(
    r: &Reader,
    input: ListEntitiesForPolicyRequest,
) -> Result<ListEntitiesForPolicyResponse, Fault> {
    must_be_attachable(r.store, r.scope(), &input.policy_arn)?;
    let wanted = |kind: Kind| match input.entity_filter.as_deref() {
        Some("User") => kind == Kind::User,
        Some("Group") => kind == Kind::Group,
        Some("Role") => kind == Kind::Role,
        _ => true,
    };
    let mut entities = everybody(r.store, r.scope())?;
    entities.retain(|entity| {
        let holds = match input.policy_usage_filter.as_deref() {
            Some("PermissionsBoundary") => entity.boundary.as_ref() == Some(&input.policy_arn),
            _ => entity.attached.contains(&input.policy_arn),
        };
        holds && wanted(entity.kind) && entity.path.starts_with(input.path_prefix.as_deref().unwrap_or("/"))
    });
    let page = page(entities, input.marker.as_deref(), input.max_items)?;
    let (mut users, mut groups, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for Entity { kind, name, id, .. } in page.items {
        match kind {
            Kind::User => users.push(PolicyUser { user_name: Some(name), user_id: Some(id) }),
            Kind::Group => groups.push(PolicyGroup { group_name: Some(name), group_id: Some(id) }),
            Kind::Role => roles.push(PolicyRole { role_name: Some(name), role_id: Some(id) }),
        }
    }
    Ok(ListEntitiesForPolicyResponse {
        policy_users: Some(users),
        policy_groups: Some(groups),
        policy_roles: Some(roles),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub fn tag_policy(w: &mut Writer, input: TagPolicyRequest) -> Result<Unit, Fault> {
    let mut policy = get(w.store(), w.scope(), &input.policy_arn)?;
    tags::add(&mut policy.tags, input.tags)?;
    put(w, &policy)?;
    Ok(Unit)
}

pub fn untag_policy(w: &mut Writer, input: UntagPolicyRequest) -> Result<Unit, Fault> {
    let mut policy = get(w.store(), w.scope(), &input.policy_arn)?;
    policy.tags.retain(|key, _| !input.tag_keys.contains(key));
    put(w, &policy)?;
    Ok(Unit)
}

pub fn list_policy_tags(r: &Reader, input: ListPolicyTagsRequest) -> Result<ListPolicyTagsResponse, Fault> {
    let policy = get(r.store, r.scope(), &input.policy_arn)?;
    let page = page(tags::shown(&policy.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListPolicyTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}

/// How many of its own the account has: for its summary.
pub fn count_own(read: &dyn Read, scope: &Scope) -> Result<usize, Fault> {
    Ok(POLICIES.scan(read, &scope.global(), &Range::all()).count())
}

/// Every version of the account's own policies counts: for the account's summary.
pub fn count_versions(read: &dyn Read, scope: &Scope) -> Result<usize, Fault> {
    all(read, scope).map(|policies| policies.iter().map(|policy| policy.versions.len()).sum())
}
