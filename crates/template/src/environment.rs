//! What a template's functions look at: plain data, filled in by the caller.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Everything outside of the template that its values may depend on.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Twelve digits.
    pub account: String,
    /// `ap-northeast-1`.
    pub region: String,
    pub stack_name: String,
    /// The stack's ARN.
    pub stack_id: String,
    pub notification_arns: Vec<String>,
    /// What `Ref` answers for each parameter: text or a list of texts (see `Parameter::value`).
    pub parameters: BTreeMap<String, Value>,
    /// The conditions' values, from [`crate::conditions`].
    pub conditions: BTreeMap<String, bool>,
    /// The resources that exist, by logical id.
    pub resources: BTreeMap<String, Physical>,
    /// Exported values, by export name.
    pub imports: BTreeMap<String, String>,
    /// Availability zones, by region.
    pub zones: BTreeMap<String, Vec<String>>,
    /// Stands for what isn't known yet, as change sets have it; without it a value that is missing is a [`Need`].
    pub unknown: Option<String>,
}

/// A resource that exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Physical {
    /// What `Ref` answers.
    pub reference: Value,
    /// What `Fn::GetAtt` answers, by attribute name; dots as in `Outputs.Name`.
    pub attributes: Map<String, Value>,
}

/// Something that has to be looked up before a value can be known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A resource that doesn't exist yet.
    Resource(String),
    /// An attribute that isn't known of a resource that exists.
    Attribute { resource: String, name: String },
    /// An export.
    Import(String),
    /// The availability zones of a region.
    Zones(String),
}

/// A pseudo parameter's value; `AWS::NoValue` is `Some(None)`.
pub(crate) fn pseudo(env: &Environment, name: &str) -> Option<Option<Value>> {
    let text = |text: &str| Some(Some(Value::String(text.to_owned())));
    match name {
        "AWS::AccountId" => text(&env.account),
        "AWS::NoValue" => Some(None),
        "AWS::NotificationARNs" => Some(Some(Value::from(env.notification_arns.clone()))),
        "AWS::Partition" => text(partition(&env.region)),
        "AWS::Region" => text(&env.region),
        "AWS::StackId" => text(&env.stack_id),
        "AWS::StackName" => text(&env.stack_name),
        "AWS::URLSuffix" => text(if env.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }),
        _ => None,
    }
}

/// The partition of a region: `aws`, `aws-cn`, `aws-us-gov`.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
