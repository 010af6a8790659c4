//! `DeploymentPreference`: gradual deployments by CodeDeploy, with one application and one role
//! for all functions.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::iam;
use crate::intrinsics::{combine, get_att, if_parts, is_if, is_intrinsic, is_no_value, reference, sub_with};
use crate::resource::{Resource, tag_pairs};
use crate::rules::Instance;
use crate::value::{Map, Text, Value, list, map, text};

const APPLICATION: &str = "ServerlessDeploymentApplication";
const ROLE: &str = "CodeDeployServiceRole";
const CONDITION: &str = "ServerlessCodeDeployCondition";

/// Configurations that CodeDeploy knows under a longer name.
const PREDEFINED: [&str; 9] = [
    "Canary10Percent5Minutes",
    "Canary10Percent10Minutes",
    "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",
    "Linear10PercentEvery1Minute",
    "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes",
    "Linear10PercentEvery10Minutes",
    "AllAtOnce",
];

/// The enabled preferences of all functions.
#[derive(Default)]
pub(crate) struct Deployments(Vec<Preference>);

struct Preference {
    function_id: Text,
    settings: Map,
    condition: Option<Value>,
    tags: Option<Map>,
}

impl Deployments {
    /// Adds a function's preference; if it is enabled, answers the update policy of its alias.
    pub(crate) fn add(&mut self, function: &Instance, settings: &Map) -> Result<Option<Value>> {
        let disabled = match settings.get("Enabled") {
            None => settings.contains("Enabled"),
            Some(enabled) => !enabled.truthy() || enabled.is("false") || enabled.is("False"),
        };
        if disabled {
            return Ok(None);
        }
        if !settings.contains("Type") {
            return Err(function.error("'DeploymentPreference' is missing required Property 'Type'"));
        }
        let hooks = settings.get("Hooks");
        if hooks.map_or(settings.contains("Hooks"), |hooks| hooks.as_map().is_none()) {
            return Err(function.error("'Hooks' property of 'DeploymentPreference' must be a dictionary"));
        }
        let passed_on = function.passed_on();
        let condition = passed_on.get("Condition").filter(|_| settings.truthy("PassthroughCondition")).cloned();
        let tags = function.some("Tags").filter(|_| function.truthy("PropagateTags")).and_then(Value::as_map).cloned();
        let preference = Preference { function_id: function.id.clone(), settings: settings.clone(), condition, tags };
        let update_policy = preference.update_policy();
        self.0.push(preference);
        if function.truthy("AutoPublishAlias") {
            self.0.last().map(Preference::group).transpose()?;
        }
        Ok(Some(update_policy))
    }

    /// The application, the role and a deployment group for each function, with their conditions.
    pub(crate) fn resources(&self, context: &Context) -> std::result::Result<(Vec<Resource>, Map), Vec<Error>> {
        let (mut resources, mut errors) = (Vec::new(), Vec::new());
        if self.0.is_empty() {
            return Ok((resources, Map::new()));
        }
        let (condition, conditions) = self.condition();
        let tags = self.tags();
        let service_role = self.0.iter().any(|preference| !preference.settings.truthy("Role"));
        let common = [Some(application()), service_role.then(|| role(context))];
        for resource in common.into_iter().flatten() {
            match resource {
                Ok(mut resource) => {
                    resource.attributes.insert_some("Condition", condition.clone());
                    resources.push(resource.with_some("Tags", (!tags.is_empty()).then(|| tags.clone())));
                }
                Err(error) => errors.push(error),
            }
        }
        for preference in &self.0 {
            match preference.group() {
                Ok(group) => resources.push(group),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok((resources, conditions)) } else { Err(errors) }
    }

    /// The condition of what all share, if every function has one, and its definition.
    fn condition(&self) -> (Option<Value>, Map) {
        let mut conditions: Vec<Value> = Vec::new();
        for preference in &self.0 {
            match &preference.condition {
                None => return (None, Map::new()),
                Some(condition) if !conditions.contains(condition) => conditions.push(condition.clone()),
                Some(_) => {}
            }
        }
        if conditions.len() == 1 {
            return (conditions.pop(), Map::new());
        }
        (Some(text(CONDITION)), combine(conditions, CONDITION))
    }

    fn tags(&self) -> Vec<Value> {
        let mut tags = Map::new();
        for preference in &self.0 {
            if let Some(own) = &preference.tags {
                tags.update(own);
            }
        }
        tag_pairs(Some(&tags))
    }
}

fn application() -> Result<Resource> {
    Ok(Resource::new("AWS::CodeDeploy::Application", APPLICATION, &Map::new())?.with("ComputePlatform", "Lambda"))
}

fn role(context: &Context) -> Result<Resource> {
    let policy = match context.partition() {
        "aws-iso" | "aws-iso-b" => "service-role/AWSCodeDeployRoleForLambdaLimited",
        _ => "service-role/AWSCodeDeployRoleForLambda",
    };
    Ok(Resource::new("AWS::IAM::Role", ROLE, &Map::new())?
        .with("AssumeRolePolicyDocument", iam::trust("codedeploy.amazonaws.com"))
        .with("ManagedPolicyArns", list([text(context.aws_policy_arn(policy))])))
}

impl Preference {
    fn group_id(&self) -> String {
        format!("{}DeploymentGroup", self.function_id)
    }

    fn update_policy(&self) -> Value {
        let hook = |name: &str| self.settings.get("Hooks").and_then(|hooks| hooks.get(name)).cloned();
        let mut update = Map::new();
        update.insert("ApplicationName", reference(APPLICATION));
        update.insert("DeploymentGroupName", reference(&self.group_id()));
        update.insert_some("BeforeAllowTrafficHook", hook("PreTraffic"));
        update.insert_some("AfterAllowTrafficHook", hook("PostTraffic"));
        map([("CodeDeployLambdaAliasUpdate", update.into())])
    }

    fn group(&self) -> Result<Resource> {
        let some = |name: &str| self.settings.get(name).filter(|value| value.truthy());
        let events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"];
        let rollback = map([("Enabled", true.into()), ("Events", list(events.map(Value::from)))]);
        let style = map([("DeploymentType", text("BLUE_GREEN")), ("DeploymentOption", text("WITH_TRAFFIC_CONTROL"))]);
        let kind = self.settings.get("Type").cloned();
        let alarms = alarms(some("Alarms")).map_err(|wrong| Error::resource(&self.function_id, wrong))?;
        let mut group = Resource::new("AWS::CodeDeploy::DeploymentGroup", self.group_id(), &Map::new())?
            .with_some("AlarmConfiguration", alarms)
            .with("ApplicationName", reference(APPLICATION))
            .with("AutoRollbackConfiguration", rollback)
            .with_some("DeploymentConfigName", kind.map(|kind| config_name(&kind, false)))
            .with("DeploymentStyle", style)
            .with("ServiceRoleArn", some("Role").cloned().unwrap_or_else(|| get_att(ROLE, "Arn")))
            .with_some("TriggerConfigurations", some("TriggerConfigurations").cloned())
            .with_some("Tags", self.tags.as_ref().map(|tags| tag_pairs(Some(tags))));
        group.attributes.insert_some("Condition", self.condition.clone());
        Ok(group)
    }
}

fn alarms(alarms: Option<&Value>) -> std::result::Result<Option<Value>, String> {
    let Some(alarms) = alarms.filter(|alarms| !is_no_value(alarms)) else { return Ok(None) };
    if is_if(alarms) {
        let [condition, then, otherwise] = if_parts(alarms)?;
        let sides = list([condition.clone(), alarm_configuration(then)?, alarm_configuration(otherwise)?]);
        return Ok(Some(map([("Fn::If", sides)])));
    }
    alarm_configuration(alarms).map(Some)
}

fn alarm_configuration(alarms: &Value) -> std::result::Result<Value, String> {
    let alarms = alarms.as_list().ok_or("Alarms must be a list")?;
    if alarms.first().is_none_or(is_no_value) {
        return Ok(map([]));
    }
    let alarms: Vec<Value> = alarms.iter().map(|alarm| map([("Name", alarm.clone())])).collect();
    Ok(map([("Enabled", true.into()), ("Alarms", alarms.into())]))
}

/// The name of a configuration as CodeDeploy knows it, inside of intrinsic functions, too.
fn config_name(value: &Value, in_sub: bool) -> Value {
    match value {
        Value::List(items) => Value::List(items.iter().map(|item| config_name(item, false)).collect()),
        Value::Map(function) if is_intrinsic(value) => Value::Map(
            function.iter().map(|(key, member)| (key.clone(), config_name(member, &**key == "Fn::Sub"))).collect(),
        ),
        Value::Text(name) if PREDEFINED.contains(&&**name) => {
            let pattern = "CodeDeployDefault.Lambda${ConfigName}";
            match in_sub {
                true => list([text(pattern), map([("ConfigName", value.clone())])]),
                false => sub_with(pattern, [("ConfigName", value.clone())]),
            }
        }
        other => other.clone(),
    }
}
