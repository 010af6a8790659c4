//! The definition of a state machine. Written in the template, it becomes text; what CloudFormation
//! has to fill in becomes a substitution.

use crate::code_location::Location;
use crate::error::Result;
use crate::intrinsics::{is_intrinsic, join};
use crate::json;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::value::{Map, Value, text};

pub(crate) fn add(machine: &Instance, resource: &mut Resource) -> Result<()> {
    let mut substitutions = match machine.some("DefinitionSubstitutions") {
        Some(Value::Map(given)) => given.clone(),
        _ => Map::new(),
    };
    match (machine.some("Definition"), machine.some("DefinitionUri")) {
        (Some(_), Some(_)) => {
            return Err(machine.error("Specify either 'Definition' or 'DefinitionUri' property and not both."));
        }
        (None, None) => return Err(machine.error("Either 'Definition' or 'DefinitionUri' property must be specified.")),
        (Some(definition), None) => {
            let mut definition = definition.clone();
            let mut counter = 0;
            substitute(&mut definition, &mut counter, &mut substitutions);
            let lines = json::pretty(&definition).split('\n').map(Value::from).collect();
            resource.set("DefinitionString", join("\n", lines));
        }
        (None, Some(uri)) => {
            let location = Location::read(uri, &machine.id, "DefinitionUri")?;
            resource.set("DefinitionS3Location", location.into_parts(Map::new(), ["Bucket", "Key", "Version"]));
        }
    }
    if !substitutions.is_empty() {
        resource.set("DefinitionSubstitutions", substitutions);
    }
    Ok(())
}

/// Replaces every intrinsic function and dynamic reference, in the order of sorted keys.
fn substitute(value: &mut Value, counter: &mut usize, substitutions: &mut Map) {
    let mut members: Vec<&mut Value> = match value {
        Value::List(items) => items.iter_mut().collect(),
        Value::Map(map) => sorted_members(map),
        _ => return,
    };
    for member in &mut members {
        if is_intrinsic(member) || is_dynamic_reference(member) {
            *counter += 1;
            let name = format!("definition_substitution_{counter}");
            let reference = text(format!("${{{name}}}"));
            substitutions.insert(name, std::mem::replace(*member, reference));
        } else {
            substitute(member, counter, substitutions);
        }
    }
}

fn sorted_members(map: &mut Map) -> Vec<&mut Value> {
    let mut keys = map.keys();
    keys.sort_by(|a, b| a[..].cmp(b));
    let order: std::collections::HashMap<String, usize> =
        keys.iter().enumerate().map(|(at, key)| (key.to_string(), at)).collect();
    let mut members: Vec<(usize, &mut Value)> =
        map.entries_mut().map(|(key, value)| (order.get(&**key).copied().unwrap_or_default(), value)).collect();
    members.sort_by_key(|(at, _)| *at);
    members.into_iter().map(|(_, value)| value).collect()
}

/// `{{resolve:ssm:name}}` and its like.
fn is_dynamic_reference(value: &Value) -> bool {
    let inner = value.as_str().and_then(|text| text.strip_prefix("{{resolve:")?.strip_suffix("}}"));
    let parts = inner.and_then(|inner| inner.split_once(':'));
    parts.is_some_and(|(service, rest)| {
        !rest.is_empty() && !service.is_empty() && service.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    })
}
