//! Change sets: what an update would change, looked at first and executed later.

use kogumo_base::{Arn, Scope, uuid};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::cloudformation::*;
use kogumo_store::{Key, Range, Read};
use kogumo_wire::Fault;

use super::nested_change_sets::{self, Lineage};
use super::stacks::{
    begin, begin_update, changes, check_name, check_updatable, differs_besides, has_triggers, is_express, new_stack,
    notifies, on_failure, operation, outdate_change_sets, refuse_unbuilt, wake,
};
use super::{find, show};
use crate::prepare::{Prepared, Refusal, Request, prepare};
use crate::record::{self, CHANGE_SETS, OnFailure, Operation, OperationKind, STACKS, uuid_of};
use crate::schema::Schema;
use crate::workflow::Worlds;
use crate::world::Made;
use crate::{change, events, status};

const PAGE: usize = 100;
const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";
const NO_UPDATES: &str = "No updates are to be performed.";

pub async fn create_change_set(context: Context, input: CreateChangeSetInput) -> Result<CreateChangeSetOutput, Fault> {
    let change_set = create(&context, input, None).await?;
    Ok(CreateChangeSetOutput { id: Some(change_set.id), stack_id: Some(change_set.stack_id) })
}

/// Makes a change set, of a nested stack if it has a lineage.
pub(super) async fn create(
    context: &Context,
    input: CreateChangeSetInput,
    lineage: Option<Lineage>,
) -> Result<record::ChangeSet, Fault> {
    let kind = input.change_set_type.clone().unwrap_or_else(|| "UPDATE".into());
    refuse_unbuilt(
        "CreateChangeSet",
        &[
            ("ResourceTypes", input.resource_types.is_some()),
            ("RollbackConfiguration", has_triggers(input.rollback_configuration.as_ref())),
            ("NotificationARNs", notifies(input.notification_ar_ns.as_ref())),
            ("ChangeSetType IMPORT", kind == "IMPORT" || input.resources_to_import.is_some()),
            ("DeploymentMode", input.deployment_mode.is_some()),
            ("DeploymentConfig", is_express(input.deployment_config.as_ref())),
            ("DisableValidation", input.disable_validation == Some(true)),
        ],
    )?;
    let there = find::stack(&context.snapshot(), context.scope(), &input.stack_name)?;
    let review = there.as_ref().is_some_and(|stack| stack.status == status::REVIEW_IN_PROGRESS);
    let mut stack = match (kind.as_str(), there) {
        ("CREATE", None) if input.stack_name.starts_with("arn:") => {
            return Err(Fault::validation(format!("Stack [{}] does not exist", input.stack_name)));
        }
        ("CREATE", None) => {
            check_name(&input.stack_name)?;
            new_stack(context, &input.stack_name)
        }
        ("CREATE", Some(_)) if !review => {
            return Err(Fault::validation(format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [{}].",
                input.stack_name, input.change_set_name
            )));
        }
        (_, Some(stack)) => stack,
        (_, None) => return Err(Fault::validation(format!("Stack [{}] does not exist", input.stack_name))),
    };
    let creating = kind == "CREATE";
    if !creating {
        check_updatable(&stack)?;
    }
    if let Some(lineage) = &lineage {
        stack.parent = Some(lineage.stack.clone());
        stack.root = Some(lineage.root_stack.clone());
    }
    let scope = context.scope().clone();
    if !review && by_name(&context.snapshot(), &scope, &stack.id, &input.change_set_name)?.is_some() {
        let message = format!("ChangeSet [{}] already exists", input.change_set_name);
        return Err(ALREADY_EXISTS_EXCEPTION.because(message));
    }
    let request = Request {
        template_body: input.template_body,
        template_url: input.template_url,
        use_previous_template: input.use_previous_template.unwrap_or(false),
        parameters: input.parameters.unwrap_or_default(),
        capabilities: input.capabilities.unwrap_or_default(),
        tags: input.tags,
        role: input.role_arn,
        ..Request::default()
    };
    let id = Arn::new(
        "cloudformation",
        &scope.region,
        &scope.account,
        format!("changeSet/{}/{}", input.change_set_name, uuid()),
    );
    let mut change_set = record::ChangeSet {
        id: id.to_string(),
        name: input.change_set_name,
        stack_id: stack.id.clone(),
        stack_name: stack.name.clone(),
        description: input.description,
        created: context.now(),
        status: "CREATE_COMPLETE".into(),
        execution_status: "AVAILABLE".into(),
        on_failure: on_failure(input.on_stack_failure.as_deref(), None)?,
        kind,
        include_nested: input.include_nested_stacks.unwrap_or(false),
        parent: lineage.as_ref().map(|lineage| lineage.change_set.clone()),
        root: lineage.as_ref().map(|lineage| lineage.root_change_set.clone()),
        logical_id: lineage.map(|lineage| lineage.logical_id),
        ..record::ChangeSet::default()
    };
    let previous = (!creating).then_some(&stack);
    match prepare(context, &stack, previous, request).await {
        Err(Refusal::Fault(fault)) => return Err(fault),
        Err(Refusal::Transform(reason)) => fail(&mut change_set, reason),
        Ok(prepared) => {
            let import = input.import_existing_resources == Some(true);
            fill(context, &stack, prepared, creating, import, &mut change_set).await?;
        }
    }
    context.write(|w| {
        let scope = w.scope().clone();
        if creating && find::stack(w.store(), &scope, &stack.id)?.is_none() {
            let mut stack = stack.clone();
            stack.status = status::REVIEW_IN_PROGRESS.into();
            stack.reason = Some("User Initiated".into());
            let event = events::of_stack(&stack, status::REVIEW_IN_PROGRESS, stack.reason.clone(), w.now);
            events::append(w.tx, &scope, &stack.id, &[event])?;
            STACKS.put(w.tx, &scope, uuid_of(&stack.id), &stack)?;
        }
        CHANGE_SETS.put(w.tx, &scope, key(&change_set), &change_set).map_err(Fault::from)
    })?;
    Ok(change_set)
}

pub(super) fn fail(change_set: &mut record::ChangeSet, reason: String) {
    change_set.status = "FAILED".into();
    change_set.execution_status = "UNAVAILABLE".into();
    change_set.reason = Some(reason);
}

/// What the prepared version would change; nothing is a failure.
async fn fill(
    context: &Context,
    stack: &record::Stack,
    prepared: Prepared,
    creating: bool,
    import: bool,
    change_set: &mut record::ChangeSet,
) -> Result<(), Fault> {
    let mut found = changes(context, stack, &prepared)?;
    let mut imports = Vec::new();
    for change in found.iter_mut().filter(|change| import && change.action == change::Verb::Add) {
        if let Some(there) = existing(context, stack, change).await? {
            change.action = change::Verb::Import;
            change.physical_id = Some(there.physical_id);
            imports.push(change.id.clone());
        }
    }
    if change_set.include_nested {
        nested_change_sets::look_into(context, stack, &prepared.version, &mut found, change_set).await?;
    }
    let is_failed = change_set.status == "FAILED";
    if !is_failed && !creating && found.is_empty() && !differs_besides(stack, &prepared) {
        let reason = if prepared.version.processed.is_some() { NO_UPDATES } else { NO_CHANGES };
        fail(change_set, reason.into());
    }
    change_set.changes = found.iter().map(change::Change::json).collect();
    change_set.version = record::Version { imports, ..prepared.version };
    Ok(())
}

/// What exists under the name that the template gives a resource. Made-up names can't be there yet.
async fn existing(context: &Context, stack: &record::Stack, change: &change::Change) -> Result<Option<Made>, Fault> {
    let identifier = Schema::of(&change.kind).map(|schema| schema.identifier.as_slice());
    let Some([property]) = identifier else { return Ok(None) };
    let name = change.after.as_ref().and_then(|after| after.get(*property)).and_then(serde_json::Value::as_str);
    let Some(name) = name.filter(|name| !name.contains(change::UNKNOWN)) else { return Ok(None) };
    let mut becoming = stack.clone();
    becoming.owned_by(&context.caller);
    let world = (context.cloud.part::<Worlds>()?.0)(&context.cloud, &becoming, context.scope());
    world.find(change.kind.clone(), name.to_owned()).await.map_err(|failure| Fault::validation(failure.reason))
}

pub(super) fn key(change_set: &record::ChangeSet) -> Key {
    Key::new().str(uuid_of(&change_set.stack_id)).str(uuid_of(&change_set.id))
}

fn all(read: &dyn Read, scope: &Scope, stack_id: &str) -> Result<Vec<record::ChangeSet>, Fault> {
    let rows = Range::prefix(Key::new().str(uuid_of(stack_id)));
    let all = CHANGE_SETS.scan(read, scope, &rows).map(|row| row.map(|(_, change_set)| change_set));
    Ok(all.collect::<Result<_, _>>()?)
}

fn by_name(read: &dyn Read, scope: &Scope, stack_id: &str, name: &str) -> Result<Option<record::ChangeSet>, Fault> {
    Ok(all(read, scope, stack_id)?.into_iter().find(|change_set| change_set.name == name))
}

/// The change set of that ARN, or of that name in a stack.
fn named(read: &dyn Read, scope: &Scope, name: &str, stack: Option<&str>) -> Result<record::ChangeSet, Fault> {
    let missing = || CHANGE_SET_NOT_FOUND_EXCEPTION.because(format!("ChangeSet [{name}] does not exist"));
    if name.starts_with("arn:") {
        for row in CHANGE_SETS.scan(read, scope, &Range::all()) {
            let (_, change_set) = row?;
            if change_set.id == name {
                return Ok(change_set);
            }
        }
        return Err(missing());
    }
    let stack = stack
        .ok_or_else(|| Fault::validation("StackName must be specified if ChangeSetName is not specified as an ARN."))?;
    let stack = find::bracketed(read, scope, stack)?;
    by_name(read, scope, &stack.id, name)?.ok_or_else(missing)
}

/// Where the execution stands, which the stack knows.
fn execution_status(read: &dyn Read, scope: &Scope, change_set: &record::ChangeSet) -> Result<String, Fault> {
    if change_set.execution_status != "EXECUTE_IN_PROGRESS" {
        return Ok(change_set.execution_status.clone());
    }
    let stack = find::stack(read, scope, &change_set.stack_id)?;
    let current = stack.filter(|stack| stack.change_set.as_ref() == Some(&change_set.id));
    Ok(match current {
        Some(stack) if stack.operation.is_some() => "EXECUTE_IN_PROGRESS".into(),
        Some(stack) if stack.status.contains("ROLLBACK") || stack.status.ends_with("FAILED") => "EXECUTE_FAILED".into(),
        _ => "EXECUTE_COMPLETE".into(),
    })
}

pub fn describe_change_set(r: &Reader, input: DescribeChangeSetInput) -> Result<DescribeChangeSetOutput, Fault> {
    let change_set = named(r.store, r.scope(), &input.change_set_name, input.stack_name.as_deref())?;
    let values = input.include_property_values.unwrap_or(false);
    let (page, next_token) = find::page(change_set.changes.clone(), input.next_token.as_deref(), PAGE)?;
    let mut shown = Vec::with_capacity(page.len());
    for value in &page {
        let mut change: Change = show::typed(value)?;
        if let Some(resource) = change.resource_change.as_mut().filter(|_| !values) {
            resource.before_context = None;
            resource.after_context = None;
        }
        shown.push(change);
    }
    let version = &change_set.version;
    Ok(DescribeChangeSetOutput {
        change_set_name: Some(change_set.name.clone()),
        change_set_id: Some(change_set.id.clone()),
        stack_id: Some(change_set.stack_id.clone()),
        stack_name: Some(change_set.stack_name.clone()),
        description: change_set.description.clone(),
        parameters: show::some(show::parameters(&version.parameters)),
        creation_time: Some(change_set.created),
        execution_status: Some(execution_status(r.store, r.scope(), &change_set)?),
        status: Some(change_set.status.clone()),
        status_reason: change_set.reason.clone(),
        notification_ar_ns: Some(version.notification_arns.clone()),
        rollback_configuration: Some(RollbackConfiguration::default()),
        capabilities: Some(version.capabilities.clone()),
        tags: show::some(show::tags(&version.tags)),
        changes: Some(shown),
        next_token,
        include_nested_stacks: Some(change_set.include_nested),
        parent_change_set_id: change_set.parent,
        root_change_set_id: change_set.root,
        on_stack_failure: match change_set.on_failure {
            OnFailure::Rollback => None,
            OnFailure::Delete => Some("DELETE".into()),
            OnFailure::DoNothing => Some("DO_NOTHING".into()),
        },
        ..Default::default()
    })
}

pub fn list_change_sets(r: &Reader, input: ListChangeSetsInput) -> Result<ListChangeSetsOutput, Fault> {
    let stack = find::bracketed(r.store, r.scope(), &input.stack_name)?;
    let mut all = all(r.store, r.scope(), &stack.id)?;
    all.sort_by_key(|change_set| change_set.created);
    let (page, next_token) = find::page(all, input.next_token.as_deref(), PAGE)?;
    let mut summaries = Vec::with_capacity(page.len());
    for change_set in page {
        summaries.push(ChangeSetSummary {
            execution_status: Some(execution_status(r.store, r.scope(), &change_set)?),
            stack_id: Some(change_set.stack_id),
            stack_name: Some(change_set.stack_name),
            change_set_id: Some(change_set.id),
            change_set_name: Some(change_set.name),
            status: Some(change_set.status),
            status_reason: change_set.reason,
            creation_time: Some(change_set.created),
            description: change_set.description,
            include_nested_stacks: Some(change_set.include_nested),
            parent_change_set_id: change_set.parent,
            root_change_set_id: change_set.root,
            ..Default::default()
        });
    }
    Ok(ListChangeSetsOutput { summaries: Some(summaries), next_token })
}

pub fn delete_change_set(w: &mut Writer, input: DeleteChangeSetInput) -> Result<DeleteChangeSetOutput, Fault> {
    let scope = w.scope().clone();
    let found = named(w.store(), &scope, &input.change_set_name, input.stack_name.as_deref());
    let change_set = match found {
        Ok(change_set) => change_set,
        // One that is gone is deleted, if it had an ARN.
        Err(fault) if fault.is(&CHANGE_SET_NOT_FOUND_EXCEPTION) => return Ok(DeleteChangeSetOutput::default()),
        Err(fault) => return Err(fault),
    };
    nested_change_sets::refuse(&change_set)?;
    nested_change_sets::delete(w, &change_set.id)?;
    CHANGE_SETS.delete(w.tx, &scope, key(&change_set))?;
    Ok(DeleteChangeSetOutput::default())
}

pub async fn execute_change_set(
    context: Context,
    input: ExecuteChangeSetInput,
) -> Result<ExecuteChangeSetOutput, Fault> {
    let change_set = {
        let snapshot = context.snapshot();
        named(&snapshot, context.scope(), &input.change_set_name, input.stack_name.as_deref())?
    };
    nested_change_sets::refuse(&change_set)?;
    if change_set.status != "CREATE_COMPLETE" || change_set.execution_status != "AVAILABLE" {
        let state =
            if change_set.status == "CREATE_COMPLETE" { &change_set.execution_status } else { &change_set.status };
        return Err(INVALID_CHANGE_SET_STATUS_EXCEPTION
            .because(format!("ChangeSet [{}] cannot be executed in its current status of [{state}]", change_set.id)));
    }
    let stack = find::bracketed(&context.snapshot(), context.scope(), &change_set.stack_id)?;
    let creating = change_set.kind == "CREATE";
    let on_failure = match input.disable_rollback {
        Some(true) => OnFailure::DoNothing,
        _ => change_set.on_failure,
    };
    let kind = if creating { OperationKind::Create } else { OperationKind::Update };
    let operation = Operation {
        on_failure,
        retain_except_on_create: input.retain_except_on_create.unwrap_or(false),
        ..operation(kind, context.now(), input.client_request_token)
    };
    let mut version = change_set.version.clone();
    version.disable_rollback = on_failure == OnFailure::DoNothing;
    if creating {
        context.write(|w| {
            let mut stack = find::bracketed(w.store(), &w.scope().clone(), &stack.id)?;
            if stack.status != status::REVIEW_IN_PROGRESS {
                return check_updatable(&stack);
            }
            stack.version = version.clone();
            stack.owned_by(&context.caller);
            stack.updated = Some(w.now);
            stack.change_set = Some(change_set.id.clone());
            begin(w, &mut stack, status::CREATE_IN_PROGRESS, operation.clone())
        })?;
    } else {
        begin_update(&context, &stack, &version, operation, &|stack| stack.change_set = Some(change_set.id.clone()))?;
    }
    context.write(|w| {
        let scope = w.scope().clone();
        outdate_change_sets(w, &stack, &change_set.id)?;
        let executed = record::ChangeSet { execution_status: "EXECUTE_IN_PROGRESS".into(), ..change_set.clone() };
        CHANGE_SETS.put(w.tx, &scope, key(&executed), &executed).map_err(Fault::from)
    })?;
    wake(&context, &stack)?;
    Ok(ExecuteChangeSetOutput::default())
}
