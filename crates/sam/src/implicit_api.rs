//! APIs that a template does not define: every `Api` event without an API of its own goes to one
//! that SAM adds, and so does every `HttpApi` event. In passing, the paths of events are entered
//! into the definitions of all APIs whose definitions SAM manages.

use crate::error::{Error, Result};
use crate::events::api_id_of;
use crate::expect::Owner;
use crate::intrinsics::{combine, conditional};
use crate::openapi::{self, OpenApi};
use crate::swagger::paths::{ANY_METHOD, Paths};
use crate::swagger::{self, Swagger};
use crate::value::{Map, Text, Value, map, text};
use indexmap::IndexMap;

/// The two kinds of APIs, and what differs between them.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Flavor {
    Rest,
    Http,
}

impl Flavor {
    fn event(self) -> &'static str {
        if self == Flavor::Rest { "Api" } else { "HttpApi" }
    }

    fn resource(self) -> &'static str {
        if self == Flavor::Rest { "AWS::Serverless::Api" } else { "AWS::Serverless::HttpApi" }
    }

    fn id_property(self) -> &'static str {
        if self == Flavor::Rest { "RestApiId" } else { "ApiId" }
    }

    fn implicit_id(self) -> &'static str {
        if self == Flavor::Rest { "ServerlessRestApi" } else { "ServerlessHttpApi" }
    }

    fn skeleton(self) -> Value {
        if self == Flavor::Rest { swagger::skeleton() } else { openapi::skeleton() }
    }

    fn is_valid(self, document: Option<&Value>) -> bool {
        if self == Flavor::Rest { swagger::is_valid(document) } else { openapi::is_valid(document) }
    }

    /// Changes the paths of a definition.
    fn edit(self, document: Option<&Value>, change: &mut dyn FnMut(&mut Paths) -> Result<()>) -> Result<Value> {
        match self {
            Flavor::Rest => {
                let mut editor = Swagger::open(document)?;
                change(&mut editor.paths)?;
                Ok(editor.close())
            }
            Flavor::Http => {
                let mut editor = OpenApi::open(document)?;
                change(&mut editor.paths)?;
                Ok(editor.close())
            }
        }
    }
}

/// What the functions behind the methods of the APIs have for attributes.
#[derive(Default)]
struct Attributes {
    /// API, path and method to the condition, if any.
    conditions: IndexMap<Text, IndexMap<Text, IndexMap<Text, Option<Value>>>>,
    deletion_policies: Vec<Value>,
    update_replace_policies: Vec<Value>,
}

/// Gives a definition to each API without one.
pub(crate) fn default_definitions(resources: &mut Map) {
    for flavor in [Flavor::Rest, Flavor::Http] {
        for resource in resources.values_mut() {
            let Some(resource) =
                resource.as_map_mut().filter(|resource| resource.str("Type") == Some(flavor.resource()))
            else {
                continue;
            };
            if flavor == Flavor::Http {
                resource.or_insert("Properties", Map::new());
            }
            if let Some(Value::Map(properties)) = resource.get_mut("Properties")
                && !properties.truthy("DefinitionBody")
                && !properties.truthy("DefinitionUri")
            {
                properties.insert("DefinitionBody", flavor.skeleton());
                properties.insert("__MANAGE_SWAGGER", true);
            }
        }
    }
}

/// Enters the events' paths, and adds the implicit API if an event needs it.
pub(crate) fn apply(flavor: Flavor, template: &mut Map, resources: &mut Map) -> Result<()> {
    let implicit = flavor.implicit_id();
    let existing = resources.get(implicit).map(Value::deep_copy);
    resources.insert(implicit, implicit_api(flavor));

    let mut attributes = Attributes::default();
    let mut errors = Vec::new();
    for id in resources.keys() {
        match enter_events(flavor, &id, template, resources, &mut attributes) {
            Err(error @ Error::Event { .. }) => errors.push(error.of_function(&id)),
            other => other?,
        }
    }
    inherit(flavor, template, resources, &attributes);
    make_paths_conditional(flavor, template, resources, &attributes)?;

    let unused =
        resources.get(implicit).and_then(|api| api.get("Properties")?.get("DefinitionBody")?.get("paths")?.as_map());
    if unused.is_some_and(Map::is_empty) {
        match existing {
            Some(existing) => resources.insert(implicit, existing),
            None => drop(resources.remove(implicit)),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Document(errors)) }
}

fn implicit_api(flavor: Flavor) -> Value {
    let mut properties = Map::new();
    if flavor == Flavor::Rest {
        properties.insert("StageName", "Prod");
    }
    properties.insert("DefinitionBody", flavor.skeleton());
    properties.insert("__MANAGE_SWAGGER", true);
    map([("Type", text(flavor.resource())), ("Properties", properties.into())])
}

/// Enters the events of one function or state machine.
fn enter_events(
    flavor: Flavor,
    id: &str,
    template: &Map,
    resources: &mut Map,
    attributes: &mut Attributes,
) -> Result<()> {
    let Some(Value::Map(owner)) = resources.get(id) else { return Ok(()) };
    if !matches!(owner.str("Type"), Some("AWS::Serverless::Function" | "AWS::Serverless::StateMachine")) {
        return Ok(());
    }
    let owner = owner.clone();
    let Some(Value::Map(events)) = owner.get("Properties").and_then(|properties| properties.get("Events")) else {
        return Ok(());
    };
    let is_ours = |event: &Value| event.get("Type").is_some_and(|kind| kind.is(flavor.event()));
    let mut ours = Map::hashed();
    for (event_id, event) in events.iter().filter(|(_, event)| is_ours(event)) {
        ours.insert(event_id, event.clone());
    }
    for event_id in ours.keys() {
        let Some(event) = ours.get_mut(&event_id).and_then(Value::as_map_mut) else { continue };
        enter_event(flavor, &event_id, event, &owner, template, resources, attributes)?;
        let event = event.clone();
        if let Some(events) = events_of(resources, id) {
            events.insert(&event_id, event);
        }
    }
    if let Some(events) = events_of(resources, id) {
        events.update(&ours);
    }
    Ok(())
}

fn events_of<'r>(resources: &'r mut Map, id: &str) -> Option<&'r mut Map> {
    let properties = resources.get_mut(id)?.as_map_mut()?.get_mut("Properties")?;
    properties.as_map_mut()?.get_mut("Events")?.as_map_mut()
}

fn enter_event(
    flavor: Flavor,
    event_id: &str,
    event: &mut Map,
    owner: &Map,
    template: &Map,
    resources: &mut Map,
    attributes: &mut Attributes,
) -> Result<()> {
    if flavor == Flavor::Rest && !event.truthy("Properties") {
        return Ok(());
    }
    let properties = event.or_insert("Properties", Map::new());
    let Some(properties) = properties.as_map_mut() else {
        return Err(Error::event(event_id, "Properties should be a map."));
    };
    if !properties.contains(flavor.id_property()) {
        pass_tags(flavor, owner, template, resources);
        properties.insert(flavor.id_property(), map([("Ref", text(flavor.implicit_id()))]));
    }
    if flavor == Flavor::Http && !properties.truthy("Path") && !properties.truthy("Method") {
        properties.insert("Path", "$default");
        properties.insert("Method", ANY_METHOD);
    }
    let expect = Owner::Event(event_id);
    expect.some("Path", properties.get("Path"))?;
    expect.some("Method", properties.get("Method"))?;
    let api_id = expect.text(flavor.id_property(), api_id_of(properties.get(flavor.id_property())))?.clone();
    let path = expect.text("Path", properties.get("Path"))?.clone();
    let method = expect.text("Method", properties.get("Method"))?.clone();
    attributes.note(flavor, &api_id, &path, &method, owner);
    enter_path(flavor, event_id, &api_id, &path, &method, resources)?;
    if flavor == Flavor::Http && properties.contains("RouteSettings") {
        enter_route_settings(event_id, properties, [&api_id, &path, &method], owner, resources)?;
    }
    Ok(())
}

impl Attributes {
    fn note(&mut self, flavor: Flavor, api_id: &Text, path: &Text, method: &Text, owner: &Map) {
        let attribute = |name: &str| owner.get(name).filter(|value| value.truthy()).cloned();
        let methods = self.conditions.entry(api_id.clone()).or_default().entry(path.clone()).or_default();
        methods.insert(method.clone(), owner.get("Condition").cloned());
        if &**api_id == flavor.implicit_id() {
            self.deletion_policies.extend(attribute("DeletionPolicy"));
            self.update_replace_policies.extend(attribute("UpdateReplacePolicy"));
        }
    }
}

/// The implicit API gets the tags of functions that want theirs propagated.
fn pass_tags(flavor: Flavor, owner: &Map, template: &Map, resources: &mut Map) {
    let section = owner.str("Type").unwrap_or_default().trim_start_matches("AWS::Serverless::");
    let globals = template.get("Globals").and_then(|globals| globals.get(section));
    let own = owner.get("Properties");
    let find = |name: &str| {
        let own = own.and_then(|properties| properties.get(name)).filter(|value| value.truthy());
        own.or_else(|| globals.and_then(|globals| globals.get(name)).filter(|value| value.truthy())).cloned()
    };
    let (Some(Value::Map(tags)), Some(_)) = (find("Tags"), find("PropagateTags")) else { return };
    let api = resources.get_mut(flavor.implicit_id()).and_then(Value::as_map_mut);
    let properties = api.and_then(|api| api.get_mut("Properties")).and_then(Value::as_map_mut);
    if let Some(properties) = properties {
        if let Value::Map(all) = properties.or_insert("Tags", Map::new()) {
            all.update(&tags);
        }
        properties.insert("PropagateTags", true);
    }
}

fn enter_path(
    flavor: Flavor,
    event_id: &str,
    api_id: &str,
    path: &Text,
    method: &Text,
    resources: &mut Map,
) -> Result<()> {
    let api = resources.get_mut(api_id).and_then(Value::as_map_mut);
    let kind = api.as_ref().and_then(|api| api.str("Type")).map(str::to_owned);
    let http_from_rest = flavor == Flavor::Rest && kind.as_deref() == Some(Flavor::Http.resource());
    let Some(api) = api.filter(|_| !http_from_rest) else {
        let message = format!(
            "{} must be a valid reference to an '{}' resource in same template.",
            flavor.id_property(),
            flavor.resource()
        );
        return Err(Error::event(event_id, message));
    };
    let Some(properties) = api.get_mut("Properties").and_then(Value::as_map_mut) else { return Ok(()) };
    let body = properties.get("DefinitionBody");
    if !flavor.is_valid(body) || !properties.truthy("__MANAGE_SWAGGER") {
        return Ok(());
    }
    let body = flavor.edit(body, &mut |paths| paths.add(path, method))?;
    properties.insert("DefinitionBody", body);
    Ok(())
}

fn enter_route_settings(
    event_id: &str,
    event: &Map,
    [api_id, path, method]: [&Text; 3],
    owner: &Map,
    resources: &mut Map,
) -> Result<()> {
    let route = match &**method {
        ANY_METHOD => path.to_string(),
        method => format!("{} {path}", method.to_uppercase()),
    };
    let api = resources.get_mut(api_id).and_then(Value::as_map_mut);
    let Some(properties) = api.and_then(|api| api.get_mut("Properties")).and_then(Value::as_map_mut) else {
        return Ok(());
    };
    let settings = event.get("RouteSettings").cloned().unwrap_or_else(|| map([]));
    let settings = match owner.get("Condition").filter(|condition| condition.truthy()) {
        Some(condition) => conditional(condition.clone(), settings),
        None => settings,
    };
    let all = properties.or_insert("RouteSettings", Map::new());
    let all = all.as_map_mut().ok_or_else(|| Error::resource(api_id, "Property 'RouteSettings' should be a map."))?;
    let Value::Map(settings) = settings else {
        return Err(Error::event(event_id, "Property 'RouteSettings' should be a map."));
    };
    if let Value::Map(of_route) = all.or_insert(route, Map::new()) {
        of_route.update(&settings);
    }
    Ok(())
}

/// Gives the implicit API the attributes that all its functions have.
fn inherit(flavor: Flavor, template: &mut Map, resources: &mut Map, attributes: &Attributes) {
    let implicit = flavor.implicit_id();
    let mut inherited = Map::new();
    let methods =
        attributes.conditions.get(implicit).into_iter().flat_map(|paths| paths.values()).flat_map(IndexMap::values);
    if let Some(condition) = common(methods, &format!("{implicit}Condition"), template) {
        inherited.insert("Condition", condition);
    }
    let strongest = |policies: &[Value], names: &[&str]| {
        names.iter().find(|name| policies.iter().any(|policy| policy.is(name))).map(text)
    };
    inherited.insert_some("DeletionPolicy", strongest(&attributes.deletion_policies, &["Retain", "Delete"]));
    let update = strongest(&attributes.update_replace_policies, &["Retain", "Snapshot", "Delete"]);
    inherited.insert_some("UpdateReplacePolicy", update);
    if let Some(api) = resources.get_mut(implicit).and_then(Value::as_map_mut) {
        api.update(&inherited);
    }
}

/// The condition under which at least one of them is there, if each has one.
fn common<'a>(conditions: impl Iterator<Item = &'a Option<Value>>, name: &str, template: &mut Map) -> Option<Value> {
    let mut all: Vec<Value> = Vec::new();
    for condition in conditions {
        let condition = condition.as_ref()?;
        if !all.contains(condition) {
            all.push(condition.clone());
        }
    }
    if all.len() < 2 {
        return all.pop();
    }
    all.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    if let Value::Map(conditions) = template.or_insert("Conditions", Map::new()) {
        conditions.update(&combine(all, name));
    }
    Some(text(name))
}

fn make_paths_conditional(
    flavor: Flavor,
    template: &mut Map,
    resources: &mut Map,
    attributes: &Attributes,
) -> Result<()> {
    for id in resources.keys() {
        let Some(api) = resources.get_mut(&id).and_then(Value::as_map_mut) else { continue };
        if api.str("Type") != Some(flavor.resource()) {
            continue;
        }
        let Some(properties) = api.get_mut("Properties").and_then(Value::as_map_mut) else { continue };
        if !properties.truthy("__MANAGE_SWAGGER") {
            continue;
        }
        let body = flavor.edit(properties.get("DefinitionBody"), &mut |paths| {
            for path in paths.names() {
                let methods = attributes.conditions.get(&id).and_then(|of_api| of_api.get(&path));
                let name = format!("{id}{}PathCondition", spelled_out(&path));
                if let Some(condition) = common(methods.into_iter().flat_map(IndexMap::values), &name, template) {
                    paths.make_conditional(&path, condition);
                }
            }
            Ok(())
        })?;
        properties.insert("DefinitionBody", body);
    }
    Ok(())
}

fn spelled_out(path: &str) -> String {
    path.replace('/', "SLASH").replace('{', "OB").replace('}', "CB")
}
