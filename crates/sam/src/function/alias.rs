//! `AutoPublishAlias`: a version whose name changes with the code, an alias on it, and how traffic
//! is shifted to it.

use crate::error::Result;
use crate::intrinsics::{is_intrinsic, join, target};
use crate::logical_id;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::transform::Translation;
use crate::value::{Map, Value, text};

/// What `AutoPublishAlias` makes of a function.
pub(crate) struct Published {
    pub(crate) version: Resource,
    pub(crate) alias: Resource,
}

/// The version and the alias, if the function publishes one.
pub(crate) fn publish(
    function: &mut Instance,
    lambda: &mut Resource,
    translation: &Translation,
) -> Result<Option<Published>> {
    if !function.truthy("AutoPublishAlias") {
        return Ok(None);
    }
    let resolve = |function: &mut Instance, name: &str| translation.parameters.resolved_option(function.get_mut(name));
    let Some(Value::Text(name)) = resolve(function, "AutoPublishAlias")? else {
        return Err(function.error("'AutoPublishAlias' must be a string or a Ref to a template parameter"));
    };
    let mut sha256 = None;
    if function.truthy("AutoPublishCodeSha256") {
        let Some(Value::Text(hash)) = resolve(function, "AutoPublishCodeSha256")? else {
            return Err(function.error("AutoPublishCodeSha256 must be a string"));
        };
        let description = resolve(function, "Description")?.filter(|description| description.truthy());
        let described = match description {
            None => Value::Text(hash.clone()),
            Some(Value::Text(description)) => text(format!("{description} {}", &*hash)),
            Some(other) => join(" ", vec![other, hash.clone().into()]),
        };
        lambda.set("Description", described);
        sha256 = Some(hash);
    }
    let version = version(function, lambda, sha256.as_deref(), translation)?;
    let alias = alias(function, lambda, &version, &name)?;
    Ok(Some(Published { version, alias }))
}

fn version(
    function: &Instance,
    lambda: &mut Resource,
    sha256: Option<&str>,
    translation: &Translation,
) -> Result<Resource> {
    if let Some(code) = lambda.properties.get_mut("Code") {
        translation.parameters.resolved(code)?;
    }
    let prefix = format!("{}Version", function.id);
    let id = match sha256.filter(|hash| !hash.is_empty()) {
        Some(hash) => format!("{prefix}{}", logical_id::shorten(hash)),
        None => logical_id::of(&prefix, &version_facts(function, lambda, translation).into()),
    };
    let mut attributes = function.passed_on();
    if !attributes.contains("DeletionPolicy") {
        let managed = function.get("CapacityProviderConfig").is_some();
        let default = text(if managed { "Delete" } else { "Retain" });
        attributes.insert("DeletionPolicy", function.get("VersionDeletionPolicy").cloned().unwrap_or(default));
    }
    let mut version = Resource::new("AWS::Lambda::Version", id, &attributes)?
        .with("FunctionName", lambda.reference())
        .with_some("Description", function.get("VersionDescription").cloned());
    if function.get("CapacityProviderConfig").is_some() {
        version = version.with_some("FunctionScalingConfig", function.get("FunctionScalingConfig").cloned());
    }
    Ok(version)
}

/// What makes a new version: the code and some of the configuration, or all of it.
fn version_facts(function: &Instance, lambda: &Resource, translation: &Translation) -> Map {
    if function.truthy("AutoPublishAliasAllProperties") {
        let mut facts = lambda.properties.clone();
        let layers = lambda.properties.get("Layers").and_then(Value::as_list);
        for layer in layers.into_iter().flatten().filter_map(|layer| target(Some(layer))) {
            let properties = translation.generated_resource(layer).and_then(|layer| layer.get("Properties"));
            if let Some(properties) =
                properties.filter(|all| all.get("PublishLambdaVersion").is_some_and(Value::truthy))
            {
                facts.insert(layer, properties.clone());
            }
        }
        return facts;
    }
    let mut facts = lambda.properties.get("Code").and_then(Value::as_map).cloned().unwrap_or_default();
    if let Some(environment) = lambda.properties.get("Environment").and_then(Value::as_map) {
        facts.update(environment);
    }
    if let Some(memory) = lambda.properties.get("MemorySize").filter(|size| size.truthy()) {
        facts.insert("MemorySize", memory.clone());
    }
    if let Some(snap_start) = lambda.properties.get("SnapStart")
        && snap_start.get("ApplyOn").is_some_and(|when| !when.is("None"))
    {
        facts.insert("SnapStart", snap_start.clone());
    }
    facts
}

fn alias(function: &Instance, lambda: &Resource, version: &Resource, name: &str) -> Result<Resource> {
    if name.is_empty() {
        return Err(function.error("Alias name is required to create an alias"));
    }
    let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !allowed || name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(function.error(format!(
            "AutoPublishAlias name ('{name}') must contain only alphanumeric characters, hyphens, or underscores \
             matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern."
        )));
    }
    let id = format!("{}Alias{}", function.id, name.replace('-', "D").replace('_', "U"));
    Ok(Resource::new("AWS::Lambda::Alias", id, &function.passed_on())?
        .with("Name", name)
        .with("FunctionName", lambda.reference())
        .with("FunctionVersion", crate::intrinsics::get_att(version.id.clone(), "Version"))
        .with_some("ProvisionedConcurrencyConfig", function.some("ProvisionedConcurrencyConfig").cloned()))
}

/// Registers the function's deployment preference, and lets CodeDeploy update the alias.
pub(crate) fn prefer(
    function: &mut Instance,
    published: Option<&mut Published>,
    translation: &mut Translation,
) -> Result<()> {
    let Some(preference) = function.some("DeploymentPreference").and_then(Value::as_map) else { return Ok(()) };
    let mut preference = preference.clone();
    for name in ["Enabled", "Type", "PassthroughCondition"] {
        if let Some(value) = preference.get_mut(name) {
            let value = translation.parameters.resolved(value)?;
            preference.insert(name, translation.mappings.resolved(&value)?);
        }
    }
    if preference.contains("PassthroughCondition") {
        let flag = boolean(function, "PassthroughCondition", preference.get("PassthroughCondition"))?;
        preference.insert("PassthroughCondition", flag);
    }
    let update_policy = translation.deployments.add(function, &preference)?;
    let Some(update_policy) = update_policy else { return Ok(()) };
    match published {
        Some(published) => published.alias.attributes.insert("UpdatePolicy", update_policy),
        None => {
            return Err(function.error("'DeploymentPreference' requires AutoPublishAlias property to be specified."));
        }
    }
    Ok(())
}

fn boolean(function: &Instance, name: &str, value: Option<&Value>) -> Result<bool> {
    match value {
        Some(Value::Bool(value)) => Ok(*value),
        Some(Value::Text(value)) if matches!(&**value, "true" | "True") => Ok(true),
        Some(Value::Text(value)) if matches!(&**value, "false" | "False") => Ok(false),
        Some(value) if is_intrinsic(value) => Err(function.error(format!(
            "Unsupported intrinsic: the only intrinsic functions supported for property {name} are FindInMap and parameter Refs."
        ))),
        _ => Err(function.error(format!("Invalid value for property {name}."))),
    }
}
