//! Conditions, filters and key conditions: AWS's answers and AWS's refusals.

mod common;

use std::collections::BTreeMap;

use common::Random;
use kogumo_dynamo::{
    Condition, Item, KeyCondition, KeyQuery, KeyTest, Number, Placeholders, Projection, Type, Update, Value,
};

fn n(text: &str) -> Value {
    Value::N(Number::parse(text).unwrap())
}

fn s(text: &str) -> Value {
    Value::S(text.into())
}

fn values(pairs: &[(&str, Value)]) -> Item {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn placeholders(names: &[(&str, &str)], given: &[(&str, Value)]) -> Placeholders {
    let names: BTreeMap<_, _> = names.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let names = Some(names).filter(|names| !names.is_empty());
    Placeholders::new(names, Some(values(given)).filter(|values| !values.is_empty())).unwrap()
}

fn refusal(text: &str, names: &[(&str, &str)], given: &[(&str, Value)]) -> String {
    let error = Condition::parse("FilterExpression", text, &mut placeholders(names, given)).expect_err(text);
    error.0.strip_prefix("Invalid FilterExpression: ").expect(&error.0).to_owned()
}

fn matches(text: &str, given: &[(&str, Value)], item: &Item) -> bool {
    Condition::parse("FilterExpression", text, &mut placeholders(&[], given))
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .matches(item)
}

#[test]
fn syntax_errors_name_the_token_and_its_neighbours() {
    for (text, token, near) in [
        ("a", "<EOF>", "a"),
        ("things are not gonna be ok", "are", "things are not"),
        ("a > 4", "4", "> 4"),
        ("a > :x and", "<EOF>", "and"),
        ("attribute_exists(Pictures..RearView)", ".", "..RearView"),
        ("a = = :b", "=", "= = :b"),
        ("ü > a", "ü", "ü >"),
    ] {
        assert_eq!(refusal(text, &[], &[]), format!("Syntax error; token: \"{token}\", near: \"{near}\""), "{text}");
    }
}

#[test]
fn syntax_errors_come_before_all_others() {
    for text in [
        "attribute_exists(Pictures-RearView)",
        "attribute_exists(\"Pictures.RearView\")",
        "attribute_exists(Pi#ctures.RearView)",
        "attribute_exists(asdf[a])",
        "a in b, c",
        "a > between",
        "a in b",
        "a in (b,c,)",
        "(a)between(b.(c.d))and(c)",
        "(a)between(b.c.d)and((c)",
        "#$.b > a",
        "a > :things.stuff",
        "b[:a] > a",
        "b[#_] > a",
        "(a)between(b.c[4.5].#d)and(:a)",
        "size(a).b > a",
        "(size(a)).b > a",
        "size(a)[0] > a",
        "(size(a))[0] > a",
        "_a = b",
        "a = b c = d",
        "(a = b",
        "a = b)",
        "",
        " ",
        "not",
        "()",
        "a = (b = c)",
        "(a = b) = c",
        "a between b or c",
        "a[99999999999999999999999] = b",
    ] {
        let error = Condition::parse("FilterExpression", text, &mut Placeholders::default()).expect_err(text);
        let expected = match text {
            "" => "Invalid FilterExpression: The expression can not be empty;",
            _ => "Invalid FilterExpression: Syntax error; ",
        };
        assert!(error.0.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn parentheses_may_stand_once_and_not_twice() {
    for text in [
        "a=a and a > ((views))",
        "(a)between(((b.c)).d)and(c)",
        "a > whatever((:things), ((a)))",
        "a=a AND ((a=a AND a=a)) AND a=a",
        "a=a OR ((a=a OR a=a)) OR a=a",
        "a=a AND ((a=a AND (a=a AND a=a)))",
    ] {
        assert_eq!(refusal(text, &[], &[]), "The expression has redundant parentheses;", "{text}");
    }
    let given = [(":v", n("1"))];
    for text in ["(a = :v)", "((a = :v) and (b = :v))", "(a) between (:v) and (b.c)", "((a) = (:v))", "(a.b).c[1] = :v"]
    {
        Condition::parse("FilterExpression", text, &mut placeholders(&[], &given)).expect(text);
    }
}

#[test]
fn refusals_come_in_aws_order_and_words() {
    let misused = "The function is not allowed to be used this way in an expression; function: ";
    let undefined_name = "An expression attribute name used in the document path is not defined; attribute name: ";
    let undefined_value = "An expression attribute value used in expression is not defined; attribute value: ";
    for (text, message) in [
        ("a=a and whatever((:things)) > a", "Invalid function name; function: whatever".to_owned()),
        ("attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts".to_owned()),
        ("a=a and attribute_exists((views), (#a)) > b", format!("{misused}attribute_exists")),
        ("size(contains(a, b)) > a", format!("{misused}contains")),
        ("size(things)", format!("{misused}size")),
        ("not size(things)", format!("{misused}size")),
        ("a in (b, attribute_exists(things))", format!("{misused}attribute_exists")),
        ("attribute_exists(views, #a)", "Attribute name is a reserved keyword; reserved keyword: views".to_owned()),
        (":a < abOrT", "Attribute name is a reserved keyword; reserved keyword: abOrT".to_owned()),
        ("attribute_exists(#Pictures, :a) and a=a", format!("{undefined_name}#Pictures")),
        ("(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", format!("{undefined_name}#P")),
        ("(a)between(b.c[45].#d)and(:a)", format!("{undefined_name}#d")),
        ("begins_with(:hello, #a, #b)", format!("{undefined_value}:hello")),
        (":_ > a", format!("{undefined_value}:_")),
        (
            "begins_with(things, size(a), b)",
            "Incorrect number of operands for operator or function; operator or function: begins_with, \
             number of operands: 3"
                .to_owned(),
        ),
        (
            "contains(ab.bc[1].a, ab.bc[1].a)",
            "The first operand must be distinct from the remaining operands for this operator or function; \
             operator: contains, first operand: [ab, bc, [1], a]"
                .to_owned(),
        ),
        (
            "((a=a) OR (a=a))",
            "The first operand must be distinct from the remaining operands for this operator or function; \
             operator: =, first operand: [a]"
                .to_owned(),
        ),
    ] {
        assert_eq!(refusal(text, &[], &[]), message, "{text}");
    }
}

#[test]
fn operand_types_known_beforehand_are_checked() {
    let wrong = |function: &str, kind: &str| {
        format!(
            "Incorrect operand type for operator or function; operator or function: {function}, operand type: {kind}"
        )
    };
    for (text, value, message) in [
        ("attribute_type(a, size(a)) and a=:a", n("1"), wrong("attribute_type", "N")),
        ("attribute_type(a, :a)", Value::Bool(true), wrong("attribute_type", "BOOL")),
        ("begins_with(a, :a)", n("1"), wrong("begins_with", "N")),
        ("begins_with(:a, a)", Value::Null, wrong("begins_with", "NULL")),
        ("size(size(a)) > :a", n("1"), wrong("size", "N")),
        ("attribute_not_exists(size(:a))", n("1"), wrong("size", "N")),
        ("size(:a) > a", Value::Bool(true), wrong("size", "BOOL")),
        (
            "attribute_type(a, :a)",
            s("1"),
            "Invalid attribute type name found; type: 1, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}".to_owned(),
        ),
        (
            "attribute_exists(:a)",
            s("1"),
            "Operator or function requires a document path; operator or function: attribute_exists".to_owned(),
        ),
        (
            "a < :a",
            Value::Bool(true),
            "Incorrect operand type for operator or function; operator: <, operand type: BOOL".to_owned(),
        ),
    ] {
        assert_eq!(refusal(text, &[], &[(":a", value)]), message, "{text}");
    }
    assert_eq!(
        refusal("a between :b and :a", &[], &[(":a", s("a")), (":b", n("1"))]),
        "The BETWEEN operator requires same data type for lower and upper bounds; \
         lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"
    );
    assert_eq!(
        refusal("a between :b and :a", &[], &[(":a", s("a")), (":b", s("b"))]),
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; \
         lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"
    );
}

#[test]
fn expressions_have_limits() {
    let long = format!("a = :{}", "v".repeat(4096));
    let message = refusal(&long, &[], &[]);
    assert_eq!(message, "Expression size has exceeded the maximum allowed size; expression size: 4101");
    let many = vec!["a<b"; 301].join(" or ");
    assert_eq!(refusal(&many, &[], &[]), "The expression contains too many operators; operator count: 301");
    let nested = format!("{}a<b", "not ".repeat(1000));
    assert_eq!(refusal(&nested, &[], &[]), "The expression is nested too deeply; nesting depth: 101");
    let deep = format!("{}a{}", "(".repeat(2000), ")".repeat(2000));
    assert!(refusal(&deep, &[], &[]).contains("nested too deeply"));
    let calls = format!("{}a", "f(".repeat(2000));
    assert!(refusal(&calls, &[], &[]).contains("nested too deeply"));
    let legal = format!("{}a<b{}", "a<b and (".repeat(100), ")".repeat(100));
    Condition::parse("FilterExpression", &legal, &mut Placeholders::default()).unwrap();
}

#[test]
fn precedence_is_not_then_and_then_or() {
    let given = [(":t", n("1")), (":f", n("2"))];
    let item = values(&[("a", n("1"))]);
    for (text, answer) in [
        ("a = :t or a = :f and a = :f", true),
        ("(a = :t or a = :f) and a = :f", false),
        ("not a = :f and a = :t", true),
        ("not (a = :f or a = :t)", false),
        ("NOT NOT a = :t or :f = a", true),
        ("a in (:f, :t)", true),
        ("a between :t and :f and a <> :f", true),
    ] {
        assert_eq!(matches(text, &given, &item), answer, "{text}");
    }
}

#[test]
fn conditions_on_what_is_not_there() {
    let item = values(&[("a", n("1")), ("t", s("あ😀"))]);
    let given = [(":v", n("1")), (":s", s("1"))];
    for (text, answer) in [
        ("b = :v or :s = a", false),
        ("b <> :v and :s <> b", true),
        ("a <> :s and a = :v", true),
        ("b < :v or b >= :v or :s > a", false),
        ("attribute_exists(b) or attribute_not_exists(a) or :s in (:v, b)", false),
        ("size(a) = :v or size(b) > :v or :s = a", false),
        ("attribute_exists(a.b) or attribute_exists(a[0]) or :s = a or :v <> a", false),
        ("size(t) > :v and a <> :s", true),
    ] {
        assert_eq!(matches(text, &given, &item), answer, "{text}");
    }
}

#[test]
fn functions_of_every_type() {
    let set = Value::string_set(vec!["x".into(), "y".into()]).unwrap();
    let numbers = Value::number_set(&["1", "2"]).unwrap();
    let item = values(&[
        ("txt", s("hello")),
        ("bin", Value::B(vec![1, 2, 3])),
        ("ss", set.clone()),
        ("ns", numbers.clone()),
        ("lst", Value::L(vec![n("1"), set, Value::L(vec![])])),
        ("doc", Value::M(values(&[("k", n("5"))]))),
        ("nul", Value::Null),
    ]);
    let given = |value: Value| [(":v", value)];
    for (text, value, answer) in [
        ("contains(txt, :v)", s("ell"), true),
        ("contains(txt, :v)", s("elo"), false),
        ("contains(bin, :v)", Value::B(vec![2, 3]), true),
        ("contains(ss, :v)", s("x"), true),
        ("contains(ns, :v)", n("2.0"), true),
        ("contains(ns, :v)", s("2"), false),
        ("contains(lst, :v)", Value::string_set(vec!["y".into(), "x".into()]).unwrap(), true),
        ("contains(doc, :v)", s("k"), false),
        ("begins_with(txt, :v)", s("he"), true),
        ("begins_with(bin, :v)", Value::B(vec![1]), true),
        ("begins_with(doc, :v)", s("he"), false),
        ("attribute_type(nul, :v)", s("NULL"), true),
        ("attribute_type(ns, :v)", s("NS"), true),
        ("attribute_type(gone, :v)", s("NS"), false),
        ("size(txt) = :v", n("5"), true),
        ("size(lst) = :v", n("3"), true),
        ("size(doc) = :v", n("1"), true),
        ("size(bin) between :v and :v", n("3"), true),
        ("doc.k = :v", n("5.0"), true),
        ("lst[0] = :v", n("1"), true),
    ] {
        assert_eq!(matches(text, &given(value), &item), answer, "{text}");
    }
}

#[test]
fn placeholders_are_checked_by_name_and_use() {
    let names = |pairs: &[(&str, &str)]| {
        Some(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<BTreeMap<_, _>>())
    };
    let refused = |names, values| Placeholders::new(names, values).unwrap_err().0;
    assert_eq!(refused(names(&[]), None), "ExpressionAttributeNames must not be empty");
    assert_eq!(refused(None, Some(Item::new())), "ExpressionAttributeValues must not be empty");
    let key = "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\"";
    assert_eq!(refused(names(&[("a", "b")]), None), key);
    let mut given = placeholders(&[("#a", "a"), ("#b", "b")], &[(":a", n("1")), (":b", n("1"))]);
    Condition::parse("ConditionExpression", "#a = :a", &mut given).unwrap();
    let unused = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}";
    assert_eq!(given.check_all_used().unwrap_err().0, unused);
    Condition::parse("FilterExpression", "attribute_exists(#b)", &mut given).unwrap();
    let unused = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}";
    assert_eq!(given.check_all_used().unwrap_err().0, unused);
}

#[test]
fn key_conditions_are_refused_in_aws_words() {
    let given = [(":a", s("1")), (":b", s("1"))];
    let invalid = "Invalid condition in KeyConditionExpression: ";
    for (text, message) in [
        ("a > b and size(b) > c or a > c", "Invalid operator used in KeyConditionExpression: OR".to_owned()),
        ("a in (b, size(c), d)", "Invalid operator used in KeyConditionExpression: IN".to_owned()),
        ("attribute_exists(a)", "Invalid operator used in KeyConditionExpression: attribute_exists".to_owned()),
        ("contains(a.d, b)", "Invalid operator used in KeyConditionExpression: contains".to_owned()),
        ("not a > b", "Invalid operator used in KeyConditionExpression: NOT".to_owned()),
        ("a <> b", "Invalid operator used in KeyConditionExpression: <>".to_owned()),
        (
            ":a between size(b) and size(a) and b > :b",
            format!("{invalid}BETWEEN operator must have the key attribute as its first operand"),
        ),
        (
            "begins_with(:a, b) and a > :b",
            format!("{invalid}begins_with operator must have the key attribute as its first operand"),
        ),
        ("size(b) > a AND a.b > b AND b > c", "KeyConditionExpressions cannot contain nested operations".to_owned()),
        ("a > size(b.d)", "KeyConditionExpressions cannot contain nested operations".to_owned()),
        ("b > a.b", format!("{invalid}Multiple attribute names used in one condition")),
        ("begins_with(a, b)", format!("{invalid}Multiple attribute names used in one condition")),
        ("b[0] > a", "KeyConditionExpressions cannot have conditions on nested attributes".to_owned()),
        (":b > :a AND a < :b", format!("{invalid}No key attribute specified")),
        (
            "b > :a AND b < :a and c = :a and d = :a",
            "KeyConditionExpressions must only contain one condition per key".to_owned(),
        ),
        (":a = a and b = :a and :a = c", "Conditions can be of length 1 or 2 only".to_owned()),
    ] {
        let error = KeyCondition::parse(text, &mut placeholders(&[], &given)).expect_err(text);
        assert_eq!(error.0, message, "{text}");
    }
}

#[test]
fn key_conditions_fit_the_key_schema_or_not() {
    let bind = |text: &str, sort: Option<(&str, Type)>| {
        let mut given = placeholders(&[], &[(":a", s("x")), (":b", n("1"))]);
        KeyCondition::parse(text, &mut given).unwrap().bind(("pk", Type::S), sort).map_err(|error| error.0)
    };
    let sort = Some(("sk", Type::N));
    let query = |test| Ok(KeyQuery { partition: s("x"), sort: test });
    assert_eq!(bind("pk = :a", sort), query(None));
    assert_eq!(bind("(sk >= :b) and (pk = :a)", sort), query(Some(KeyTest::GreaterOrEqual(n("1")))));
    assert_eq!(bind(":b >= sk and pk = :a", sort), query(Some(KeyTest::LessOrEqual(n("1")))));
    assert_eq!(bind("pk = :a and sk between :b and :b", sort), query(Some(KeyTest::Between(n("1"), n("1")))));
    assert_eq!(bind("z = :a", sort), Err("Query condition missed key schema element: pk".into()));
    assert_eq!(bind("pk = :a and z = :b", sort), Err("Query condition missed key schema element: sk".into()));
    assert_eq!(bind("pk > :a", sort), Err("Query key condition not supported".into()));
    assert_eq!(
        bind("pk = :b", sort),
        Err("One or more parameter values were invalid: Condition parameter type does not match schema type".into())
    );
}

#[test]
fn no_expression_panics() {
    let words = [
        "a",
        "b.c",
        "#n",
        ":v",
        "(",
        ")",
        "((",
        "))",
        ",",
        ".",
        "[0]",
        "[",
        "]",
        "=",
        "<>",
        "<",
        ">=",
        "AND",
        "or",
        "not",
        "in",
        "between",
        "size(",
        "contains(",
        "begins_with(",
        "attribute_exists(",
        "attribute_type(",
        "SET",
        "remove",
        "ADD",
        "delete",
        "+",
        "-",
        "if_not_exists(",
        "list_append(",
        "é",
        "#",
        ":",
        "\"",
        "1",
        " ",
    ];
    let mut random = Random::new(7);
    let mut parsed = 0;
    for _ in 0..60_000 {
        let text: String = (0..1 + random.below(12)).map(|_| random.pick(&words).to_owned() + " ").collect();
        let item = random.item(2);
        let mut given = placeholders(&[("#n", "d")], &[(":v", random.value(1))]);
        if let Ok(condition) = Condition::parse("ConditionExpression", &text, &mut given) {
            condition.matches(&item);
            parsed += 1;
        }
        if let Ok(update) = Update::parse(&text, &mut given) {
            let _ = update.apply(&mut item.clone());
            parsed += 1;
        }
        if let Ok(projection) = Projection::parse(&text, &mut given) {
            projection.apply(&item);
            parsed += 1;
        }
        let _ = KeyCondition::parse(&text, &mut given);
    }
    assert!(parsed > 100, "some of them are expressions: {parsed}");
}
