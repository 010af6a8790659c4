//! AWS::Serverless::CapacityProvider: instances of one's own for functions.

use crate::error::Result;
use crate::iam;
use crate::model::{self, Kind, Model, What, Wrong, may, needs};
use crate::policies::{self, RoleParts};
use crate::resource::{Resource, add_tags, tag_pairs};
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, list, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("CapacityProviderName", Shape::TextOrMap).literal(),
    required("VpcConfig", Shape::Map).literal(),
    optional("OperatorRole", Shape::TextOrMap).literal(),
    optional("Tags", Shape::Map).literal(),
    optional("PropagateTags", Shape::Bool).literal(),
    optional("InstanceRequirements", Shape::Map).literal(),
    optional("ScalingConfig", Shape::Map).literal(),
    optional("KmsKeyArn", Shape::TextOrMap).literal(),
];

static VPC: Model = Model(&[may("SecurityGroupIds", Kind::TextsOrFunction), needs("SubnetIds", Kind::TextsOrFunction)]);

static REQUIREMENTS: Model = Model(&[
    may("Architectures", Kind::TextsOrFunction),
    may("AllowedTypes", Kind::TextsOrFunction),
    may("ExcludedTypes", Kind::TextsOrFunction),
]);

static SCALING: Model = Model(&[may("MaxVCpuCount", Kind::Int), may("AverageCPUUtilization", Kind::Float)]);

static PROPERTIES: Model = Model(&[
    may("CapacityProviderName", Kind::Any),
    needs("VpcConfig", Kind::Model(&VPC)),
    may("OperatorRole", Kind::Any),
    may("Tags", Kind::Map),
    may("PropagateTags", Kind::Bool),
    may("InstanceRequirements", Kind::Model(&REQUIREMENTS)),
    may("ScalingConfig", Kind::Model(&SCALING)),
    may("KmsKeyArn", Kind::Any),
]);

pub(crate) fn transform(provider: Instance, translation: &mut Translation) -> Result<Generated> {
    let properties = model::read(&PROPERTIES, &provider.properties.clone().into())
        .map_err(|wrong| provider.error(complaints(&wrong)))?;
    if let Some(types) = properties.get("InstanceRequirements")
        && types.get("AllowedTypes").is_some()
        && types.get("ExcludedTypes").is_some()
    {
        let message =
            "Cannot specify 'InstanceRequirements.AllowedTypes' and 'InstanceRequirements.ExcludedTypes' together.";
        return Err(provider.error(message));
    }
    let mut resources = Vec::new();
    let mut operator = properties.get("OperatorRole").filter(|role| role.truthy()).cloned();
    if operator.is_none() {
        let role = operator_role(&provider, translation)?;
        operator = Some(role.arn());
        resources.push(role);
    }
    resources.push(capacity_provider(&provider, &properties, operator)?);
    if provider.truthy("PropagateTags") {
        add_tags(&mut resources, properties.get("Tags").and_then(Value::as_map));
    }
    Ok(Generated::new(resources, &[]))
}

/// Everything that is wrong, one sentence for each property.
fn complaints(wrong: &[Wrong]) -> String {
    let mut paths: Vec<String> = Vec::new();
    let mut sentences = Vec::new();
    for error in wrong {
        let path = error.path.join(".");
        if paths.contains(&path) {
            continue;
        }
        let mut kinds: Vec<&str> = Vec::new();
        for same in wrong.iter().filter(|other| other.path == error.path) {
            let kind = match same.what {
                What::Type("dict") => "dictionary",
                What::Type("integer") => "integer",
                What::Type("float") => "number",
                What::Type("list") => "list",
                _ => continue,
            };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        sentences.push(match &error.what {
            _ if kinds.len() > 1 => format!("Property '{path}' value must be {}.", kinds.join(" or ")),
            What::Missing => format!("Property '{path}' is required."),
            What::Unknown => format!("Property '{path}' is an invalid property."),
            what => format!("Property '{path}' {}.", what.message().to_lowercase()),
        });
        paths.push(path);
    }
    sentences.join(" ")
}

fn operator_role(provider: &Instance, translation: &Translation) -> Result<Resource> {
    let context = translation.context;
    let parts = RoleParts {
        attributes: &provider.passed_on(),
        trust: iam::trust("lambda.amazonaws.com"),
        managed: vec![text(context.aws_policy_arn("AWSLambdaManagedEC2ResourceOperator"))],
        documents: Vec::new(),
        path: None,
        boundary: None,
        tags: tags(None),
    };
    let mut role = policies::role(&provider.id, None, parts, context)?;
    role.id = format!("{}OperatorRole", provider.id).into();
    Ok(role)
}

fn tags(own: Option<&Map>) -> Vec<Value> {
    let mut tags = own.cloned().unwrap_or_default();
    tags.insert("lambda:createdBy", "SAM");
    tag_pairs(Some(&tags))
}

fn capacity_provider(provider: &Instance, properties: &Map, operator: Option<Value>) -> Result<Resource> {
    let some = |name: &str| properties.get(name).filter(|value| value.truthy());
    let part = |name: &str| some(name).and_then(Value::as_map);
    Ok(Resource::new("AWS::Lambda::CapacityProvider", provider.id.clone(), &provider.attributes)?
        .depending_on(provider.depends_on.clone())
        .with_some("CapacityProviderName", some("CapacityProviderName").cloned())
        .with_some("VpcConfig", part("VpcConfig").cloned())
        .with_some("PermissionsConfig", operator.map(|role| map([("CapacityProviderOperatorRoleArn", role)])))
        .with("Tags", tags(part("Tags")))
        .with_some("InstanceRequirements", part("InstanceRequirements").map(requirements))
        .with_some("CapacityProviderScalingConfig", part("ScalingConfig").map(scaling))
        .with_some("KmsKeyArn", some("KmsKeyArn").cloned()))
}

fn requirements(given: &Map) -> Map {
    let names = [
        ("Architectures", "Architectures"),
        ("AllowedTypes", "AllowedInstanceTypes"),
        ("ExcludedTypes", "ExcludedInstanceTypes"),
    ];
    names.iter().filter_map(|(name, property)| Some(((*property).into(), given.get(name)?.clone()))).collect()
}

/// Scaling by the target of a metric, or by Lambda itself.
fn scaling(given: &Map) -> Map {
    let mut scaling = Map::new();
    scaling.insert_some("MaxVCpuCount", given.get("MaxVCpuCount").cloned());
    match given.get("AverageCPUUtilization") {
        None => scaling.insert("ScalingMode", "Auto"),
        Some(target) => {
            let metric = text("LambdaCapacityProviderAverageCPUUtilization");
            scaling.insert("ScalingMode", "Manual");
            scaling.insert(
                "ScalingPolicies",
                list([map([("PredefinedMetricType", metric), ("TargetValue", target.clone())])]),
            );
        }
    }
    scaling
}
