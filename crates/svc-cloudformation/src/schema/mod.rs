//! What the CloudFormation registry says of the resource types: read from `facts/cloudformation/*.facts`.

mod coerce;
mod parse;
mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

pub use coerce::coerce;
pub use validate::violations;

/// The committed facts, one text a service.
const FACTS: [&str; 16] = [
    include_str!("../../../../facts/cloudformation/apigateway.facts"),
    include_str!("../../../../facts/cloudformation/apigatewayv2.facts"),
    include_str!("../../../../facts/cloudformation/cdk.facts"),
    include_str!("../../../../facts/cloudformation/cloudformation.facts"),
    include_str!("../../../../facts/cloudformation/cognito.facts"),
    include_str!("../../../../facts/cloudformation/dynamodb.facts"),
    include_str!("../../../../facts/cloudformation/ec2.facts"),
    include_str!("../../../../facts/cloudformation/ecr.facts"),
    include_str!("../../../../facts/cloudformation/iam.facts"),
    include_str!("../../../../facts/cloudformation/kms.facts"),
    include_str!("../../../../facts/cloudformation/lambda.facts"),
    include_str!("../../../../facts/cloudformation/logs.facts"),
    include_str!("../../../../facts/cloudformation/s3.facts"),
    include_str!("../../../../facts/cloudformation/sns.facts"),
    include_str!("../../../../facts/cloudformation/sqs.facts"),
    include_str!("../../../../facts/cloudformation/ssm.facts"),
];
const NAMES: &str = include_str!("../../../../facts/cloudformation/names.facts");

/// A resource type's schema.
#[derive(Debug, Default)]
pub struct Schema {
    /// `AWS::S3::Bucket`.
    pub name: &'static str,
    /// The properties that identify a resource together.
    pub identifier: Vec<&'static str>,
    /// Properties that can only be set at creation; slashes lead into a property.
    pub create_only: Vec<&'static str>,
    /// Properties whose change may need another resource, depending on how they change.
    pub maybe_create_only: Vec<&'static str>,
    /// What `Fn::GetAtt` answers; never an input.
    pub read_only: Vec<&'static str>,
    /// The property that holds the tags.
    pub tags: Option<&'static str>,
    pub root: Shape,
    pub shapes: BTreeMap<&'static str, Shape>,
}

/// An object's properties.
#[derive(Debug, Default)]
pub struct Shape {
    /// Other properties may stand beside the ones that are listed.
    pub open: bool,
    pub properties: BTreeMap<&'static str, Property>,
}

#[derive(Debug)]
pub struct Property {
    pub kind: Kind,
    pub required: bool,
    pub limits: Limits,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    /// Anything.
    Json,
    /// A JSON document, or its text.
    TextOrJson,
    List(Box<Kind>),
    Map(Box<Kind>),
    Shape(&'static str),
}

/// What a value must keep to. `min` and `max` are a number's, the length's or the count's, as the kind has it.
#[derive(Debug, Default)]
pub struct Limits {
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub min_items: Option<usize>,
    pub max_items: Option<usize>,
    pub unique: bool,
    pub one_of: Vec<&'static str>,
    pub pattern: Option<&'static str>,
}

impl Schema {
    /// The schema of a type that stacks here can make.
    pub fn of(name: &str) -> Option<&'static Schema> {
        static ALL: OnceLock<BTreeMap<&'static str, Schema>> = OnceLock::new();
        ALL.get_or_init(|| FACTS.iter().flat_map(|text| parse::schemas(text)).map(|s| (s.name, s)).collect()).get(name)
    }

    /// Whether a change of that property (a path as of `diff::PropertyChange`) needs another resource.
    pub fn needs_replacement(&self, path: &[String]) -> bool {
        self.create_only.iter().any(|only| leads_to(only, path))
    }

    /// Whether it may.
    pub fn may_need_replacement(&self, path: &[String]) -> bool {
        self.maybe_create_only.iter().any(|only| leads_to(only, path))
    }

    pub fn is_attribute(&self, name: &str) -> bool {
        let slashed = name.replace('.', "/");
        self.read_only.iter().any(|one| *one == slashed) || self.root.properties.contains_key(name)
    }
}

/// A pointer and a changed path meet: one begins with the other. `*` in a pointer stands for any list element.
fn leads_to(pointer: &str, path: &[String]) -> bool {
    pointer.split('/').zip(path).all(|(step, at)| step == at || step == "*" && at.parse::<usize>().is_ok())
}

/// Whether AWS has a resource type of that name at all.
pub fn is_known_type(name: &str) -> bool {
    static ALL: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    ALL.get_or_init(|| NAMES.lines().filter(|line| !line.starts_with('#')).collect()).contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_type_is_there() {
        let kept = include_str!("../../../../facts/cloudformation/types");
        for name in kept.lines().filter(|line| line.starts_with("AWS::")) {
            let schema = Schema::of(name).unwrap_or_else(|| panic!("{name}"));
            assert!(is_known_type(name), "{name}");
            for property in schema.root.properties.values() {
                assert_shapes(schema, &property.kind);
            }
        }
        assert!(is_known_type("AWS::EC2::VPC"));
        assert!(!is_known_type("AWS::EC2::Vpc"));
    }

    fn assert_shapes(schema: &Schema, kind: &Kind) {
        match kind {
            Kind::Shape(name) => {
                assert!(schema.shapes.contains_key(name), "{}: {name}", schema.name)
            }
            Kind::List(inner) | Kind::Map(inner) => assert_shapes(schema, inner),
            _ => {}
        }
    }

    #[test]
    fn replacement() {
        let table = Schema::of("AWS::DynamoDB::Table").expect("a schema");
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        assert!(table.needs_replacement(&path("TableName")));
        assert!(!table.needs_replacement(&path("BillingMode")));
        assert!(table.may_need_replacement(&path("KeySchema/0/AttributeName")));
        assert!(table.is_attribute("Arn"));
    }
}
