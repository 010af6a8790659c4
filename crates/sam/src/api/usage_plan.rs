//! `UsagePlan` of a REST API: a plan, a key and their connection, per API or for all of them.

use super::Auth;
use crate::error::{Error, Result};
use crate::intrinsics::{or, reference};
use crate::resource::Resource;
use crate::rules::Instance;
use crate::transform::Translation;
use crate::value::{Map, Value, list, map, text};

const SHARED_CONDITION: &str = "SharedUsagePlanCondition";

/// What the APIs that share a usage plan bring into it.
#[derive(Default)]
pub(crate) struct SharedUsagePlan {
    apis: Vec<Value>,
    api_stages: Vec<Value>,
    stage_keys: Vec<Value>,
    conditions: Vec<Value>,
    unconditional: bool,
    deletion_policy: Option<Value>,
    update_replace_policy: Option<Value>,
}

pub(crate) fn resources(api: &Instance, stage: &Resource, translation: &mut Translation) -> Result<Vec<Resource>> {
    let Some(plan) = Auth::of(api).and_then(|auth| auth.get("UsagePlan").cloned()) else { return Ok(Vec::new()) };
    let Value::Map(plan) = plan else { return Err(api.error("'UsagePlan' must be a dictionary")) };
    let known = ["CreateUsagePlan", "Description", "Quota", "Tags", "Throttle", "UsagePlanName"];
    if !plan.keys().iter().all(|key| known.contains(&&**key)) {
        return Err(api.error("Invalid property for 'UsagePlan'"));
    }
    match plan.get("CreateUsagePlan") {
        None => Err(api.error("'CreateUsagePlan' is a required field for UsagePlan.")),
        Some(create) if create.is("NONE") => Ok(Vec::new()),
        Some(create) if create.is("PER_API") => per_api(api, stage, &plan),
        Some(create) if create.is("SHARED") => shared(api, stage, &plan, translation),
        Some(_) => Err(api.error("'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].")),
    }
}

fn per_api(api: &Instance, stage: &Resource, plan: &Map) -> Result<Vec<Resource>> {
    let attributes = api.passed_on();
    build(Parts {
        prefix: &api.id,
        attributes: [attributes.clone(), attributes.clone(), attributes],
        depends_on: vec![text(&api.id)],
        api_stages: vec![api_stage(api, stage)],
        stage_keys: vec![stage_key(api, stage)],
        plan,
    })
}

fn shared(api: &Instance, stage: &Resource, plan: &Map, translation: &mut Translation) -> Result<Vec<Resource>> {
    let own = api.passed_on();
    let mut shared = std::mem::take(&mut translation.usage_plan);
    let attributes = (|| {
        Ok([
            shared.combined(&own, translation)?,
            shared.combined(&own, translation)?,
            shared.combined(&own, translation)?,
        ])
    })();
    push_new(&mut shared.apis, text(&api.id));
    push_new(&mut shared.api_stages, api_stage(api, stage));
    push_new(&mut shared.stage_keys, stage_key(api, stage));
    let resources = attributes.and_then(|attributes| {
        build(Parts {
            prefix: "Serverless",
            attributes,
            depends_on: shared.apis.clone(),
            api_stages: shared.api_stages.clone(),
            stage_keys: shared.stage_keys.clone(),
            plan,
        })
    });
    translation.usage_plan = shared;
    resources
}

fn api_stage(api: &Instance, stage: &Resource) -> Value {
    map([("ApiId", reference(&api.id)), ("Stage", stage.reference())])
}

fn stage_key(api: &Instance, stage: &Resource) -> Value {
    map([("RestApiId", reference(&api.id)), ("StageName", stage.reference())])
}

fn push_new(items: &mut Vec<Value>, item: Value) {
    if !items.contains(&item) {
        items.push(item);
    }
}

struct Parts<'a> {
    prefix: &'a str,
    /// Of the plan, the key and their connection.
    attributes: [Map; 3],
    depends_on: Vec<Value>,
    api_stages: Vec<Value>,
    stage_keys: Vec<Value>,
    plan: &'a Map,
}

fn build(parts: Parts) -> Result<Vec<Resource>> {
    let id = |suffix: &str| format!("{}{suffix}", parts.prefix);
    let [of_plan, of_key, of_connection] = parts.attributes;
    let mut plan = Resource::new("AWS::ApiGateway::UsagePlan", id("UsagePlan"), &of_plan)?
        .depending_on(Some(parts.depends_on.into()))
        .with("ApiStages", parts.api_stages);
    for name in ["UsagePlanName", "Description", "Quota", "Tags", "Throttle"] {
        plan = plan.with_some(name, parts.plan.get(name).filter(|value| value.truthy()).cloned());
    }
    let key = Resource::new("AWS::ApiGateway::ApiKey", id("ApiKey"), &of_key)?
        .depending_on(Some(list([plan.id.clone().into()])))
        .with("Enabled", true)
        .with("StageKeys", parts.stage_keys);
    let connection = Resource::new("AWS::ApiGateway::UsagePlanKey", id("UsagePlanKey"), &of_connection)?
        .depending_on(Some(list([key.id.clone().into()])))
        .with("KeyId", key.reference())
        .with("KeyType", "API_KEY")
        .with("UsagePlanId", plan.reference());
    Ok(vec![plan, key, connection])
}

impl SharedUsagePlan {
    /// The attributes of all APIs so far in one.
    fn combined(&mut self, own: &Map, translation: &mut Translation) -> Result<Map> {
        let stronger = |new: &Value, old: &Value| new.is("Retain") || new.is("Snapshot") && old.is("Delete");
        if let Some(policy) = own.get("DeletionPolicy").filter(|policy| policy.truthy())
            && (self.deletion_policy.is_none() || policy.is("Retain"))
        {
            self.deletion_policy = Some(policy.clone());
        }
        if let Some(policy) = own.get("UpdateReplacePolicy").filter(|policy| policy.truthy())
            && self.update_replace_policy.as_ref().is_none_or(|old| stronger(policy, old))
        {
            self.update_replace_policy = Some(policy.clone());
        }
        self.add_condition(own.get("Condition"), translation)?;
        let mut combined = Map::new();
        combined.insert_some("DeletionPolicy", self.deletion_policy.clone());
        combined.insert_some("UpdateReplacePolicy", self.update_replace_policy.clone());
        if !self.conditions.is_empty() && !self.unconditional {
            combined.insert("Condition", SHARED_CONDITION);
        }
        Ok(combined)
    }

    fn add_condition(&mut self, condition: Option<&Value>, translation: &mut Translation) -> Result<()> {
        if self.unconditional {
            return Ok(());
        }
        let Some(condition) = condition else {
            self.unconditional = true;
            if let Some(conditions) = &mut translation.conditions {
                conditions.remove(SHARED_CONDITION);
            }
            return Ok(());
        };
        if self.conditions.contains(condition) {
            return Ok(());
        }
        let Some(conditions) = &mut translation.conditions else {
            let message = "Can't have condition without having 'Conditions' section in the template";
            return Err(Error::Template(message.into()));
        };
        self.conditions.push(condition.clone());
        let definition = if self.conditions.len() > 1 { or(&self.conditions) } else { condition.clone() };
        conditions.insert(SHARED_CONDITION, definition);
        Ok(())
    }
}
