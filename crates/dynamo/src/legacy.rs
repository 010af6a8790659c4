//! The parameters from before expressions, turned into the same conditions, projections and updates.
//!
//! Source: "Legacy DynamoDB conditional parameters" in the developer guide.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::expression::{Action, Comparator, Condition, KeyTest, Operand, Path, SetOperand, SetValue};
use crate::{KeyCondition, Projection, Type, Update, ValidationError, Value};

/// A `Condition` of KeyConditions, QueryFilter or ScanFilter.
#[derive(Clone, Debug)]
pub struct LegacyCondition {
    pub comparison_operator: String,
    pub attribute_value_list: Vec<Value>,
}

/// An `ExpectedAttributeValue` of Expected.
#[derive(Clone, Debug, Default)]
pub struct ExpectedAttribute {
    pub value: Option<Value>,
    pub exists: Option<bool>,
    pub comparison_operator: Option<String>,
    pub attribute_value_list: Option<Vec<Value>>,
}

/// An `AttributeValueUpdate` of AttributeUpdates.
#[derive(Clone, Debug)]
pub struct AttributeUpdate {
    /// PUT if the request says nothing.
    pub action: Option<String>,
    pub value: Option<Value>,
}

/// QueryFilter or ScanFilter, joined by ConditionalOperator (`AND` if the request says nothing).
pub fn filter(
    conditions: BTreeMap<String, LegacyCondition>,
    conditional_operator: Option<&str>,
) -> Result<Condition, ValidationError> {
    check_conditional_operator(conditions.len(), conditional_operator)?;
    let parts = conditions
        .into_iter()
        .map(|(name, condition)| test(&name, &condition.comparison_operator, condition.attribute_value_list))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(join(parts, conditional_operator))
}

/// Expected, joined by ConditionalOperator.
pub fn expected(
    attributes: BTreeMap<String, ExpectedAttribute>,
    conditional_operator: Option<&str>,
) -> Result<Condition, ValidationError> {
    check_conditional_operator(attributes.len(), conditional_operator)?;
    let parts =
        attributes.into_iter().map(|(name, expected)| expectation(&name, expected)).collect::<Result<Vec<_>, _>>()?;
    Ok(join(parts, conditional_operator))
}

/// KeyConditions.
pub fn key_conditions(conditions: BTreeMap<String, LegacyCondition>) -> Result<KeyCondition, ValidationError> {
    let mut tests = Vec::new();
    for (name, condition) in conditions {
        check_arguments(&condition.comparison_operator, &condition.attribute_value_list)?;
        tests.push((name, condition));
    }
    if !(1..=2).contains(&tests.len()) {
        return Err("Conditions can be of length 1 or 2 only".into());
    }
    let tests = tests.into_iter().map(|(name, condition)| Ok((name, key_test(condition)?)));
    KeyCondition::new(tests.collect::<Result<_, ValidationError>>()?)
}

/// AttributesToGet.
pub fn attributes_to_get(names: Vec<String>) -> Result<Projection, ValidationError> {
    let repeated = names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|earlier| earlier == *name));
    if let Some((_, name)) = repeated {
        return Err(ValidationError::parameter(format!("Duplicate value in attribute name: {name}")));
    }
    let paths: Vec<Path> = names.into_iter().map(Path::attribute).collect();
    Ok(Projection::of_paths(paths.iter()))
}

/// AttributeUpdates.
pub fn attribute_updates(updates: BTreeMap<String, AttributeUpdate>) -> Result<Update, ValidationError> {
    let actions = updates.into_iter().map(|(name, update)| action(Path::attribute(name), update));
    Ok(Update { actions: actions.collect::<Result<_, _>>()?, mismatch: "Type mismatch for attribute to update" })
}

fn check_conditional_operator(conditions: usize, operator: Option<&str>) -> Result<(), ValidationError> {
    match (operator, conditions) {
        (Some(_), 0) => Err("ConditionalOperator cannot be used without Filter or Expected".into()),
        (Some(_), 1) => {
            Err("ConditionalOperator can only be used when Filter or Expected has two or more elements".into())
        }
        _ => Ok(()),
    }
}

fn join(parts: Vec<Condition>, conditional_operator: Option<&str>) -> Condition {
    if conditional_operator == Some("OR") { Condition::Or(parts) } else { Condition::And(parts) }
}

fn expectation(name: &str, expected: ExpectedAttribute) -> Result<Condition, ValidationError> {
    let wrong = |detail: &str| Err(ValidationError::parameter(format!("{detail} for Attribute: {name}")));
    let ExpectedAttribute { value, exists, comparison_operator, attribute_value_list } = expected;
    let Some(operator) = comparison_operator else {
        if attribute_value_list.is_some() {
            return wrong("AttributeValueList can only be used with a ComparisonOperator");
        }
        return match (exists, value) {
            (None | Some(true), Some(value)) => test(name, "EQ", vec![value]),
            (None, None) => wrong("Value must be provided when Exists is null"),
            (Some(true), None) => wrong("Value must be provided when Exists is true"),
            (Some(false), Some(_)) => wrong("Value cannot be used when Exists is false"),
            (Some(false), None) => Ok(Condition::AttributeNotExists(Path::attribute(name))),
        };
    };
    if exists.is_some() {
        return wrong("Exists and ComparisonOperator cannot be used together");
    }
    match (attribute_value_list, value) {
        (Some(_), Some(_)) => wrong("Value and AttributeValueList cannot be used together"),
        (list, value) => test(name, &operator, list.unwrap_or_else(|| value.into_iter().collect())),
    }
}

/// One comparison of one attribute.
fn test(name: &str, operator: &str, values: Vec<Value>) -> Result<Condition, ValidationError> {
    check_arguments(operator, &values)?;
    let path = Path::attribute(name);
    let attribute = Operand::Path(path.clone());
    let mut values = values.into_iter().map(Operand::Value);
    let mut next = || values.next().ok_or_else(|| wrong_count(operator));
    Ok(match operator {
        "NULL" => Condition::AttributeNotExists(path),
        "NOT_NULL" => Condition::AttributeExists(path),
        "CONTAINS" => Condition::Contains(attribute, next()?),
        "NOT_CONTAINS" => Condition::And(vec![
            Condition::AttributeExists(path),
            Condition::Not(Box::new(Condition::Contains(attribute, next()?))),
        ]),
        "BEGINS_WITH" => Condition::BeginsWith(attribute, next()?),
        "BETWEEN" => Condition::Between(attribute, next()?, next()?),
        "IN" => Condition::In(attribute, values.collect()),
        other => Condition::Compare(comparator(other)?, attribute, next()?),
    })
}

fn comparator(operator: &str) -> Result<Comparator, ValidationError> {
    Ok(match operator {
        "EQ" => Comparator::Equal,
        "NE" => Comparator::NotEqual,
        "LT" => Comparator::Less,
        "LE" => Comparator::LessOrEqual,
        "GT" => Comparator::Greater,
        "GE" => Comparator::GreaterOrEqual,
        other => {
            return Err(ValidationError::parameter(format!("Unsupported ComparisonOperator: {other}")));
        }
    })
}

fn key_test(condition: LegacyCondition) -> Result<KeyTest, ValidationError> {
    let operator = condition.comparison_operator;
    let mut values = condition.attribute_value_list.into_iter();
    let mut next = || values.next().ok_or_else(|| wrong_count(&operator));
    Ok(match operator.as_str() {
        "EQ" => KeyTest::Equal(next()?),
        "LT" => KeyTest::Less(next()?),
        "LE" => KeyTest::LessOrEqual(next()?),
        "GT" => KeyTest::Greater(next()?),
        "GE" => KeyTest::GreaterOrEqual(next()?),
        "BEGINS_WITH" => KeyTest::BeginsWith(next()?),
        "BETWEEN" => KeyTest::Between(next()?, next()?),
        _ => return Err("Attempted conditional constraint is not an indexable operation".into()),
    })
}

fn wrong_count(operator: &str) -> ValidationError {
    ValidationError::parameter(format!("Invalid number of argument(s) for the {operator} ComparisonOperator"))
}

/// How many values an operator takes, of one type, and of which types.
fn check_arguments(operator: &str, values: &[Value]) -> Result<(), ValidationError> {
    let right_count = match operator {
        "NULL" | "NOT_NULL" => values.is_empty(),
        "BETWEEN" => values.len() == 2,
        "IN" => !values.is_empty(),
        _ => values.len() == 1,
    };
    if !right_count {
        return Err(wrong_count(operator));
    }
    let Some(kind) = values.first().map(Value::kind) else {
        return Ok(());
    };
    if values.iter().any(|value| value.kind() != kind) {
        return Err(ValidationError::parameter("AttributeValues inside AttributeValueList must be of same type"));
    }
    let right_type = match operator {
        "LT" | "LE" | "GT" | "GE" | "IN" | "BETWEEN" => kind.is_ordered(),
        "CONTAINS" | "NOT_CONTAINS" => !kind.is_set() && !matches!(kind, Type::M | Type::L),
        "BEGINS_WITH" => matches!(kind, Type::S | Type::B),
        _ => true,
    };
    if !right_type {
        return Err(ValidationError::parameter(format!(
            "ComparisonOperator {operator} is not valid for {kind} AttributeValue type"
        )));
    }
    match (operator, values) {
        ("BETWEEN", [low, high]) if low.compare(high) == Some(Ordering::Greater) => {
            Err("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
                .into())
        }
        _ => Ok(()),
    }
}

fn action(path: Path, update: AttributeUpdate) -> Result<Action, ValidationError> {
    let unsupported = |action: &str, kind: Type| {
        Err(ValidationError::parameter(format!("{action} is not supported for the type {kind}")))
    };
    match (update.action.as_deref().unwrap_or("PUT"), update.value) {
        ("DELETE", None) => Ok(Action::Remove(path)),
        (_, None) => {
            Err(ValidationError::parameter("Only DELETE action is allowed when no attribute value is specified"))
        }
        ("PUT", Some(value)) => Ok(Action::Set(path, SetValue::Operand(SetOperand::Value(value)))),
        ("DELETE", Some(value)) if value.kind().is_set() => Ok(Action::Delete(path, value)),
        ("DELETE", Some(value)) => unsupported("DELETE action with value", value.kind()),
        ("ADD", Some(value)) => match value.kind() {
            Type::N | Type::Ss | Type::Ns | Type::Bs | Type::L => Ok(Action::Add(path, value)),
            kind => unsupported("ADD action", kind),
        },
        (other, Some(_)) => Err(ValidationError::parameter(format!("Unsupported Action: {other}"))),
    }
}
