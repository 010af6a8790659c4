//! What CreateTable and UpdateTable refuse, in AWS's words. Pure.

use std::collections::BTreeSet;

use kogumo_dynamo::ValidationError;
use kogumo_model::dynamodb::{AttributeDefinition, KeySchemaElement, Projection, ProvisionedThroughput};

use crate::record::{Billing, Throughput};
use crate::schema::{KeyAttribute, KeyType, Keys, Projected};

const LOCAL_LIMIT: usize = 5;
const GLOBAL_LIMIT: usize = 20;
/// Attributes that all indexes of a table may include besides keys.
const INCLUDED_LIMIT: usize = 100;

type Check<T> = Result<T, ValidationError>;

/// A violation of the model that the model does not say.
fn violation(value: &str, at: &str, constraint: &str) -> ValidationError {
    ValidationError(format!(
        "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
    ))
}

/// The name of a new table.
pub fn check_name(name: &str) -> Check<()> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if !name.bytes().all(legal) {
        let constraint = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
        return Err(violation(name, "tableName", constraint));
    }
    match name.len() {
        0..3 => Err(violation(name, "tableName", "Member must have length greater than or equal to 3")),
        3..=255 => Ok(()),
        _ => Err(violation(name, "tableName", "Member must have length less than or equal to 255")),
    }
}

/// BillingMode and ProvisionedThroughput of a table.
pub fn billing(mode: Option<&str>, throughput: Option<&ProvisionedThroughput>) -> Check<Billing> {
    match (mode, throughput) {
        (Some("PAY_PER_REQUEST"), None) => Ok(Billing { throughput: None, on_demand_since: None }),
        (Some("PAY_PER_REQUEST"), Some(_)) => Err(ValidationError::parameter(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        (_, None) => Err(ValidationError::parameter(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        )),
        (_, Some(throughput)) => Ok(Billing { throughput: Some(self::throughput(throughput)), on_demand_since: None }),
    }
}

pub fn throughput(given: &ProvisionedThroughput) -> Throughput {
    Throughput { read: given.read_capacity_units, write: given.write_capacity_units }
}

/// ProvisionedThroughput of a global index, which follows the table's BillingMode.
pub fn index_throughput(
    index: &str,
    on_demand: bool,
    given: Option<&ProvisionedThroughput>,
) -> Check<Option<Throughput>> {
    match (on_demand, given) {
        (true, Some(_)) => Err(ValidationError::parameter(format!(
            "ProvisionedThroughput should not be specified for index: {index} when BillingMode is PAY_PER_REQUEST"
        ))),
        (false, None) => {
            Err(ValidationError::parameter(format!("ProvisionedThroughput must be specified for index: {index}")))
        }
        (_, given) => Ok(given.map(throughput)),
    }
}

/// Names defined twice.
pub fn check_definitions(definitions: &[AttributeDefinition]) -> Check<()> {
    let mut seen = BTreeSet::new();
    match definitions.iter().find(|definition| !seen.insert(&definition.attribute_name)) {
        Some(twice) => {
            let name = &twice.attribute_name;
            Err(ValidationError::parameter(format!("Duplicate AttributeName in AttributeDefinitions: {name}")))
        }
        None => Ok(()),
    }
}

/// A key schema: one HASH, and perhaps one RANGE.
pub fn keys(schema: &[KeySchemaElement], definitions: &[AttributeDefinition]) -> Check<Keys> {
    let (first, second) = match schema {
        [first] => (first, None),
        [first, second] => (first, Some(second)),
        [] => return Err(violation("[]", "keySchema", "Member must have length greater than or equal to 1")),
        _ => return Err(violation(&shown(schema), "keySchema", "Member must have length less than or equal to 2")),
    };
    if first.key_type != "HASH" {
        return Err("Invalid KeySchema: The first KeySchemaElement is not a HASH key type".into());
    }
    if second.is_some_and(|second| second.key_type != "RANGE") {
        return Err("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type".into());
    }
    if second.is_some_and(|second| second.attribute_name == first.attribute_name) {
        return Err(
            "Invalid KeySchema: Both the Hash Key and the Range Key element in the KeySchema have the same name".into(),
        );
    }
    check_defined(schema, definitions)?;
    let part = |element: &KeySchemaElement| {
        let definition = definitions.iter().find(|definition| definition.attribute_name == element.attribute_name);
        let kind = definition.and_then(|definition| KeyType::from_descriptor(&definition.attribute_type));
        let kind = kind.ok_or("Invalid KeySchema: Some index key attribute have no definition")?;
        Ok::<_, ValidationError>(KeyAttribute { name: element.attribute_name.clone(), kind })
    };
    Ok(Keys { partition: part(first)?, sort: second.map(part).transpose()? })
}

/// Java's way of printing a key schema, which AWS's messages hold.
fn shown(schema: &[KeySchemaElement]) -> String {
    let shown = |element: &KeySchemaElement| {
        format!("KeySchemaElement(attributeName={}, keyType={})", element.attribute_name, element.key_type)
    };
    format!("[{}]", schema.iter().map(shown).collect::<Vec<_>>().join(", "))
}

fn check_defined(schema: &[KeySchemaElement], definitions: &[AttributeDefinition]) -> Check<()> {
    let defined = |name: &String| definitions.iter().any(|definition| definition.attribute_name == *name);
    if schema.iter().all(|element| defined(&element.attribute_name)) {
        return Ok(());
    }
    let keys = list(schema.iter().map(|element| element.attribute_name.as_str()));
    let known = list(definitions.iter().map(|definition| definition.attribute_name.as_str()));
    Err(ValidationError::parameter(format!(
        "Some index key attributes are not defined in AttributeDefinitions. Keys: [{keys}], \
         AttributeDefinitions: [{known}]"
    )))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Every attribute that is defined must be a key of something.
pub fn check_all_used<'a>(definitions: &[AttributeDefinition], all: impl Iterator<Item = &'a Keys>) -> Check<()> {
    let used: BTreeSet<&str> = all.flat_map(Keys::attributes).map(|attribute| attribute.name.as_str()).collect();
    if definitions.iter().all(|definition| used.contains(definition.attribute_name.as_str())) {
        return Ok(());
    }
    let known = list(definitions.iter().map(|definition| definition.attribute_name.as_str()));
    let used = list(used.into_iter());
    Err(ValidationError::parameter(format!(
        "Some AttributeDefinitions are not used. AttributeDefinitions: [{known}], keys used: [{used}]"
    )))
}

/// The Projection of an index.
pub fn projected(projection: &Projection) -> Check<Projected> {
    let refuse = |detail: &str| Err(ValidationError::parameter(detail));
    match (projection.projection_type.as_deref(), projection.non_key_attributes.as_deref()) {
        (Some("ALL"), None) => Ok(Projected::All),
        (Some("KEYS_ONLY"), None) => Ok(Projected::KeysOnly),
        (Some("INCLUDE"), Some(names)) if !names.is_empty() => Ok(Projected::Include(names.to_vec())),
        (Some("ALL"), Some(_)) => refuse("ProjectionType is ALL, but NonKeyAttributes is specified"),
        (Some("KEYS_ONLY"), Some(_)) => refuse("ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified"),
        (Some("INCLUDE"), _) => refuse("ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
        (None, _) => refuse("Unknown ProjectionType: null"),
        (Some(other), _) => refuse(&format!("Unknown ProjectionType: {other}")),
    }
}

/// A local index has the table's partition key and a sort key of its own.
pub fn check_local(index: &str, keys: &Keys, table: &Keys) -> Check<()> {
    if table.sort.is_none() {
        return Err(ValidationError::parameter(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ));
    }
    if keys.sort.is_none() {
        return Err(ValidationError::parameter(format!(
            "Index KeySchema does not have a range key for index: {index}"
        )));
    }
    let (own, tables) = (&keys.partition.name, &table.partition.name);
    if own != tables {
        return Err(ValidationError::parameter(format!(
            "Index KeySchema does not have the same leading hash key as table KeySchema for index: {index}. \
             index hash key: {own}, table hash key: {tables}"
        )));
    }
    Ok(())
}

/// How many indexes there are, and that their names differ.
pub fn check_indexes<'a>(
    local: usize,
    global: usize,
    all: impl Iterator<Item = (&'a str, &'a Projected)>,
) -> Check<()> {
    if local > LOCAL_LIMIT {
        return Err(ValidationError::parameter(format!(
            "Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_LIMIT}"
        )));
    }
    if global > GLOBAL_LIMIT {
        return Err(ValidationError::parameter(format!(
            "GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_LIMIT}"
        )));
    }
    let (mut names, mut included) = (BTreeSet::new(), 0);
    for (name, projected) in all {
        if !names.insert(name) {
            return Err(ValidationError::parameter(format!("Duplicate index name: {name}")));
        }
        if let Projected::Include(attributes) = projected {
            included += attributes.len();
        }
    }
    if included > INCLUDED_LIMIT {
        return Err(ValidationError::parameter(format!(
            "Total number of projected attributes across all indexes exceeds the limit of {INCLUDED_LIMIT}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(elements: &[(&str, &str)]) -> Vec<KeySchemaElement> {
        let element = |(name, kind): &(&str, &str)| KeySchemaElement {
            attribute_name: (*name).to_owned(),
            key_type: (*kind).to_owned(),
        };
        elements.iter().map(element).collect()
    }

    fn definitions(definitions: &[(&str, &str)]) -> Vec<AttributeDefinition> {
        let definition = |(name, kind): &(&str, &str)| AttributeDefinition {
            attribute_name: (*name).to_owned(),
            attribute_type: (*kind).to_owned(),
        };
        definitions.iter().map(definition).collect()
    }

    fn refusal(elements: &[(&str, &str)]) -> String {
        keys(&schema(elements), &definitions(&[("a", "S"), ("b", "N")])).expect_err("a refusal").0
    }

    #[test]
    fn key_schemas_are_checked() {
        assert_eq!(refusal(&[("a", "RANGE")]), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
        assert_eq!(
            refusal(&[("a", "HASH"), ("b", "HASH")]),
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        );
        assert!(refusal(&[("a", "HASH"), ("a", "RANGE")]).starts_with("Invalid KeySchema"));
        assert_eq!(
            refusal(&[("c", "HASH")]),
            "One or more parameter values were invalid: Some index key attributes are not defined in \
             AttributeDefinitions. Keys: [c], AttributeDefinitions: [a, b]"
        );
        assert!(
            refusal(&[("a", "HASH"), ("b", "RANGE"), ("c", "RANGE")])
                .contains("Member must have length less than or equal to 2")
        );
        let keys = keys(&schema(&[("a", "HASH"), ("b", "RANGE")]), &definitions(&[("a", "S"), ("b", "N")]));
        let part = |name: &str, kind| KeyAttribute { name: name.to_owned(), kind };
        assert_eq!(keys, Ok(Keys { partition: part("a", KeyType::S), sort: Some(part("b", KeyType::N)) }));
    }

    #[test]
    fn table_names_are_checked() {
        assert!(check_name("a.b-C_9").is_ok());
        assert!(check_name("ab").expect_err("too short").0.contains("greater than or equal to 3"));
        assert!(check_name("bad name").expect_err("a space").0.contains("[a-zA-Z0-9_.-]+"));
    }

    #[test]
    fn billing_and_throughput_go_together() {
        let units = ProvisionedThroughput { read_capacity_units: 5, write_capacity_units: 1 };
        assert!(billing(None, None).is_err());
        assert!(billing(Some("PAY_PER_REQUEST"), Some(&units)).is_err());
        let provisioned = billing(None, Some(&units)).expect("provisioned");
        assert_eq!(provisioned.throughput, Some(Throughput { read: 5, write: 1 }));
    }
}
