//! Which parts of a template are read as Python 2 read them: those that end up in the definition
//! of an API, whose notation is what its deployment's name is a hash of.

use crate::value::{Map, Value};

/// Whether there is an API whose definition has to be in that notation.
pub(crate) fn applies(template: &Map) -> bool {
    let resources: Vec<&Value> =
        template.get("Resources").and_then(Value::as_map).iter().flat_map(|all| all.values()).collect();
    let kind = |resource: &Value, kind: &str| resource.get("Type").is_some_and(|it| it.is(kind));
    let has_event = |resource: &Value, event: &str| {
        let events = resource.get("Properties").and_then(|properties| properties.get("Events")).and_then(Value::as_map);
        events.is_some_and(|events| events.values().any(|it| it.get("Type").is_some_and(|it| it.is(event))))
    };
    let is_function = |resource: &Value| kind(resource, "AWS::Serverless::Function");
    let runs = |resource: &Value| is_function(resource) || kind(resource, "AWS::Serverless::StateMachine");
    if resources.iter().any(|it| kind(it, "AWS::Serverless::Api") || runs(it) && has_event(it, "Api")) {
        return true;
    }
    let default = |auth: Option<&Value>| auth.and_then(|auth| auth.get("DefaultAuthorizer")).is_some_and(Value::truthy);
    let of_all =
        default(template.get("Globals").and_then(|globals| globals.get("HttpApi")).and_then(|it| it.get("Auth")));
    let own = |it: &Value| default(it.get("Properties").and_then(|properties| properties.get("Auth")));
    resources.iter().any(|it| kind(it, "AWS::Serverless::HttpApi") && (of_all || own(it)))
        || of_all && resources.iter().any(|it| is_function(it) && has_event(it, "HttpApi"))
}

/// Reads those parts, and the values of parameters, as Python 2 does.
pub(crate) fn convert(template: &mut Map, values: &mut Map) {
    if let Some(Value::Map(globals)) = template.get_mut("Globals") {
        convert_member(globals, "Api");
    }
    if let Some(Value::Map(parameters)) = template.get_mut("Parameters") {
        for definition in parameters.values_mut().filter_map(Value::as_map_mut) {
            convert_member(definition, "Default");
        }
        rehash(parameters);
    }
    if let Some(Value::Map(resources)) = template.get_mut("Resources") {
        for resource in resources.values_mut().filter_map(Value::as_map_mut) {
            convert_resource(resource);
        }
        rehash(resources);
    }
    for value in values.values_mut() {
        *value = std::mem::replace(value, Value::Null).into_python2();
    }
}

fn convert_resource(resource: &mut Map) {
    match resource.str("Type") {
        Some("AWS::Serverless::Api" | "AWS::Serverless::HttpApi") => convert_member(resource, "Properties"),
        Some("AWS::Serverless::Function" | "AWS::Serverless::StateMachine") => {
            if resource.get("Properties").is_some() {
                convert_member(resource, "Condition");
            }
            if let Some(Value::Map(properties)) = resource.get_mut("Properties") {
                convert_member(properties, "FunctionName");
                convert_member(properties, "Events");
            }
        }
        _ => {}
    }
}

fn convert_member(map: &mut Map, name: &str) {
    if let Some(value) = map.get_mut(name) {
        *value = std::mem::replace(value, Value::Null).into_python2();
    }
}

/// The keys as Python 2 keeps them; the values stay as they are.
fn rehash(map: &mut Map) {
    let mut hashed = Map::hashed();
    for (key, value) in std::mem::take(map).into_entries() {
        hashed.insert(crate::value::Text::unicode(key), value);
    }
    *map = hashed;
}
