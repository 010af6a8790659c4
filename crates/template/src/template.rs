//! A template as CloudFormation understands it: sections, checked, with everything that follows from its text alone.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::check;
use crate::parameter::Parameter;
use crate::problem::Problem;
use crate::transform::{self, Macro};

/// A checked template. `value` is its whole text as a tree; the other members are views of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    pub value: Value,
    pub description: Option<String>,
    pub metadata: Option<Value>,
    pub parameters: IndexMap<String, Parameter>,
    pub mappings: Map<String, Value>,
    pub conditions: Map<String, Value>,
    pub rules: Map<String, Value>,
    pub resources: IndexMap<String, Resource>,
    pub outputs: IndexMap<String, Output>,
    /// The `Transform` section, in its order.
    pub transforms: Vec<Macro>,
}

/// A resource's declaration; the values are not yet evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// `AWS::S3::Bucket`.
    pub kind: String,
    /// A mapping of property names.
    pub properties: Value,
    pub depends_on: Vec<String>,
    pub condition: Option<String>,
    /// `Delete`, `Retain`, `Snapshot`, `RetainExceptOnCreate`, or a function of them (`AWS::LanguageExtensions`).
    pub deletion_policy: Option<Value>,
    pub update_replace_policy: Option<Value>,
    pub creation_policy: Option<Value>,
    pub update_policy: Option<Value>,
    pub metadata: Option<Value>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    pub value: Value,
    pub description: Option<String>,
    /// `Export.Name`.
    pub export: Option<Value>,
    pub condition: Option<String>,
}

impl Template {
    /// Takes a template that has been read (and, where it names transforms, transformed).
    ///
    /// # Errors
    /// CloudFormation's own, for every rule that the text alone can break.
    pub fn parse(value: Value) -> Result<Self, Problem> {
        let template = Template::parse_untransformed(value)?;
        check::references(&template)?;
        Ok(template)
    }

    /// As [`Template::parse`], without the rules that only hold once macros have run: references may lead to
    /// resources that a transform will make, resource types may be the transform's own.
    pub fn parse_untransformed(value: Value) -> Result<Self, Problem> {
        let Value::Object(sections) = &value else {
            return Err(Problem::format("unsupported structure."));
        };
        check::sections(sections)?;
        check::no_nulls(&value)?;
        let text = |name: &str| sections.get(name).and_then(Value::as_str).map(str::to_owned);
        let map = |name: &str| sections.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        Ok(Template {
            description: text("Description"),
            metadata: sections.get("Metadata").cloned(),
            parameters: check::parameters(&map("Parameters"))?,
            mappings: map("Mappings"),
            conditions: map("Conditions"),
            rules: map("Rules"),
            resources: check::resources(&map("Resources"))?,
            outputs: check::outputs(&map("Outputs"))?,
            transforms: transform::declared(sections.get("Transform"))?,
            value,
        })
    }

    /// Whether the `Transform` section names this macro.
    pub fn has_transform(&self, name: &str) -> bool {
        self.transforms.iter().any(|one| one.name == name)
    }
}
