//! `ScheduleV2`: EventBridge Scheduler, for functions and state machines.

use super::Scene;
use super::rule::{check_dead_letter_config, queue_id};
use crate::error::{Error, Result};
use crate::iam;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::value::{Map, Value, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("PermissionsBoundary", Shape::Text),
    required("ScheduleExpression", Shape::Text),
    optional("FlexibleTimeWindow", Shape::Map),
    optional("Name", Shape::Text),
    optional("State", Shape::Text),
    optional("Description", Shape::Text),
    optional("StartDate", Shape::Text),
    optional("EndDate", Shape::Text),
    optional("ScheduleExpressionTimezone", Shape::Text),
    optional("GroupName", Shape::Text),
    optional("KmsKeyArn", Shape::Text),
    optional("Input", Shape::Text),
    optional("RoleArn", Shape::Text),
    optional("DeadLetterConfig", Shape::Map),
    optional("RetryPolicy", Shape::Map),
    optional("OmitName", Shape::Bool).literal(),
];

const SAME: &[&str] = &[
    "ScheduleExpression",
    "Description",
    "StartDate",
    "EndDate",
    "ScheduleExpressionTimezone",
    "GroupName",
    "KmsKeyArn",
];

/// What the schedule starts.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Function(&'a Resource),
    StateMachine(&'a Resource),
}

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    schedule(event, Target::Function(scene.target))
}

/// The AWS::Scheduler::Schedule, with a role and a queue unless the template names its own.
pub(crate) fn schedule(event: &Instance, target: Target) -> Result<Vec<Resource>> {
    let (Target::Function(resource) | Target::StateMachine(resource)) = target;
    let attributes = resource.passed_on();
    let mut schedule = without_target(event, &attributes)?;
    let mut made = Vec::new();
    let mut queue_arn = None;
    if let Some(config) = event.get("DeadLetterConfig").and_then(Value::as_map) {
        check_dead_letter_config(event, config)?;
        queue_arn = config.get("Arn").cloned();
        if queue_arn.is_none() {
            let queue = Resource::new("AWS::SQS::Queue", queue_id(event, config)?, &attributes)?;
            queue_arn = Some(queue.arn());
            made.push(queue);
        }
    }
    let role_arn = match event.some("RoleArn") {
        Some(arn) => arn.clone(),
        None => {
            let role = role(event, target, &attributes, queue_arn.as_ref())?;
            let arn = role.arn();
            made.push(role);
            arn
        }
    };
    let mut invoked = Map::new();
    invoked.insert("Arn", resource.arn());
    invoked.insert("RoleArn", role_arn);
    invoked.insert_some("Input", event.get("Input").cloned());
    invoked.insert_some("DeadLetterConfig", queue_arn.map(|arn| map([("Arn", arn)])));
    invoked.insert_some("RetryPolicy", event.get("RetryPolicy").cloned());
    schedule.set("Target", invoked);
    made.insert(0, schedule);
    Ok(made)
}

fn without_target(event: &Instance, attributes: &Map) -> Result<Resource> {
    let schedule = Resource::new("AWS::Scheduler::Schedule", event.id.clone(), attributes)?
        .with_same(SAME, &event.properties)
        .with_some("State", event.some("State").cloned());
    let window = event.some("FlexibleTimeWindow").cloned().unwrap_or_else(|| map([("Mode", text("OFF"))]));
    let schedule = schedule.with("FlexibleTimeWindow", window);
    match (event.truthy("OmitName"), event.some("Name")) {
        (true, Some(_)) => Err(Error::event(&event.id, "Name cannot be set when OmitName is True")),
        (true, None) => Ok(schedule),
        (false, name) => Ok(schedule.with("Name", name.cloned().unwrap_or_else(|| text(&event.id)))),
    }
}

fn role(event: &Instance, target: Target, attributes: &Map, queue: Option<&Value>) -> Result<Resource> {
    let mut policies = vec![match target {
        Target::Function(function) => iam::invoke_function(&function.arn(), &event.id),
        Target::StateMachine(machine) => iam::start_execution(&machine.arn(), &event.id),
    }];
    policies.extend(queue.map(|queue| iam::send_message(queue, &event.id)));
    Ok(Resource::new("AWS::IAM::Role", format!("{}Role", event.id), attributes)?
        .with("AssumeRolePolicyDocument", iam::trust("scheduler.amazonaws.com"))
        .with("Policies", policies)
        .with_some("PermissionsBoundary", event.some("PermissionsBoundary").cloned()))
}
