//! `Connectors` of a resource: connectors whose source is the resource itself.

use super::RULES;
use crate::error::{Error, Result};
use crate::rules::Instance;
use crate::transform::overwrites;
use crate::value::{Map, Value, map, text};

const KIND: &str = "AWS::Serverless::Connector";

/// Makes resources of embedded connectors.
pub(crate) fn lift_embedded(resources: &mut Map, errors: &mut Vec<Error>) {
    let mut lifted = Vec::new();
    for (id, resource) in resources.iter() {
        let Some(resource) = resource.as_map().filter(|resource| resource.contains("Connectors")) else { continue };
        let Some(Value::Map(connectors)) = resource.get("Connectors") else {
            errors.push(Error::resource(id, format!("Attribute '{id}.Connectors' should be a map.")));
            continue;
        };
        for (name, definition) in connectors.iter() {
            match lift(id, name, definition, resources) {
                Ok(connector) => lifted.push((format!("{id}{name}"), connector)),
                Err(error) => errors.push(error),
            }
        }
    }
    for (id, connector) in lifted {
        resources.insert(id, connector);
    }
    for resource in resources.values_mut().filter_map(Value::as_map_mut) {
        if resource.contains("Connectors") {
            resource.remove("Connectors");
        }
    }
}

fn lift(source_id: &str, name: &str, definition: &Value, resources: &Map) -> Result<Map> {
    let id = format!("{source_id}{name}");
    let Value::Map(definition) = definition else {
        return Err(Error::resource(&id, format!("{source_id}.{id} should be a map.")));
    };
    let mut connector = definition.deep_copy();
    connector.insert("Type", KIND);
    let Some(Value::Map(properties)) = connector.get_mut("Properties") else {
        return Err(Error::resource(source_id, format!("Attribute 'Connectors.{name}.Properties' should be a map.")));
    };
    let mut source = map([("Id", text(source_id))]);
    if properties.contains("SourceReference") {
        let Some(Value::Map(more)) = properties.remove("SourceReference") else {
            let message = format!("Property 'Connectors.{name}.Properties.SourceReference' should be a map.");
            return Err(Error::resource(source_id, message));
        };
        if more.contains("Id") {
            return Err(Error::resource(name, "'Id' shouldn't be defined in 'SourceReference'."));
        }
        if let Value::Map(source) = &mut source {
            source.update(&more);
        }
    }
    properties.insert("Source", source);
    Instance::read(id.as_str(), KIND, RULES, &connector)?;
    if overwrites(&id, KIND, resources) {
        return Err(Error::Duplicate { id: source_id.to_owned(), generated: id, kind: KIND.to_owned() });
    }
    Ok(connector)
}
