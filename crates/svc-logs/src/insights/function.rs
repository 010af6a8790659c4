//! Functions of queries: over one row, and over the rows of a group.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html>

use std::collections::BTreeSet;

use super::expression::Expression;
use super::value::{Row, Value, field};

const AGGREGATES: [&str; 13] = [
    "count",
    "count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "pct",
    "median",
    "stddev",
    "earliest",
    "latest",
    "sortsfirst",
    "sortslast",
];
const PLAIN: [&str; 26] = [
    "bin",
    "datefloor",
    "dateceil",
    "frommillis",
    "tomillis",
    "abs",
    "ceil",
    "floor",
    "sqrt",
    "log",
    "greatest",
    "least",
    "strlen",
    "toupper",
    "tolower",
    "trim",
    "ltrim",
    "rtrim",
    "concat",
    "substr",
    "replace",
    "strcontains",
    "isempty",
    "isblank",
    "ispresent",
    "coalesce",
];

pub fn aggregates(name: &str) -> bool {
    AGGREGATES.contains(&name)
}

pub fn is_known(name: &str) -> bool {
    aggregates(name) || PLAIN.contains(&name)
}

/// Milliseconds of a unit of time; no unit is one of nothing.
pub fn period(unit: &str) -> Option<f64> {
    const SECOND: f64 = 1000.0;
    Some(match unit {
        "" | "ms" => 1.0,
        "s" | "sec" => SECOND,
        "m" | "min" => 60.0 * SECOND,
        "h" | "hr" => 3600.0 * SECOND,
        "d" => 24.0 * 3600.0 * SECOND,
        "w" => 7.0 * 24.0 * 3600.0 * SECOND,
        _ => return None,
    })
}

pub fn call(name: &str, arguments: &[Value], row: &Row) -> Value {
    let argument = |at: usize| arguments.get(at).unwrap_or(&Value::Missing);
    let text = |at: usize| argument(at).text();
    let number = |at: usize| argument(at).number();
    let truth = |truth: bool| Value::Truth(truth);
    let as_text = |text: Option<String>| text.map_or(Value::Missing, Value::Text);
    let as_number = |number: Option<f64>| number.map_or(Value::Missing, Value::Number);
    match name {
        "bin" => floor(field(row, "@timestamp").number(), number(0)),
        "datefloor" => floor(number(0), number(1)),
        "dateceil" => match (number(0), number(1)) {
            (Some(time), Some(step)) => floor(Some(time + step - 1.0), Some(step)),
            _ => Value::Missing,
        },
        "frommillis" => number(0).map_or(Value::Missing, |millis| Value::Time(millis as i64)),
        "tomillis" => as_number(number(0)),
        "abs" => as_number(number(0).map(f64::abs)),
        "ceil" => as_number(number(0).map(f64::ceil)),
        "floor" => as_number(number(0).map(f64::floor)),
        "sqrt" => as_number(number(0).map(f64::sqrt).filter(|root| root.is_finite())),
        "log" => as_number(number(0).map(f64::ln).filter(|log| log.is_finite())),
        "greatest" => as_number(arguments.iter().filter_map(Value::number).reduce(f64::max)),
        "least" => as_number(arguments.iter().filter_map(Value::number).reduce(f64::min)),
        "strlen" => as_number(text(0).map(|text| text.chars().count() as f64)),
        "toupper" => as_text(text(0).map(|text| text.to_uppercase())),
        "tolower" => as_text(text(0).map(|text| text.to_lowercase())),
        "trim" => as_text(text(0).map(|text| text.trim().to_owned())),
        "ltrim" => as_text(text(0).map(|text| text.trim_start().to_owned())),
        "rtrim" => as_text(text(0).map(|text| text.trim_end().to_owned())),
        "concat" => Value::Text(arguments.iter().filter_map(Value::text).collect()),
        "substr" => as_text(text(0).map(|text| part(&text, number(1), number(2)))),
        "replace" => match (text(0), text(1), text(2)) {
            (Some(text), Some(from), Some(to)) => Value::Text(text.replace(&from, &to)),
            _ => Value::Missing,
        },
        "strcontains" => truth(text(0).zip(text(1)).is_some_and(|(text, part)| text.contains(&part))),
        "isempty" => truth(text(0).is_none_or(|text| text.is_empty())),
        "isblank" => truth(text(0).is_none_or(|text| text.trim().is_empty())),
        "ispresent" => truth(*argument(0) != Value::Missing),
        "coalesce" => arguments.iter().find(|value| **value != Value::Missing).cloned().unwrap_or(Value::Missing),
        _ => Value::Missing,
    }
}

fn floor(time: Option<f64>, step: Option<f64>) -> Value {
    match (time, step.filter(|step| *step > 0.0)) {
        (Some(time), Some(step)) => Value::Time(((time / step).floor() * step) as i64),
        _ => Value::Missing,
    }
}

fn part(text: &str, start: Option<f64>, length: Option<f64>) -> String {
    let whole = |number: f64| number.max(0.0) as usize;
    let rest = text.chars().skip(start.map_or(0, whole));
    match length {
        Some(length) => rest.take(whole(length)).collect(),
        None => rest.collect(),
    }
}

pub fn aggregate(name: &str, arguments: &[Expression], rows: &[&Row]) -> Value {
    let values = || rows.iter().filter_map(|row| Some(arguments.first()?.value(row, None)));
    let present: Vec<Value> = values().filter(|value| *value != Value::Missing).collect();
    let numbers = || present.iter().filter_map(Value::number);
    let as_number = |number: Option<f64>| number.map_or(Value::Missing, Value::Number);
    let count = numbers().count() as f64;
    match name {
        "count" if arguments.is_empty() => Value::Number(rows.len() as f64),
        "count" => Value::Number(present.len() as f64),
        "count_distinct" => Value::Number(present.iter().filter_map(Value::text).collect::<BTreeSet<_>>().len() as f64),
        "sum" => Value::Number(numbers().sum()),
        "avg" => as_number(Some(numbers().sum::<f64>() / count).filter(|mean| mean.is_finite())),
        "min" => present.iter().min_by(|one, two| one.order(two)).cloned().unwrap_or(Value::Missing),
        "max" => present.iter().max_by(|one, two| one.order(two)).cloned().unwrap_or(Value::Missing),
        "sortsfirst" => present.iter().min_by_key(|value| value.text()).cloned().unwrap_or(Value::Missing),
        "sortslast" => present.iter().max_by_key(|value| value.text()).cloned().unwrap_or(Value::Missing),
        "median" => as_number(percentile(numbers().collect(), 50.0)),
        "pct" => {
            let percent = arguments.get(1).and_then(|percent| percent.value(&Row::new(), None).number());
            as_number(percent.and_then(|percent| percentile(numbers().collect(), percent)))
        }
        "stddev" => {
            let mean = numbers().sum::<f64>() / count;
            let variance = numbers().map(|number| (number - mean).powi(2)).sum::<f64>() / count;
            as_number(Some(variance.sqrt()).filter(|root| root.is_finite()))
        }
        "earliest" | "latest" => {
            let time = |row: &&&Row| field(row, "@timestamp").number().unwrap_or(0.0) as i64;
            let there = rows
                .iter()
                .filter(|row| arguments.first().is_some_and(|argument| argument.value(row, None) != Value::Missing));
            let row = if name == "earliest" { there.min_by_key(time) } else { there.max_by_key(time) };
            row.and_then(|row| Some(arguments.first()?.value(row, None))).unwrap_or(Value::Missing)
        }
        _ => Value::Missing,
    }
}

/// The smallest number that at least so many percent of the numbers do not exceed.
fn percentile(mut numbers: Vec<f64>, percent: f64) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let rank = (numbers.len() as f64 * percent / 100.0).ceil() as usize;
    numbers.get(rank.max(1) - 1).copied()
}
