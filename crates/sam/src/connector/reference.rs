//! One side of a connector: a resource of the template by its logical id, or a description of one
//! outside of it.

use super::profile;
use crate::intrinsics::{self, target};
use crate::value::{Map, Value};

pub(crate) struct Reference {
    pub(crate) id: Option<String>,
    /// The type in CloudFormation.
    pub(crate) kind: String,
    pub(crate) arn: Option<Value>,
    pub(crate) role_name: Option<Value>,
    pub(crate) queue_url: Option<Value>,
    pub(crate) resource_id: Option<Value>,
    pub(crate) name: Option<Value>,
    pub(crate) qualifier: Option<Value>,
}

impl Reference {
    /// Reads one side; the other one tells which of an event rule's roles is meant.
    pub(crate) fn read(config: &Map, other: &Map, resources: &Map) -> Result<Reference, String> {
        let described = config.keys().iter().any(|key| !matches!(&**key, "Id" | "Qualifier"));
        if config.contains("Id") == described {
            return Err(
                "Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.".into(),
            );
        }
        match config.get("Id").filter(|id| id.truthy()) {
            None => Reference::outside(config),
            Some(Value::Text(id)) => Reference::inside(id, config, other, resources),
            Some(_) => Err("'Id' is missing or not a string.".into()),
        }
    }

    fn outside(config: &Map) -> Result<Reference, String> {
        let kind = match config.str("Type").filter(|kind| !kind.is_empty()) {
            None => return Err("'Type' is missing or not a string.".into()),
            Some("AWS::Serverless::Function") => "AWS::Lambda::Function",
            Some("AWS::Serverless::StateMachine") => "AWS::StepFunctions::StateMachine",
            Some("AWS::Serverless::Api") => "AWS::ApiGateway::RestApi",
            Some("AWS::Serverless::HttpApi") => "AWS::ApiGatewayV2::Api",
            Some("AWS::Serverless::SimpleTable") => "AWS::DynamoDB::Table",
            Some(other) => other,
        };
        let get = |name: &str| config.get(name).cloned();
        Ok(Reference {
            id: None,
            kind: kind.to_owned(),
            arn: get("Arn"),
            role_name: get("RoleName").filter(Value::truthy),
            queue_url: get("QueueUrl").filter(Value::truthy),
            resource_id: get("ResourceId"),
            name: get("Name"),
            qualifier: get("Qualifier"),
        })
    }

    fn inside(id: &str, config: &Map, other: &Map, resources: &Map) -> Result<Reference, String> {
        let resource = resources.get(id).filter(|resource| resource.truthy());
        let resource = resource.ok_or_else(|| format!("Unable to find resource with logical ID '{id}'."))?;
        let kind = resource.get("Type").and_then(Value::as_str).filter(|kind| !kind.is_empty());
        let kind = kind.ok_or("'Type' is missing or not a string.")?;
        let facts = profile::facts(kind, id);
        let output = |name: &str| facts.get("Outputs").and_then(|outputs| outputs.get(name)).cloned();
        let role = facts.get("Inputs").and_then(|inputs| inputs.get("Role"));
        Ok(Reference {
            id: Some(id.to_owned()),
            kind: kind.to_owned(),
            arn: output("Arn"),
            role_name: role.and_then(|role| role_name(role, resource.get("Properties")?, other)),
            queue_url: output("Url"),
            resource_id: output("Id"),
            name: output("Name"),
            qualifier: if config.contains("Qualifier") {
                config.get("Qualifier").cloned()
            } else {
                output("Qualifier")
            },
        })
    }
}

/// A reference to the role of a resource, if that is in the template.
fn role_name(role: &Value, properties: &Value, other: &Map) -> Option<Value> {
    let role = match role {
        Value::Text(property) => properties.get(property)?,
        _ => rule_role(properties, other)?,
    };
    target(Some(role)).map(intrinsics::reference)
}

/// The role of an event rule's target.
fn rule_role<'p>(properties: &'p Value, other: &Map) -> Option<&'p Value> {
    let targets = properties.get("Targets")?.as_list()?;
    let is_other = |rule_target: &&Value| {
        let arn = rule_target.get("Arn");
        let by_id = target(arn).is_some() && target(arn) == other.str("Id");
        by_id || other.get("Arn").is_some_and(|other| arn == Some(other))
    };
    targets.iter().find(is_other)?.get("RoleArn")
}
