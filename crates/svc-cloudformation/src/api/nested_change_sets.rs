//! Change sets of nested stacks: each nested stack that a change set touches gets one of its own, down to the leaves.
//! Only the root's is executed or deleted; the others go with it.

use std::future::Future;
use std::pin::Pin;

use kogumo_door::{Context, Writer};
use kogumo_model::cloudformation::*;
use kogumo_store::Range;
use kogumo_wire::Fault;
use serde_json::Value;

use super::change_sets::{create, fail, key};
use super::find;
use crate::change::{Change, UNKNOWN, Verb};
use crate::kinds::nested_parameters;
use crate::plan::NESTED;
use crate::record::{self, CHANGE_SETS, STACKS, Stack, Version, uuid_of};
use crate::{naming, status};

/// Where a nested stack's change set hangs.
pub(super) struct Lineage {
    /// The parent's stack and its change set.
    pub stack: String,
    pub change_set: String,
    pub root_stack: String,
    pub root_change_set: String,
    pub logical_id: String,
}

/// Makes the change sets of the nested stacks among the changes. Nested stacks that would stay as they are drop out.
pub(super) async fn look_into(
    context: &Context,
    stack: &Stack,
    version: &Version,
    found: &mut Vec<Change>,
    change_set: &mut record::ChangeSet,
) -> Result<(), Fault> {
    let mut unchanged = Vec::new();
    for change in found.iter_mut().filter(|change| change.kind == NESTED) {
        let lineage = Lineage {
            stack: stack.id.clone(),
            change_set: change_set.id.clone(),
            root_stack: stack.root.clone().unwrap_or_else(|| stack.id.clone()),
            root_change_set: change_set.root.clone().unwrap_or_else(|| change_set.id.clone()),
            logical_id: change.id.clone(),
        };
        let Some((input, is_certain)) = input(stack, version, change_set, change) else { continue };
        let made = create_boxed(context, input, lineage).await;
        match made {
            // What only making the resources will tell cannot be checked before.
            Err(_) if !is_certain => {}
            Err(fault) => {
                let reason =
                    format!("Nested change set of {} was not successfully created: {}", change.id, fault.message);
                fail(change_set, reason);
            }
            Ok(child) if child.status == "FAILED" => {
                context.write(|w| discard(w, &child))?;
                let is_empty = child.changes.is_empty();
                match (is_empty && change.action == Verb::Modify, change.is_formal()) {
                    (true, true) => unchanged.push(change.id.clone()),
                    (true, false) => {}
                    (false, _) => {
                        let reason = child.reason.unwrap_or_default();
                        let message = format!(
                            "Nested change set {} was not successfully created: Currently in FAILED. {reason}",
                            child.id
                        );
                        fail(change_set, message);
                    }
                }
            }
            Ok(child) => {
                change.physical_id = Some(child.stack_id);
                change.change_set = Some(child.id);
            }
        }
    }
    found.retain(|change| !unchanged.contains(&change.id));
    if change_set.status == "FAILED" {
        context.write(|w| delete(w, &change_set.id))?;
    }
    Ok(())
}

type Making<'a> = Pin<Box<dyn Future<Output = Result<record::ChangeSet, Fault>> + Send + 'a>>;

/// Nested stacks nest in turn.
fn create_boxed(context: &Context, input: CreateChangeSetInput, lineage: Lineage) -> Making<'_> {
    Box::pin(create(context, input, Some(lineage)))
}

/// What the nested stack's change set is asked for with, and whether all of that is known already.
fn input(
    stack: &Stack,
    version: &Version,
    parent: &record::ChangeSet,
    change: &Change,
) -> Option<(CreateChangeSetInput, bool)> {
    let wanted = change.after.as_ref()?;
    let suffix = naming::suffix();
    let stack_name = match change.action {
        Verb::Add => naming::generated(NESTED, &stack.name, &change.id, &suffix),
        Verb::Modify if change.replacement == Some("False") => change.physical_id.clone()?,
        _ => return None,
    };
    let name: String = format!("{}-{}", parent.name, change.id).chars().take(110).collect();
    let given = nested_parameters(wanted.get("Parameters").unwrap_or(&Value::Null));
    let is_certain = !wanted.to_string().contains(UNKNOWN);
    let parameters = given.into_iter().map(|(key, value)| Parameter {
        parameter_key: Some(key),
        parameter_value: Some(value),
        ..Parameter::default()
    });
    let tag =
        |tag: &Value| Some(Tag { key: tag["Key"].as_str()?.to_owned(), value: tag["Value"].as_str()?.to_owned() });
    let tags = wanted.get("Tags").and_then(Value::as_array);
    let input = CreateChangeSetInput {
        stack_name,
        change_set_name: format!("{name}-{suffix}"),
        change_set_type: Some(if change.action == Verb::Add { "CREATE" } else { "UPDATE" }.to_owned()),
        template_url: Some(wanted.get("TemplateURL")?.as_str()?.to_owned()),
        parameters: Some(parameters.collect()),
        capabilities: Some(version.capabilities.clone()),
        role_arn: version.role.clone(),
        tags: tags.map(|tags| tags.iter().filter_map(tag).collect()),
        include_nested_stacks: Some(true),
        ..CreateChangeSetInput::default()
    };
    Some((input, is_certain))
}

/// Who asks for a nested stack's change set alone is sent to the root's.
pub(super) fn refuse(change_set: &record::ChangeSet) -> Result<(), Fault> {
    let Some(root) = &change_set.root else { return Ok(()) };
    Err(INVALID_CHANGE_SET_STATUS_EXCEPTION.because(format!(
        "ChangeSet [{}] is a nested change set. This operation must be performed on the root change set [{root}].",
        change_set.id
    )))
}

/// Removes the change sets that hang below this one.
pub(super) fn delete(w: &mut Writer, parent: &str) -> Result<(), Fault> {
    let scope = w.scope().clone();
    let rows: Vec<_> = CHANGE_SETS.scan(&*w.tx, &scope, &Range::all()).collect::<Result<_, _>>()?;
    let below = rows.into_iter().map(|(_, row)| row).filter(|row| row.parent.as_deref() == Some(parent));
    below.collect::<Vec<_>>().iter().try_for_each(|child| discard(w, child))
}

/// Removes a nested stack's change set, with those below it and the stack that it alone has made.
fn discard(w: &mut Writer, change_set: &record::ChangeSet) -> Result<(), Fault> {
    delete(w, &change_set.id)?;
    let scope = w.scope().clone();
    CHANGE_SETS.delete(w.tx, &scope, key(change_set))?;
    let stack = find::stack(w.store(), &scope, &change_set.stack_id)?;
    if let Some(mut stack) = stack.filter(|stack| stack.status == status::REVIEW_IN_PROGRESS) {
        stack.status = status::DELETE_COMPLETE.into();
        stack.deleted = Some(w.now);
        STACKS.put(w.tx, &scope, uuid_of(&stack.id), &stack)?;
    }
    Ok(())
}
