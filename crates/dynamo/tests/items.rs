//! Items: what is stored is what is read, and what it weighs.

mod common;

use common::Random;
use kogumo_dynamo::{Item, Value, check_nesting, encode_key, encode_key_prefix, encoding, item_size, json};

#[test]
fn what_is_encoded_is_decoded_and_answered() {
    let mut random = Random::new(4);
    for _ in 0..5_000 {
        let item = random.item(3);
        let bytes = encoding::encode(&item);
        assert_eq!(encoding::decode(&bytes).as_ref(), Ok(&item));
        assert_eq!(encoding::stored_size(&bytes), Ok(item_size(&item)));
        let (mut stored, mut direct) = (Vec::new(), Vec::new());
        encoding::write_json(&bytes, &mut stored).unwrap();
        json::write_item(&item, &mut direct);
        assert_eq!(String::from_utf8(stored), String::from_utf8(direct));
    }
}

#[test]
fn damaged_bytes_are_an_error_and_no_panic() {
    let mut random = Random::new(5);
    for _ in 0..5_000 {
        let mut bytes = encoding::encode(&random.item(3));
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            match random.below(2) {
                0 => bytes[at] = random.next() as u8,
                _ => bytes.truncate(at),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let _ = encoding::decode(&bytes);
        let _ = encoding::stored_size(&bytes);
        let _ = encoding::write_json(&bytes, &mut Vec::new());
    }
}

#[test]
fn json_escapes_what_must_be_escaped() {
    let mut out = Vec::new();
    json::write_value(&Value::S("a\"\\\n\u{1}\u{1f}あ/".into()), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"S":"a\"\\\n\u0001\u001fあ/"}"#);
    assert_eq!(
        ["", "f", "fo", "foo", "foob"].map(|text| json::to_base64(text.as_bytes())),
        ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
    );
}

#[test]
fn key_bytes_keep_the_order_of_strings_and_binaries() {
    let mut random = Random::new(6);
    let key = |value: &Value| {
        let mut out = Vec::new();
        assert!(encode_key(value, &mut out));
        out
    };
    for _ in 0..20_000 {
        let (a, b) = match random.below(2) {
            0 => (Value::S(random.text()), Value::S(random.text())),
            _ => (Value::B(random.bytes()), Value::B(random.bytes())),
        };
        assert_eq!(a.compare(&b), Some(key(&a).cmp(&key(&b))), "{a:?} {b:?}");
        assert!(a == b || !key(&b).starts_with(&key(&a)));
        let mut prefix = Vec::new();
        assert!(encode_key_prefix(&a, &mut prefix));
        let begins = match (&a, &b) {
            (Value::S(a), Value::S(b)) => b.starts_with(a.as_str()),
            (Value::B(a), Value::B(b)) => b.starts_with(a),
            _ => unreachable!(),
        };
        assert_eq!(key(&b).starts_with(&prefix), begins, "{a:?} {b:?}");
    }
    assert!(!encode_key(&Value::Null, &mut Vec::new()));
}

#[test]
fn sizes_follow_the_documentation() {
    let item = |name: &str, value: Value| Item::from([(name.to_owned(), value)]);
    assert_eq!(item_size(&item("name", Value::S("あ".into()))), 4 + 3);
    assert_eq!(item_size(&item("a", Value::Bool(true))), 2);
    assert_eq!(item_size(&item("a", Value::L(vec![]))), 4);
    assert_eq!(item_size(&item("a", Value::L(vec![Value::Null, Value::S("xy".into())]))), 1 + 3 + 2 + 3);
    assert_eq!(item_size(&item("a", Value::M(item("b", Value::S("xy".into()))))), 1 + 3 + 1 + 1 + 2);
}

#[test]
fn attributes_nest_32_levels_with_the_value_and_no_more() {
    let nested = |levels: usize| {
        let value = (0..levels).fold(Value::Null, |inner, _| Value::L(vec![inner]));
        Item::from([("a".to_owned(), value)])
    };
    assert!(check_nesting(&nested(31)).is_ok());
    assert!(check_nesting(&nested(32)).unwrap_err().0.contains("nested levels beyond supported limit"));
}

#[test]
fn sets_are_refused_in_aws_words() {
    let message = |result: Result<Value, kogumo_dynamo::ValidationError>| result.unwrap_err().0;
    let prefix = "One or more parameter values were invalid: ";
    assert_eq!(message(Value::string_set(vec![])), format!("{prefix}An string set  may not be empty"));
    assert_eq!(message(Value::number_set(&[""; 0])), format!("{prefix}An number set  may not be empty"));
    assert_eq!(message(Value::binary_set(vec![])), format!("{prefix}Binary sets should not be empty"));
    assert_eq!(
        message(Value::string_set(vec!["a".into(), "a".into()])),
        format!("{prefix}Input collection [a, a] contains duplicates.")
    );
    assert_eq!(
        message(Value::binary_set(vec![b"b".to_vec(), b"b".to_vec()])),
        format!("{prefix}Input collection [Yg==, Yg==]of type BS contains duplicates.")
    );
    assert_eq!(message(Value::number_set(&["1", "1.0"])), "Input collection contains duplicates");
    assert_eq!(message(Value::null(false)), format!("{prefix}Null attribute value types must have the value of true"));
}

#[test]
fn what_is_written_is_read() {
    let mut random = Random::new(8);
    for _ in 0..5_000 {
        let item = random.item(3);
        let mut text = Vec::new();
        json::write_item(&item, &mut text);
        assert_eq!(json::read_item(&text), Ok(item));
        let at = random.below(text.len());
        match random.below(2) {
            0 => text[at] = random.pick(&[&b'"', &b'{', &b']', &b'\\', &b'9', &0xff]).to_owned(),
            _ => text.truncate(at),
        }
        let _ = json::read_item(&text);
    }
}

#[test]
fn values_in_json_are_refused_in_aws_words() {
    let refusal = |text: &str| match json::read_value(text.as_bytes()) {
        Err(json::Unreadable::Validation(error)) => error.0,
        Err(json::Unreadable::Serialization(what)) => format!("SerializationException: {what}"),
        Ok(value) => panic!("{text} is {value:?}"),
    };
    let empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
    for text in ["{}", r#"{"a":""}"#, r#"{"M":{"a":{}}}"#, r#"{"L":[{"x":[1,{"y":2}]}]}"#, r#"{"S":null}"#] {
        assert_eq!(refusal(text), empty, "{text}");
    }
    assert_eq!(
        refusal(r#"{"S":"a","N":"1"}"#),
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    );
    assert_eq!(refusal(r#"{"S":"a","N":"b"}"#), "The parameter cannot be converted to a numeric value: b");
    assert_eq!(refusal(r#"{"N":123}"#), "SerializationException: NUMBER_VALUE cannot be converted to String");
    assert_eq!(refusal(r#"{"S":["a"]}"#), "SerializationException: Start of list found where not expected");
    assert_eq!(refusal(r#"{"B":"a"}"#), "SerializationException: 'a' can not be converted to a Blob: Invalid Base64");
    let deep = |levels: usize| format!("{}{{\"NULL\":true}}{}", "{\"L\":[".repeat(levels), "]}".repeat(levels));
    assert!(json::read_value(deep(31).as_bytes()).is_ok());
    assert!(refusal(&deep(32)).contains("nested levels beyond supported limit"));
    assert!(refusal(&deep(100_000)).contains("nested levels beyond supported limit"));
}

#[test]
fn strings_in_json_may_be_escaped() {
    let value = json::read_value(r#" { "S" : "\u3042\uD83D\uDE00\n\/\"x" } "#.as_bytes());
    assert_eq!(value, Ok(Value::S("あ😀\n/\"x".into())));
    for text in [r#"{"S":"\uD83D"}"#, r#"{"S":"\uDE00"}"#, r#"{"S":"\x"}"#, r#"{"S":"a}"#, r#"{"S":"a"} x"#] {
        assert!(json::read_value(text.as_bytes()).is_err(), "{text}");
    }
}
