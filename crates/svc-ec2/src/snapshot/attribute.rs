//! Who may make volumes of a snapshot, and whether an account lets everybody at all.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::{Read, Table};
use kogumo_wire::{Fault, Unit};

use super::find::{find, own};
use super::record::Snapshot;
use crate::encryption::check_shareable;
use crate::faults::{invalid_combination, invalid_value};
use crate::resource::put;

/// The state of an account's block of public sharing in a region, under one key.
static BLOCKS: Table<String> = Table::new("ec2/snapshot-block");
const BLOCK: &str = "state";
const UNBLOCKED: &str = "unblocked";
const ALL: &str = "block-all-sharing";

pub fn modify_snapshot_attribute(w: &mut Writer, input: ModifySnapshotAttributeRequest) -> Result<Unit, Fault> {
    if input.attribute.as_deref() == Some("productCodes") {
        return Err(Fault::not_implemented("Product codes of snapshots"));
    }
    let mut snapshot = own(w.store(), w.scope(), &input.snapshot_id)?;
    let users = input.user_ids.unwrap_or_default();
    let groups = input.group_names.unwrap_or_default();
    if let Some(changes) = input.create_volume_permission {
        for (list, add) in [(changes.add, true), (changes.remove, false)] {
            for one in list.into_iter().flatten() {
                permit(w, &mut snapshot, one.user_id, one.group, add)?;
            }
        }
    } else if !users.is_empty() || !groups.is_empty() {
        let add = match input.operation_type.as_deref() {
            Some("add") => true,
            Some("remove") => false,
            _ => return Err(invalid_value("Value for parameter operationType is invalid: add or remove.")),
        };
        for user in users {
            permit(w, &mut snapshot, Some(user), None, add)?;
        }
        for group in groups {
            permit(w, &mut snapshot, None, Some(group), add)?;
        }
    } else {
        return Err(invalid_combination("No attributes specified."));
    }
    put(w, &snapshot)?;
    Ok(Unit)
}

fn permit(
    w: &Writer,
    snapshot: &mut Snapshot,
    user: Option<String>,
    group: Option<String>,
    add: bool,
) -> Result<(), Fault> {
    match (user, group.as_deref()) {
        (Some(user), _) if user.len() == 12 && user.bytes().all(|byte| byte.is_ascii_digit()) => {
            snapshot.users.retain(|own| *own != user);
            if add {
                check_shareable(snapshot.encryption.as_ref(), false)?;
                snapshot.users.push(user);
            }
            Ok(())
        }
        (None, Some("all")) if add && block(w.store(), w.scope())? != UNBLOCKED => {
            let message = "Block public access is enabled for snapshots in this Region";
            Err(Fault::coded("OperationNotPermitted", 400, message))
        }
        (None, Some("all")) => {
            if add {
                check_shareable(snapshot.encryption.as_ref(), true)?;
            }
            snapshot.public = add;
            Ok(())
        }
        (user, group) => {
            let odd = user.as_deref().or(group).unwrap_or_default();
            Err(invalid_value(format!("Invalid attribute item value \"{odd}\" for createVolumePermission.")))
        }
    }
}

pub fn describe_snapshot_attribute(
    r: &Reader,
    input: DescribeSnapshotAttributeRequest,
) -> Result<DescribeSnapshotAttributeResult, Fault> {
    let answer = DescribeSnapshotAttributeResult {
        snapshot_id: Some(input.snapshot_id.clone()),
        ..DescribeSnapshotAttributeResult::default()
    };
    if input.attribute == "productCodes" {
        find(r.store, r.scope(), &input.snapshot_id)?;
        return Ok(DescribeSnapshotAttributeResult { product_codes: Some(Vec::new()), ..answer });
    }
    let snapshot = own(r.store, r.scope(), &input.snapshot_id)?;
    let everybody = snapshot
        .public
        .then(|| CreateVolumePermission { group: Some("all".into()), ..CreateVolumePermission::default() });
    let users = snapshot.users.into_iter();
    let users = users.map(|user| CreateVolumePermission { user_id: Some(user), ..CreateVolumePermission::default() });
    let permissions = everybody.into_iter().chain(users).collect();
    Ok(DescribeSnapshotAttributeResult { create_volume_permissions: Some(permissions), ..answer })
}

/// Nobody but the owner may use it from then on.
pub fn reset_snapshot_attribute(w: &mut Writer, input: ResetSnapshotAttributeRequest) -> Result<Unit, Fault> {
    let mut snapshot = own(w.store(), w.scope(), &input.snapshot_id)?;
    snapshot.public = false;
    snapshot.users.clear();
    put(w, &snapshot)?;
    Ok(Unit)
}

/// Whether public snapshots of the account are to be treated as private ones.
///
/// # Errors
/// Trouble with the store.
pub fn sharing_is_blocked(read: &dyn Read, scope: &Scope) -> Result<bool, Trouble> {
    Ok(block(read, scope)? == ALL)
}

fn block(read: &dyn Read, scope: &Scope) -> Result<String, Trouble> {
    Ok(BLOCKS.get(read, scope, BLOCK)?.unwrap_or_else(|| UNBLOCKED.to_owned()))
}

pub fn enable_snapshot_block_public_access(
    w: &mut Writer,
    input: EnableSnapshotBlockPublicAccessRequest,
) -> Result<EnableSnapshotBlockPublicAccessResult, Fault> {
    if input.state == UNBLOCKED {
        return Err(invalid_value("Value (unblocked) for parameter State is invalid."));
    }
    let scope = w.scope().clone();
    BLOCKS.put(w.tx, &scope, BLOCK, &input.state)?;
    Ok(EnableSnapshotBlockPublicAccessResult { state: Some(input.state) })
}

pub fn disable_snapshot_block_public_access(
    w: &mut Writer,
    _: DisableSnapshotBlockPublicAccessRequest,
) -> Result<DisableSnapshotBlockPublicAccessResult, Fault> {
    let scope = w.scope().clone();
    BLOCKS.delete(w.tx, &scope, BLOCK)?;
    Ok(DisableSnapshotBlockPublicAccessResult { state: Some(UNBLOCKED.into()) })
}

pub fn get_snapshot_block_public_access_state(
    r: &Reader,
    _: GetSnapshotBlockPublicAccessStateRequest,
) -> Result<GetSnapshotBlockPublicAccessStateResult, Fault> {
    let state = block(r.store, r.scope())?;
    Ok(GetSnapshotBlockPublicAccessStateResult { state: Some(state), managed_by: Some("account".into()) })
}
