//! AWS::Serverless::SimpleTable: a table with a key.

use crate::error::Result;
use crate::expect::Owner;
use crate::resource::{Resource, tag_pairs};
use crate::rules::{Instance, Rule, Shape, optional};
use crate::transform::{Generated, Translation};
use crate::value::{Value, list, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("PointInTimeRecoverySpecification", Shape::Any),
    optional("PrimaryKey", Shape::MapOfTexts),
    optional("ProvisionedThroughput", Shape::MapOfIntsOrMaps),
    optional("TableName", Shape::TextOrMap),
    optional("Tags", Shape::Map),
    optional("SSESpecification", Shape::Map),
];

pub(crate) fn transform(table: Instance, _: &mut Translation) -> Result<Generated> {
    let (name, kind) = key(&table)?;
    let attribute = map([("AttributeName", name.clone()), ("AttributeType", text(kind))]);
    let schema = map([("AttributeName", name), ("KeyType", text("HASH"))]);
    let mut resource = Resource::new("AWS::DynamoDB::Table", table.id.clone(), &table.attributes)?
        .depending_on(table.depends_on.clone())
        .with("AttributeDefinitions", list([attribute]))
        .with("KeySchema", list([schema]));
    for name in ["PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName"] {
        resource = resource.with_some(name, table.some(name).cloned());
    }
    if !table.truthy("ProvisionedThroughput") {
        resource.set("BillingMode", "PAY_PER_REQUEST");
    }
    if let Some(tags) = table.some("Tags") {
        resource.set("Tags", tag_pairs(tags.as_map()));
    }
    Ok(Generated::new(vec![resource], &[]))
}

/// Name and type of the key: text named `id`, if the template does not say.
fn key(table: &Instance) -> Result<(Value, &'static str)> {
    let Some(key) = table.some("PrimaryKey") else { return Ok((text("id"), "S")) };
    let owner = Owner::Resource(&table.id);
    let name = owner.some("PrimaryKey.Name", key.get("Name"))?;
    let kind = owner.some("PrimaryKey.Type", key.get("Type"))?;
    match kind.as_str() {
        Some("String") => Ok((name.clone(), "S")),
        Some("Number") => Ok((name.clone(), "N")),
        Some("Binary") => Ok((name.clone(), "B")),
        _ => Err(table.error(format!("Invalid 'Type' \"{}\".", crate::python2::str(kind)))),
    }
}
