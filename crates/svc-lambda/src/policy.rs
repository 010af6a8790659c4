//! Resource policies of functions: who may invoke them. `permit` asks them when a service calls.

use kogumo_base::Trouble;
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_policy::{Document, Renaming};
use kogumo_store::{Key, Read, Table, Transaction};
use kogumo_wire::{Fault, Unit};
use serde_json::json;

use crate::name::Target;
use crate::record;
use crate::statement::{Policy, allow, conditions};
use crate::{faults, layer_policy};

/// By function and qualifier; the unqualified function's is "".
pub static POLICIES: Table<Policy> = Table::new("lambda/policy");

/// A policy document may have so many bytes.
const LONGEST: usize = 20_480;

fn key(target: &Target) -> Key {
    Key::new().str(&target.name).str(target.qualifier.as_deref().unwrap_or(""))
}

/// The policy of what is named, if it has one.
pub fn find(read: &dyn Read, target: &Target) -> Result<Option<Policy>, Fault> {
    record::version(read, target)?;
    let found = POLICIES.get(read, &target.scope, key(target))?;
    Ok(found.filter(|policy| !policy.statements.is_empty()))
}

pub fn add_permission(w: &mut Writer, input: AddPermissionRequest) -> Result<AddPermissionResponse, Fault> {
    let target = Target::parse(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    let mut policy = find(w.tx, &target)?.unwrap_or_default();
    faults::check_revision(input.revision_id.as_deref(), &policy.revision_id, "Policy")?;
    let sid = &input.statement_id;
    if policy.has(sid) {
        return Err(faults::conflict(format!(
            "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing statement."
        )));
    }
    let via_url = input.invoked_via_function_url.map(|via| via.to_string());
    let conditions = conditions(&[
        ("StringEquals", "lambda:FunctionUrlAuthType", input.function_url_auth_type.as_deref()),
        ("StringEquals", "lambda:EventSourceToken", input.event_source_token.as_deref()),
        ("StringEquals", "AWS:SourceAccount", input.source_account.as_deref()),
        ("StringEquals", "aws:PrincipalOrgID", input.principal_org_id.as_deref()),
        ("Bool", "lambda:InvokedViaFunctionUrl", via_url.as_deref()),
        ("ArnLike", "AWS:SourceArn", input.source_arn.as_deref()),
    ]);
    let statement = allow(sid, &input.principal, &input.action, &target.arn(), conditions);
    let document = json!({ "Statement": statement });
    let stranger = match Document::read(&document) {
        Ok(document) => w.cloud.stranger(w.store(), w.caller.account(), &document)?,
        Err(problem) => Some(problem.to_string()),
    };
    if stranger.is_some() {
        return Err(faults::invalid("The provided principal was invalid. Please check the principal and try again."));
    }
    policy.add(sid, &statement, w.now);
    let length = policy.document().len();
    if length > LONGEST {
        let fields = PolicyLengthExceededException { type_: Some("User".to_owned()) };
        let message = format!("The final policy size ({length}) is bigger than the limit ({LONGEST}).");
        return Err(Fault::with_fields(&POLICY_LENGTH_EXCEEDED_EXCEPTION, message, fields));
    }
    POLICIES.put(w.tx, &target.scope, key(&target), &policy)?;
    Ok(AddPermissionResponse { statement: Some(statement.to_string()) })
}

pub fn remove_permission(w: &mut Writer, input: RemovePermissionRequest) -> Result<Unit, Fault> {
    let target = Target::parse(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    let Some(mut policy) = find(w.tx, &target)? else {
        return Err(faults::not_found("No policy is associated with the given resource."));
    };
    faults::check_revision(input.revision_id.as_deref(), &policy.revision_id, "Policy")?;
    if !policy.remove(&input.statement_id) {
        return Err(faults::not_found(format!("Statement {} is not found in resource policy.", input.statement_id)));
    }
    POLICIES.put(w.tx, &target.scope, key(&target), &policy)?;
    Ok(Unit)
}

pub fn get_policy(r: &Reader, input: GetPolicyRequest) -> Result<GetPolicyResponse, Fault> {
    let target = Target::parse(r.scope(), &input.function_name, input.qualifier.as_deref())?;
    let policy = find(r.store, &target)?;
    let policy = policy.ok_or_else(|| faults::not_found("The resource you requested does not exist."))?;
    Ok(GetPolicyResponse { policy: Some(policy.document()), revision_id: Some(policy.revision_id) })
}

/// Changes the name of a principal in all policies of functions and layers.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    rename_in(&POLICIES, tx, renaming)?;
    layer_policy::rename(tx, renaming)
}

/// The same in one table.
///
/// # Errors
/// Trouble with the store.
pub fn rename_in(table: &Table<Policy>, tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    for (scope, key, mut policy) in table.scan_all_scopes(tx).collect::<Result<Vec<_>, _>>()? {
        if policy.rename(renaming) {
            table.put(tx, &scope, key, &policy)?;
        }
    }
    Ok(())
}
