//! `EventInvokeConfig`: retries of asynchronous invocations, and where their results go.

use crate::error::Result;
use crate::expect::Owner;
use crate::iam;
use crate::intrinsics::{conditional_else, if_parts, is_if, is_no_value, not};
use crate::logical_id;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::transform::Translation;
use crate::value::{Map, Value, list, map, text};

/// Resources to add, and policies for the function's role.
#[derive(Default)]
pub(crate) struct Destinations {
    pub(crate) resources: Vec<Resource>,
    pub(crate) policies: Vec<Value>,
}

/// The AWS::Lambda::EventInvokeConfig with the queues and topics that it needs.
pub(crate) fn resources(
    function: &mut Instance,
    alias: Option<&Resource>,
    translation: &mut Translation,
) -> Result<Destinations> {
    let mut made = Destinations::default();
    if !function.truthy("EventInvokeConfig") {
        return Ok(made);
    }
    let config = translation.parameters.resolved_option(function.get_mut("EventInvokeConfig"))?.unwrap_or(Value::Null);
    let id = format!("{}EventInvokeConfig", function.id);
    let mut destinations = Map::new();
    if let Some(given) = config.get("DestinationConfig").filter(|given| given.truthy()) {
        let owner = Owner::Resource(&function.id);
        let given = owner.map("EventInvokeConfig.DestinationConfig", Some(given))?;
        for outcome in ["OnSuccess", "OnFailure"] {
            let Some(destination) = given.get(outcome) else { continue };
            let path = format!("EventInvokeConfig.DestinationConfig.{outcome}");
            let destination = owner.map(&path, Some(destination))?;
            let target = add(function, destination, &id, outcome, &mut made, translation)?;
            translation.shared_destinations.settle(&function.id, outcome, &target, &mut translation.source);
            destinations.insert(outcome, map([("Destination", target)]));
        }
    }
    let invoke_config = Resource::new("AWS::Lambda::EventInvokeConfig", id, &function.attributes)?
        .depending_on(alias.map(|alias| list([alias.id.clone().into()])))
        .with("FunctionName", crate::intrinsics::reference(&function.id))
        .with(
            "Qualifier",
            alias.and_then(|alias| alias.properties.get("Name").cloned()).unwrap_or_else(|| text("$LATEST")),
        )
        .with("DestinationConfig", destinations)
        .with_some("MaximumEventAgeInSeconds", config.get("MaximumEventAgeInSeconds").cloned())
        .with_some("MaximumRetryAttempts", config.get("MaximumRetryAttempts").cloned());
    made.resources.push(invoke_config);
    Ok(made)
}

/// Adds one destination, with a queue or topic if the template names none, and answers its ARN.
fn add(
    function: &Instance,
    config: &Map,
    id: &str,
    outcome: &str,
    made: &mut Destinations,
    translation: &mut Translation,
) -> Result<Value> {
    let kind = config.get("Type");
    let Some(kind) =
        kind.and_then(Value::as_str).filter(|kind| ["SQS", "SNS", "EventBridge", "Lambda", "S3Bucket"].contains(kind))
    else {
        return Err(function.error(format!(
            "'Type: {}' must be one of ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']",
            crate::python2::str_or_none(kind)
        )));
    };
    let given = config.get("Destination");
    let base = id;
    let id = format!("{base}{outcome}");
    let absent = match given {
        None => None,
        Some(given) => match condition_of_absence(given, base, translation)? {
            None => {
                made.policies.push(policy(kind, given, &id));
                return Ok(given.clone());
            }
            found => found,
        },
    };
    let passed_on = function.passed_on();
    let condition =
        both(function, passed_on.get("Condition"), absent.as_ref().map(|(condition, _)| condition), translation);
    let mut resource = match kind {
        "SQS" => Resource::new("AWS::SQS::Queue", format!("{id}Queue"), &passed_on)?,
        "SNS" => Resource::new("AWS::SNS::Topic", format!("{id}Topic"), &passed_on)?,
        _ => return Err(function.error("Destination is required if Type is not ['SQS', 'SNS']")),
    };
    if let Some(condition) = condition {
        resource.attributes.insert("Condition", condition);
    }
    let target = match absent {
        Some((condition, present)) => conditional_else(condition, resource.arn(), present),
        None => resource.arn(),
    };
    made.policies.push(policy(kind, &target, &id));
    made.resources.push(resource);
    Ok(target)
}

fn policy(kind: &str, target: &Value, id: &str) -> Value {
    match kind {
        "SQS" => iam::send_message(target, id),
        "SNS" => iam::publish(target, id),
        "EventBridge" => iam::put_events(target, id),
        "Lambda" => iam::invoke_function(target, id),
        _ => iam::put_object(target, id),
    }
}

/// The condition under which there is no destination, and the destination otherwise.
fn condition_of_absence(given: &Value, id: &str, translation: &mut Translation) -> Result<Option<(Value, Value)>> {
    if !is_if(given) {
        return Ok(None);
    }
    let [condition, then, otherwise] = if_parts(given)
        .map_err(|wrong| Owner::Resource(id).error(format!("Malformed 'Destination' property: {wrong}.")))?;
    Ok(match (is_no_value(then), is_no_value(otherwise)) {
        (true, false) => Some((condition.clone(), otherwise.clone())),
        (false, true) => {
            let name = named_by_hash(&format!("NOT{}", crate::python2::str(condition)), id);
            translation.add_condition(name.clone(), not(condition.clone()));
            Some((text(name), then.clone()))
        }
        _ => None,
    })
}

/// The condition of the function and that of the destination in one.
fn both(
    function: &Instance,
    own: Option<&Value>,
    absent: Option<&Value>,
    translation: &mut Translation,
) -> Option<Value> {
    let (Some(own), Some(absent)) = (own, absent) else { return own.or(absent).cloned() };
    let names = format!("{}AND{}", crate::python2::str(own), crate::python2::str(absent));
    let name = named_by_hash(&names, &function.id);
    // Twice inside each other: so does SAM, and CloudFormation takes it.
    let inner = |condition: &Value| map([("Condition", map([("Condition", condition.clone())]))]);
    translation.add_condition(name.clone(), map([("Fn::And", list([inner(own), inner(absent)]))]));
    Some(text(name))
}

fn named_by_hash(name: &str, data: &str) -> String {
    const LONGEST: usize = 255;
    format!("{name}{}", logical_id::of_text("", data)).chars().take(LONGEST).collect()
}
