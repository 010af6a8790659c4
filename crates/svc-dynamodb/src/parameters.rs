//! Parameters that many operations share: tables, items, keys, expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogumo_base::{Arn, Scope};
use kogumo_dynamo::json::{self, Unreadable};
use kogumo_dynamo::{
    Condition, ExpectedAttribute, Item, LegacyCondition, Placeholders, Projection, ValidationError, Value,
};
use kogumo_model::dynamodb::{self, RESOURCE_NOT_FOUND_EXCEPTION};
use kogumo_store::Read;
use kogumo_wire::{Common, Fault, Json};

use crate::record::TableRecord;

/// A refusal of the engine, as the client hears it.
pub fn invalid(error: ValidationError) -> Fault {
    Fault::validation(error.0)
}

fn unreadable(error: Unreadable) -> Fault {
    match error {
        Unreadable::Validation(error) => invalid(error),
        Unreadable::Serialization(what) => Fault::common(Common::Serialization, what),
    }
}

/// The table that data is read from or written to, by name or ARN.
pub fn table(read: &dyn Read, scope: &Scope, name: &str) -> Result<Arc<TableRecord>, Fault> {
    let found = match table_name(scope, name) {
        Some(name) => TableRecord::get(read, scope, name)?,
        None => None,
    };
    found.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("Requested resource not found"))
}

/// The name in `name` or `arn:aws:dynamodb:region:account:table/name`; `None` if the ARN is of another place.
pub fn table_name<'a>(scope: &Scope, name: &'a str) -> Option<&'a str> {
    let Some(arn) = Arn::parse(name) else { return Some(name) };
    let here = arn.service == "dynamodb" && arn.region == scope.region && arn.account == scope.account;
    let (_, name) = name.split_once(":table/")?;
    here.then_some(name.split('/').next().unwrap_or(name))
}

/// An item or key out of a request.
pub fn item(json: &Json) -> Result<Item, Fault> {
    json::read_item(json.text()).map_err(unreadable)
}

/// An ExclusiveStartKey.
pub fn start_key(json: &Json) -> Result<Item, Fault> {
    let refuse = |_: &str, error: ValidationError| {
        let numeric =
            error.0.starts_with("The parameter") || error.0.starts_with("Number") || error.0.starts_with("Att");
        let message = if numeric { error.0 } else { format!("The provided starting key is invalid: {error}") };
        ValidationError(message)
    };
    json::read_values(json.text(), refuse).map_err(unreadable)
}

fn value(json: &Json) -> Result<Value, Fault> {
    json::read_value(json.text()).map_err(unreadable)
}

fn values(list: &[Json]) -> Result<Vec<Value>, Fault> {
    list.iter().map(value).collect()
}

/// What stands for JSON in an answer.
pub fn to_json(item: &Item) -> Json {
    let mut text = Vec::new();
    json::write_item(item, &mut text);
    Json::from_text(text)
}

/// Which parameters of the two languages a request has: the expressions, and those from before.
pub struct Languages<'a> {
    pub legacy: &'a [(&'static str, bool)],
    pub expressions: &'a [(&'static str, bool)],
}

impl Languages<'_> {
    /// Refuses a mixture, and placeholders where there is no expression; then reads the placeholders.
    pub fn placeholders(
        &self,
        names: Option<BTreeMap<String, String>>,
        values: Option<&Json>,
    ) -> Result<Placeholders, Fault> {
        let (legacy, expressions) = (given(self.legacy), given(self.expressions));
        if !legacy.is_empty() && !expressions.is_empty() {
            return Err(Fault::validation(format!(
                "Can not use both expression and non-expression parameters in the same request: Non-expression \
                 parameters: {{{legacy}}} Expression parameters: {{{expressions}}}"
            )));
        }
        for (parameter, given) in
            [("ExpressionAttributeNames", names.is_some()), ("ExpressionAttributeValues", values.is_some())]
        {
            if given && expressions.is_empty() {
                return Err(Fault::validation(format!("{parameter} can only be specified when using expressions")));
            }
        }
        let refuse = |name: &str, error: ValidationError| {
            ValidationError(format!("ExpressionAttributeValues contains invalid value: {error} for key {name}"))
        };
        let values = values.map(|json| json::read_values(json.text(), refuse)).transpose().map_err(unreadable)?;
        Placeholders::new(names, values).map_err(invalid)
    }
}

fn given(parameters: &[(&'static str, bool)]) -> String {
    let given: Vec<&str> = parameters.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    given.join(", ")
}

/// ConditionExpression, or Expected.
pub fn condition(
    expression: Option<&str>,
    expected: Option<BTreeMap<String, dynamodb::ExpectedAttributeValue>>,
    conditional_operator: Option<&str>,
    placeholders: &mut Placeholders,
) -> Result<Option<Condition>, Fault> {
    if let Some(text) = expression {
        return Condition::parse("ConditionExpression", text, placeholders).map(Some).map_err(invalid);
    }
    let Some(expected) = expected.filter(|expected| !expected.is_empty()) else {
        return match conditional_operator {
            Some(_) => Err(Fault::validation("ConditionalOperator cannot be used without Filter or Expected")),
            None => Ok(None),
        };
    };
    let expected = expected.into_iter().map(|(name, attribute)| Ok((name, expected_attribute(attribute)?)));
    let expected = expected.collect::<Result<BTreeMap<_, _>, Fault>>()?;
    kogumo_dynamo::expected(expected, conditional_operator).map(Some).map_err(invalid)
}

fn expected_attribute(attribute: dynamodb::ExpectedAttributeValue) -> Result<ExpectedAttribute, Fault> {
    Ok(ExpectedAttribute {
        value: attribute.value.as_ref().map(value).transpose()?,
        exists: attribute.exists,
        comparison_operator: attribute.comparison_operator,
        attribute_value_list: attribute.attribute_value_list.as_deref().map(values).transpose()?,
    })
}

/// FilterExpression, or QueryFilter and ScanFilter.
pub fn filter(
    expression: Option<&str>,
    legacy: Option<BTreeMap<String, dynamodb::Condition>>,
    conditional_operator: Option<&str>,
    placeholders: &mut Placeholders,
) -> Result<Option<Condition>, Fault> {
    if let Some(text) = expression {
        return Condition::parse("FilterExpression", text, placeholders).map(Some).map_err(invalid);
    }
    match legacy.filter(|conditions| !conditions.is_empty()) {
        Some(conditions) => {
            kogumo_dynamo::filter(legacy_conditions(conditions)?, conditional_operator).map(Some).map_err(invalid)
        }
        None if conditional_operator.is_some() => {
            Err(Fault::validation("ConditionalOperator cannot be used without Filter or Expected"))
        }
        None => Ok(None),
    }
}

/// KeyConditions, QueryFilter or ScanFilter as the engine takes them.
pub fn legacy_conditions(
    conditions: BTreeMap<String, dynamodb::Condition>,
) -> Result<BTreeMap<String, LegacyCondition>, Fault> {
    let read = |(name, condition): (String, dynamodb::Condition)| {
        let attribute_value_list = values(condition.attribute_value_list.as_deref().unwrap_or_default())?;
        Ok((name, LegacyCondition { comparison_operator: condition.comparison_operator, attribute_value_list }))
    };
    conditions.into_iter().map(read).collect()
}

/// AttributeUpdates as the engine takes them.
pub fn attribute_updates(
    updates: BTreeMap<String, dynamodb::AttributeValueUpdate>,
) -> Result<kogumo_dynamo::Update, Fault> {
    let read = |(name, update): (String, dynamodb::AttributeValueUpdate)| {
        let value = update.value.as_ref().map(value).transpose()?;
        Ok((name, kogumo_dynamo::AttributeUpdate { action: update.action, value }))
    };
    let updates = updates.into_iter().map(read).collect::<Result<_, Fault>>()?;
    kogumo_dynamo::attribute_updates(updates).map_err(invalid)
}

/// ProjectionExpression, or AttributesToGet.
pub fn projection(
    expression: Option<&str>,
    attributes_to_get: Option<Vec<String>>,
    placeholders: &mut Placeholders,
) -> Result<Option<Projection>, Fault> {
    match (expression, attributes_to_get) {
        (Some(text), _) => Projection::parse(text, placeholders).map(Some).map_err(invalid),
        (None, Some(names)) => kogumo_dynamo::attributes_to_get(names).map(Some).map_err(invalid),
        (None, None) => Ok(None),
    }
}
