//! The Globals section: properties that resources of a type have in common.

use crate::error::{Error, Result};
use crate::intrinsics::is_intrinsic;
use crate::swagger::is_openapi_3;
use crate::value::{Map, Text, Value};
use crate::{python2, transform};

/// Sections with the properties that they may set.
const SECTIONS: &[(&str, &[&str])] = &[
    ("Api", &[
        "Auth", "Name", "DefinitionUri", "CacheClusterEnabled", "CacheClusterSize", "MergeDefinitions", "Variables",
        "EndpointConfiguration", "MethodSettings", "BinaryMediaTypes", "MinimumCompressionSize", "Cors",
        "GatewayResponses", "AccessLogSetting", "CanarySetting", "TracingEnabled", "OpenApiVersion", "Domain",
        "AlwaysDeploy", "PropagateTags", "SecurityPolicy", "EndpointAccessMode",
    ]),
    ("CapacityProvider", &[
        "VpcConfig", "OperatorRole", "Tags", "InstanceRequirements", "ScalingConfig", "KmsKeyArn", "PropagateTags",
    ]),
    ("Function", &[
        "Handler", "Runtime", "CodeUri", "DeadLetterQueue", "Description", "MemorySize", "Timeout", "VpcConfig",
        "Environment", "Tags", "PropagateTags", "Tracing", "KmsKeyArn", "AutoPublishAlias",
        "AutoPublishAliasAllProperties", "Layers", "DeploymentPreference", "RolePath", "PermissionsBoundary",
        "ReservedConcurrentExecutions", "ProvisionedConcurrencyConfig", "AssumeRolePolicyDocument", "EventInvokeConfig",
        "FileSystemConfigs", "CodeSigningConfigArn", "Architectures", "SnapStart", "EphemeralStorage",
        "FunctionUrlConfig", "RuntimeManagementConfig", "LoggingConfig", "RecursiveLoop", "SourceKMSKeyArn",
        "TenancyConfig", "DurableConfig", "CapacityProviderConfig", "FunctionScalingConfig", "PublishToLatestPublished",
        "VersionDeletionPolicy",
    ]),
    ("HttpApi", &[
        "Auth", "AccessLogSettings", "StageVariables", "Tags", "CorsConfiguration", "DefaultRouteSettings", "Domain",
        "RouteSettings", "FailOnWarnings", "PropagateTags",
    ]),
    ("LayerVersion", &["PublishLambdaVersion"]),
    ("SimpleTable", &["SSESpecification"]),
    ("StateMachine", &["PropagateTags"]),
    ("WebSocketApi", &[
        "AccessLogSettings", "ApiKeySelectionExpression", "DefaultRouteSettings", "DisableExecuteApiEndpoint",
        "DisableSchemaValidation", "Domain", "FailOnWarnings", "IpAddressType", "PropagateTags",
        "RouteSelectionExpression", "RouteSettings", "StageVariables", "Tags",
    ]),
];

/// Merges the Globals section into the resources, and removes it.
pub(crate) fn apply(template: &mut Map, resources: &mut Map) -> Result<()> {
    if template.contains("Globals") {
        let globals = template.remove("Globals").unwrap_or(Value::Null);
        check(&globals).map_err(|error| Error::Document(vec![error]))?;
        for id in resources.keys() {
            let Some(resource) = resources.get_mut(&id).and_then(Value::as_map_mut) else { continue };
            merge(&id, resource, &globals).map_err(|error| Error::Document(vec![error]))?;
        }
    }
    for resource in resources.values_mut() {
        fix_openapi(resource);
    }
    Ok(())
}

fn check(globals: &Value) -> Result<()> {
    let Value::Map(globals) = globals else { return Err(Error::Globals("It must be a non-empty dictionary".into())) };
    for (section, properties) in globals.iter() {
        let Some((_, known)) = SECTIONS.iter().find(|(name, _)| *name == &**section) else {
            let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
            let message = format!("'{section}' is not supported. Must be one of the following values - {}", quoted(&names));
            return Err(Error::Globals(message));
        };
        let Value::Map(properties) = properties else {
            return Err(Error::Globals("Value of ${section} must be a dictionary".into()));
        };
        if let Some(key) = properties.keys().iter().find(|key| !known.contains(&&***key)) {
            return Err(Error::Globals(format!(
                "'{key}' is not a supported property of '{section}'. Must be one of the following values - {}",
                quoted(known)
            )));
        }
    }
    Ok(())
}

fn quoted(names: &[&str]) -> String {
    python2::str(&Value::List(names.iter().map(|name| Value::from(*name)).collect()))
}

fn merge(id: &str, resource: &mut Map, globals: &Value) -> Result<()> {
    let Some(kind) = transform::macro_type(resource) else { return Ok(()) };
    let Some(Value::Map(global)) = globals.get(kind.trim_start_matches("AWS::Serverless::")) else { return Ok(()) };
    let ignored = resource.get("IgnoreGlobals").filter(|ignored| ignored.truthy()).cloned();
    let wrong = |more: &str| Error::resource(id, format!("Resource {id} has invalid resource attribute 'IgnoreGlobals'{more}."));
    let mut global = global.clone();
    match ignored {
        None => {}
        Some(Value::Text(all)) if &*all == "*" => global = Map::new(),
        Some(Value::List(keys)) => {
            for key in &keys {
                let name = python2::str(key);
                if !global.contains(&name) {
                    return Err(wrong(&format!(" on item '{name}'")));
                }
                global.remove(&name);
            }
        }
        Some(_) => return Err(wrong("")),
    }
    let local = resource.get("Properties").cloned().unwrap_or_else(|| Map::new().into());
    resource.insert("Properties", merged(&global.into(), local));
    Ok(())
}

/// Maps are merged and lists are joined; of anything else, the local value counts.
fn merged(global: &Value, local: Value) -> Value {
    match (global, local) {
        (Value::Map(global_map), Value::Map(local_map)) if !is_intrinsic(global) && !is_intrinsic(&Value::Map(local_map.clone())) => {
            let mut all = global_map.copy();
            for (key, value) in entries(&local_map) {
                let value = match global_map.contains(&key) {
                    true => merged(global_map.get(&key).unwrap_or(&Value::Null), value),
                    false => value,
                };
                all.insert(key, value);
            }
            all.into()
        }
        (Value::List(global), Value::List(local)) => Value::List(global.iter().cloned().chain(local).collect()),
        (_, local) => local,
    }
}

fn entries(map: &Map) -> Vec<(Text, Value)> {
    map.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Writes the version of OpenAPI that an API asks for into the definition that SAM made for it.
fn fix_openapi(resource: &mut Value) {
    let Some(resource) = resource.as_map_mut().filter(|resource| resource.str("Type") == Some("AWS::Serverless::Api")) else {
        return;
    };
    let Some(properties) = resource.get_mut("Properties").and_then(Value::as_map_mut) else { return };
    let Some(version) = properties.get("OpenApiVersion").filter(|version| is_openapi_3(version)).cloned() else { return };
    if !properties.contains("__MANAGE_SWAGGER") {
        return;
    }
    let version = if version.as_str().is_some() { version } else { python2::str(&version).into() };
    properties.insert("OpenApiVersion", version.clone());
    if let Some(definition) = properties.get_mut("DefinitionBody").and_then(Value::as_map_mut) {
        definition.insert("openapi", version);
        if definition.truthy("swagger") {
            definition.remove("swagger");
        }
    }
}
