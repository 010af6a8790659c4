//! Multi-Region keys: keys of one id and one material in several regions, so that each decrypts what another encrypted.
//! ReplicateKey and UpdatePrimaryRegion.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Trouble};
use kogumo_door::Writer;
use kogumo_model::kms::{
    ALREADY_EXISTS_EXCEPTION, MultiRegionConfiguration, MultiRegionKey, ReplicateKeyRequest, ReplicateKeyResponse, Tag,
    UpdatePrimaryRegionRequest,
};
use kogumo_store::timers;
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use super::describe::metadata;
use super::{KEYS, Key, MATERIALS, Origin, ROTATION, arn};
use crate::target::{self, Target};
use crate::{faults, policy, tags};

/// Where a key and its relatives are. Each of them knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regions {
    pub primary: String,
    pub replicas: Vec<String>,
}

impl Regions {
    pub fn only(primary: &str) -> Self {
        Regions { primary: primary.to_owned(), replicas: Vec::new() }
    }

    /// As DescribeKey tells it of the key in that place.
    pub fn configuration(&self, scope: &Scope, id: &str) -> MultiRegionConfiguration {
        let key = |region: &String| MultiRegionKey {
            arn: Some(arn(&Scope::new(&scope.account, region), id)),
            region: Some(region.clone()),
        };
        MultiRegionConfiguration {
            multi_region_key_type: Some(if self.primary == scope.region { "PRIMARY" } else { "REPLICA" }.into()),
            primary_key: Some(key(&self.primary)),
            replica_keys: Some(self.replicas.iter().map(key).collect()),
        }
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.replicas.iter().chain([&self.primary])
    }
}

/// An id that says so.
pub fn new_id() -> String {
    format!("mrk-{}", kogumo_base::hex_id(32))
}

pub fn replicate_key(w: &mut Writer, input: ReplicateKeyRequest) -> Result<ReplicateKeyResponse, Fault> {
    let (target, mut regions) = primary(w, &input.key_id)?;
    target.key.check_usable(&target.arn())?;
    let scope = Scope::new(&target.scope.account, &input.replica_region);
    if regions.all().any(|region| *region == input.replica_region) {
        let arn = arn(&scope, &target.key.id);
        return Err(ALREADY_EXISTS_EXCEPTION.because(format!("Key {arn} already exists.")));
    }
    let bypass = input.bypass_policy_lockout_safety_check.unwrap_or_default();
    let policy = match input.policy {
        Some(text) => policy::check(w.store(), w.cloud, w.caller, text, bypass)?,
        None => policy::of_customers(&scope.account),
    };
    let mut given = BTreeMap::new();
    tags::add(&mut given, input.tags.as_deref().unwrap_or_default())?;
    regions.replicas.push(input.replica_region);
    let mut replica = Key {
        created: w.now,
        description: input.description.unwrap_or_default(),
        enabled: true,
        policy,
        tags: given,
        ..target.key.clone()
    };
    match replica.origin {
        Origin::Kms => copy_materials(w, &target, &scope)?,
        // Whoever brought it has to bring it there, too.
        Origin::External => replica.materials.clear(),
    }
    KEYS.put(w.tx, &scope, replica.id.as_str(), &replica)?;
    tell_all(w, &scope.account, &replica.id, &regions)?;
    replica.regions = Some(regions);
    let tags = replica.tags.iter().map(|(key, value)| Tag { tag_key: key.clone(), tag_value: value.clone() });
    Ok(ReplicateKeyResponse {
        replica_key_metadata: Some(metadata(&scope, &replica)),
        replica_tags: Some(tags.collect()),
        replica_policy: Some(replica.policy),
    })
}

pub fn update_primary_region(w: &mut Writer, input: UpdatePrimaryRegionRequest) -> Result<Unit, Fault> {
    let (target, mut regions) = primary(w, &input.key_id)?;
    target.key.check_usable(&target.arn())?;
    let Some(at) = regions.replicas.iter().position(|region| *region == input.primary_region) else {
        let arn = arn(&Scope::new(&target.scope.account, &input.primary_region), &target.key.id);
        return Err(faults::no_such_key(&arn));
    };
    regions.replicas.swap_remove(at);
    regions.replicas.push(std::mem::replace(&mut regions.primary, input.primary_region));
    tell_all(w, &target.scope.account, &target.key.id, &regions)?;
    if let Some(rotation) = &target.key.rotation {
        let home = Scope::new(&target.scope.account, &regions.primary);
        timers::cancel(w.tx, ROTATION, &target.scope, target.key.id.as_str())?;
        timers::put(w.tx, rotation.next, ROTATION, &home, target.key.id.as_str(), b"")?;
    }
    Ok(Unit)
}

/// A key that may be replicated.
fn primary(w: &Writer, key: &str) -> Result<(Target, Regions), Fault> {
    let target = target::write(w, key)?;
    let regions = target.key.regions.clone().filter(|regions| regions.primary == target.scope.region);
    let regions =
        regions.ok_or_else(|| faults::unsupported(format!("{} is not a multi-Region primary key.", target.arn())))?;
    Ok((target, regions))
}

fn copy_materials(w: &mut Writer, from: &Target, to: &Scope) -> Result<(), Trouble> {
    for material in &from.key.materials {
        if let Some(secret) = MATERIALS.get(w.tx, &from.scope, &from.key.id, &material.id)? {
            MATERIALS.put(w.tx, to, &from.key.id, &material.id, &secret);
        }
    }
    Ok(())
}

/// Lets all relatives know where the others are.
fn tell_all(w: &mut Writer, account: &str, id: &str, regions: &Regions) -> Result<(), Trouble> {
    for_each(w, account, id, regions, |key| key.regions = Some(regions.clone()))
}

fn for_each(
    w: &mut Writer,
    account: &str,
    id: &str,
    regions: &Regions,
    change: impl Fn(&mut Key),
) -> Result<(), Trouble> {
    for region in regions.all() {
        let scope = Scope::new(account, region);
        if let Some(mut key) = KEYS.get(w.tx, &scope, id)? {
            change(&mut key);
            KEYS.put(w.tx, &scope, id, &key)?;
        }
    }
    Ok(())
}

/// Whether a key rotates as its primary does.
pub fn is_replica(scope: &Scope, key: &Key) -> bool {
    key.regions.as_ref().is_some_and(|regions| regions.primary != scope.region)
}

/// After a primary's material or rotation has changed: its replicas follow.
///
/// # Errors
/// Trouble with the store.
pub fn follow(w: &mut Writer, scope: &Scope, primary: &Key) -> Result<(), Trouble> {
    let Some(regions) = &primary.regions else { return Ok(()) };
    let from = Target { scope: scope.clone(), key: primary.clone() };
    for region in &regions.replicas {
        copy_materials(w, &from, &Scope::new(&scope.account, region))?;
    }
    let replicas = Regions { primary: String::new(), replicas: regions.replicas.clone() };
    for_each(w, &scope.account, &primary.id, &replicas, |key| {
        key.rotation = primary.rotation.clone();
        key.materials = primary.materials.clone();
    })
}

/// After a key is gone: its relatives forget it. Answers the primary, if it was waiting for the last replica to go.
///
/// # Errors
/// Trouble with the store.
pub fn leave(w: &mut Writer, scope: &Scope, gone: &Key) -> Result<Option<Target>, Trouble> {
    let Some(mut regions) = gone.regions.clone() else { return Ok(None) };
    regions.replicas.retain(|region| *region != scope.region);
    tell_all(w, &scope.account, &gone.id, &regions)?;
    let home = Scope::new(&scope.account, &regions.primary);
    let primary = KEYS.get(w.tx, &home, gone.id.as_str())?;
    let waits = primary.filter(|key| key.waiting_days.is_some() && regions.replicas.is_empty());
    Ok(waits.map(|key| Target { scope: home, key }))
}
