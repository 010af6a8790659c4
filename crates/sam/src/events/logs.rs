//! CloudWatch Logs, by way of a subscription filter.

use super::Scene;
use super::permission::permission_from;
use crate::error::Result;
use crate::intrinsics::sub_with;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, required};
use crate::value::{Value, list};

pub(crate) const RULES: &[Rule] = &[required("LogGroupName", Shape::Text), required("FilterPattern", Shape::Text)];

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let group = event.get("LogGroupName").cloned().unwrap_or(Value::Null);
    let arn = scene.translation.context.arn("logs", "log-group:${__LogGroupName__}:*");
    let source = sub_with(arn, [("__LogGroupName__", group)]);
    let permission = permission_from(event, "logs.amazonaws.com", Some(source), scene)?;
    let filter = Resource::new("AWS::Logs::SubscriptionFilter", event.id.clone(), &scene.target.passed_on())?
        .depending_on(Some(list([permission.id.clone().into()])))
        .with_same(&["LogGroupName", "FilterPattern"], &event.properties)
        .with("DestinationArn", scene.target.arn());
    Ok(vec![permission, filter])
}
