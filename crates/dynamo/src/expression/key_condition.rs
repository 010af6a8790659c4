//! Key conditions: what a Query asks of the partition key and the sort key.

use super::condition::{Comparator, Condition, Operand};
use super::placeholders::Placeholders;
use crate::{Type, ValidationError, Value};

/// At most one test for each of one or two attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyCondition {
    pub(crate) tests: Vec<(String, KeyTest)>,
}

/// What is asked of one key attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyTest {
    Equal(Value),
    Less(Value),
    LessOrEqual(Value),
    Greater(Value),
    GreaterOrEqual(Value),
    Between(Value, Value),
    BeginsWith(Value),
}

/// A key condition that fits a key schema.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyQuery {
    /// The value of the partition key.
    pub partition: Value,
    /// What is asked of the sort key, if anything.
    pub sort: Option<KeyTest>,
}

impl KeyTest {
    fn values(&self) -> impl Iterator<Item = &Value> {
        let (one, two) = match self {
            KeyTest::Equal(value) | KeyTest::Less(value) | KeyTest::LessOrEqual(value) => (value, None),
            KeyTest::Greater(value) | KeyTest::GreaterOrEqual(value) | KeyTest::BeginsWith(value) => (value, None),
            KeyTest::Between(low, high) => (low, Some(high)),
        };
        std::iter::once(one).chain(two)
    }
}

impl KeyCondition {
    /// Parses and checks a KeyConditionExpression.
    pub fn parse(text: &str, placeholders: &mut Placeholders) -> Result<KeyCondition, ValidationError> {
        let condition = Condition::parse("KeyConditionExpression", text, placeholders)?;
        let mut tests = Vec::new();
        collect(condition, &mut tests)?;
        KeyCondition::new(tests)
    }

    pub(crate) fn new(tests: Vec<(String, KeyTest)>) -> Result<KeyCondition, ValidationError> {
        match tests.len() {
            1 | 2 => Ok(KeyCondition { tests }),
            _ => Err("Conditions can be of length 1 or 2 only".into()),
        }
    }

    /// The attributes that the condition names.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().map(|(name, _)| name.as_str())
    }

    /// Fits the condition to the keys of a table or index: their names and types.
    pub fn bind(mut self, partition: (&str, Type), sort: Option<(&str, Type)>) -> Result<KeyQuery, ValidationError> {
        let test = self.take(partition.0).ok_or_else(|| missed(partition.0))?;
        let sort = match (sort, self.tests.is_empty()) {
            (_, true) => None,
            (None, false) => return Err("Query key condition not supported".into()),
            (Some((name, kind)), false) => {
                let test = self.take(name).ok_or_else(|| missed(name))?;
                check_type(&test, kind)?;
                Some(test)
            }
        };
        check_type(&test, partition.1)?;
        match test {
            KeyTest::Equal(value) => Ok(KeyQuery { partition: value, sort }),
            _ => Err("Query key condition not supported".into()),
        }
    }

    fn take(&mut self, name: &str) -> Option<KeyTest> {
        let at = self.tests.iter().position(|(attribute, _)| attribute == name)?;
        Some(self.tests.swap_remove(at).1)
    }
}

fn missed(name: &str) -> ValidationError {
    format!("Query condition missed key schema element: {name}").into()
}

fn check_type(test: &KeyTest, kind: Type) -> Result<(), ValidationError> {
    match test.values().all(|value| value.kind() == kind) {
        true => Ok(()),
        false => Err(ValidationError::parameter("Condition parameter type does not match schema type")),
    }
}

fn collect(condition: Condition, tests: &mut Vec<(String, KeyTest)>) -> Result<(), ValidationError> {
    if let Condition::And(parts) = condition {
        return parts.into_iter().try_for_each(|part| collect(part, tests));
    }
    let (name, test) = key_test(condition)?;
    if tests.iter().any(|(earlier, _)| *earlier == name) {
        return Err("KeyConditionExpressions must only contain one condition per key".into());
    }
    tests.push((name, test));
    Ok(())
}

fn key_test(condition: Condition) -> Result<(String, KeyTest), ValidationError> {
    match condition {
        Condition::Compare(Comparator::NotEqual, ..) => Err(unsupported("<>")),
        Condition::Compare(comparator, left, right) => compare(comparator, left, right),
        Condition::Between(key, low, high) => {
            let (name, [low, high]) = split("BETWEEN", key, [low, high])?;
            Ok((name, KeyTest::Between(low, high)))
        }
        Condition::BeginsWith(key, prefix) => {
            let (name, [prefix]) = split("begins_with", key, [prefix])?;
            Ok((name, KeyTest::BeginsWith(prefix)))
        }
        Condition::And(_) => Err(unsupported("AND")),
        Condition::Or(_) => Err(unsupported("OR")),
        Condition::Not(_) => Err(unsupported("NOT")),
        Condition::In(..) => Err(unsupported("IN")),
        Condition::AttributeExists(_) => Err(unsupported("attribute_exists")),
        Condition::AttributeNotExists(_) => Err(unsupported("attribute_not_exists")),
        Condition::AttributeType(..) => Err(unsupported("attribute_type")),
        Condition::Contains(..) => Err(unsupported("contains")),
    }
}

fn unsupported(operator: &str) -> ValidationError {
    format!("Invalid operator used in KeyConditionExpression: {operator}").into()
}

fn compare(comparator: Comparator, left: Operand, right: Operand) -> Result<(String, KeyTest), ValidationError> {
    let flipped = matches!(left, Operand::Value(_));
    let (name, values) = sort_out([left, right])?;
    let value =
        values.into_iter().next().ok_or("Invalid condition in KeyConditionExpression: No key attribute specified")?;
    let test = match (comparator, flipped) {
        (Comparator::Less, false) | (Comparator::Greater, true) => KeyTest::Less(value),
        (Comparator::LessOrEqual, false) | (Comparator::GreaterOrEqual, true) => KeyTest::LessOrEqual(value),
        (Comparator::Greater, false) | (Comparator::Less, true) => KeyTest::Greater(value),
        (Comparator::GreaterOrEqual, false) | (Comparator::LessOrEqual, true) => KeyTest::GreaterOrEqual(value),
        (Comparator::Equal | Comparator::NotEqual, _) => KeyTest::Equal(value),
    };
    Ok((name, test))
}

/// The key and the values of an operator that wants the key first.
fn split<const N: usize>(
    operator: &str,
    key: Operand,
    others: [Operand; N],
) -> Result<(String, [Value; N]), ValidationError> {
    if matches!(key, Operand::Value(_)) {
        return Err(format!(
            "Invalid condition in KeyConditionExpression: {operator} operator must have the key attribute as its \
             first operand"
        )
        .into());
    }
    let (name, values) = sort_out(std::iter::once(key).chain(others))?;
    let values = <[Value; N]>::try_from(values)
        .map_err(|_| "Invalid condition in KeyConditionExpression: No key attribute specified")?;
    Ok((name, values))
}

/// Sorts operands into the one key attribute and the values beside it.
fn sort_out(operands: impl IntoIterator<Item = Operand>) -> Result<(String, Vec<Value>), ValidationError> {
    let mut key = None;
    let mut values = Vec::new();
    for operand in operands {
        match operand {
            Operand::Size(_) => {
                return Err("KeyConditionExpressions cannot contain nested operations".into());
            }
            Operand::Path(_) if key.is_some() => {
                return Err(
                    "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
                        .into(),
                );
            }
            Operand::Path(path) if !path.steps.is_empty() => {
                return Err("KeyConditionExpressions cannot have conditions on nested attributes".into());
            }
            Operand::Path(path) => key = Some(path.attribute),
            Operand::Value(value) => values.push(value),
        }
    }
    match key {
        Some(key) => Ok((key, values)),
        None => Err("Invalid condition in KeyConditionExpression: No key attribute specified".into()),
    }
}
