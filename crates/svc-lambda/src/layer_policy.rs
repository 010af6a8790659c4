//! Resource policies of layers' versions: which accounts may use them.

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_policy::Renaming;
use kogumo_store::{Key, Table, Transaction};
use kogumo_wire::{Fault, Unit};

use crate::statement::{Policy, allow, conditions};
use crate::{faults, layer, policy};

/// By layer and number.
static POLICIES: Table<Policy> = Table::new("lambda/layer-policy");

fn key(name: &str, version: i64) -> Key {
    Key::new().str(name).i64(version)
}

fn arn(scope: &Scope, name: &str, version: i64) -> String {
    Arn::new("lambda", &scope.region, &scope.account, format!("layer:{name}:{version}")).to_string()
}

pub fn add_layer_version_permission(
    w: &mut Writer,
    input: AddLayerVersionPermissionRequest,
) -> Result<AddLayerVersionPermissionResponse, Fault> {
    let (scope, name) = (w.scope().clone(), layer::name_of(&input.layer_name));
    layer::find(w.tx, &scope, &name, input.version_number)?;
    let mut policy = POLICIES.get(w.tx, &scope, key(&name, input.version_number))?.unwrap_or_default();
    faults::check_revision(input.revision_id.as_deref(), &policy.revision_id, "LayerVersionPolicy")?;
    let sid = &input.statement_id;
    if policy.has(sid) {
        return Err(faults::conflict(format!(
            "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing statement."
        )));
    }
    let conditions = conditions(&[("StringEquals", "aws:PrincipalOrgID", input.organization_id.as_deref())]);
    let resource = arn(&scope, &name, input.version_number);
    let statement = allow(sid, &input.principal, &input.action, &resource, conditions);
    policy.add(sid, &statement, w.now);
    POLICIES.put(w.tx, &scope, key(&name, input.version_number), &policy)?;
    Ok(AddLayerVersionPermissionResponse {
        statement: Some(statement.to_string()),
        revision_id: Some(policy.revision_id),
    })
}

pub fn remove_layer_version_permission(
    w: &mut Writer,
    input: RemoveLayerVersionPermissionRequest,
) -> Result<Unit, Fault> {
    let (scope, name) = (w.scope().clone(), layer::name_of(&input.layer_name));
    let missing = || faults::not_found(format!("Statement {} is not found in resource policy.", input.statement_id));
    let mut policy = POLICIES.get(w.tx, &scope, key(&name, input.version_number))?.ok_or_else(missing)?;
    faults::check_revision(input.revision_id.as_deref(), &policy.revision_id, "LayerVersionPolicy")?;
    if !policy.remove(&input.statement_id) {
        return Err(missing());
    }
    POLICIES.put(w.tx, &scope, key(&name, input.version_number), &policy)?;
    Ok(Unit)
}

pub fn get_layer_version_policy(
    r: &Reader,
    input: GetLayerVersionPolicyRequest,
) -> Result<GetLayerVersionPolicyResponse, Fault> {
    let name = layer::name_of(&input.layer_name);
    let found = POLICIES.get(r.store, r.scope(), key(&name, input.version_number))?;
    let found = found.filter(|policy| !policy.statements.is_empty());
    let policy = found.ok_or_else(|| faults::not_found("No policy is associated with the given resource."))?;
    Ok(GetLayerVersionPolicyResponse { policy: Some(policy.document()), revision_id: Some(policy.revision_id) })
}

/// Goes with the layer's version.
pub fn forget(w: &mut Writer, name: &str, version: i64) -> Result<(), Fault> {
    let scope = w.scope().clone();
    POLICIES.delete(w.tx, &scope, key(name, version))?;
    Ok(())
}

/// Changes the name of a principal in all layers' policies.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    policy::rename_in(&POLICIES, tx, renaming)
}
