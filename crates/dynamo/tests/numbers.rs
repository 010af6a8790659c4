//! Numbers against an independent big-decimal implementation, and DynamoDB's documented limits.

mod common;

use std::str::FromStr;

use bigdecimal::BigDecimal;
use common::Random;
use kogumo_dynamo::{Number, Value, encode_key};

fn parse(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    Number::parse(text).expect_err(text).to_string()
}

#[test]
fn numbers_print_as_dynamodb_answers() {
    for (written, answered) in [
        ("0", "0"),
        ("-0", "0"),
        ("0e125", "0"),
        ("000.000", "0"),
        ("1", "1"),
        ("-1.50", "-1.5"),
        ("+3", "3"),
        (".123", "0.123"),
        ("0001.23", "1.23"),
        ("1e+5", "100000"),
        ("-17.4E3", "-17400"),
        ("1e-3", "0.001"),
        ("100e-2", "1"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ("9.9999999999999999999999999999999999999E+5", "999999.99999999999999999999999999999999"),
    ] {
        assert_eq!(parse(written).to_string(), answered, "{written}");
    }
}

#[test]
fn numbers_out_of_range_are_refused_in_aws_words() {
    let overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
    let underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
    let precision = "Attempting to store more than 38 significant digits in a Number";
    for text in ["1e126", "-1e126", "11e125", "1e99999999999", "0e126"] {
        assert_eq!(refusal(text), overflow);
    }
    for text in ["1e-131", "-0.9e-130", "1e-99999999999", "0e-131"] {
        assert_eq!(refusal(text), underflow);
    }
    for text in ["123456789012345678901234567890123456789", "-1.23456789012345678901234567890123456789"] {
        assert_eq!(refusal(text), precision);
    }
    assert_eq!(refusal(""), "The parameter cannot be converted to a numeric value");
    for text in [
        "NaN",
        "Infinity",
        "dog",
        " 1",
        "1 ",
        "1e",
        "e1",
        ".",
        "-",
        "1.2.3",
        "1e1.5",
        "0x1",
        "1e9223372036854775808",
        "１",
    ] {
        assert_eq!(refusal(text), format!("The parameter cannot be converted to a numeric value: {text}"));
    }
    for text in ["1e125", "9.9999999999999999999999999999999999999e125", "1e-130", "-1e-130"] {
        parse(text);
    }
}

#[test]
fn parsing_and_order_agree_with_big_decimals() {
    let mut random = Random::new(1);
    for _ in 0..20_000 {
        let (one, two) = (random.number_text(), random.number_text());
        let (Ok(a), Ok(b)) = (Number::parse(&one), Number::parse(&two)) else {
            continue;
        };
        let (x, y) = (BigDecimal::from_str(&one).unwrap(), BigDecimal::from_str(&two).unwrap());
        assert_eq!(BigDecimal::from_str(&a.to_string()).unwrap(), x, "{one}");
        assert_eq!(parse(&a.to_string()), a);
        assert_eq!(a.cmp(&b), x.cmp(&y), "{one} {two}");
        assert_eq!(a == b, x == y);
    }
}

#[test]
fn sums_agree_with_big_decimals_or_are_refused() {
    let mut random = Random::new(2);
    let mut refused = 0;
    for _ in 0..20_000 {
        let (a, b) = (random.number(), random.number());
        let (x, y) = (BigDecimal::from_str(&a.to_string()).unwrap(), BigDecimal::from_str(&b.to_string()).unwrap());
        for (ours, theirs) in [(a.add(b), &x + &y), (a.subtract(b), &x - &y)] {
            match (ours, Number::parse(&theirs.to_string())) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{a} {b}"),
                (Err(_), Err(_)) => refused += 1,
                (ours, theirs) => panic!("{a} {b}: {ours:?} {theirs:?}"),
            }
        }
    }
    assert!(refused > 100, "the refusals were tried too");
}

#[test]
fn sums_at_the_edges() {
    let sum = |a: &str, b: &str| parse(a).add(parse(b)).map(|sum| sum.to_string()).map_err(|error| error.0);
    let overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
    assert_eq!(sum("1e38", "-1").unwrap(), "9".repeat(38));
    assert_eq!(sum("9e125", "9e125").unwrap_err(), overflow);
    assert_eq!(sum("1e50", "1").unwrap_err(), overflow);
    assert_eq!(sum("1e125", "0").unwrap(), parse("1e125").to_string());
    assert_eq!(sum("5", "-5").unwrap(), "0");
    assert!(sum("1.00001e-130", "-1e-130").unwrap_err().contains("underflow"));
}

#[test]
fn key_bytes_keep_the_order_of_numbers() {
    let mut random = Random::new(3);
    let key = |number: Number| {
        let mut out = Vec::new();
        assert!(encode_key(&Value::N(number), &mut out));
        out
    };
    for _ in 0..20_000 {
        let (a, b) = (random.number(), random.number());
        assert_eq!(a.cmp(&b), key(a).cmp(&key(b)), "{a} {b}");
        assert!(a == b || !key(b).starts_with(&key(a)), "{a} is a prefix of {b}");
    }
}

#[test]
fn numbers_weigh_a_byte_for_two_digits() {
    for (text, size) in [
        ("0", 1),
        ("1", 2),
        ("10", 2),
        ("12", 2),
        ("123", 3),
        ("-12", 3),
        ("1.2", 3),
        ("1234", 3),
        ("3.14159", 5),
        ("123456", 4),
        ("0.012", 2),
        ("1e125", 2),
    ] {
        assert_eq!(parse(text).size(), size, "{text}");
    }
    assert_eq!(parse(&"9".repeat(38)).size(), 20);
}
