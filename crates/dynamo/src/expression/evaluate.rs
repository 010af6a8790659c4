//! Asking a condition of an item.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::condition::{Comparator, Condition, Operand};
use crate::{Item, Number, Value};

impl Condition {
    /// Whether the item meets the condition. An item that is not there is an empty one.
    pub fn matches(&self, item: &Item) -> bool {
        match self {
            Condition::And(parts) => parts.iter().all(|part| part.matches(item)),
            Condition::Or(parts) => parts.iter().any(|part| part.matches(item)),
            Condition::Not(part) => !part.matches(item),
            Condition::Compare(comparator, left, right) => compare(*comparator, left.value(item), right.value(item)),
            Condition::Between(operand, low, high) => {
                let value = operand.value(item);
                compare(Comparator::GreaterOrEqual, value.clone(), low.value(item))
                    && compare(Comparator::LessOrEqual, value, high.value(item))
            }
            Condition::In(operand, others) => {
                let value = operand.value(item);
                value.is_some() && others.iter().any(|other| value == other.value(item))
            }
            Condition::AttributeExists(path) => path.get(item).is_some(),
            Condition::AttributeNotExists(path) => path.get(item).is_none(),
            Condition::AttributeType(operand, kind) => operand.value(item).is_some_and(|value| value.kind() == *kind),
            Condition::BeginsWith(operand, prefix) => both(operand, prefix, item, begins_with),
            Condition::Contains(container, element) => both(container, element, item, contains),
        }
    }
}

impl Condition {
    /// Shows the attributes that the condition looks at, in the order they are written.
    pub fn attributes<'a>(&'a self, show: &mut dyn FnMut(&'a str)) {
        match self {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| part.attributes(show)),
            Condition::Not(part) => part.attributes(show),
            Condition::Compare(_, one, two) | Condition::BeginsWith(one, two) | Condition::Contains(one, two) => {
                [one, two].into_iter().for_each(|operand| operand.attributes(show));
            }
            Condition::Between(one, two, three) => {
                [one, two, three].into_iter().for_each(|operand| operand.attributes(show));
            }
            Condition::In(one, others) => {
                one.attributes(show);
                others.iter().for_each(|operand| operand.attributes(show));
            }
            Condition::AttributeExists(path) | Condition::AttributeNotExists(path) => show(&path.attribute),
            Condition::AttributeType(operand, _) => operand.attributes(show),
        }
    }
}

impl Operand {
    fn attributes<'a>(&'a self, show: &mut dyn FnMut(&'a str)) {
        match self {
            Operand::Path(path) => show(&path.attribute),
            Operand::Value(_) => {}
            Operand::Size(operand) => operand.attributes(show),
        }
    }

    fn value<'a>(&'a self, item: &'a Item) -> Option<Cow<'a, Value>> {
        match self {
            Operand::Path(path) => path.get(item).map(Cow::Borrowed),
            Operand::Value(value) => Some(Cow::Borrowed(value)),
            Operand::Size(operand) => {
                let size = size(operand.value(item)?.as_ref())?;
                Some(Cow::Owned(Value::N(Number::from(size as u64))))
            }
        }
    }
}

fn both(one: &Operand, two: &Operand, item: &Item, test: fn(&Value, &Value) -> bool) -> bool {
    match (one.value(item), two.value(item)) {
        (Some(one), Some(two)) => test(&one, &two),
        _ => false,
    }
}

/// What is not there differs from everything and compares with nothing.
fn compare(comparator: Comparator, left: Option<Cow<'_, Value>>, right: Option<Cow<'_, Value>>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return comparator == Comparator::NotEqual;
    };
    match comparator {
        Comparator::Equal => left == right,
        Comparator::NotEqual => left != right,
        Comparator::Less => left.compare(&right).is_some_and(Ordering::is_lt),
        Comparator::LessOrEqual => left.compare(&right).is_some_and(Ordering::is_le),
        Comparator::Greater => left.compare(&right).is_some_and(Ordering::is_gt),
        Comparator::GreaterOrEqual => left.compare(&right).is_some_and(Ordering::is_ge),
    }
}

/// What `size` says: characters (UTF-16 units, as AWS's Java counts), bytes, or elements.
fn size(value: &Value) -> Option<usize> {
    Some(match value {
        Value::S(text) => text.encode_utf16().count(),
        Value::B(bytes) => bytes.len(),
        Value::M(map) => map.len(),
        Value::L(list) => list.len(),
        Value::Ss(set) => set.len(),
        Value::Ns(set) => set.len(),
        Value::Bs(set) => set.len(),
        Value::N(_) | Value::Bool(_) | Value::Null => return None,
    })
}

fn begins_with(value: &Value, prefix: &Value) -> bool {
    match (value, prefix) {
        (Value::S(text), Value::S(prefix)) => text.starts_with(prefix.as_str()),
        (Value::B(bytes), Value::B(prefix)) => bytes.starts_with(prefix),
        _ => false,
    }
}

fn contains(container: &Value, element: &Value) -> bool {
    match (container, element) {
        (Value::S(text), Value::S(part)) => text.contains(part.as_str()),
        (Value::B(bytes), Value::B(part)) => {
            part.is_empty() || bytes.windows(part.len()).any(|window| window == part.as_slice())
        }
        (Value::Ss(set), Value::S(text)) => set.contains(text),
        (Value::Ns(set), Value::N(number)) => set.contains(number),
        (Value::Bs(set), Value::B(bytes)) => set.contains(bytes),
        (Value::L(list), element) => list.contains(element),
        _ => false,
    }
}
