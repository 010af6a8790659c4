//! AWS::Serverless::Function.

mod alias;
mod configuration;
mod destinations;
mod url;

use crate::error::Result;
use crate::events;
use crate::iam;
use crate::intrinsics::{conditional_else, if_parts, is_if, is_no_value, not};
use crate::policies::{self, RoleParts};
use crate::resource::{Resource, propagate_tags, tag_pairs};
use crate::rules::{Instance, Rule, Shape, optional};
use crate::transform::{Generated, Translation};
use crate::value::{Value, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("FunctionName", Shape::TextOrMap),
    optional("Handler", Shape::Any),
    optional("Runtime", Shape::Any),
    optional("CodeUri", Shape::Any),
    optional("ImageUri", Shape::Any),
    optional("PackageType", Shape::Any),
    optional("InlineCode", Shape::Any),
    optional("DeadLetterQueue", Shape::Map),
    optional("Description", Shape::Any),
    optional("MemorySize", Shape::Any),
    optional("Timeout", Shape::Any),
    optional("VpcConfig", Shape::Any),
    optional("Role", Shape::Text),
    optional("AssumeRolePolicyDocument", Shape::Map),
    optional("Policies", Shape::Policies),
    optional("RolePath", Shape::Any),
    optional("PermissionsBoundary", Shape::Text),
    optional("Environment", Shape::MapOfMaps),
    optional("Events", Shape::MapOfMaps),
    optional("Tags", Shape::Map),
    optional("PropagateTags", Shape::Bool),
    optional("Tracing", Shape::TextOrMap),
    optional("KmsKeyArn", Shape::Any),
    optional("DeploymentPreference", Shape::Map),
    optional("ReservedConcurrentExecutions", Shape::Any),
    optional("Layers", Shape::TextsOrMaps),
    optional("EventInvokeConfig", Shape::Map),
    optional("EphemeralStorage", Shape::Any),
    optional("AutoPublishAlias", Shape::TextOnly),
    optional("AutoPublishCodeSha256", Shape::TextOnly),
    optional("AutoPublishAliasAllProperties", Shape::Bool).literal(),
    optional("VersionDescription", Shape::Any),
    optional("ProvisionedConcurrencyConfig", Shape::Any),
    optional("FileSystemConfigs", Shape::Any),
    optional("ImageConfig", Shape::Any),
    optional("CodeSigningConfigArn", Shape::Any),
    optional("Architectures", Shape::Any),
    optional("SnapStart", Shape::Map),
    optional("FunctionUrlConfig", Shape::Map),
    optional("RuntimeManagementConfig", Shape::Any),
    optional("LoggingConfig", Shape::Any),
    optional("RecursiveLoop", Shape::Any),
    optional("SourceKMSKeyArn", Shape::Any),
    optional("CapacityProviderConfig", Shape::Map),
    optional("FunctionScalingConfig", Shape::Map),
    optional("VersionDeletionPolicy", Shape::OneOf(&["Delete", "Retain"])),
    optional("PublishToLatestPublished", Shape::Any),
    optional("TenancyConfig", Shape::Any),
    optional("DurableConfig", Shape::Map),
];

/// Names that a template may use for generated resources: `Function.Version`.
const REFERABLE: &[(&str, &str)] = &[
    ("Alias", "AWS::Lambda::Alias"),
    ("Version", "AWS::Lambda::Version"),
    ("DestinationTopic", "AWS::SNS::Topic"),
    ("DestinationQueue", "AWS::SQS::Queue"),
];

/// The function with everything around it: role, version and alias, URL, destinations, events.
pub(crate) fn transform(mut function: Instance, translation: &mut Translation) -> Result<Generated> {
    events::link(&function, &translation.source)?;
    configuration::check(&function)?;
    let mut lambda = configuration::lambda(&mut function, translation)?;
    let mut after = Vec::new();

    if function.truthy("ProvisionedConcurrencyConfig") && !function.truthy("AutoPublishAlias") {
        let message = "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function";
        return Err(function.error(message));
    }
    let mut alias = alias::publish(&mut function, &mut lambda, translation)?;
    if let Some(config) = function.some("FunctionUrlConfig").and_then(Value::as_map) {
        let target = alias.as_ref().map_or(&lambda, |published| &published.alias);
        after.extend(url::resources(&function, target, config)?);
    }
    alias::prefer(&mut function, alias.as_mut(), translation)?;
    let destinations =
        destinations::resources(&mut function, alias.as_ref().map(|published| &published.alias), translation)?;
    after.extend(destinations.resources);

    let mut role = execution_role(&mut function, destinations.policies, translation)?;
    let with_role = attach_role(&function, &mut lambda, &mut role, translation)?;

    let target = alias.as_ref().map_or(&lambda, |published| &published.alias).clone();
    let event_resources = events::generate(&function, &target, &mut role, translation)
        .map_err(|error| error.of_function(&function.id))?;

    let mut resources = vec![lambda];
    resources.extend(alias.into_iter().flat_map(|published| [published.version, published.alias]));
    resources.extend(after);
    if with_role {
        resources.push(role);
    }
    resources.extend(event_resources);
    propagate_tags(&mut resources, function.get("Tags"), function.truthy("PropagateTags"));
    Ok(Generated::new(resources, REFERABLE))
}

/// The tags of a function and what belongs to it; some keys are SAM's own.
fn tags(function: &Instance) -> Result<Vec<Value>> {
    reserved_tags(function)?;
    let mut tags = tag_pairs(map([("lambda:createdBy", text("SAM"))]).as_map());
    tags.extend(tag_pairs(function.get("Tags").and_then(Value::as_map)));
    Ok(tags)
}

/// Complains about tags whose keys are SAM's own.
pub(crate) fn reserved_tags(instance: &Instance) -> Result<()> {
    let Some(tags) = instance.get("Tags").and_then(Value::as_map) else { return Ok(()) };
    let reserved = ["lambda:createdBy", "serverlessrepo:applicationId", "serverlessrepo:semanticVersion"];
    match reserved.iter().find(|key| tags.contains(key)) {
        None => Ok(()),
        Some(key) => Err(instance.error(format!(
            "{key} is a reserved Tag key name and cannot be set on your resource. Please change the tag key in the input."
        ))),
    }
}

/// Whether the function is traced, as far as SAM can tell.
fn traced(function: &mut Instance, translation: &Translation) -> Result<bool> {
    let tracing = translation.parameters.resolved_option(function.get_mut("Tracing"))?;
    Ok(function.truthy("Tracing") && !tracing.is_some_and(|tracing| tracing.is("Disabled")))
}

fn execution_role(function: &mut Instance, destinations: Vec<Value>, translation: &Translation) -> Result<Resource> {
    let context = translation.context;
    let basic = match function.truthy("DurableConfig") {
        true => "service-role/AWSLambdaBasicDurableExecutionRolePolicy",
        false => "service-role/AWSLambdaBasicExecutionRole",
    };
    let mut managed = vec![basic];
    if traced(function, translation)? {
        managed.push(context.xray_policy());
    }
    if function.truthy("VpcConfig") {
        managed.push("service-role/AWSLambdaVPCAccessExecutionRole");
    }
    let mut documents = Vec::new();
    if let Some(queue) = function.some("DeadLetterQueue") {
        let action =
            if queue.get("Type").is_some_and(|kind| kind.is("SNS")) { "sns:Publish" } else { "sqs:SendMessage" };
        documents.push(iam::dead_letter_queue(action, queue.get("TargetArn").unwrap_or(&Value::Null)));
    }
    documents.extend(destinations);
    let parts = RoleParts {
        attributes: &function.passed_on(),
        trust: function.get("AssumeRolePolicyDocument").cloned().unwrap_or_else(|| iam::trust("lambda.amazonaws.com")),
        managed: managed.into_iter().map(|path| text(context.aws_policy_arn(path))).collect(),
        documents,
        path: function.get("RolePath"),
        boundary: function.get("PermissionsBoundary"),
        tags: tags(function)?,
    };
    policies::role(&function.id, function.get("Policies"), parts, context)
}

/// Gives the function its role, and says whether the generated one is in use.
fn attach_role(
    function: &Instance,
    lambda: &mut Resource,
    role: &mut Resource,
    translation: &mut Translation,
) -> Result<bool> {
    let Some(given) = lambda.properties.get("Role").cloned() else {
        lambda.set("Role", role.arn());
        return Ok(true);
    };
    if !is_if(&given) {
        return Ok(false);
    }
    let given = translation.parameters.resolved_copy(&given)?;
    let [condition, then, otherwise] =
        if_parts(&given).map_err(|wrong| function.error(format!("Malformed 'Role' property: {wrong}.")))?;
    match (is_no_value(then), is_no_value(otherwise)) {
        (true, true) => lambda.set("Role", role.arn()),
        (true, false) => {
            lambda.set("Role", conditional_else(condition.clone(), role.arn(), otherwise.clone()));
            role.attributes.insert("Condition", condition.clone());
        }
        (false, true) => {
            lambda.set("Role", conditional_else(condition.clone(), then.clone(), role.arn()));
            let negated = format!("NOT{}", crate::python2::str(condition));
            role.attributes.insert("Condition", negated.as_str());
            translation.add_condition(negated, not(condition.clone()));
        }
        (false, false) => return Ok(false),
    }
    Ok(true)
}
