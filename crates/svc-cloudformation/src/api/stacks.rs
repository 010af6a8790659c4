//! Creating, updating and deleting stacks: a handler checks, writes down what is to be done, and wakes the workflow.

use kogumo_base::{Arn, Timestamp, uuid};
use kogumo_door::{Context, Principal, Writer};
use kogumo_model::cloudformation::*;
use kogumo_store::Key;
use kogumo_template::{Template, read};
use kogumo_wire::{Fault, Unit};

use super::find;
use crate::change;
use crate::plan::Resources;
use crate::prepare::{Prepared, Request, prepare};
use crate::record::{
    Action, CHANGE_SETS, Instead, OnFailure, Operation, OperationKind, PENDING, Pending, Phase, RESOURCES, STACKS,
    Stack, StepState, Version, uuid_of,
};
use crate::{events, fetch, stack_policy, status, workflow};

/// A stack that isn't there yet.
pub(super) fn new_stack(context: &Context, name: &str) -> Stack {
    let scope = context.scope();
    let id = Arn::new("cloudformation", &scope.region, &scope.account, format!("stack/{name}/{}", uuid()));
    Stack {
        id: id.to_string(),
        name: name.to_owned(),
        owner: Principal::clone(&context.caller.principal).into(),
        owner_session: context.caller.session.as_deref().cloned(),
        created: context.now(),
        ..Stack::default()
    }
}

/// A stack's name begins with a letter and has letters, digits and hyphens: the model does not say so.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && is_word {
        return match name.len() {
            ..=128 => Ok(()),
            _ => Err(Fault::validation(format!(
                "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: \
                 Member must have length less than or equal to 128"
            ))),
        };
    }
    Err(Fault::validation(format!(
        "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// What can be asked for and isn't built.
pub(super) fn refuse_unbuilt(operation: &str, unbuilt: &[(&str, bool)]) -> Result<(), Fault> {
    match unbuilt.iter().find(|(_, given)| *given) {
        Some((what, _)) => Err(Fault::not_implemented(&format!("{operation} with {what}"))),
        None => Ok(()),
    }
}

/// Alarms that would roll a stack back need CloudWatch.
pub(super) fn has_triggers(configuration: Option<&RollbackConfiguration>) -> bool {
    configuration.is_some_and(|c| {
        c.rollback_triggers.as_ref().is_some_and(|t| !t.is_empty()) || c.monitoring_time_in_minutes.unwrap_or(0) > 0
    })
}

/// Every mode but the standard one.
pub(super) fn is_express(configuration: Option<&DeploymentConfig>) -> bool {
    configuration
        .is_some_and(|c| c.mode.as_deref().is_some_and(|mode| mode != "STANDARD") || c.disable_rollback.is_some())
}

pub(super) fn notifies(arns: Option<&Vec<String>>) -> bool {
    arns.is_some_and(|arns| !arns.is_empty())
}

pub(super) fn on_failure(word: Option<&str>, disable_rollback: Option<bool>) -> Result<OnFailure, Fault> {
    match (word, disable_rollback) {
        (Some(_), Some(true)) => {
            Err(Fault::validation("You can specify either DisableRollback or OnFailure, but not both."))
        }
        (Some("DELETE"), _) => Ok(OnFailure::Delete),
        (Some("DO_NOTHING"), _) | (None, Some(true)) => Ok(OnFailure::DoNothing),
        _ => Ok(OnFailure::Rollback),
    }
}

pub(super) fn operation(kind: OperationKind, now: Timestamp, token: Option<String>) -> Operation {
    Operation {
        id: uuid(),
        kind,
        phase: Phase::Forward,
        token,
        started: now,
        on_failure: OnFailure::Rollback,
        retain: Vec::new(),
        retain_except_on_create: false,
        policy: None,
    }
}

/// Writes down that a stack begins an operation.
pub(super) fn begin(w: &mut Writer, stack: &mut Stack, status: &str, operation: Operation) -> Result<(), Fault> {
    let scope = w.scope().clone();
    stack.operation = Some(operation);
    stack.status = status.to_owned();
    stack.reason = None;
    let event = events::of_stack(stack, status, Some("User Initiated".into()), w.now);
    events::append(w.tx, &scope, &stack.id, &[event])?;
    STACKS.put(w.tx, &scope, uuid_of(&stack.id), stack)?;
    PENDING.put(w.tx, &scope, uuid_of(&stack.id), &Pending::default())?;
    Ok(())
}

pub(super) fn wake(context: &Context, stack: &Stack) -> Result<(), Fault> {
    workflow::start(&context.cloud, context.scope(), uuid_of(&stack.id)).map_err(Fault::from)
}

pub async fn create_stack(context: Context, input: CreateStackInput) -> Result<CreateStackOutput, Fault> {
    refuse_unbuilt(
        "CreateStack",
        &[
            ("ResourceTypes", input.resource_types.is_some()),
            ("RollbackConfiguration", has_triggers(input.rollback_configuration.as_ref())),
            ("NotificationARNs", notifies(input.notification_ar_ns.as_ref())),
            ("DeploymentConfig", is_express(input.deployment_config.as_ref())),
            ("DisableValidation", input.disable_validation.is_some()),
        ],
    )?;
    let on_failure = on_failure(input.on_failure.as_deref(), input.disable_rollback)?;
    let exists = |stack: &Stack| ALREADY_EXISTS_EXCEPTION.because(format!("Stack [{}] already exists", stack.name));
    check_name(&input.stack_name)?;
    let there = find::stack(&context.snapshot(), context.scope(), &input.stack_name)?;
    let mut stack = match there {
        Some(stack) if stack.status == status::REVIEW_IN_PROGRESS => stack,
        Some(stack) => return Err(exists(&stack)),
        None => new_stack(&context, &input.stack_name),
    };
    let policy = policy_text(&context, input.stack_policy_body, input.stack_policy_url).await?;
    let request = Request {
        template_body: input.template_body,
        template_url: input.template_url,
        parameters: input.parameters.unwrap_or_default(),
        capabilities: input.capabilities.unwrap_or_default(),
        tags: input.tags,
        role: input.role_arn,
        disable_rollback: on_failure == OnFailure::DoNothing,
        timeout_minutes: input.timeout_in_minutes,
        macros_need_consent: true,
        ..Request::default()
    };
    let prepared = prepare(&context, &stack, None, request).await?;
    stack.version = prepared.version;
    stack.policy = policy;
    stack.termination_protection = input.enable_termination_protection.unwrap_or(false);
    let operation = Operation {
        on_failure,
        retain_except_on_create: input.retain_except_on_create.unwrap_or(false),
        ..operation(OperationKind::Create, context.now(), input.client_request_token)
    };
    context.write(|w| {
        let scope = w.scope().clone();
        if let Some(other) = find::stack(w.store(), &scope, &stack.name)?.filter(|other| other.id != stack.id) {
            return Err(exists(&other));
        }
        begin(w, &mut stack.clone(), status::CREATE_IN_PROGRESS, operation.clone())
    })?;
    wake(&context, &stack)?;
    Ok(CreateStackOutput { stack_id: Some(stack.id), ..Default::default() })
}

async fn policy_text(context: &Context, body: Option<String>, url: Option<String>) -> Result<Option<String>, Fault> {
    let text = match (body, url) {
        (Some(_), Some(_)) => return Err(Fault::validation("You cannot specify more than one stack policy source")),
        (Some(body), None) => Some(body),
        (None, Some(url)) => Some(fetch::text(context, &url, "StackPolicyURL").await?),
        (None, None) => None,
    };
    if let Some(text) = &text {
        stack_policy::parse(text).map_err(Fault::validation)?;
    }
    Ok(text)
}

pub async fn update_stack(context: Context, input: UpdateStackInput) -> Result<UpdateStackOutput, Fault> {
    refuse_unbuilt(
        "UpdateStack",
        &[
            ("ResourceTypes", input.resource_types.is_some()),
            ("RollbackConfiguration", has_triggers(input.rollback_configuration.as_ref())),
            ("NotificationARNs", notifies(input.notification_ar_ns.as_ref())),
            ("DeploymentConfig", is_express(input.deployment_config.as_ref())),
            ("DisableValidation", input.disable_validation.is_some()),
        ],
    )?;
    let stack = find::bracketed(&context.snapshot(), context.scope(), &input.stack_name)?;
    check_updatable(&stack)?;
    let policy = policy_text(&context, input.stack_policy_body, input.stack_policy_url).await?;
    let during =
        policy_text(&context, input.stack_policy_during_update_body, input.stack_policy_during_update_url).await?;
    let request = Request {
        template_body: input.template_body,
        template_url: input.template_url,
        use_previous_template: input.use_previous_template.unwrap_or(false),
        parameters: input.parameters.unwrap_or_default(),
        capabilities: input.capabilities.unwrap_or_default(),
        tags: input.tags,
        role: input.role_arn,
        disable_rollback: input.disable_rollback.unwrap_or(false),
        macros_need_consent: true,
        ..Request::default()
    };
    let prepared = prepare(&context, &stack, Some(&stack), request).await?;
    if !differs(&context, &stack, &prepared)? {
        return Err(Fault::validation("No updates are to be performed."));
    }
    let operation = Operation {
        on_failure: on_failure(None, input.disable_rollback)?,
        retain_except_on_create: input.retain_except_on_create.unwrap_or(false),
        policy: during,
        ..operation(OperationKind::Update, context.now(), input.client_request_token)
    };
    begin_update(&context, &stack, &prepared.version, operation, &|stack| {
        if policy.is_some() {
            stack.policy.clone_from(&policy);
        }
    })?;
    Ok(UpdateStackOutput { stack_id: Some(stack.id), ..Default::default() })
}

pub(super) fn check_updatable(stack: &Stack) -> Result<(), Fault> {
    if status::takes_updates(&stack.status) && stack.operation.is_none() {
        return Ok(());
    }
    Err(Fault::validation(format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status)))
}

/// Begins an update to that version, unless the stack has changed since it was looked at.
pub(super) fn begin_update(
    context: &Context,
    stack: &Stack,
    version: &Version,
    operation: Operation,
    edit: &dyn Fn(&mut Stack),
) -> Result<(), Fault> {
    context.write(|w| {
        let mut stack = find::bracketed(w.store(), &w.scope().clone(), &stack.id)?;
        check_updatable(&stack)?;
        stack.before = Some(std::mem::replace(&mut stack.version, version.clone()));
        stack.owned_by(&context.caller);
        stack.updated = Some(w.now);
        edit(&mut stack);
        begin(w, &mut stack, status::UPDATE_IN_PROGRESS, operation.clone())
    })?;
    wake(context, stack)
}

/// What a version would change in a stack's resources.
pub(super) fn changes(context: &Context, stack: &Stack, prepared: &Prepared) -> Result<Vec<change::Change>, Fault> {
    let snapshot = context.snapshot();
    let resources = find::resources(&snapshot, context.scope(), stack)?;
    let resources: Resources = resources.into_iter().map(|resource| (resource.logical_id.clone(), resource)).collect();
    let becoming = Stack { version: prepared.version.clone(), ..stack.clone() };
    let mut env = workflow::environment(&becoming, &prepared.template, context.scope());
    for row in crate::record::EXPORTS.scan(&snapshot, context.scope(), &kogumo_store::Range::all()) {
        let (_, export) = row?;
        env.imports.insert(export.name, export.value);
    }
    env.conditions = kogumo_template::conditions(&prepared.template, &env).unwrap_or_default();
    let old = stored_template(&stack.version);
    Ok(change::changes(&prepared.template, &prepared.graph, &env, &resources, &prepared.version.tags, &old))
}

/// The template that a version stands on; it was checked when it came.
pub(super) fn stored_template(version: &Version) -> Template {
    let text = version.processed.as_ref().unwrap_or(&version.template);
    read(text).and_then(|document| Template::parse(document.value)).unwrap_or_default()
}

/// Whether a version would change anything of a stack.
pub(super) fn differs(context: &Context, stack: &Stack, prepared: &Prepared) -> Result<bool, Fault> {
    Ok(!changes(context, stack, prepared)?.is_empty() || differs_besides(stack, prepared))
}

/// Whether a version would change anything of a stack besides its resources.
pub(super) fn differs_besides(stack: &Stack, prepared: &Prepared) -> bool {
    let (old, new) = (&stack.version, &prepared.version);
    if old.tags != new.tags || old.notification_arns != new.notification_arns || old.role != new.role {
        return true;
    }
    let before = stored_template(old);
    let uses_parameters = |template: &Template| !template.outputs.is_empty();
    before.outputs != prepared.template.outputs
        || uses_parameters(&before) && old.parameters != new.parameters
        || stack.status == status::UPDATE_FAILED
        || stack.status == status::CREATE_FAILED
}

pub async fn delete_stack(context: Context, input: DeleteStackInput) -> Result<Unit, Fault> {
    refuse_unbuilt("DeleteStack", &[("DeploymentConfig", is_express(input.deployment_config.as_ref()))])?;
    let Some(stack) = find::stack(&context.snapshot(), context.scope(), &input.stack_name)? else { return Ok(Unit) };
    if stack.deleted.is_some() {
        return Ok(Unit);
    }
    let retain = input.retain_resources.unwrap_or_default();
    if !retain.is_empty() && stack.status != status::DELETE_FAILED {
        return Err(Fault::validation(format!(
            "Invalid operation on stack [{}]. When you delete a stack, specify which resources to retain only when the \
             stack is in the DELETE_FAILED state.",
            stack.id
        )));
    }
    let force = input.deletion_mode.as_deref() == Some("FORCE_DELETE_STACK");
    let delete = Operation { retain, ..operation(OperationKind::Delete, context.now(), input.client_request_token) };
    let woken = context.write(|w| {
        let scope = w.scope().clone();
        let mut stack = find::bracketed(w.store(), &scope, &stack.id)?;
        let mut delete = delete.clone();
        if force {
            let failed = find::resources(w.store(), &scope, &stack)?.into_iter();
            delete.retain.extend(failed.filter(|r| r.status == status::DELETE_FAILED).map(|r| r.logical_id));
        }
        check_deletable(w, &stack)?;
        if input.role_arn.is_some() {
            stack.version.role.clone_from(&input.role_arn);
        }
        match &stack.operation {
            Some(operation) if operation.kind == OperationKind::Delete => Ok::<bool, Fault>(false),
            Some(_) => {
                let pending = Pending { instead: Some(Instead::Delete(delete)) };
                PENDING.put(w.tx, &scope, uuid_of(&stack.id), &pending)?;
                Ok(true)
            }
            None => {
                stack.owned_by(&context.caller);
                begin(w, &mut stack, status::DELETE_IN_PROGRESS, delete)?;
                Ok(true)
            }
        }
    })?;
    if woken {
        wake(&context, &stack)?;
    }
    Ok(Unit)
}

fn check_deletable(w: &Writer, stack: &Stack) -> Result<(), Fault> {
    if stack.termination_protection {
        return Err(Fault::validation(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    match crate::exports::gone(&*w.tx, w.scope(), stack, &[])? {
        Some(reason) => Err(Fault::validation(reason)),
        None => Ok(()),
    }
}

pub async fn cancel_update_stack(context: Context, input: CancelUpdateStackInput) -> Result<Unit, Fault> {
    context.write(|w| {
        let scope = w.scope().clone();
        let stack = find::bracketed(w.store(), &scope, &input.stack_name)?;
        if stack.status != status::UPDATE_IN_PROGRESS {
            return Err(Fault::validation("CancelUpdateStack cannot be called from current stack status"));
        }
        let pending = Pending { instead: Some(Instead::Cancel("User Initiated".into())) };
        PENDING.put(w.tx, &scope, uuid_of(&stack.id), &pending)?;
        Ok(Unit)
    })
}

pub async fn continue_update_rollback(
    context: Context,
    input: ContinueUpdateRollbackInput,
) -> Result<ContinueUpdateRollbackOutput, Fault> {
    refuse_unbuilt("ContinueUpdateRollback", &[("ForceRollback", input.force_rollback == Some(true))])?;
    let skip = input.resources_to_skip.unwrap_or_default();
    let stack = context.write(|w| {
        let scope = w.scope().clone();
        let mut stack = find::bracketed(w.store(), &scope, &input.stack_name)?;
        let stuck = stack.stuck.take().filter(|_| stack.status == status::UPDATE_ROLLBACK_FAILED);
        let Some(operation) = stuck else {
            return Err(Fault::validation(format!(
                "Stack:{} is in {} state and can not continue the update rollback",
                stack.id, stack.status
            )));
        };
        for mut resource in find::resources(w.store(), &scope, &stack)? {
            let Some(step) = &mut resource.step else { continue };
            if step.operation != operation.id || step.action != Action::Revert || step.state != StepState::Failed {
                continue;
            }
            // Tried once more, or taken as it is.
            if skip.contains(&resource.logical_id) {
                step.state = StepState::Done;
            } else {
                step.action = Action::Update;
            }
            let key = Key::new().str(uuid_of(&stack.id)).str(&resource.logical_id);
            RESOURCES.put(w.tx, &scope, key, &resource)?;
        }
        let operation = Operation { phase: Phase::Undo, token: input.client_request_token.clone(), ..operation };
        begin(w, &mut stack, status::UPDATE_ROLLBACK_IN_PROGRESS, operation)?;
        Ok(stack)
    })?;
    wake(&context, &stack)?;
    Ok(ContinueUpdateRollbackOutput::default())
}

/// The change sets of a stack can't be executed any more.
pub(super) fn outdate_change_sets(w: &mut Writer, stack: &Stack, but: &str) -> Result<(), Fault> {
    let scope = w.scope().clone();
    let uuid = uuid_of(&stack.id);
    let rows = kogumo_store::Range::prefix(Key::new().str(uuid));
    let others: Vec<_> = CHANGE_SETS.scan(&*w.tx, &scope, &rows).collect::<Result<_, _>>()?;
    for (key, mut other) in others {
        if other.id != but && other.execution_status == "AVAILABLE" {
            other.execution_status = "OBSOLETE".into();
            CHANGE_SETS.put(w.tx, &scope, key, &other)?;
        }
    }
    Ok(())
}
