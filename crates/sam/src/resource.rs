//! The resources that a transform generates.

use crate::error::Result;
use crate::intrinsics::get_att;
use crate::rules::{check_logical_id, passed_on};
use crate::value::{Map, Text, Value, map, truthy};

/// A CloudFormation resource in the making.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) kind: &'static str,
    pub(crate) id: Text,
    pub(crate) depends_on: Option<Value>,
    /// Condition, DeletionPolicy and so on.
    pub(crate) attributes: Map,
    pub(crate) properties: Map,
}

/// How a type of resource writes its tags.
enum TagStyle {
    None,
    Pairs,
    Map,
}

impl Resource {
    /// A resource without properties; its logical id has to be alphanumeric.
    pub(crate) fn new(kind: &'static str, id: impl Into<Text>, attributes: &Map) -> Result<Resource> {
        let id = id.into();
        check_logical_id(&id)?;
        Ok(Resource { kind, id, depends_on: None, attributes: attributes.clone(), properties: Map::new() })
    }

    pub(crate) fn depending_on(mut self, depends_on: Option<Value>) -> Resource {
        self.depends_on = depends_on;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Resource {
        self.set(name, value);
        self
    }

    pub(crate) fn with_some(mut self, name: &str, value: Option<impl Into<Value>>) -> Resource {
        self.properties.insert_some(name, value);
        self
    }

    /// Takes properties over as they are, those that are there.
    pub(crate) fn with_same(mut self, names: &[&str], from: &Map) -> Resource {
        for name in names {
            self.properties.insert_some(name, from.get(name).cloned());
        }
        self
    }

    /// Sets a property; null leaves it out.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        match value.into() {
            Value::Null => drop(self.properties.remove(name)),
            value => self.properties.insert(name, value),
        }
    }

    /// `Fn::GetAtt` of its ARN, or `Ref` where the reference is the ARN.
    pub(crate) fn arn(&self) -> Value {
        match self.kind {
            "AWS::Lambda::Alias"
            | "AWS::Lambda::Version"
            | "AWS::SNS::Topic"
            | "AWS::StepFunctions::StateMachine"
            | "AWS::StepFunctions::StateMachineVersion"
            | "AWS::StepFunctions::StateMachineAlias" => map([("Ref", self.id.clone().into())]),
            _ => get_att(self.id.clone(), "Arn"),
        }
    }

    pub(crate) fn reference(&self) -> Value {
        map([("Ref", self.id.clone().into())])
    }

    pub(crate) fn passed_on(&self) -> Map {
        passed_on(&self.attributes)
    }

    /// The condition under which it exists.
    pub(crate) fn condition(&self) -> Option<&Value> {
        self.attributes.get("Condition").filter(|condition| condition.truthy())
    }

    /// Its definition in a template.
    pub(crate) fn definition(&self) -> Value {
        let mut definition = Map::new();
        definition.insert("Type", self.kind);
        if truthy(self.depends_on.as_ref()) {
            definition.insert_some("DependsOn", self.depends_on.clone());
        }
        definition.update(&self.attributes);
        definition.insert("Properties", self.properties.clone());
        definition.into()
    }

    fn tag_style(&self) -> TagStyle {
        match self.kind {
            "AWS::ApiGatewayV2::Api" if !self.properties.contains("ProtocolType") => TagStyle::None,
            "AWS::ApiGatewayV2::Api" | "AWS::ApiGatewayV2::Stage" | "AWS::ApiGatewayV2::DomainName" => TagStyle::Map,
            _ if TAGGED.contains(&self.kind) => TagStyle::Pairs,
            _ => TagStyle::None,
        }
    }
}

/// Types that SAM knows to have tags.
const TAGGED: [&str; 18] = [
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::DomainNameAccessAssociation",
    "AWS::ApiGateway::DomainNameV2",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::AppSync::GraphQLApi",
    "AWS::CloudFormation::Stack",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::IoT::TopicRule",
    "AWS::Lambda::CapacityProvider",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
];

/// A map of tags as a list of `Key` and `Value`.
pub(crate) fn tag_pairs(tags: Option<&Map>) -> Vec<Value> {
    let pair = |(key, value): (&Text, &Value)| {
        let value = if value.is_null() { "".into() } else { value.clone() };
        map([("Key", key.clone().into()), ("Value", value)])
    };
    tags.map(|tags| tags.iter().map(pair).collect()).unwrap_or_default()
}

/// Gives the tags to every resource that can have some, in place of its own.
pub(crate) fn propagate_tags(resources: &mut [Resource], tags: Option<&Value>, propagate: bool) {
    let Some(tags) = tags.filter(|tags| propagate && tags.truthy()).and_then(Value::as_map) else { return };
    for resource in resources {
        match resource.tag_style() {
            TagStyle::None => {}
            TagStyle::Pairs => resource.set("Tags", tag_pairs(Some(tags))),
            TagStyle::Map => resource.set("Tags", tags.clone()),
        }
    }
}

/// Gives the tags to every resource that can have some, besides its own.
pub(crate) fn add_tags(resources: &mut [Resource], tags: Option<&Map>) {
    let Some(tags) = tags.filter(|tags| !tags.is_empty()) else { return };
    for resource in resources.iter_mut().filter(|resource| matches!(resource.tag_style(), TagStyle::Pairs)) {
        let mut all: Map = Map::new();
        let own = resource.properties.get("Tags").and_then(Value::as_list).cloned().unwrap_or_default();
        for tag in own.iter().chain(&tag_pairs(Some(tags))) {
            if let (Some(key), Some(value)) = (tag.get("Key").and_then(Value::as_text), tag.get("Value")) {
                all.insert(key, value.clone());
            }
        }
        resource.set("Tags", tag_pairs(Some(&all)));
    }
}
