//! Each operator with a value that fits, one that does not, and a key that is missing.

use serde_json::json;

use super::*;

fn holds(operator: &str, wanted: Value, values: Option<&[&str]>) -> bool {
    let condition = Condition::read(operator, "Aws:Key", &wanted, true).expect(operator);
    let mut context = Context::default();
    context.put("aws:username", "jiro");
    if let Some(values) = values {
        context.put_all("aws:key", values.iter().copied());
    }
    condition.holds(&context)
}

#[test]
fn operators() {
    for (operator, wanted, fitting, other) in [
        ("StringEquals", json!("a*"), "a*", "ab"),
        ("StringEquals", json!(["x", "${aws:username}"]), "jiro", "taro"),
        ("StringEqualsIgnoreCase", json!("AbC"), "aBc", "ab"),
        ("StringLike", json!("a*"), "ab", "ba"),
        ("NumericEquals", json!("10"), "10.0", "11"),
        ("NumericLessThan", json!(10), "9", "10"),
        ("NumericLessThanEquals", json!("10"), "10", "11"),
        ("NumericGreaterThan", json!("10"), "11", "x"),
        ("NumericGreaterThanEquals", json!("10"), "10", "9"),
        ("DateEquals", json!("2026-01-01"), "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        ("DateLessThan", json!("2026-01-01T00:00:00Z"), "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
        ("DateLessThanEquals", json!("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("DateGreaterThan", json!(0), "1", "0"),
        ("DateGreaterThanEquals", json!("2026-01-01"), "2026-01-01", "2025-12-31"),
        ("Bool", json!(true), "true", "false"),
        ("BinaryEquals", json!("QmluYXJ5"), "QmluYXJ5", "QmluYXJ6"),
        ("IpAddress", json!("203.0.113.0/24"), "203.0.113.9", "203.0.114.9"),
        ("IpAddress", json!("2001:db8::/32"), "2001:db8::1", "203.0.113.9"),
        ("ArnEquals", json!("arn:aws:sns:*:1:t"), "arn:aws:sns:us-east-1:1:t", "arn:aws:sns:us-east-1:2:t"),
        ("ArnLike", json!("arn:aws:s3:::b*"), "arn:aws:s3:::bb", "arn:aws:s3:::c"),
    ] {
        assert!(holds(operator, wanted.clone(), Some(&[fitting])), "{operator} {wanted} {fitting}");
        assert!(!holds(operator, wanted.clone(), Some(&[other])), "{operator} {wanted} {other}");
        assert!(!holds(operator, wanted.clone(), None), "{operator} {wanted}");
        let lenient = format!("{operator}IfExists");
        assert!(holds(&lenient, wanted.clone(), None), "{lenient}");
        assert!(!holds(&lenient, wanted, Some(&[other])), "{lenient}");
    }
}

#[test]
fn negated_operators_hold_where_the_key_is_missing() {
    for (operator, wanted, fitting, other) in [
        ("StringNotEquals", json!(["a", "b"]), "c", "b"),
        ("StringNotEqualsIgnoreCase", json!("A"), "b", "a"),
        ("StringNotLike", json!("a*"), "b", "ab"),
        ("NumericNotEquals", json!("1"), "2", "1"),
        ("DateNotEquals", json!("2026-01-01"), "2026-01-02", "2026-01-01"),
        ("NotIpAddress", json!(["10.0.0.0/8", "192.0.2.1"]), "11.0.0.1", "192.0.2.1"),
        ("ArnNotEquals", json!("arn:aws:s3:::b"), "arn:aws:s3:::c", "arn:aws:s3:::b"),
        ("ArnNotLike", json!("arn:aws:s3:::b*"), "arn:aws:s3:::c", "arn:aws:s3:::bb"),
    ] {
        assert!(holds(operator, wanted.clone(), Some(&[fitting])), "{operator} {fitting}");
        assert!(!holds(operator, wanted.clone(), Some(&[other])), "{operator} {other}");
        assert!(holds(operator, wanted, None), "{operator}");
    }
}

#[test]
fn null_asks_whether_a_key_is_there() {
    assert!(holds("Null", json!("true"), None));
    assert!(!holds("Null", json!("false"), None));
    assert!(holds("Null", json!(false), Some(&["x"])));
    assert!(!holds("Null", json!("true"), Some(&["x"])));
    assert!(holds("Null", json!("true"), Some(&[])));
}

#[test]
fn sets_of_values() {
    let all = |values: Option<&[&str]>| holds("ForAllValues:StringEquals", json!(["a", "b"]), values);
    assert!(all(Some(&["a", "b"])) && all(Some(&["a"])) && all(None) && all(Some(&[])));
    assert!(!all(Some(&["a", "c"])));
    let any = |values: Option<&[&str]>| holds("ForAnyValue:StringLike", json!(["a*", "b"]), values);
    assert!(any(Some(&["c", "ab"])));
    assert!(!any(Some(&["c"])) && !any(None) && !any(Some(&[])));
    assert!(holds("ForAnyValue:StringNotEquals", json!("a"), Some(&["a", "b"])));
    assert!(!holds("ForAllValues:StringNotEquals", json!("a"), Some(&["a", "b"])));
    assert!(holds("ForAnyValue:StringEqualsIfExists", json!("a"), None));
}

#[test]
fn what_is_no_condition() {
    for (operator, value) in [
        ("StringIs", json!("a")),
        ("ForSomeValues:StringEquals", json!("a")),
        ("NullIfExists", json!("true")),
        ("StringEquals", json!({"a": "b"})),
        ("NumericEquals", json!("ten")),
        ("DateEquals", json!("tomorrow")),
        ("IpAddress", json!("10.0.0.0/40")),
        ("Bool", json!("perhaps")),
    ] {
        assert!(Condition::read(operator, "aws:key", &value, true).is_err(), "{operator} {value}");
    }
}
