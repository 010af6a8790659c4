//! EventBridge rules: by schedule and by pattern.

use super::Scene;
use super::permission::permission_from;
use crate::error::{Error, Result};
use crate::iam;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::value::{Map, Value, list, map, text};

pub(crate) const SCHEDULE_RULES: &[Rule] = &[
    required("Schedule", Shape::Text),
    optional("RuleName", Shape::Text),
    optional("Input", Shape::Text),
    optional("Enabled", Shape::Bool),
    optional("State", Shape::Text),
    optional("Name", Shape::Text),
    optional("Description", Shape::Text),
    optional("DeadLetterConfig", Shape::Map),
    optional("RetryPolicy", Shape::Map),
];

pub(crate) const EVENT_RULES: &[Rule] = &[
    optional("EventBusName", Shape::Text),
    optional("RuleName", Shape::Text),
    optional("Pattern", Shape::Map),
    optional("DeadLetterConfig", Shape::Map),
    optional("RetryPolicy", Shape::Map),
    optional("Input", Shape::Text),
    optional("InputPath", Shape::Text),
    optional("Target", Shape::Map),
    optional("Enabled", Shape::Bool),
    optional("State", Shape::Text),
    optional("InputTransformer", Shape::Map),
];

const PRINCIPAL: &str = "events.amazonaws.com";
const SUFFIX: &str = "LambdaTarget";

pub(crate) fn schedule(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let mut rule = Resource::new("AWS::Events::Rule", event.id.clone(), &scene.target.passed_on())?
        .with_some("ScheduleExpression", event.get("Schedule").cloned())
        .with_some("State", state(event)?)
        .with_same(&["Name", "Description"], &event.properties);
    let queue = dead_letter_queue(event, &rule)?;
    let target = target(event, scene, text(target_id(&event.id, SUFFIX)), &queue.arn);
    rule.set("Targets", list([target]));
    let permission = permission_from(event, PRINCIPAL, Some(rule.arn()), scene)?;
    let mut resources = vec![rule];
    resources.extend(queue.resources);
    resources.push(permission);
    Ok(resources)
}

pub(crate) fn event(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let mut rule = Resource::new("AWS::Events::Rule", event.id.clone(), &scene.target.passed_on())?
        .with_some("EventBusName", event.get("EventBusName").cloned())
        .with_some("EventPattern", event.get("Pattern").cloned())
        .with_some("Name", event.get("RuleName").cloned());
    let queue = dead_letter_queue(event, &rule)?;
    let state = state(event)?;
    rule = rule.with_some("State", state);
    let own_id = event.some("Target").and_then(|target| target.get("Id")).cloned();
    let id = own_id.unwrap_or_else(|| text(target_id(&event.id, SUFFIX)));
    rule.set("Targets", list([target(event, scene, id, &queue.arn)]));
    let permission = permission_from(event, PRINCIPAL, Some(rule.arn()), scene)?;
    let mut resources = queue.resources;
    resources.extend([rule, permission]);
    Ok(resources)
}

fn target(event: &Instance, scene: &Scene, id: Value, queue: &Option<Value>) -> Value {
    let mut target = Map::new();
    target.insert("Arn", scene.target.arn());
    target.insert("Id", id);
    for name in ["Input", "InputPath", "RetryPolicy", "InputTransformer"] {
        target.insert_some(name, event.get(name).cloned());
    }
    if let Some(queue) = queue {
        target.insert("DeadLetterConfig", map([("Arn", queue.clone())]));
    }
    target.into()
}

/// `State`, or what `Enabled` makes of it; not both.
pub(crate) fn state(event: &Instance) -> Result<Option<Value>> {
    let enabled = event.get("Enabled").map(|enabled| text(if enabled.truthy() { "ENABLED" } else { "DISABLED" }));
    if event.truthy("State") && enabled.is_some() {
        return Err(Error::event(&event.relative_id, "State and Enabled Properties cannot both be specified."));
    }
    Ok(enabled.or_else(|| event.some("State").cloned()))
}

/// A target's id: at most 64 characters, with the suffix in any case.
pub(crate) fn target_id(id: &str, suffix: &str) -> String {
    const LONGEST: usize = 64;
    let kept = id.len().min(LONGEST - suffix.len());
    format!("{}{suffix}", &id[..kept])
}

/// The queue for events that could not be delivered.
#[derive(Default)]
pub(crate) struct DeadLetterQueue {
    pub(crate) arn: Option<Value>,
    /// The queue and its policy, if the template does not name one.
    pub(crate) resources: Vec<Resource>,
}

/// Reads `DeadLetterConfig`: the ARN of a queue, or the wish for one.
pub(crate) fn dead_letter_queue(event: &Instance, rule: &Resource) -> Result<DeadLetterQueue> {
    let Some(config) = event.get("DeadLetterConfig").and_then(Value::as_map) else {
        return Ok(DeadLetterQueue::default());
    };
    check_dead_letter_config(event, config)?;
    if let Some(arn) = config.get("Arn") {
        return Ok(DeadLetterQueue { arn: Some(arn.clone()), resources: Vec::new() });
    }
    let queue = Resource::new("AWS::SQS::Queue", queue_id(event, config)?, &rule.attributes)?;
    let service = map([("Service", text(PRINCIPAL))]);
    let policy = Resource::new("AWS::SQS::QueuePolicy", format!("{}QueuePolicy", event.id), &rule.attributes)?
        .with("PolicyDocument", iam::queue_policy(service, &queue.arn(), &rule.arn()))
        .with("Queues", list([queue.reference()]));
    Ok(DeadLetterQueue { arn: Some(queue.arn()), resources: vec![queue, policy] })
}

/// Either the ARN of a queue or the type of one to make.
pub(crate) fn check_dead_letter_config(event: &Instance, config: &Map) -> Result<()> {
    let wrong = match (config.contains("Arn"), config.contains("Type")) {
        (true, true) => "You can either define 'Arn' or 'Type' property of DeadLetterConfig.",
        (false, true) if config.str("Type") != Some("SQS") => {
            "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'."
        }
        (false, false) => "No 'Arn' or 'Type' property provided for DeadLetterConfig.",
        _ => return Ok(()),
    };
    Err(Error::event(&event.id, wrong))
}

/// The logical id of a queue to make.
pub(crate) fn queue_id(event: &Instance, config: &Map) -> Result<String> {
    match config.get("QueueLogicalId") {
        None => Ok(format!("{}Queue", event.id)),
        Some(Value::Text(id)) if id.is_empty() => Ok(format!("{}Queue", event.id)),
        Some(Value::Text(id)) => Ok(id.to_string()),
        Some(_) => Err(Error::event(&event.id, "QueueLogicalId must be a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_id_is_cut_to_64_characters() {
        assert_eq!(target_id("FunctionTick", SUFFIX), "FunctionTickLambdaTarget");
        let long = target_id(&"x".repeat(80), SUFFIX);
        assert_eq!((long.len(), long.ends_with(SUFFIX)), (64, true));
    }
}
