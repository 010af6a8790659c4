//! IoT topic rules.

use super::Scene;
use super::permission::permission_from;
use crate::error::Result;
use crate::intrinsics::{reference, sub, sub_with};
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::value::{Value, list, map};

pub(crate) const RULES: &[Rule] = &[required("Sql", Shape::Text), optional("AwsIotSqlVersion", Shape::Text)];

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let arn = scene.translation.context.arn("iot", "rule/${RuleName}");
    let source = sub_with(arn, [("RuleName", reference(&event.id))]);
    let permission = permission_from(event, "iot.amazonaws.com", Some(source), scene)?
        .with("SourceAccount", sub("${AWS::AccountId}"));
    let action = map([("Lambda", map([("FunctionArn", scene.target.arn())]))]);
    let mut payload = map([
        ("Sql", event.get("Sql").cloned().unwrap_or(Value::Null)),
        ("RuleDisabled", false.into()),
        ("Actions", list([action])),
    ]);
    if let Some(payload) = payload.as_map_mut() {
        payload.insert_some("AwsIotSqlVersion", event.some("AwsIotSqlVersion").cloned());
    }
    let rule = Resource::new("AWS::IoT::TopicRule", event.id.clone(), &scene.target.passed_on())?;
    Ok(vec![permission, rule.with("TopicRulePayload", payload)])
}
