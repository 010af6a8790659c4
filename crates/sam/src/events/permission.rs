//! The permission that lets an event source invoke a function; and Alexa, which needs no more.

use super::Scene;
use crate::error::Result;
use crate::logical_id;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional};
use crate::value::Value;

pub(crate) const RULES: &[Rule] = &[optional("SkillId", Shape::Text)];

/// The AWS::Lambda::Permission of an event source.
pub(crate) fn permission(prefix: &str, suffix: &str, principal: &str, target: &Resource) -> Result<Resource> {
    let id = match logical_id::is_alphanumeric(suffix) {
        true => format!("{prefix}Permission{suffix}"),
        false => logical_id::of_text(&format!("{prefix}Permission"), suffix),
    };
    Ok(Resource::new("AWS::Lambda::Permission", id, &target.passed_on())?
        .with("Action", "lambda:InvokeFunction")
        .with("FunctionName", target.reference())
        .with("Principal", principal))
}

/// The same, for one source.
pub(crate) fn permission_from(
    event: &Instance,
    principal: &str,
    source: Option<Value>,
    scene: &Scene,
) -> Result<Resource> {
    Ok(permission(&event.id, "", principal, scene.target)?.with_some("SourceArn", source))
}

pub(crate) fn alexa_skill(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let permission = permission_from(event, "alexa-appkit.amazon.com", None, scene)?;
    Ok(vec![permission.with_some("EventSourceToken", event.get("SkillId").cloned())])
}
