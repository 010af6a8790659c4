//! Updates and projections: what they do to items, and AWS's refusals.

use std::collections::BTreeMap;

use kogumo_dynamo::{Item, Number, Placeholders, Projection, Update, Value};

fn n(text: &str) -> Value {
    Value::N(Number::parse(text).unwrap())
}

fn s(text: &str) -> Value {
    Value::S(text.into())
}

fn list(elements: &[Value]) -> Value {
    Value::L(elements.to_vec())
}

fn strings(elements: &[&str]) -> Value {
    Value::string_set(elements.iter().map(|text| (*text).to_owned()).collect()).unwrap()
}

fn item(pairs: &[(&str, Value)]) -> Item {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::M(item(pairs))
}

fn placeholders(given: &[(&str, Value)]) -> Placeholders {
    let names = [("#c", "c"), ("#d", "[3]")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    Placeholders::new(Some(BTreeMap::from(names)), Some(item(given)).filter(|values| !values.is_empty())).unwrap()
}

fn update(text: &str, given: &[(&str, Value)], before: &[(&str, Value)]) -> Result<Item, String> {
    let update = Update::parse(text, &mut placeholders(given)).map_err(|error| error.0)?;
    let mut item = item(before);
    update.apply(&mut item).map_err(|error| error.0)?;
    Ok(item)
}

fn refusal(text: &str, given: &[(&str, Value)]) -> String {
    let error = Update::parse(text, &mut placeholders(given)).expect_err(text);
    error.0.strip_prefix("Invalid UpdateExpression: ").expect(&error.0).to_owned()
}

#[test]
fn syntax_errors() {
    for text in [
        "whatever",
        "set a",
        "add a",
        "delete a",
        "set a=set",
        "remove a = b",
        "add a = b",
        "delete a = b",
        "delete a b",
        "delete a if_not_exist(b)",
        "add abort b",
        "add a if_not_exist(b)",
        "remove a b",
        "set a b",
        "set :a = b",
        "add :a b",
        "delete :a b",
        "remove :a",
        "set a = b / c",
        "set a = b * c",
        "set a[1] = \"eight\"",
        "set a[1] = 1",
        "SET a = if_not_exist(a, 100)",
        "SET if_not_exist(a, b) = a",
        "set (a = (b + c))",
        "set a = (b.c).d + e",
        "set a = (b.c)[0] + e",
        "set a = b + c + d",
        "set a = b,",
        "set",
        "set a = (b + c) + d",
        "set a = (b",
        "set a = list_append(a, b + c)",
    ] {
        assert!(refusal(text, &[]).starts_with("Syntax error; token: "), "{text}");
    }
    assert_eq!(refusal("set a = :b,", &[]), "Syntax error; token: \"<EOF>\", near: \",\"");
    assert_eq!(refusal("SET foo bar = :v", &[]), "Syntax error; token: \"bar\", near: \"foo bar =\"");
}

#[test]
fn refusals_come_in_aws_order_and_words() {
    for (text, message) in [
        (" set #c = :c set abOrt = true ", "Attribute name is a reserved keyword; reserved keyword: abOrt"),
        ("set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"),
        ("set a = #x set c = :d", "The \"SET\" section can only be used once in an update expression;"),
        (
            "delete #d :e set a = b delete #e :f",
            "The \"DELETE\" section can only be used once in an update expression;",
        ),
        (
            "SET #x = if_not_exists(:c)",
            "An expression attribute name used in the document path is not defined; attribute name: #x",
        ),
        (
            "SET #c = if_not_exists(:c)",
            "An expression attribute value used in expression is not defined; attribute value: :c",
        ),
        (
            "set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; \
             path one: [c, [1], a], path two: [c]",
        ),
        (
            "set #c[3].#d = a, #c.#d[3] = if_not_exists(a)",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; \
             path one: [c, [3], [3]], path two: [c, [3], [3]]",
        ),
        (
            "set a = list_append(c)",
            "Incorrect number of operands for operator or function; operator or function: list_append, \
             number of operands: 1",
        ),
        (
            "set a = if_not_exists(if_not_exists(a, b), c)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
    ] {
        assert_eq!(refusal(text, &[]), message, "{text}");
    }
    let wrong = "Incorrect operand type for operator or function; ";
    for (text, value, message) in [
        ("set b = list_append(:a, a), c = if_not_exists(a) add a.b :a", s("a"), "operator: ADD, operand type: STRING"),
        ("delete a.b :a", n("1"), "operator: DELETE, operand type: NUMBER"),
        ("add a.b :a", list(&[]), "operator: ADD, operand type: LIST"),
        ("set a = list_append(a, :a)", n("1"), "operator or function: list_append, operand type: N"),
        ("set a = a + :a", Value::Null, "operator or function: +, operand type: NULL"),
        ("set a = :a - a", strings(&["x"]), "operator or function: -, operand type: SS"),
    ] {
        assert_eq!(refusal(text, &[(":a", value)]), format!("{wrong}{message}"), "{text}");
    }
}

#[test]
fn sets_read_the_item_as_it_was() {
    let before = [("a", n("1")), ("b", n("2"))];
    assert_eq!(update("SET a = b, b = a", &[], &before), Ok(item(&[("a", n("2")), ("b", n("1"))])));
    assert_eq!(
        update("SET a = a + :v, c = if_not_exists(c, :v) - b REMOVE b", &[(":v", n("0.5"))], &before),
        Ok(item(&[("a", n("1.5")), ("c", n("-1.5"))]))
    );
}

#[test]
fn documents_and_lists() {
    let before = [("l", list(&[n("0"), n("1"), n("2"), n("3")])), ("m", map(&[("k", n("1"))]))];
    let get = |result: Result<Item, String>, name: &str| result.unwrap().remove(name).unwrap();
    assert_eq!(get(update("REMOVE l[1], l[3], l[9]", &[], &before), "l"), list(&[n("0"), n("2")]));
    let given = [(":a", s("a")), (":b", s("b"))];
    let appended = update("SET l[8] = :b, l[7] = :a REMOVE l[0]", &given, &before);
    assert_eq!(get(appended, "l"), list(&[n("1"), n("2"), n("3"), s("a"), s("b")]));
    assert_eq!(get(update("SET m.x = :a, m.k = :b", &given, &before), "m"), map(&[("k", s("b")), ("x", s("a"))]));
    let joined =
        update("SET l = list_append(:x, if_not_exists(l, :e))", &[(":x", list(&[n("9")])), (":e", list(&[]))], &before);
    assert_eq!(get(joined, "l"), list(&[n("9"), n("0"), n("1"), n("2"), n("3")]));
}

#[test]
fn add_and_delete() {
    let before = [("n", n("1")), ("ss", strings(&["a", "b"]))];
    let given = [(":n", n("2")), (":s", strings(&["b", "c"]))];
    assert_eq!(
        update("ADD n :n, fresh :n, ss :s", &given, &before),
        Ok(item(&[("fresh", n("2")), ("n", n("3")), ("ss", strings(&["a", "b", "c"]))]))
    );
    let given = [(":s", strings(&["b", "c"])), (":all", strings(&["a", "b"]))];
    assert_eq!(update("DELETE ss :s, gone :s", &given, &before).unwrap()["ss"], strings(&["a"]));
    assert!(!update("DELETE ss :all", &given, &before).unwrap().contains_key("ss"));
}

#[test]
fn what_cannot_be_done_is_refused() {
    let before = [("a", n("1")), ("m", map(&[])), ("l", list(&[])), ("ns", Value::number_set(&["1"]).unwrap())];
    let given = [(":s", strings(&["a"])), (":n", n("1"))];
    let path = "The document path provided in the update expression is invalid for update";
    for text in [
        "set a.b = :s",
        "set a[1] = :s",
        "set y.a = :s",
        "set m[1] = :s",
        "set l.x = :s",
        "remove a.b",
        "remove y[1]",
        "remove m[1]",
        "delete y.a :s",
        "delete m[1] :s",
        "add y.a :s",
        "add l.x :s",
    ] {
        assert_eq!(update(text, &given, &before), Err(path.into()), "{text}");
    }
    let kind = "An operand in the update expression has an incorrect data type";
    for text in ["delete ns :s", "delete a :s", "add ns :s", "add ns :n", "set x = m + :n", "set x = list_append(m, l)"]
    {
        assert_eq!(update(text, &given, &before), Err(kind.into()), "{text}");
    }
    let missing = "The provided expression refers to an attribute that does not exist in the item";
    for text in ["set x = y", "set x = list_append(l, y)", "set x = m.y + :n"] {
        assert_eq!(update(text, &given, &before), Err(missing.into()), "{text}");
    }
}

#[test]
fn an_update_that_only_takes_away_makes_no_item() {
    let creates =
        |text: &str| Update::parse(text, &mut placeholders(&[(":n", strings(&["1"]))])).unwrap().creates_item();
    assert!(creates("set a = b") && creates("remove b add a :n"));
    assert!(!creates("remove a") && !creates("remove a delete b :n"));
}

#[test]
fn projections_keep_the_shape() {
    let whole = item(&[
        ("a", n("1")),
        ("l", list(&[n("0"), map(&[("x", n("1")), ("y", n("2"))]), n("2")])),
        ("c", map(&[("d", map(&[("e", n("1"))])), ("f", n("2"))])),
    ]);
    let project = |text: &str| Projection::parse(text, &mut placeholders(&[])).unwrap().apply(&whole);
    assert_eq!(project("a, gone, a1.b"), item(&[("a", n("1"))]));
    assert_eq!(project("l[2], l[1].y, l[7]"), item(&[("l", list(&[map(&[("y", n("2"))]), n("2")]))]));
    assert_eq!(project("#c.d.e, #c.x"), item(&[("c", map(&[("d", map(&[("e", n("1"))]))]))]));
    assert_eq!(project("a.b, l.x, #c[0]"), Item::new());
}

#[test]
fn projections_are_refused_in_aws_words() {
    let refusal = |text: &str| Projection::parse(text, &mut placeholders(&[])).expect_err(text).0;
    for text in ["whatever(stuff)", ":a", "abort,", "a,,b", "a..b", "a[b]", "(a.b).c", "(a)", "(a,b)", "a-b"] {
        assert!(refusal(text).starts_with("Invalid ProjectionExpression: Syntax error; token: "), "{text}");
    }
    assert_eq!(refusal("!!"), "Invalid ProjectionExpression: Syntax error; token: \"!\", near: \"!!\"");
    assert_eq!(
        refusal("a.abORt"),
        "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: abORt"
    );
    let paths = "must remove or rewrite one of these paths; path one: ";
    assert_eq!(
        refusal("b[1], b.a, #c.b, c"),
        format!(
            "Invalid ProjectionExpression: Two document paths overlap with each other; {paths}[c, b], path two: [c]"
        )
    );
    assert_eq!(
        refusal("a.b, a[1]"),
        format!(
            "Invalid ProjectionExpression: Two document paths conflict with each other; {paths}[a, b], path two: [a, [1]]"
        )
    );
}
