//! What may start a state machine.

use crate::error::{Error, Result};
use crate::events::{
    Method, Route, SCHEDULER_RULES, SchedulerTarget, check_rest_api, dead_letter_queue, map_of, rest_api_id,
    schedule as scheduler, state, target_id, unknown,
};
use crate::iam;
use crate::intrinsics::sub;
use crate::json;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::swagger::Swagger;
use crate::transform::Translation;
use crate::value::{Map, Text, Value, list, map, text};

const SCHEDULE: &[Rule] = &[
    required("Schedule", Shape::Text),
    optional("Input", Shape::Text),
    optional("Enabled", Shape::Bool),
    optional("State", Shape::Text),
    optional("Name", Shape::Text),
    optional("Description", Shape::Text),
    optional("DeadLetterConfig", Shape::Map),
    optional("RetryPolicy", Shape::Map),
    optional("Target", Shape::Map).literal(),
    optional("RoleArn", Shape::Text).literal(),
];

const PATTERN: &[Rule] = &[
    optional("EventBusName", Shape::Text),
    optional("RuleName", Shape::Text),
    optional("Pattern", Shape::Map),
    optional("Input", Shape::Text),
    optional("InputPath", Shape::Text),
    optional("DeadLetterConfig", Shape::Map),
    optional("RetryPolicy", Shape::Map),
    optional("State", Shape::Text),
    optional("Target", Shape::Map).literal(),
    optional("InputTransformer", Shape::Map),
];

const API: &[Rule] = &[
    required("Path", Shape::Text),
    required("Method", Shape::Text),
    required("RestApiId", Shape::Text),
    optional("Stage", Shape::Text),
    optional("Auth", Shape::Map),
    optional("UnescapeMappingTemplate", Shape::Bool).literal(),
];

/// What an event source works on.
struct Scene<'a, 'c> {
    /// The state machine, or its alias.
    target: &'a Resource,
    boundary: Option<&'a Value>,
    translation: &'a mut Translation<'c>,
}

/// A kind of event source.
struct Kind {
    name: &'static str,
    rules: &'static [Rule],
    generate: fn(&Instance, &mut Scene) -> Result<Vec<Resource>>,
}

const KINDS: &[Kind] = &[
    Kind { name: "Api", rules: API, generate: api },
    Kind { name: "CloudWatchEvent", rules: PATTERN, generate: pattern },
    Kind { name: "EventBridgeRule", rules: PATTERN, generate: pattern },
    Kind { name: "Schedule", rules: SCHEDULE, generate: schedule },
    Kind {
        name: "ScheduleV2",
        rules: SCHEDULER_RULES,
        generate: |event, scene| scheduler(event, SchedulerTarget::StateMachine(scene.target)),
    },
];

fn read(machine_id: &str, event_id: &Text, definition: &Value) -> Result<(&'static Kind, Instance)> {
    let definition = map_of(event_id, definition)?;
    let kind = definition.get("Type");
    let found = kind.and_then(Value::as_str).and_then(|name| KINDS.iter().find(|kind| kind.name == name));
    let found = found.ok_or_else(|| unknown(event_id, kind))?;
    let mut event = Instance::read(format!("{machine_id}{event_id}"), found.name, found.rules, definition)?;
    event.relative_id = event_id.to_string();
    Ok((found, event))
}

/// Checks every event source before anything is generated.
pub(crate) fn link(machine: &Instance, resources: &Map) -> Result<()> {
    for (event_id, definition) in machine.get("Events").and_then(Value::as_map).iter().flat_map(|events| events.iter())
    {
        let linked = read(&machine.id, event_id, definition).and_then(|(kind, event)| match kind.name {
            "Api" => check_rest_api(&event, resources).map(|_| ()),
            _ => Ok(()),
        });
        linked.map_err(|error| error.of_function(&machine.id))?;
    }
    Ok(())
}

/// Generates what every event source needs.
pub(crate) fn generate(machine: &Instance, target: &Resource, translation: &mut Translation) -> Result<Vec<Resource>> {
    let mut resources = Vec::new();
    for (event_id, definition) in machine.get("Events").and_then(Value::as_map).iter().flat_map(|events| events.iter())
    {
        let (kind, event) = read(&machine.id, event_id, definition)?;
        let mut scene = Scene { target, boundary: machine.get("PermissionsBoundary"), translation };
        resources.extend((kind.generate)(&event, &mut scene)?);
    }
    Ok(resources)
}

/// The role with which the event source starts the state machine.
fn role(event: &Instance, service: &str, scene: &Scene) -> Result<Resource> {
    let id = format!("{}Role", event.id);
    let policy = iam::start_execution(&scene.target.arn(), &id);
    Ok(Resource::new("AWS::IAM::Role", id, &scene.target.passed_on())?
        .with("AssumeRolePolicyDocument", iam::trust(service))
        .with("Policies", list([policy]))
        .with_some("PermissionsBoundary", scene.boundary.filter(|boundary| boundary.truthy()).cloned()))
}

fn schedule(event: &Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let mut rule = Resource::new("AWS::Events::Rule", event.id.clone(), &scene.target.passed_on())?
        .with_some("ScheduleExpression", event.get("Schedule").cloned())
        .with_some("State", state(event)?)
        .with_same(&["Name", "Description"], &event.properties);
    let role = match event.get("RoleArn") {
        None => Some(role(event, "events.amazonaws.com", scene)?),
        Some(_) => None,
    };
    let role_arn = role.as_ref().map(Resource::arn).or_else(|| event.get("RoleArn").cloned());
    let queue = dead_letter_queue(event, &rule)?;
    rule.set("Targets", list([target(event, scene, role_arn, queue.arn)]));
    let mut resources = vec![rule];
    resources.extend(role);
    resources.extend(queue.resources);
    Ok(resources)
}

fn pattern(event: &Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let mut rule = Resource::new("AWS::Events::Rule", event.id.clone(), &scene.target.passed_on())?
        .with_some("EventBusName", event.get("EventBusName").cloned())
        .with_some("EventPattern", event.get("Pattern").cloned())
        .with_some("Name", event.get("RuleName").cloned())
        .with_some("State", event.some("State").cloned());
    let role = role(event, "events.amazonaws.com", scene)?;
    let queue = dead_letter_queue(event, &rule)?;
    rule.set("Targets", list([target(event, scene, Some(role.arn()), queue.arn)]));
    let mut resources = vec![rule, role];
    resources.extend(queue.resources);
    Ok(resources)
}

fn target(event: &Instance, scene: &Scene, role: Option<Value>, queue: Option<Value>) -> Value {
    let own_id = event.some("Target").and_then(|target| target.get("Id")).cloned();
    let mut target = Map::new();
    target.insert("Arn", scene.target.arn());
    target.insert("Id", own_id.unwrap_or_else(|| text(target_id(&event.id, "StepFunctionsTarget"))));
    target.insert_some("RoleArn", role);
    for name in ["Input", "InputPath", "RetryPolicy", "InputTransformer"] {
        target.insert_some(name, event.get(name).cloned());
    }
    target.insert_some("DeadLetterConfig", queue.map(|arn| map([("Arn", arn)])));
    target.into()
}

fn api(event: &Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let role = role(event, "apigateway.amazonaws.com", scene)?;
    let stage = check_rest_api(event, &scene.translation.source)?;
    let Some(id) = rest_api_id(event) else { return Ok(vec![role]) };
    let mut api = scene.translation.api_properties(&id);
    if !api.truthy("__MANAGE_SWAGGER") || api.get("DefinitionBody").is_none() {
        return Ok(vec![role]);
    }
    let route = Route::of(event);
    let mut editor = Swagger::open(api.get("DefinitionBody"))?;
    if editor.paths.has_integration(&route.path, &route.method)? {
        let message = format!("API method \"{}\" defined multiple times for path \"{}\".", route.method, route.path);
        return Err(Error::event(&event.relative_id, message));
    }
    let uri = sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution");
    let parts = [uri, role.arn(), request_templates(event, scene.target)];
    editor.add_state_machine(&route.path, &route.method, parts, scene.target.condition())?;
    if let Some(auth) = event.some("Auth").and_then(Value::as_map) {
        let method = Method { event, api: &api, api_id: &id, route: &route, stage: &stage };
        method.authorize(auth, &mut editor, &scene.translation.parameters)?;
    }
    api.insert("DefinitionBody", editor.close());
    scene.translation.set_api_properties(&id, api);
    Ok(vec![role])
}

/// How a request becomes the input of an execution.
fn request_templates(event: &Instance, target: &Resource) -> Value {
    let arn = format!("${{{}}}", target.id);
    let escaped = "$util.escapeJavaScript($input.json('$'))";
    let template = match event.truthy("UnescapeMappingTemplate") {
        true => format!("{{\"input\": \"{escaped}.replaceAll(\"\\\\'\",\"'\")\", \"stateMachineArn\": \"{arn}\"}}"),
        false => json::default(&map([("input", text(escaped)), ("stateMachineArn", text(arn))])),
    };
    map([("application/json", sub(template))])
}
