//! Patterns for JSON messages: `{ ($.user.id = 1) && ($.error IS TRUE || $.note NOT EXISTS) }`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::comparison::{Comparison, number};
use super::scanner::Scanner;

/// How deep parentheses may go.
const DEEPEST: usize = 32;

pub struct Json {
    condition: Condition,
}

enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test(Selector, Test),
}

enum Test {
    Compare(Comparison),
    IsNull,
    IsTrue,
    IsFalse,
    NotExists,
}

/// `$.users[0].name`, as it was written and as steps.
struct Selector {
    text: String,
    steps: Vec<Step>,
}

enum Step {
    Key(String),
    Index(usize),
    AnyKey,
    AnyIndex,
}

impl Json {
    pub fn parse(text: &str) -> Result<Json, String> {
        let mut scanner = Scanner::new(text);
        scanner.expect("{")?;
        let condition = any(&mut scanner, 0)?;
        scanner.expect("}")?;
        scanner.skip_space();
        match scanner.is_empty() {
            true => Ok(Json { condition }),
            false => Err(format!("Invalid filter pattern: unexpected '{}'", scanner.rest())),
        }
    }

    pub fn matches(&self, message: &str) -> Option<BTreeMap<String, String>> {
        let document: Value = serde_json::from_str(message.trim()).ok().filter(Value::is_object)?;
        if !self.condition.holds(&document) {
            return None;
        }
        let mut values = BTreeMap::new();
        self.condition.extract(&document, &mut values);
        Some(values)
    }
}

// === Reading ===

fn any(scanner: &mut Scanner, depth: usize) -> Result<Condition, String> {
    let mut conditions = vec![all(scanner, depth)?];
    while next_is(scanner, "||") {
        conditions.push(all(scanner, depth)?);
    }
    Ok(Condition::Any(conditions))
}

fn all(scanner: &mut Scanner, depth: usize) -> Result<Condition, String> {
    let mut conditions = vec![one(scanner, depth)?];
    while next_is(scanner, "&&") {
        conditions.push(one(scanner, depth)?);
    }
    Ok(Condition::All(conditions))
}

fn next_is(scanner: &mut Scanner, sign: &str) -> bool {
    scanner.skip_space();
    scanner.eat(sign)
}

fn one(scanner: &mut Scanner, depth: usize) -> Result<Condition, String> {
    if next_is(scanner, "(") {
        if depth >= DEEPEST {
            return Err("Invalid filter pattern: too many parentheses".into());
        }
        let inner = any(scanner, depth + 1)?;
        scanner.expect(")")?;
        return Ok(inner);
    }
    let selector = selector(scanner)?;
    scanner.skip_space();
    let test = if scanner.eat("IS") {
        scanner.skip_space();
        match scanner.take_while(char::is_alphanumeric) {
            "NULL" => Test::IsNull,
            "TRUE" => Test::IsTrue,
            "FALSE" => Test::IsFalse,
            other => return Err(format!("Invalid filter pattern: IS {other}")),
        }
    } else if scanner.eat("NOT") {
        scanner.expect("EXISTS")?;
        Test::NotExists
    } else {
        Test::Compare(Comparison::parse(scanner, |c| matches!(c, '}' | ')' | '(' | '&' | '|'))?)
    };
    Ok(Condition::Test(selector, test))
}

fn selector(scanner: &mut Scanner) -> Result<Selector, String> {
    let start = scanner.rest();
    let invalid = || format!("Invalid filter pattern: invalid property selector at '{start}'");
    if !scanner.eat("$") {
        return Err(invalid());
    }
    let mut steps = Vec::new();
    loop {
        if scanner.eat("[") || scanner.eat(".[") {
            steps.push(bracketed(scanner).ok_or_else(invalid)?);
        } else if scanner.eat(".*") {
            steps.push(Step::AnyKey);
        } else if scanner.eat(".") {
            let key = scanner.take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '@' | ':'));
            if key.is_empty() {
                return Err(invalid());
            }
            steps.push(Step::Key(key.to_owned()));
        } else {
            break;
        }
    }
    let length = start.len() - scanner.rest().len();
    match steps.is_empty() {
        true => Err(invalid()),
        false => Ok(Selector { text: start[..length].to_owned(), steps }),
    }
}

/// What stands in brackets: an index, `*`, or a quoted key.
fn bracketed(scanner: &mut Scanner) -> Option<Step> {
    let step = if scanner.eat("*") {
        Step::AnyIndex
    } else if scanner.eat("'") {
        Step::Key(scanner.until('\'', false).ok()?)
    } else if scanner.eat("\"") {
        Step::Key(scanner.until('"', false).ok()?)
    } else {
        Step::Index(scanner.take_while(|c| c.is_ascii_digit()).parse().ok()?)
    };
    scanner.eat("]").then_some(step)
}

// === Matching ===

impl Condition {
    fn holds(&self, document: &Value) -> bool {
        match self {
            Condition::All(conditions) => conditions.iter().all(|condition| condition.holds(document)),
            Condition::Any(conditions) => conditions.iter().any(|condition| condition.holds(document)),
            Condition::Test(selector, Test::NotExists) => selector.find(document).is_empty(),
            Condition::Test(selector, test) => selector.find(document).into_iter().any(|node| test.holds(node)),
        }
    }

    fn extract(&self, document: &Value, values: &mut BTreeMap<String, String>) {
        match self {
            Condition::All(conditions) | Condition::Any(conditions) => {
                conditions.iter().for_each(|condition| condition.extract(document, values));
            }
            Condition::Test(selector, _) => {
                if let Some(node) = selector.find(document).first() {
                    values.insert(selector.text.clone(), plain(node));
                }
            }
        }
    }
}

impl Test {
    fn holds(&self, node: &Value) -> bool {
        match self {
            Test::IsNull => node.is_null(),
            Test::IsTrue => *node == Value::Bool(true),
            Test::IsFalse => *node == Value::Bool(false),
            Test::NotExists => false,
            // An array or object is no value that could be compared; nor is null.
            Test::Compare(comparison) => match node {
                Value::Array(_) | Value::Object(_) | Value::Null => false,
                Value::String(text) => comparison.holds(text, number(text)),
                Value::Number(given) => comparison.holds(&given.to_string(), given.as_f64()),
                Value::Bool(_) => comparison.holds(&node.to_string(), None),
            },
        }
    }
}

impl Selector {
    /// The nodes that are meant: one at most, unless there is a wildcard.
    fn find<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        let mut nodes = vec![document];
        for step in &self.steps {
            nodes = nodes.into_iter().flat_map(|node| step.from(node)).collect();
        }
        nodes
    }
}

impl Step {
    fn from<'v>(&self, node: &'v Value) -> Vec<&'v Value> {
        match (self, node) {
            (Step::Key(key), Value::Object(members)) => members.get(key).into_iter().collect(),
            (Step::Index(index), Value::Array(elements)) => elements.get(*index).into_iter().collect(),
            (Step::AnyKey, Value::Object(members)) => members.values().collect(),
            (Step::AnyIndex, Value::Array(elements)) => elements.iter().collect(),
            _ => Vec::new(),
        }
    }
}

fn plain(node: &Value) -> String {
    match node {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
