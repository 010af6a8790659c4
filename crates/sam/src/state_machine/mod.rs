//! AWS::Serverless::StateMachine.

mod definition;
mod events;

use crate::error::Result;
use crate::iam;
use crate::intrinsics::get_att;
use crate::policies::{self, RoleParts};
use crate::resource::{Resource, propagate_tags, tag_pairs};
use crate::rules::{Instance, Rule, Shape, optional};
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("Definition", Shape::Map),
    optional("DefinitionUri", Shape::TextOrMap),
    optional("Logging", Shape::Map),
    optional("Role", Shape::Text),
    optional("RolePath", Shape::Any),
    optional("DefinitionSubstitutions", Shape::Map),
    optional("Events", Shape::MapOfMaps),
    optional("Name", Shape::Text),
    optional("Type", Shape::Text),
    optional("Tags", Shape::Map),
    optional("PropagateTags", Shape::Bool),
    optional("Policies", Shape::StateMachinePolicies),
    optional("Tracing", Shape::Map),
    optional("PermissionsBoundary", Shape::Text),
    optional("AutoPublishAlias", Shape::Any),
    optional("DeploymentPreference", Shape::Any),
    optional("UseAliasAsEventTarget", Shape::Bool).literal(),
];

/// Properties under which Step Functions takes those of SAM.
const NAMES: &[(&str, &str)] = &[
    ("Name", "StateMachineName"),
    ("Type", "StateMachineType"),
    ("Logging", "LoggingConfiguration"),
    ("Tracing", "TracingConfiguration"),
];

pub(crate) fn transform(machine: Instance, translation: &mut Translation) -> Result<Generated> {
    events::link(&machine, &translation.source)?;
    let mut resource = Resource::new("AWS::StepFunctions::StateMachine", machine.id.clone(), &machine.attributes)?
        .depending_on(machine.depends_on.clone());
    definition::add(&machine, &mut resource)?;
    let role = role(&machine, translation)?;
    resource.set(
        "RoleArn",
        role.as_ref().map_or_else(|| machine.get("Role").cloned().unwrap_or(Value::Null), Resource::arn),
    );
    for (name, property) in NAMES {
        resource = resource.with_some(property, machine.get(name).cloned());
    }
    resource.set("Tags", tags(&machine));
    let published = publish(&machine, &resource)?;

    let target = published.last().filter(|_| machine.truthy("UseAliasAsEventTarget")).unwrap_or(&resource).clone();
    let event_resources = events::generate(&machine, &target, translation)?;
    let mut resources = vec![resource];
    resources.extend(role);
    resources.extend(published);
    resources.extend(event_resources);
    propagate_tags(&mut resources, machine.get("Tags"), machine.truthy("PropagateTags"));
    Ok(Generated::new(resources, &[]))
}

fn tags(machine: &Instance) -> Vec<Value> {
    let mut tags = tag_pairs(map([("stateMachine:createdBy", text("SAM"))]).as_map());
    tags.extend(tag_pairs(machine.get("Tags").and_then(Value::as_map)));
    tags
}

/// The execution role, unless the template has one.
fn role(machine: &Instance, translation: &Translation) -> Result<Option<Resource>> {
    if machine.truthy("Role") && machine.truthy("Policies") {
        let message = "Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them";
        return Err(machine.error(message));
    }
    if machine.truthy("Role") {
        return Ok(None);
    }
    let mut policies = match machine.some("Policies") {
        Some(Value::List(policies)) => policies.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    if machine.get("Tracing").and_then(|tracing| tracing.get("Enabled")).and_then(Value::as_bool) == Some(true) {
        policies.push(text(translation.context.xray_policy()));
    }
    let parts = RoleParts {
        attributes: &machine.passed_on(),
        trust: iam::trust("states.amazonaws.com"),
        managed: Vec::new(),
        documents: Vec::new(),
        path: machine.get("RolePath"),
        boundary: machine.get("PermissionsBoundary"),
        tags: tags(machine),
    };
    policies::role(&machine.id, Some(&policies.into()), parts, translation.context).map(Some)
}

/// `AutoPublishAlias`: a version, and an alias that is moved to it.
fn publish(machine: &Instance, resource: &Resource) -> Result<Vec<Resource>> {
    let Some(alias) = machine.some("AutoPublishAlias") else {
        let dependent = ["UseAliasAsEventTarget", "DeploymentPreference"];
        return match dependent.iter().find(|name| machine.truthy(name)) {
            None => Ok(Vec::new()),
            Some(name) => Err(machine.error(format!("'{name}' requires 'AutoPublishAlias' property to be specified."))),
        };
    };
    let attributes = machine.passed_on();
    let mut kept = attributes.clone();
    kept.or_insert("DeletionPolicy", "Retain");
    kept.or_insert("UpdateReplacePolicy", "Retain");
    let version = Resource::new("AWS::StepFunctions::StateMachineVersion", format!("{}Version", machine.id), &kept)?
        .with("StateMachineArn", resource.arn())
        .with("StateMachineRevisionId", get_att(machine.id.clone(), "StateMachineRevisionId"));
    let mut preference = match machine.some("DeploymentPreference") {
        Some(Value::Map(preference)) => preference.clone(),
        _ => Map::from_iter([("Type".into(), text("ALL_AT_ONCE"))]),
    };
    preference.insert("StateMachineVersionArn", version.arn());
    let id = format!("{}Alias{}", machine.id, crate::python2::str(alias));
    let alias = Resource::new("AWS::StepFunctions::StateMachineAlias", id, &attributes)?
        .with("Name", alias.clone())
        .with("DeploymentPreference", preference);
    Ok(vec![version, alias])
}
