//! The AWS::Lambda::Function itself: its code, its configuration, and what does not go together.

use super::{tags, traced};
use crate::code_location;
use crate::error::Result;
use crate::model;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::transform::Translation;
use crate::value::{Map, Value, map, truthy};

/// Properties that Lambda takes as they are.
const SAME: &[&str] = &[
    "Handler",
    "Runtime",
    "Description",
    "MemorySize",
    "Timeout",
    "VpcConfig",
    "Role",
    "Environment",
    "KmsKeyArn",
    "ReservedConcurrentExecutions",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "PackageType",
    "Architectures",
    "SnapStart",
    "EphemeralStorage",
    "CodeSigningConfigArn",
    "RuntimeManagementConfig",
    "LoggingConfig",
    "TenancyConfig",
    "RecursiveLoop",
    "DurableConfig",
    "PublishToLatestPublished",
];

/// Complains about combinations that cannot be.
pub(crate) fn check(function: &Instance) -> Result<()> {
    let has = |name: &str| function.get(name).is_some();
    let mut wrong = Vec::new();
    for other in ["ProvisionedConcurrencyConfig", "VpcConfig"] {
        if has("CapacityProviderConfig") && has(other) {
            wrong.push(format!("Cannot specify 'CapacityProviderConfig' and '{other}' together."));
        }
    }
    for (name, needed) in
        [("FunctionScalingConfig", "CapacityProviderConfig"), ("VersionDeletionPolicy", "AutoPublishAlias")]
    {
        if has(name) && !has(needed) {
            wrong.push(format!("'{name}' requires '{needed}'."));
        }
    }
    if !wrong.is_empty() {
        return Err(function.error(wrong.join("\n")));
    }
    check_dead_letter_queue(function)?;
    check_tenancy(function)
}

fn check_dead_letter_queue(function: &Instance) -> Result<()> {
    let Some(queue) = function.some("DeadLetterQueue") else { return Ok(()) };
    let Some(kind) = queue.get("Type").filter(|kind| kind.truthy() && truthy(queue.get("TargetArn"))) else {
        return Err(function.error("'DeadLetterQueue' requires Type and TargetArn properties to be specified."));
    };
    match kind.as_str() {
        Some("SQS" | "SNS") => Ok(()),
        Some(_) => Err(function.error("'DeadLetterQueue' requires Type of ['SQS', 'SNS']")),
        None => Err(function.error("Property 'DeadLetterQueue.Type' should be a string.")),
    }
}

fn check_tenancy(function: &Instance) -> Result<()> {
    if !function.truthy("TenancyConfig") {
        return Ok(());
    }
    let features = [
        ("ProvisionedConcurrencyConfig", "Provisioned concurrency"),
        ("FunctionUrlConfig", "Function URL"),
        ("SnapStart", "SnapStart"),
    ];
    if let Some((_, feature)) = features.iter().find(|(property, _)| function.truthy(property)) {
        let message = format!("{feature} is not supported for functions enabled with tenancy configuration.");
        return Err(function.error(message));
    }
    let events = function.get("Events").and_then(Value::as_map);
    for event in events.iter().flat_map(|events| events.values()) {
        let kind = event.get("Type");
        if !kind.is_some_and(|kind| kind.is("Api") || kind.is("HttpApi")) {
            return Err(function.error(format!(
                "Event source '{}' is not supported for functions enabled with tenancy configuration. Only Api and \
                 HttpApi event sources are supported.",
                crate::python2::str_or_none(kind)
            )));
        }
    }
    Ok(())
}

/// The function as Lambda takes it; its role, if it needs one, comes later.
pub(crate) fn lambda(function: &mut Instance, translation: &Translation) -> Result<Resource> {
    let mut lambda = Resource::new("AWS::Lambda::Function", function.id.clone(), &function.attributes)?
        .depending_on(function.depends_on.clone())
        .with_some("FunctionName", function.some("FunctionName").cloned())
        .with_same(SAME, &function.properties)
        .with("Code", code(function)?)
        .with("Tags", tags(function)?);
    if traced(function, translation)? {
        lambda.set("TracingConfig", map([("Mode", function.get("Tracing").cloned().unwrap_or(Value::Null))]));
    }
    if let Some(queue) = function.some("DeadLetterQueue") {
        lambda.set("DeadLetterConfig", map([("TargetArn", queue.get("TargetArn").cloned().unwrap_or(Value::Null))]));
    }
    if let Some(config) = function.some("CapacityProviderConfig") {
        lambda.set("CapacityProviderConfig", capacity_provider(function, config)?);
    }
    if let Some(config) = function.some("FunctionScalingConfig") {
        lambda.set("FunctionScalingConfig", config.clone());
    }
    check_package_type(&lambda, function)?;
    Ok(lambda)
}

fn capacity_provider(function: &Instance, config: &Value) -> Result<Value> {
    let config = model::read(&model::FUNCTION_CAPACITY_PROVIDER, config).map_err(|errors| {
        function.error(format!("Invalid CapacityProviderConfig: {}", model::report(&errors, "CapacityProviderConfig")))
    })?;
    let mut out = Map::new();
    out.insert("CapacityProviderArn", config.get("Arn").cloned().unwrap_or(Value::Null));
    for name in ["PerExecutionEnvironmentMaxConcurrency", "ExecutionEnvironmentMemoryGiBPerVCpu"] {
        out.insert_some(name, config.get(name).cloned());
    }
    Ok(map([("LambdaManagedInstancesCapacityProviderConfig", out.into())]))
}

fn code(function: &Instance) -> Result<Map> {
    let package = match function.some("PackageType") {
        None => "Zip",
        Some(Value::Text(package)) if matches!(&**package, "Zip" | "Image") => package,
        Some(other) => return Err(function.error(format!("invalid 'PackageType' : {}", crate::python2::str(other)))),
    };
    if package == "Image" {
        return match function.get("ImageUri") {
            None => Err(function.error("'ImageUri' must be set.")),
            Some(image) if !image.truthy() => {
                Err(function.error("'ImageUri' requires that a image hosted at a registry be specified."))
            }
            Some(image) => Ok(Map::from_iter([("ImageUri".into(), image.clone())])),
        };
    }
    let mut code = match (function.get("InlineCode"), function.get("CodeUri")) {
        (Some(inline), _) => Map::from_iter([("ZipFile".into(), inline.clone())]),
        (None, Some(uri)) => code_location::code(uri, &function.id, "CodeUri")?,
        (None, None) => return Err(function.error("Only one of 'InlineCode' or 'CodeUri' can be set.")),
    };
    code.insert_some("SourceKMSKeyArn", function.some("SourceKMSKeyArn").cloned());
    Ok(code)
}

fn check_package_type(lambda: &Resource, function: &Instance) -> Result<()> {
    let has = |name: &str| lambda.properties.truthy(name);
    let image = lambda.properties.get("Code").is_some_and(|code| truthy(code.get("ImageUri")));
    if lambda.properties.str("PackageType") == Some("Image") {
        if has("Handler") || has("Runtime") || has("Layers") {
            let message = "Runtime, Handler, Layers cannot be present when PackageType is of type `Image`";
            return Err(function.error(message));
        }
        return Ok(());
    }
    if !has("Runtime") || !has("Handler") {
        return Err(function.error("Runtime and Handler needs to be present when PackageType is of type `Zip`"));
    }
    if image || has("ImageConfig") {
        return Err(function.error("ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`"));
    }
    Ok(())
}
