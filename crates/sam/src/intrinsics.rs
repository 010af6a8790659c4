//! Intrinsic functions: how they are written and how they are told from plain maps.

use crate::value::{Map, Text, Value, list, map, text};

pub(crate) fn reference(logical_id: &str) -> Value {
    map([("Ref", text(logical_id))])
}

pub(crate) fn get_att(logical_id: impl Into<Text>, attribute: &str) -> Value {
    map([("Fn::GetAtt", list([Value::Text(logical_id.into()), text(attribute)]))])
}

pub(crate) fn sub(pattern: impl Into<Text>) -> Value {
    map([("Fn::Sub", Value::Text(pattern.into()))])
}

pub(crate) fn sub_with<const N: usize>(pattern: impl Into<Text>, variables: [(&str, Value); N]) -> Value {
    map([("Fn::Sub", list([Value::Text(pattern.into()), map(variables)]))])
}

pub(crate) fn join(separator: &str, items: Vec<Value>) -> Value {
    map([("Fn::Join", list([text(separator), items.into()]))])
}

/// `Fn::If`, with nothing for false.
pub(crate) fn conditional(condition: impl Into<Value>, then: Value) -> Value {
    conditional_else(condition, then, reference("AWS::NoValue"))
}

/// `Fn::If`; null for false is nothing, too.
pub(crate) fn conditional_else(condition: impl Into<Value>, then: Value, otherwise: Value) -> Value {
    let otherwise = if otherwise.is_null() { reference("AWS::NoValue") } else { otherwise };
    map([("Fn::If", list([condition.into(), then, otherwise]))])
}

pub(crate) fn not(condition: impl Into<Value>) -> Value {
    map([("Fn::Not", list([map([("Condition", condition.into())])]))])
}

pub(crate) fn or<'a>(conditions: impl IntoIterator<Item = &'a Value>) -> Value {
    let conditions = conditions.into_iter().map(|name| map([("Condition", name.clone())])).collect::<Vec<_>>();
    map([("Fn::Or", conditions.into())])
}

/// The name and the argument of an intrinsic function.
pub(crate) fn intrinsic(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_map().filter(|map| map.len() == 1)?;
    let (key, argument) = map.iter().next()?;
    let known = &**key == "Ref" || &**key == "Condition" || key.starts_with("Fn::");
    known.then_some((&**key, argument))
}

pub(crate) fn is_intrinsic(value: &Value) -> bool {
    intrinsic(value).is_some()
}

pub(crate) fn is_if(value: &Value) -> bool {
    matches!(intrinsic(value), Some(("Fn::If", _)))
}

pub(crate) fn is_no_value(value: &Value) -> bool {
    matches!(intrinsic(value), Some(("Ref", target)) if target.is("AWS::NoValue"))
}

/// Condition, then and else of an `Fn::If`, or what is wrong with it.
pub(crate) fn if_parts(value: &Value) -> Result<[&Value; 3], &'static str> {
    match value.get("Fn::If").and_then(Value::as_list).map(Vec::as_slice) {
        Some([condition, then, otherwise]) => Ok([condition, then, otherwise]),
        _ => Err("Fn::If requires 3 arguments"),
    }
}

/// The resource that a `Ref` or `Fn::GetAtt` points at.
pub(crate) fn target(value: Option<&Value>) -> Option<&str> {
    let value = value.filter(|value| is_intrinsic(value))?;
    if let Some(id) = value.get("Ref").and_then(Value::as_str) {
        return Some(id);
    }
    match value.get("Fn::GetAtt")? {
        Value::List(parts) if parts.len() == 2 => parts[0].as_str(),
        Value::Text(path) => path.split_once('.').filter(|(_, rest)| !rest.contains('.')).map(|(id, _)| id),
        _ => None,
    }
}

/// Joins any number of conditions by `Fn::Or`, at most ten at a time: the names and definitions of
/// the conditions needed, the last of them of the given name. Nothing for fewer than two.
pub(crate) fn combine(mut conditions: Vec<Value>, name: &str) -> Map {
    const MOST: usize = 10;
    let mut combined = Map::new();
    if conditions.len() < 2 {
        return combined;
    }
    let mut left = (conditions.len() - 2) / (MOST - 1);
    while conditions.len() > 1 {
        let new = if left > 0 { format!("{name}{left}") } else { name.to_owned() };
        left = left.saturating_sub(1);
        let rest = conditions.split_off(conditions.len().min(MOST));
        combined.insert(new.as_str(), or(&conditions));
        conditions = rest;
        conditions.push(text(new));
    }
    combined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_conditions_need_two() {
        let names = (0..11).map(|n| text(format!("C{n}"))).collect();
        let combined = combine(names, "All");
        assert_eq!(combined.keys().iter().map(|key| key.to_string()).collect::<Vec<_>>(), ["All1", "All"]);
    }

    #[test]
    fn the_target_of_a_reference_is_its_resource() {
        assert_eq!(target(Some(&reference("A"))), Some("A"));
        assert_eq!(target(Some(&get_att("A", "Arn"))), Some("A"));
        assert_eq!(target(Some(&map([("Fn::GetAtt", text("A.Arn"))]))), Some("A"));
        assert_eq!(target(Some(&text("A"))), None);
    }
}
