//! A pool's schema: which attributes users have, and what values they take.

use kogumo_base::Timestamp;
use kogumo_door::Writer;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::faults::invalid;

/// An attribute of the schema.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attribute {
    /// `email`, `custom:team`, `dev:custom:team`.
    pub name: String,
    pub kind: String,
    pub developer_only: bool,
    pub mutable: bool,
    pub required: bool,
    /// Lengths of strings, values of numbers.
    pub least: Option<String>,
    pub most: Option<String>,
}

/// OpenID Connect's standard claims as Cognito has them: name, least and greatest length.
const STANDARD: [(&str, &str, &str); 17] = [
    ("name", "0", "2048"),
    ("given_name", "0", "2048"),
    ("family_name", "0", "2048"),
    ("middle_name", "0", "2048"),
    ("nickname", "0", "2048"),
    ("preferred_username", "0", "2048"),
    ("profile", "0", "2048"),
    ("picture", "0", "2048"),
    ("website", "0", "2048"),
    ("email", "0", "2048"),
    ("gender", "0", "2048"),
    ("birthdate", "10", "10"),
    ("zoneinfo", "0", "2048"),
    ("locale", "0", "2048"),
    ("phone_number", "0", "2048"),
    ("address", "0", "2048"),
    ("updated_at", "0", ""),
];

/// The schema of a pool whose creator names these attributes.
///
/// # Errors
/// Attributes that contradict the standard ones, or each other.
pub fn schema(given: &[SchemaAttributeType]) -> Result<Vec<Attribute>, Fault> {
    let text = |name: &str, least: &str, most: &str| Attribute {
        name: name.to_owned(),
        kind: String::from("String"),
        developer_only: false,
        mutable: true,
        required: false,
        least: Some(least.to_owned()),
        most: Some(most.to_owned()),
    };
    let mut all = vec![Attribute { mutable: false, required: true, ..text("sub", "1", "2048") }];
    all.extend(STANDARD.map(|(name, least, most)| match name {
        "updated_at" => Attribute { kind: "Number".into(), most: None, ..text(name, least, most) },
        _ => text(name, least, most),
    }));
    for name in ["email_verified", "phone_number_verified"] {
        all.push(Attribute { kind: "Boolean".into(), least: None, most: None, ..text(name, "", "") });
    }
    for attribute in given {
        let name = attribute.name.as_deref().unwrap_or_default();
        match all.iter_mut().find(|known| known.name == name) {
            Some(standard) => {
                if attribute.attribute_data_type.as_ref().is_some_and(|kind| *kind != standard.kind) {
                    return Err(invalid(format!("You can not change AttributeDataType for standard attribute {name}")));
                }
                standard.required = attribute.required.unwrap_or(standard.required);
                standard.mutable = attribute.mutable.unwrap_or(standard.mutable);
                let bounds = attribute.string_attribute_constraints.as_ref();
                if let Some(bounds) = bounds {
                    standard.least = bounds.min_length.clone().or(standard.least.take());
                    standard.most = bounds.max_length.clone().or(standard.most.take());
                }
            }
            None => add_custom(&mut all, attribute)?,
        }
    }
    Ok(all)
}

/// Adds a custom attribute.
///
/// # Errors
/// One of that name is there, it is required, or there are fifty already.
fn add_custom(all: &mut Vec<Attribute>, given: &SchemaAttributeType) -> Result<(), Fault> {
    let plain = given.name.as_deref().ok_or_else(|| invalid("Attribute name is missing."))?;
    let developer_only = given.developer_only_attribute.unwrap_or(false);
    let plain = plain.strip_prefix("custom:").unwrap_or(plain);
    let name = if developer_only { format!("dev:custom:{plain}") } else { format!("custom:{plain}") };
    if given.required == Some(true) {
        return Err(invalid("Required custom attributes are not supported currently."));
    }
    if all.iter().any(|known| known.name == name) {
        return Err(invalid(format!("{name}: Existing attribute already has name {name}.")));
    }
    if all.iter().filter(|known| known.name.contains("custom:")).count() >= 50 {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because("Maximum number of custom attributes exceeded."));
    }
    let strings = given.string_attribute_constraints.as_ref();
    let numbers = given.number_attribute_constraints.as_ref();
    let bound = |text: Option<&String>, number: Option<&String>| text.or(number).cloned();
    all.push(Attribute {
        name,
        kind: given.attribute_data_type.clone().unwrap_or_else(|| "String".into()),
        developer_only,
        mutable: given.mutable.unwrap_or(true),
        required: false,
        least: bound(strings.and_then(|s| s.min_length.as_ref()), numbers.and_then(|n| n.min_value.as_ref())),
        most: bound(strings.and_then(|s| s.max_length.as_ref()), numbers.and_then(|n| n.max_value.as_ref())),
    });
    Ok(())
}

pub fn shown(attribute: &Attribute) -> SchemaAttributeType {
    let of_number = attribute.kind == "Number";
    SchemaAttributeType {
        name: Some(attribute.name.clone()),
        attribute_data_type: Some(attribute.kind.clone()),
        developer_only_attribute: Some(attribute.developer_only),
        mutable: Some(attribute.mutable),
        required: Some(attribute.required),
        string_attribute_constraints: (attribute.kind == "String").then(|| StringAttributeConstraintsType {
            min_length: attribute.least.clone(),
            max_length: attribute.most.clone(),
        }),
        number_attribute_constraints: of_number.then(|| NumberAttributeConstraintsType {
            min_value: attribute.least.clone(),
            max_value: attribute.most.clone(),
        }),
    }
}

impl Attribute {
    /// What is wrong with a value, in Cognito's words.
    pub fn objection(&self, value: &str) -> Option<String> {
        let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<i64>().ok());
        let (least, most) = (number(&self.least), number(&self.most));
        match self.kind.as_str() {
            "Number" => match value.parse::<i64>() {
                Err(_) => Some(format!("{}: Attribute value is not a number.", self.name)),
                Ok(value) if least.is_some_and(|least| value < least) => {
                    Some(format!("{}: Number is smaller than minimum.", self.name))
                }
                Ok(value) if most.is_some_and(|most| value > most) => {
                    Some(format!("{}: Number is greater than maximum.", self.name))
                }
                Ok(_) => None,
            },
            "Boolean" => (value != "true" && value != "false")
                .then(|| format!("{}: Attribute value must be boolean.", self.name)),
            "DateTime" => {
                Timestamp::parse_iso(value).is_none().then(|| format!("{}: Attribute value is not a date.", self.name))
            }
            _ => {
                let length = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
                if self.name == "birthdate" && length != 10 {
                    return Some("birthdate: String must be exactly 10 characters.".into());
                }
                if least.is_some_and(|least| length < least) {
                    return Some(format!("{}: String is too short.", self.name));
                }
                most.is_some_and(|most| length > most).then(|| format!("{}: String is too long.", self.name))
            }
        }
    }
}

pub fn add_custom_attributes(
    w: &mut Writer,
    input: AddCustomAttributesRequest,
) -> Result<AddCustomAttributesResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    for attribute in &input.custom_attributes {
        add_custom(&mut pool.schema, attribute)?;
    }
    pool.modified = w.now;
    super::put(w.tx, &pool)?;
    Ok(AddCustomAttributesResponse::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked() {
        let all = schema(&[SchemaAttributeType {
            name: Some("age".into()),
            attribute_data_type: Some("Number".into()),
            number_attribute_constraints: Some(NumberAttributeConstraintsType {
                min_value: Some("1".into()),
                max_value: Some("150".into()),
            }),
            ..SchemaAttributeType::default()
        }])
        .expect("a schema");
        let age = all.iter().find(|attribute| attribute.name == "custom:age").expect("the attribute");
        assert_eq!(age.objection("42"), None);
        for wrong in ["0", "151", "x", ""] {
            assert!(age.objection(wrong).is_some(), "{wrong}");
        }
        let twice = SchemaAttributeType { name: Some("age".into()), ..SchemaAttributeType::default() };
        assert!(schema(&[twice.clone(), twice]).is_err());
    }
}
