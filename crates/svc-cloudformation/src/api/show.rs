//! Records as the API shows them.

use std::collections::BTreeMap;

use kogumo_model::cloudformation as model;
use kogumo_wire::{Checks, Fault, Structure, from_model_json};
use serde_json::Value;

use crate::record::{Event, Output, Parameter, Resource, Stack};
use crate::status;

const NOT_CHECKED: &str = "NOT_CHECKED";

pub fn stack(stack: &Stack) -> model::Stack {
    let version = &stack.version;
    let live = stack.deleted.is_none();
    let in_review = stack.status == status::REVIEW_IN_PROGRESS;
    model::Stack {
        stack_id: Some(stack.id.clone()),
        stack_name: stack.name.clone(),
        change_set_id: stack.change_set.clone(),
        description: version.description.clone(),
        parameters: some(parameters(&version.parameters)),
        creation_time: stack.created,
        deletion_time: stack.deleted,
        last_updated_time: stack.updated,
        rollback_configuration: Some(model::RollbackConfiguration::default()),
        stack_status: stack.status.clone(),
        stack_status_reason: stack.reason.clone(),
        disable_rollback: Some(version.disable_rollback),
        notification_ar_ns: Some(version.notification_arns.clone()),
        timeout_in_minutes: version.timeout_minutes,
        capabilities: some(version.capabilities.clone()).filter(|_| !in_review),
        outputs: some(stack.outputs.iter().map(output).collect()),
        role_arn: version.role.clone(),
        tags: Some(tags(&version.tags)),
        enable_termination_protection: live.then_some(stack.termination_protection),
        parent_id: stack.parent.clone(),
        root_id: stack.root.clone(),
        drift_information: Some(model::StackDriftInformation {
            stack_drift_status: NOT_CHECKED.into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub fn summary(stack: &Stack) -> model::StackSummary {
    model::StackSummary {
        stack_id: Some(stack.id.clone()),
        stack_name: stack.name.clone(),
        template_description: stack.version.description.clone(),
        creation_time: stack.created,
        last_updated_time: stack.updated,
        deletion_time: stack.deleted,
        stack_status: stack.status.clone(),
        stack_status_reason: stack.reason.clone(),
        parent_id: stack.parent.clone(),
        root_id: stack.root.clone(),
        drift_information: Some(model::StackDriftInformationSummary {
            stack_drift_status: NOT_CHECKED.into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// An empty list isn't written.
pub fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

pub fn parameters(parameters: &[Parameter]) -> Vec<model::Parameter> {
    let shown = |parameter: &Parameter| model::Parameter {
        parameter_key: Some(parameter.key.clone()),
        parameter_value: Some(if parameter.no_echo { "****".into() } else { parameter.value.clone() }),
        resolved_value: parameter.resolved.clone(),
        ..Default::default()
    };
    parameters.iter().map(shown).collect()
}

pub fn tags(tags: &BTreeMap<String, String>) -> Vec<model::Tag> {
    tags.iter().map(|(key, value)| model::Tag { key: key.clone(), value: value.clone() }).collect()
}

fn output(output: &Output) -> model::Output {
    model::Output {
        output_key: Some(output.key.clone()),
        output_value: Some(output.value.clone()),
        description: output.description.clone(),
        export_name: output.export.clone(),
    }
}

pub fn event(stack: &Stack, event: Event) -> model::StackEvent {
    model::StackEvent {
        stack_id: stack.id.clone(),
        event_id: event.id,
        stack_name: stack.name.clone(),
        logical_resource_id: Some(event.logical_id),
        physical_resource_id: Some(event.physical_id),
        resource_type: Some(event.kind),
        timestamp: event.at,
        resource_status: Some(event.status),
        resource_status_reason: event.reason,
        resource_properties: event.properties,
        client_request_token: event.token,
        ..Default::default()
    }
}

pub fn resource(stack: &Stack, resource: &Resource) -> model::StackResource {
    model::StackResource {
        stack_name: Some(stack.name.clone()),
        stack_id: Some(stack.id.clone()),
        logical_resource_id: resource.logical_id.clone(),
        physical_resource_id: physical_id(resource),
        resource_type: resource.kind.clone(),
        timestamp: resource.at,
        resource_status: resource.status.clone(),
        resource_status_reason: resource.reason.clone(),
        drift_information: Some(drift()),
        ..Default::default()
    }
}

pub fn resource_detail(stack: &Stack, resource: &Resource) -> model::StackResourceDetail {
    let metadata = resource.actual.as_ref().and_then(|actual| actual.metadata.as_ref());
    model::StackResourceDetail {
        stack_name: Some(stack.name.clone()),
        stack_id: Some(stack.id.clone()),
        logical_resource_id: resource.logical_id.clone(),
        physical_resource_id: physical_id(resource),
        resource_type: resource.kind.clone(),
        last_updated_timestamp: resource.at,
        resource_status: resource.status.clone(),
        resource_status_reason: resource.reason.clone(),
        metadata: Some(metadata.map_or_else(|| "{}".into(), Value::to_string)),
        drift_information: Some(drift()),
        ..Default::default()
    }
}

pub fn resource_summary(resource: &Resource) -> model::StackResourceSummary {
    model::StackResourceSummary {
        logical_resource_id: resource.logical_id.clone(),
        physical_resource_id: physical_id(resource),
        resource_type: resource.kind.clone(),
        last_updated_timestamp: resource.at,
        resource_status: resource.status.clone(),
        resource_status_reason: resource.reason.clone(),
        drift_information: Some(model::StackResourceDriftInformationSummary {
            stack_resource_drift_status: NOT_CHECKED.into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn physical_id(resource: &Resource) -> Option<String> {
    let id = resource.actual.as_ref().map_or(&resource.last_id, |actual| &actual.physical_id);
    (!id.is_empty()).then(|| id.clone())
}

fn drift() -> model::StackResourceDriftInformation {
    model::StackResourceDriftInformation { stack_resource_drift_status: NOT_CHECKED.into(), ..Default::default() }
}

/// A structure of the model out of JSON whose keys are the model's.
pub fn typed<T: Structure + Default>(value: &Value) -> Result<T, Fault> {
    let mut shown = T::default();
    let mut checks = Checks::default();
    from_model_json(value, &mut shown, &mut checks).map_err(|rejection| Fault::validation(rejection.0))?;
    Ok(shown)
}
