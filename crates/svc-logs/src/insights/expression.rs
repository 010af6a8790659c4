//! Expressions of queries: parsed, and computed over a row or over a group of rows.

use regex::Regex;

use super::function;
use super::scan::Scan;
use super::value::{Row, Value, field};

/// How deep parentheses may go.
const DEEPEST: u32 = 64;

#[derive(Clone, Debug)]
pub enum Expression {
    Constant(Value),
    Field(String),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    Minus(Box<Expression>),
    Both(Box<Expression>, Box<Expression>),
    Either(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Compute(char, Box<Expression>, Box<Expression>),
    Like(Box<Expression>, Regex),
    OneOf(Box<Expression>, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Longer signs first: `<` is the beginning of `<=`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("!=", Comparison::Unequal),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Expression {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(scan: &mut Scan<'_>) -> Result<Expression, String> {
        either(scan, 0)
    }

    /// The value for a row; for a group, aggregates look at all of its rows.
    pub fn value(&self, row: &Row, group: Option<&[&Row]>) -> Value {
        let of = |expression: &Expression| expression.value(row, group);
        match self {
            Expression::Constant(value) => value.clone(),
            Expression::Field(name) => field(row, name).clone(),
            Expression::Call(name, arguments) => match group {
                Some(rows) if function::aggregates(name) => function::aggregate(name, arguments, rows),
                _ => function::call(name, &arguments.iter().map(of).collect::<Vec<_>>(), row),
            },
            Expression::Not(inner) => Value::Truth(!of(inner).is_true()),
            Expression::Minus(inner) => of(inner).number().map_or(Value::Missing, |number| Value::Number(-number)),
            Expression::Both(one, two) => Value::Truth(of(one).is_true() && of(two).is_true()),
            Expression::Either(one, two) => Value::Truth(of(one).is_true() || of(two).is_true()),
            Expression::Compare(comparison, one, two) => Value::Truth(compare(*comparison, &of(one), &of(two))),
            Expression::Compute(sign, one, two) => match (of(one).number(), of(two).number()) {
                (Some(one), Some(two)) => compute(*sign, one, two),
                _ => Value::Missing,
            },
            Expression::Like(inner, pattern) => {
                Value::Truth(of(inner).text().is_some_and(|text| pattern.is_match(&text)))
            }
            Expression::OneOf(inner, known) => {
                let value = of(inner);
                Value::Truth(known.iter().any(|known| compare(Comparison::Equal, &value, &of(known))))
            }
        }
    }
}

fn compare(comparison: Comparison, one: &Value, two: &Value) -> bool {
    if *one == Value::Missing || *two == Value::Missing {
        return comparison == Comparison::Unequal && one != two;
    }
    let order = one.order(two);
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Unequal => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

fn compute(sign: char, one: f64, two: f64) -> Value {
    let number = match sign {
        '+' => one + two,
        '-' => one - two,
        '*' => one * two,
        '/' => one / two,
        '%' => one % two,
        _ => one.powf(two),
    };
    if number.is_finite() { Value::Number(number) } else { Value::Missing }
}

fn either(scan: &mut Scan<'_>, depth: u32) -> Result<Expression, String> {
    if depth > DEEPEST {
        return Err("the query is too deep".to_owned());
    }
    let mut left = both(scan, depth)?;
    while scan.word("or") {
        left = Expression::Either(Box::new(left), Box::new(both(scan, depth)?));
    }
    Ok(left)
}

fn both(scan: &mut Scan<'_>, depth: u32) -> Result<Expression, String> {
    let mut left = negation(scan, depth)?;
    while scan.word("and") {
        left = Expression::Both(Box::new(left), Box::new(negation(scan, depth)?));
    }
    Ok(left)
}

fn negation(scan: &mut Scan<'_>, depth: u32) -> Result<Expression, String> {
    if depth > DEEPEST {
        return Err("the query is too deep".to_owned());
    }
    match scan.word("not") {
        true => Ok(Expression::Not(Box::new(negation(scan, depth + 1)?))),
        false => comparison(scan, depth),
    }
}

fn comparison(scan: &mut Scan<'_>, depth: u32) -> Result<Expression, String> {
    let left = sum(scan, depth)?;
    let mut ahead = scan.clone();
    if ahead.word("not") && (ahead.word("like") || ahead.word("in")) {
        scan.word("not");
        return Ok(Expression::Not(Box::new(membership(scan, left, depth)?)));
    }
    if ["like", "in"].iter().any(|word| scan.clone().word(word)) || scan.clone().sign("=~") {
        return membership(scan, left, depth);
    }
    for (sign, comparison) in COMPARISONS {
        if scan.sign(sign) {
            return Ok(Expression::Compare(comparison, Box::new(left), Box::new(sum(scan, depth)?)));
        }
    }
    Ok(left)
}

/// `like /pattern/`, `like "text"`, `=~ /pattern/`, `in [a, b]`.
fn membership(scan: &mut Scan<'_>, left: Expression, depth: u32) -> Result<Expression, String> {
    if scan.word("in") {
        scan.expect("[")?;
        let mut known = vec![sum(scan, depth)?];
        while scan.sign(",") {
            known.push(sum(scan, depth)?);
        }
        scan.expect("]")?;
        return Ok(Expression::OneOf(Box::new(left), known));
    }
    let _either = scan.word("like") || scan.sign("=~");
    let pattern = match (scan.pattern(), scan.text()) {
        (Some(pattern), _) => pattern,
        (None, Some(text)) => regex::escape(&text),
        _ => return Err(scan.unexpected("a pattern")),
    };
    let pattern = Regex::new(&pattern).map_err(|_| format!("invalid regular expression {pattern}"))?;
    Ok(Expression::Like(Box::new(left), pattern))
}

fn sum(scan: &mut Scan<'_>, depth: u32) -> Result<Expression, String> {
    let mut left = product(scan, depth)?;
    loop {
        let sign = match () {
            () if scan.sign("+") => '+',
            () if scan.sign("-") => '-',
            () => return Ok(left),
        };
        left = Expression::Compute(sign, Box::new(left), Box::new(product(scan, depth)?));
    }
}

fn product(scan: &mut Scan<'_>, depth: u32) -> Result<Expression, String> {
    let mut left = single(scan, depth)?;
    loop {
        let found = ["*", "/", "%", "^"].into_iter().find(|sign| scan.sign(sign));
        let Some(sign) = found.and_then(|sign| sign.chars().next()) else { return Ok(left) };
        left = Expression::Compute(sign, Box::new(left), Box::new(single(scan, depth)?));
    }
}

fn single(scan: &mut Scan<'_>, depth: u32) -> Result<Expression, String> {
    if depth > DEEPEST {
        return Err("the query is too deep".to_owned());
    }
    if scan.sign("(") {
        let inner = either(scan, depth + 1)?;
        scan.expect(")")?;
        return Ok(inner);
    }
    if scan.sign("-") {
        return Ok(Expression::Minus(Box::new(single(scan, depth + 1)?)));
    }
    if let Some(text) = scan.text() {
        return Ok(Expression::Constant(Value::Text(text)));
    }
    if let Some(number) = scan.number() {
        // `5m` is so many milliseconds, for `bin`.
        let unit = scan.unit();
        let millis = function::period(unit).ok_or_else(|| format!("unknown unit {unit}"))?;
        return Ok(Expression::Constant(Value::Number(number * millis)));
    }
    let name = scan.name().ok_or_else(|| scan.unexpected("a field, a value or a function"))?;
    if !scan.sign("(") {
        return Ok(Expression::Field(name));
    }
    let name = name.to_ascii_lowercase();
    if !function::is_known(&name) {
        return Err(format!("unknown function {name}"));
    }
    let mut arguments = Vec::new();
    if scan.sign(")") {
        return Ok(Expression::Call(name, arguments));
    }
    loop {
        let all = name == "count" && scan.sign("*");
        arguments.push(if all { Expression::Constant(Value::Truth(true)) } else { either(scan, depth + 1)? });
        if !scan.sign(",") {
            scan.expect(")")?;
            return Ok(Expression::Call(name, arguments));
        }
    }
}
