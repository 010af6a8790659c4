//! The parameters from before expressions.

use std::collections::BTreeMap;

use kogumo_dynamo::{
    AttributeUpdate, ExpectedAttribute, Item, LegacyCondition, Number, Value, attribute_updates, attributes_to_get,
    expected, filter, key_conditions,
};

fn n(text: &str) -> Value {
    Value::N(Number::parse(text).unwrap())
}

fn s(text: &str) -> Value {
    Value::S(text.into())
}

fn item(pairs: &[(&str, Value)]) -> Item {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn one(operator: &str, values: &[Value]) -> BTreeMap<String, LegacyCondition> {
    let condition = LegacyCondition { comparison_operator: operator.to_owned(), attribute_value_list: values.to_vec() };
    BTreeMap::from([("a".to_owned(), condition)])
}

#[test]
fn every_operator_compares() {
    let item = item(&[("a", s("hello"))]);
    for (operator, values, answer) in [
        ("EQ", vec![s("hello")], true),
        ("NE", vec![s("hello")], false),
        ("LT", vec![s("i")], true),
        ("LE", vec![s("a")], false),
        ("GT", vec![s("a")], true),
        ("GE", vec![n("1")], false),
        ("NULL", vec![], false),
        ("NOT_NULL", vec![], true),
        ("CONTAINS", vec![s("ell")], true),
        ("NOT_CONTAINS", vec![s("ell")], false),
        ("BEGINS_WITH", vec![s("he")], true),
        ("IN", vec![s("x"), s("hello")], true),
        ("BETWEEN", vec![s("a"), s("z")], true),
    ] {
        assert_eq!(filter(one(operator, &values), None).unwrap().matches(&item), answer, "{operator}");
    }
    assert!(filter(one("NE", &[s("x")]), None).unwrap().matches(&Item::new()));
    assert!(!filter(one("NOT_CONTAINS", &[s("x")]), None).unwrap().matches(&Item::new()));
}

#[test]
fn conditions_are_refused_in_aws_words() {
    let prefix = "One or more parameter values were invalid: ";
    for (operator, values, message) in [
        ("EQ", vec![], format!("{prefix}Invalid number of argument(s) for the EQ ComparisonOperator")),
        ("NULL", vec![s("a")], format!("{prefix}Invalid number of argument(s) for the NULL ComparisonOperator")),
        ("IN", vec![s("b"), n("1")], format!("{prefix}AttributeValues inside AttributeValueList must be of same type")),
        (
            "LT",
            vec![Value::Bool(true)],
            format!("{prefix}ComparisonOperator LT is not valid for BOOL AttributeValue type"),
        ),
        (
            "BEGINS_WITH",
            vec![n("1")],
            format!("{prefix}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
        ),
        (
            "BETWEEN",
            vec![s("b"), s("a")],
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
                .to_owned(),
        ),
    ] {
        assert_eq!(filter(one(operator, &values), None).unwrap_err().0, message);
        assert_eq!(key_conditions(one(operator, &values)).unwrap_err().0, message);
    }
    assert_eq!(
        key_conditions(one("NE", &[s("a")])).unwrap_err().0,
        "Attempted conditional constraint is not an indexable operation"
    );
    assert_eq!(key_conditions(BTreeMap::new()).unwrap_err().0, "Conditions can be of length 1 or 2 only");
    assert_eq!(
        filter(one("EQ", &[s("a")]), Some("OR")).unwrap_err().0,
        "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    );
}

#[test]
fn expectations() {
    let check = |attribute: ExpectedAttribute| {
        expected(BTreeMap::from([("a".to_owned(), attribute)]), None).map_err(|error| error.0)
    };
    let item = item(&[("a", n("1"))]);
    let equal = ExpectedAttribute { value: Some(n("1.0")), ..Default::default() };
    assert!(check(equal).unwrap().matches(&item));
    let absent = ExpectedAttribute { exists: Some(false), ..Default::default() };
    assert!(!check(absent).unwrap().matches(&item));
    let prefix = "One or more parameter values were invalid: ";
    assert_eq!(
        check(ExpectedAttribute::default()).unwrap_err(),
        format!("{prefix}Value must be provided when Exists is null for Attribute: a")
    );
    let both = ExpectedAttribute { exists: Some(true), comparison_operator: Some("EQ".into()), ..Default::default() };
    assert_eq!(
        check(both).unwrap_err(),
        format!("{prefix}Exists and ComparisonOperator cannot be used together for Attribute: a")
    );
}

#[test]
fn attribute_updates_put_add_and_delete() {
    let update = |action: Option<&str>, value: Option<Value>| {
        let update = AttributeUpdate { action: action.map(str::to_owned), value };
        attribute_updates(BTreeMap::from([("a".to_owned(), update)])).map_err(|error| error.0)
    };
    let apply = |action: Option<&str>, value: Option<Value>, before: Value| {
        let mut item = item(&[("a", before)]);
        update(action, value)?.apply(&mut item).map_err(|error| error.0)?;
        Ok::<_, String>(item.remove("a"))
    };
    assert_eq!(apply(None, Some(n("2")), s("x")), Ok(Some(n("2"))));
    assert_eq!(apply(Some("ADD"), Some(n("2")), n("1")), Ok(Some(n("3"))));
    assert_eq!(apply(Some("DELETE"), None, n("1")), Ok(None));
    let one = Value::L(vec![n("1")]);
    assert_eq!(apply(Some("ADD"), Some(one.clone()), one), Ok(Some(Value::L(vec![n("1"), n("1")]))));
    assert_eq!(apply(Some("ADD"), Some(n("1")), s("x")), Err("Type mismatch for attribute to update".into()));
    let prefix = "One or more parameter values were invalid: ";
    assert_eq!(
        update(Some("DELETE"), Some(s("x"))).unwrap_err(),
        format!("{prefix}DELETE action with value is not supported for the type S")
    );
    assert_eq!(
        update(Some("ADD"), Some(s("x"))).unwrap_err(),
        format!("{prefix}ADD action is not supported for the type S")
    );
    assert_eq!(
        update(Some("PUT"), None).unwrap_err(),
        format!("{prefix}Only DELETE action is allowed when no attribute value is specified")
    );
}

#[test]
fn attributes_to_get_name_whole_attributes() {
    let whole = item(&[("a.b", n("1")), ("c", n("2"))]);
    assert_eq!(attributes_to_get(vec!["a.b".into()]).unwrap().apply(&whole), item(&[("a.b", n("1"))]));
    assert_eq!(
        attributes_to_get(vec!["a".into(), "a".into()]).unwrap_err().0,
        "One or more parameter values were invalid: Duplicate value in attribute name: a"
    );
}
