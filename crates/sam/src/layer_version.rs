//! AWS::Serverless::LayerVersion: a version of a layer whose name changes with its definition.

use crate::code_location;
use crate::error::Result;
use crate::intrinsics::is_intrinsic;
use crate::logical_id;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("LayerName", Shape::TextOrMap),
    optional("Description", Shape::Text),
    optional("PublishLambdaVersion", Shape::Bool),
    required("ContentUri", Shape::TextOrMap),
    optional("CompatibleArchitectures", Shape::TextsOrMaps),
    optional("CompatibleRuntimes", Shape::TextsOrMaps),
    optional("LicenseInfo", Shape::Text),
    optional("RetentionPolicy", Shape::Text),
];

pub(crate) fn transform(mut layer: Instance, translation: &mut Translation) -> Result<Generated> {
    for name in ["LayerName", "LicenseInfo", "Description", "RetentionPolicy"] {
        resolve(&mut layer, name, translation)?;
    }
    let retention = retention(&layer)?;
    let mut attributes = layer.passed_on();
    if let Some(policy) = retention {
        attributes.insert("DeletionPolicy", policy);
    } else if !attributes.contains("DeletionPolicy") {
        attributes.insert("DeletionPolicy", "Retain");
    }
    layer.check(RULES)?;
    let id = logical_id::of(&layer.id, &definition(&layer));
    let name = layer.some("LayerName").cloned().unwrap_or_else(|| text(&layer.id));
    let content = layer.get("ContentUri").unwrap_or(&Value::Null);
    let resource = Resource::new("AWS::Lambda::LayerVersion", id.as_str(), &attributes)?
        .depending_on(layer.depends_on.clone())
        .with("LayerName", name)
        .with("Content", code_location::code(content, &id, "ContentUri")?)
        .with_same(&["Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"], &layer.properties);
    check_architectures(&resource)?;
    Ok(Generated::renamed(vec![resource], id))
}

fn resolve(layer: &mut Instance, name: &str, translation: &Translation) -> Result<()> {
    let Some(value) = layer.get_mut(name).filter(|value| value.truthy()) else { return Ok(()) };
    let value = translation.parameters.resolved(value)?;
    if value.as_str().is_none() && value.as_map().is_none() {
        return Err(layer.error(format!("Could not resolve parameter for '{name}' or parameter is not a String.")));
    }
    layer.properties.insert(name, value);
    Ok(())
}

/// The deletion policy that `RetentionPolicy` asks for.
fn retention(layer: &Instance) -> Result<Option<&'static str>> {
    let Some(policy) = layer.get("RetentionPolicy") else { return Ok(None) };
    if is_intrinsic(policy) {
        let message = "'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: \
                       ['Retain', 'Delete']";
        return Err(layer.error(message));
    }
    let Some(policy) = policy.as_str() else {
        let message = "Invalid 'RetentionPolicy' type, please use one of the following options: ['Retain', 'Delete']";
        return Err(layer.error(message));
    };
    match policy.to_lowercase().as_str() {
        "retain" => Ok(Some("Retain")),
        "delete" => Ok(Some("Delete")),
        _ => Err(layer.error("'RetentionPolicy' must be one of the following options: ['Retain', 'Delete'].")),
    }
}

/// What the name is a hash of.
fn definition(layer: &Instance) -> Value {
    let mut definition = Map::new();
    definition.insert("Type", "AWS::Serverless::LayerVersion");
    definition.insert_some("DependsOn", layer.depends_on.clone().filter(|depends_on| depends_on.truthy()));
    for name in ["UpdatePolicy", "Condition"] {
        definition.insert_some(name, layer.attributes.get(name).cloned());
    }
    let properties: Map = layer
        .properties
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    definition.insert("Properties", properties);
    map([(&layer.id, definition.into())])
}

fn check_architectures(layer: &Resource) -> Result<()> {
    let architectures = layer.properties.get("CompatibleArchitectures").and_then(Value::as_list);
    let known = |value: &Value| is_intrinsic(value) || value.is("x86_64") || value.is("arm64");
    match architectures.is_none_or(|architectures| architectures.iter().all(known)) {
        true => Ok(()),
        false => {
            let message = "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'";
            Err(crate::error::Error::resource(&layer.id, message))
        }
    }
}
