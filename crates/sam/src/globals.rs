//! The Globals section: properties that resources of a type have in common.

use crate::error::{Error, Result};
use crate::intrinsics::is_intrinsic;
use crate::swagger::is_openapi_3;
use crate::value::{Map, Text, Value};
use crate::{python2, transform};

/// Sections with the properties that they may set.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "Api",
        &[
            "Auth",
            "Name",
            "DefinitionUri",
            "CacheClusterEnabled",
            "CacheClusterSize",
            "MergeDefinitions",
            "Variables",
            "EndpointConfiguration",
            "MethodSettings",
            "BinaryMediaTypes",
            "MinimumCompressionSize",
            "Cors",
            "GatewayResponses",
            "AccessLogSetting",
            "CanarySetting",
            "TracingEnabled",
            "OpenApiVersion",
            "Domain",
            "AlwaysDeploy",
            "PropagateTags",
            "SecurityPolicy",
            "EndpointAccessMode",
        ],
    ),
    (
        "CapacityProvider",
        &["VpcConfig", "OperatorRole", "Tags", "InstanceRequirements", "ScalingConfig", "KmsKeyArn", "PropagateTags"],
    ),
    (
        "Function",
        &[
            "Handler",
            "Runtime",
            "CodeUri",
            "DeadLetterQueue",
            "Description",
            "MemorySize",
            "Timeout",
            "VpcConfig",
            "Environment",
            "Tags",
            "PropagateTags",
            "Tracing",
            "KmsKeyArn",
            "AutoPublishAlias",
            "AutoPublishAliasAllProperties",
            "Layers",
            "DeploymentPreference",
            "RolePath",
            "PermissionsBoundary",
            "ReservedConcurrentExecutions",
            "ProvisionedConcurrencyConfig",
            "AssumeRolePolicyDocument",
            "EventInvokeConfig",
            "FileSystemConfigs",
            "CodeSigningConfigArn",
            "Architectures",
            "SnapStart",
            "EphemeralStorage",
            "FunctionUrlConfig",
            "RuntimeManagementConfig",
            "LoggingConfig",
            "RecursiveLoop",
            "SourceKMSKeyArn",
            "TenancyConfig",
            "DurableConfig",
            "CapacityProviderConfig",
            "FunctionScalingConfig",
            "PublishToLatestPublished",
            "VersionDeletionPolicy",
        ],
    ),
    (
        "HttpApi",
        &[
            "Auth",
            "AccessLogSettings",
            "StageVariables",
            "Tags",
            "CorsConfiguration",
            "DefaultRouteSettings",
            "Domain",
            "RouteSettings",
            "FailOnWarnings",
            "PropagateTags",
        ],
    ),
    ("LayerVersion", &["PublishLambdaVersion"]),
    ("SimpleTable", &["SSESpecification"]),
    ("StateMachine", &["PropagateTags"]),
    (
        "WebSocketApi",
        &[
            "AccessLogSettings",
            "ApiKeySelectionExpression",
            "DefaultRouteSettings",
            "DisableExecuteApiEndpoint",
            "DisableSchemaValidation",
            "Domain",
            "FailOnWarnings",
            "IpAddressType",
            "PropagateTags",
            "RouteSelectionExpression",
            "RouteSettings",
            "StageVariables",
            "Tags",
        ],
    ),
];

/// The destinations of asynchronous invocations that functions have from Globals alone: function
/// and outcome. To SAM they are one and the same, so what it makes for the first function, a queue
/// for example, all of them use.
#[derive(Default)]
pub(crate) struct SharedDestinations(Vec<(Text, &'static str)>);

impl SharedDestinations {
    /// Notes what a function has from Globals alone.
    fn note(&mut self, id: &Text, global: &Map, local: &Map) {
        for outcome in ["OnSuccess", "OnFailure"] {
            if is_inherited(global, local, &["EventInvokeConfig", "DestinationConfig", outcome]) {
                self.0.push((id.clone(), outcome));
            }
        }
    }

    /// Lets all functions that share a destination use the one that was made for one of them.
    pub(crate) fn settle(&self, id: &str, outcome: &str, target: &Value, resources: &mut Map) {
        if !self.0.iter().any(|(function, of)| &**function == id && *of == outcome) {
            return;
        }
        for (function, _) in self.0.iter().filter(|(_, of)| *of == outcome) {
            let path = ["Properties", "EventInvokeConfig", "DestinationConfig", outcome];
            let start = resources.get_mut(function).and_then(Value::as_map_mut);
            let config = path.iter().try_fold(start, |here, key| Some(here?.get_mut(key).and_then(Value::as_map_mut)));
            if let Some(config) = config.flatten() {
                config.insert("Destination", target.clone());
            }
        }
    }
}

/// Whether a member that is deep inside comes from Globals as it is.
fn is_inherited(global: &Map, local: &Map, path: &[&str]) -> bool {
    let Some((key, rest)) = path.split_first() else { return false };
    let Some(global) = global.get(key).and_then(Value::as_map) else { return false };
    match local.get(key) {
        None if !local.contains(key) => rest.iter().try_fold(global, |here, key| here.get(key)?.as_map()).is_some(),
        Some(Value::Map(local)) => is_inherited(global, local, rest),
        _ => false,
    }
}

/// Merges the Globals section into the resources, and removes it.
pub(crate) fn apply(template: &mut Map, resources: &mut Map) -> Result<SharedDestinations> {
    let mut shared = SharedDestinations::default();
    if template.contains("Globals") {
        let globals = template.remove("Globals").unwrap_or(Value::Null);
        check(&globals).map_err(|error| Error::Document(vec![error]))?;
        for id in resources.keys() {
            let Some(resource) = resources.get_mut(&id).and_then(Value::as_map_mut) else { continue };
            merge(&id, resource, &globals, &mut shared).map_err(|error| Error::Document(vec![error]))?;
        }
    }
    for resource in resources.values_mut() {
        fix_openapi(resource);
    }
    Ok(shared)
}

fn check(globals: &Value) -> Result<()> {
    let Value::Map(globals) = globals else { return Err(Error::Globals("It must be a non-empty dictionary".into())) };
    for (section, properties) in globals.iter() {
        let Some((_, known)) = SECTIONS.iter().find(|(name, _)| *name == &**section) else {
            let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
            let message =
                format!("'{section}' is not supported. Must be one of the following values - {}", quoted(&names));
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

fn merge(id: &Text, resource: &mut Map, globals: &Value, shared: &mut SharedDestinations) -> Result<()> {
    let Some(kind) = transform::macro_type(resource) else { return Ok(()) };
    let Some(Value::Map(global)) = globals.get(kind.trim_start_matches("AWS::Serverless::")) else { return Ok(()) };
    let ignored = resource.get("IgnoreGlobals").filter(|ignored| ignored.truthy()).cloned();
    let wrong = |more: &str| {
        Error::resource(id, format!("Resource {id} has invalid resource attribute 'IgnoreGlobals'{more}."))
    };
    let mut global = global.clone();
    match ignored {
        None => {
            let none = Map::new();
            shared.note(id, &global, resource.get("Properties").and_then(Value::as_map).unwrap_or(&none));
        }
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
        (Value::Map(global_map), Value::Map(local_map))
            if !is_intrinsic(global) && !is_intrinsic(&Value::Map(local_map.clone())) =>
        {
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
    let Some(resource) = resource.as_map_mut().filter(|resource| resource.str("Type") == Some("AWS::Serverless::Api"))
    else {
        return;
    };
    let Some(properties) = resource.get_mut("Properties").and_then(Value::as_map_mut) else { return };
    let Some(version) = properties.get("OpenApiVersion").filter(|version| is_openapi_3(version)).cloned() else {
        return;
    };
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
