//! What may invoke a function: one table of event sources, one file for each family.

mod api;
mod cognito;
mod http_api;
mod iot;
mod kafka;
mod logs;
mod permission;
mod pull;
mod rule;
mod s3;
mod scheduler;
mod sns;

pub(crate) use api::{Method, Route, api_id_of, check_rest_api, rest_api_id};
pub(crate) use rule::{dead_letter_queue, state, target_id};
pub(crate) use scheduler::{RULES as SCHEDULER_RULES, Target as SchedulerTarget, schedule};

use crate::error::{Error, Result};
use crate::python2;
use crate::resource::Resource;
use crate::rules::{Instance, Rule};
use crate::transform::Translation;
use crate::value::{Map, Text, Value};

/// What an event source works on.
pub(crate) struct Scene<'a, 'c> {
    /// The function, or its alias.
    pub(crate) target: &'a Resource,
    /// The function's role, which event sources add permissions to.
    pub(crate) role: &'a mut Resource,
    pub(crate) translation: &'a mut Translation<'c>,
}

type Link = fn(&Instance, &Map) -> Result<()>;
type Generate = fn(&mut Instance, &mut Scene) -> Result<Vec<Resource>>;

/// A kind of event source.
struct Kind {
    name: &'static str,
    rules: fn() -> Vec<Rule>,
    /// Checks that what the event refers to is in the template.
    link: Link,
    generate: Generate,
}

const KINDS: &[Kind] = &[
    Kind { name: "AlexaSkill", rules: || permission::RULES.to_vec(), link: no_link, generate: permission::alexa_skill },
    Kind { name: "Api", rules: || api::RULES.to_vec(), link: api::link, generate: api::generate },
    Kind { name: "CloudWatchEvent", rules: || rule::EVENT_RULES.to_vec(), link: no_link, generate: rule::event },
    Kind { name: "CloudWatchLogs", rules: || logs::RULES.to_vec(), link: no_link, generate: logs::generate },
    Kind { name: "Cognito", rules: || cognito::RULES.to_vec(), link: cognito::link, generate: cognito::generate },
    Kind { name: "DocumentDB", rules: || pull::rules("DocumentDB"), link: no_link, generate: pull::generate },
    Kind { name: "DynamoDB", rules: || pull::rules("DynamoDB"), link: no_link, generate: pull::generate },
    Kind { name: "EventBridgeRule", rules: || rule::EVENT_RULES.to_vec(), link: no_link, generate: rule::event },
    Kind { name: "HttpApi", rules: || http_api::RULES.to_vec(), link: http_api::link, generate: http_api::generate },
    Kind { name: "IoTRule", rules: || iot::RULES.to_vec(), link: no_link, generate: iot::generate },
    Kind { name: "Kinesis", rules: || pull::rules("Kinesis"), link: no_link, generate: pull::generate },
    Kind { name: "MQ", rules: || pull::rules("MQ"), link: no_link, generate: pull::generate },
    Kind { name: "MSK", rules: || pull::rules("MSK"), link: no_link, generate: pull::generate },
    Kind { name: "S3", rules: || s3::RULES.to_vec(), link: s3::link, generate: s3::generate },
    Kind { name: "SNS", rules: || sns::RULES.to_vec(), link: no_link, generate: sns::generate },
    Kind { name: "SQS", rules: || pull::rules("SQS"), link: no_link, generate: pull::generate },
    Kind { name: "Schedule", rules: || rule::SCHEDULE_RULES.to_vec(), link: no_link, generate: rule::schedule },
    Kind { name: "ScheduleV2", rules: || scheduler::RULES.to_vec(), link: no_link, generate: scheduler::generate },
    Kind {
        name: "SelfManagedKafka",
        rules: || pull::rules("SelfManagedKafka"),
        link: no_link,
        generate: pull::generate,
    },
];

fn no_link(_: &Instance, _: &Map) -> Result<()> {
    Ok(())
}

/// Reads an event source and checks its properties.
fn read(function_id: &str, event_id: &Text, definition: &Value) -> Result<(&'static Kind, Instance)> {
    let definition = map_of(event_id, definition)?;
    let kind = definition.get("Type");
    let found = kind.and_then(Value::as_str).and_then(|name| KINDS.iter().find(|kind| kind.name == name));
    let found = found.ok_or_else(|| unknown(event_id, kind))?;
    let mut event = Instance::read(format!("{function_id}{event_id}"), found.name, &(found.rules)(), definition)?;
    event.relative_id = event_id.to_string();
    Ok((found, event))
}

/// The definition of an event source as a map; what else it is, Python says.
pub(crate) fn map_of<'d>(event_id: &str, definition: &'d Value) -> Result<&'d Map> {
    definition.as_map().ok_or_else(|| {
        Error::event(event_id, format!("'{}' object has no attribute 'get'", python2::type_name(definition)))
    })
}

/// Complains about an event source of no known type.
pub(crate) fn unknown(event_id: &str, kind: Option<&Value>) -> Error {
    let message = format!(
        "Resource dict has missing or invalid value for key Type. Event Type is: {}.",
        python2::str_or_none(kind)
    );
    Error::event(event_id, message)
}

/// Checks every event source of a function before anything is generated.
pub(crate) fn link(function: &Instance, resources: &Map) -> Result<()> {
    for (event_id, definition) in function.get("Events").and_then(Value::as_map).iter().flat_map(|events| events.iter())
    {
        let linked = read(&function.id, event_id, definition).and_then(|(kind, event)| (kind.link)(&event, resources));
        linked.map_err(|error| error.of_function(&function.id))?;
    }
    Ok(())
}

/// Generates what every event source of a function needs.
pub(crate) fn generate(
    function: &Instance,
    target: &Resource,
    role: &mut Resource,
    translation: &mut Translation,
) -> Result<Vec<Resource>> {
    let mut events: Vec<(&Text, &Value)> =
        function.get("Events").and_then(Value::as_map).iter().flat_map(|events| events.iter()).collect();
    events.sort_by_key(|(event_id, definition)| {
        let path = definition.get("Properties").and_then(|properties| properties.get("Path"));
        path.and_then(Value::as_str).unwrap_or(event_id).to_owned()
    });
    let mut resources = Vec::new();
    for (event_id, definition) in events {
        let (kind, mut event) = read(&function.id, event_id, definition)?;
        let mut scene = Scene { target, role, translation };
        resources.extend((kind.generate)(&mut event, &mut scene)?);
    }
    Ok(resources)
}
