//! Queries: commands in a row, and what they make of rows.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>

use std::collections::HashSet;

use regex::Regex;

use super::expression::Expression;
use super::scan::Scan;
use super::value::{Row, Value, field};

/// The most rows of an answer, unless the query says otherwise.
const MOST: usize = 10_000;

#[derive(Debug)]
pub struct Query {
    commands: Vec<Command>,
}

/// An expression and the name of its column.
#[derive(Debug)]
struct Column {
    name: String,
    expression: Expression,
}

#[derive(Debug)]
enum Command {
    Fields(Vec<Column>),
    Display(Vec<Column>),
    Filter(Expression),
    Sort(Vec<(Expression, bool)>),
    Limit(usize),
    Stats(Vec<Column>, Vec<Column>),
    Parse(Expression, Regex, Vec<String>),
    Dedup(Vec<Column>),
}

/// What a query answers, and how many events its filters let through.
pub struct Answer {
    pub rows: Vec<Row>,
    pub matched: usize,
}

impl Query {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Query, String> {
        let mut scan = Scan::new(text);
        let mut commands = Vec::new();
        loop {
            commands.push(command(&mut scan)?);
            if scan.is_empty() {
                return Ok(Query { commands });
            }
            scan.expect("|")?;
        }
    }

    /// Runs over events, of which `limit` are shown at most.
    pub fn run(&self, events: Vec<Row>, limit: Option<usize>) -> Answer {
        let mut rows = events;
        // Newest first, unless it is sorted otherwise.
        rows.sort_by(|one, two| field(two, "@timestamp").order(field(one, "@timestamp")));
        let mut shown: Option<Vec<String>> = None;
        let mut most = limit.unwrap_or(MOST);
        let mut matched = rows.len();
        for command in &self.commands {
            match command {
                Command::Fields(columns) => {
                    rows.iter_mut().for_each(|row| extend(row, columns));
                    shown.get_or_insert_default().extend(columns.iter().map(|column| column.name.clone()));
                }
                Command::Display(columns) => {
                    rows.iter_mut().for_each(|row| extend(row, columns));
                    shown = Some(columns.iter().map(|column| column.name.clone()).collect());
                }
                Command::Filter(condition) => {
                    rows.retain(|row| condition.value(row, None).is_true());
                    matched = rows.len();
                }
                Command::Sort(keys) => rows.sort_by(|one, two| order(keys, one, two)),
                Command::Limit(limit) => most = *limit,
                Command::Stats(columns, by) => {
                    rows = stats(columns, by, &rows);
                    shown = Some(by.iter().chain(columns).map(|column| column.name.clone()).collect());
                }
                Command::Parse(source, pattern, names) => {
                    rows.iter_mut().for_each(|row| parse_row(row, source, pattern, names));
                }
                Command::Dedup(columns) => {
                    let mut seen = HashSet::new();
                    let key = |row: &Row| {
                        let texts = columns.iter().map(|column| column.expression.value(row, None).text());
                        texts.collect::<Vec<_>>()
                    };
                    rows.retain(|row| seen.insert(key(row)));
                }
            }
        }
        rows.truncate(most);
        let aggregated = self.commands.iter().any(|command| matches!(command, Command::Stats(..)));
        let mut names = shown.unwrap_or_else(|| vec!["@timestamp".to_owned(), "@message".to_owned()]);
        if !aggregated {
            names.push("@ptr".to_owned());
        }
        let rows = rows.iter().map(|row| names.iter().map(|name| (name.clone(), field(row, name).clone())).collect());
        Answer { rows: rows.collect(), matched }
    }
}

fn extend(row: &mut Row, columns: &[Column]) {
    for column in columns {
        let value = column.expression.value(row, None);
        row.push((column.name.clone(), value));
    }
}

fn order(keys: &[(Expression, bool)], one: &Row, two: &Row) -> std::cmp::Ordering {
    let by_key = keys.iter().map(|(key, ascending)| {
        let order = key.value(one, None).order(&key.value(two, None));
        if *ascending { order } else { order.reverse() }
    });
    by_key.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

/// One row for each group; without `by` all rows are one group.
fn stats(columns: &[Column], by: &[Column], rows: &[Row]) -> Vec<Row> {
    let mut groups: Vec<(Vec<Option<String>>, Row, Vec<&Row>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for row in rows {
        let named: Row = by.iter().map(|column| (column.name.clone(), column.expression.value(row, None))).collect();
        let key: Vec<Option<String>> = named.iter().map(|(_, value)| value.text()).collect();
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key, named, Vec::new()));
            groups.len() - 1
        });
        if let Some((.., members)) = groups.get_mut(place) {
            members.push(row);
        }
    }
    if by.is_empty() && groups.is_empty() {
        groups.push((Vec::new(), Row::new(), Vec::new()));
    }
    let computed = groups.into_iter().map(|(_, mut row, members)| {
        let first = members.first().map_or_else(Row::new, |first| (*first).clone());
        for column in columns {
            row.push((column.name.clone(), column.expression.value(&first, Some(&members))));
        }
        row
    });
    computed.collect()
}

fn parse_row(row: &mut Row, source: &Expression, pattern: &Regex, names: &[String]) {
    let Some(text) = source.value(row, None).text() else { return };
    let Some(found) = pattern.captures(&text) else { return };
    let values: Vec<(String, Value)> = match names {
        [] => pattern
            .capture_names()
            .flatten()
            .filter_map(|name| Some((name.to_owned(), Value::Text(found.name(name)?.as_str().to_owned()))))
            .collect(),
        names => names
            .iter()
            .zip(found.iter().skip(1))
            .filter_map(|(name, part)| Some((name.clone(), Value::Text(part?.as_str().to_owned()))))
            .collect(),
    };
    row.extend(values);
}

fn command(scan: &mut Scan<'_>) -> Result<Command, String> {
    let name = scan.name().ok_or_else(|| scan.unexpected("a command"))?;
    Ok(match name.to_ascii_lowercase().as_str() {
        "fields" => Command::Fields(columns(scan)?),
        "display" => Command::Display(columns(scan)?),
        "filter" | "where" => Command::Filter(Expression::parse(scan)?),
        "sort" => Command::Sort(sort_keys(scan)?),
        "limit" | "head" => match scan.number() {
            Some(limit) if limit >= 0.0 => Command::Limit(limit as usize),
            _ => return Err(scan.unexpected("a number")),
        },
        "stats" => {
            let aggregates = columns(scan)?;
            let by = if scan.word("by") { columns(scan)? } else { Vec::new() };
            Command::Stats(aggregates, by)
        }
        "parse" => parse_command(scan)?,
        "dedup" => Command::Dedup(columns(scan)?),
        other => return Err(format!("unknown command {other}")),
    })
}

/// Expressions parted by commas, each with the name that `as` gives it, else as it is written.
fn columns(scan: &mut Scan<'_>) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    loop {
        let before = scan.rest();
        let expression = Expression::parse(scan)?;
        let length = before.len() - scan.rest().len();
        let written = before.get(..length).unwrap_or_default().trim().trim_matches('`').to_owned();
        let name = match scan.word("as") {
            true => scan.name().ok_or_else(|| scan.unexpected("a name"))?,
            false => written,
        };
        columns.push(Column { name, expression });
        if !scan.sign(",") {
            return Ok(columns);
        }
    }
}

fn sort_keys(scan: &mut Scan<'_>) -> Result<Vec<(Expression, bool)>, String> {
    let mut keys = Vec::new();
    loop {
        // A column of `stats` is sorted by under the name that it is written with.
        let before = scan.rest();
        let mut ahead = scan.clone();
        let parsed = Expression::parse(&mut ahead)?;
        let written = before.get(..before.len() - ahead.rest().len()).unwrap_or_default().trim().to_owned();
        *scan = ahead;
        let key = if matches!(parsed, Expression::Call(..)) { Expression::Field(written) } else { parsed };
        let descending = scan.word("desc");
        let _said = scan.word("asc");
        keys.push((key, !descending));
        if !scan.sign(",") {
            return Ok(keys);
        }
    }
}

/// `parse @message "user=*, id=*" as user, id`, or a regular expression with named groups.
fn parse_command(scan: &mut Scan<'_>) -> Result<Command, String> {
    let source = match scan.name() {
        Some(name) => Expression::Field(name),
        None => Expression::Field("@message".to_owned()),
    };
    if let Some(pattern) = scan.pattern() {
        // AWS writes named groups as Java does; both forms are understood.
        let pattern = Regex::new(&pattern).map_err(|_| format!("invalid regular expression {pattern}"))?;
        return Ok(Command::Parse(source, pattern, Vec::new()));
    }
    let glob = scan.text().ok_or_else(|| scan.unexpected("a pattern"))?;
    let parts: Vec<String> = glob.split('*').map(regex::escape).collect();
    // The last `*` takes what is left, those before it as little as they can.
    let pattern = match parts.split_last() {
        Some((last, front)) if last.is_empty() && !front.is_empty() => format!("(?s){}(.*)$", front.join("(.*?)")),
        _ => format!("(?s){}", parts.join("(.*?)")),
    };
    let pattern = Regex::new(&pattern).map_err(|_| format!("invalid pattern {glob}"))?;
    if !scan.word("as") {
        return Err(scan.unexpected("'as'"));
    }
    let mut names = vec![scan.name().ok_or_else(|| scan.unexpected("a name"))?];
    while scan.sign(",") {
        names.push(scan.name().ok_or_else(|| scan.unexpected("a name"))?);
    }
    match names.len() == parts.len() - 1 {
        true => Ok(Command::Parse(source, pattern, names)),
        false => Err("as many names are needed as there are * in the pattern".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(millis: i64, message: &str) -> Row {
        vec![("@timestamp".into(), Value::Time(millis)), ("@message".into(), Value::Text(message.into()))]
    }

    fn run(query: &str, messages: &[&str]) -> Vec<Vec<String>> {
        let events = messages.iter().zip(0..).map(|(message, at)| event(at * 60_000, message)).collect();
        let answer = Query::parse(query).expect("a query").run(events, None);
        let texts = |row: Row| row.into_iter().filter(|(name, _)| name != "@ptr").filter_map(|(_, value)| value.text());
        answer.rows.into_iter().map(|row| texts(row).collect()).collect()
    }

    #[test]
    fn events_are_filtered_sorted_and_limited() {
        let query = "fields @message | filter @message like /GOOD|fine/ and not (@message = 'fine') | sort @timestamp asc | limit 1";
        assert_eq!(run(query, &["GOOD 1", "bad", "GOOD 2", "fine"]), [["GOOD 1"]]);
        assert_eq!(run("filter @message in ['a', \"b\"] | display @message", &["a", "c"]), [["a"]]);
    }

    #[test]
    fn parts_are_parsed_and_summed_up() {
        let query = "parse @message \"user=* took=*\" as user, took | stats count(*) as n, max(took), pct(took, 50) by user | sort n desc, user";
        let messages = ["user=a took=1", "user=b took=5", "user=a took=3", "user=a took=2"];
        assert_eq!(run(query, &messages), [["a", "3", "3", "2"], ["b", "1", "5", "5"]]);
        let bins = run("stats count() by bin(2m) as t | sort t asc", &["x", "y", "z"]);
        assert_eq!(bins, [["1970-01-01 00:00:00.000", "2"], ["1970-01-01 00:02:00.000", "1"]]);
        let named = run("parse @message /took=(?<took>[0-9]+)/ | stats avg(took) * 2 as twice", &messages);
        assert_eq!(named, [["5.5"]]);
        assert_eq!(run("dedup @message | stats count(*)", &["x", "x", "y"]), [["2"]]);
    }

    #[test]
    fn bad_queries_are_refused() {
        for query in [
            "",
            "fields",
            "nonsense @message",
            "filter (@message",
            "stats sum(",
            "limit x",
            "filter nope(1)",
            "fields @message extra",
        ] {
            assert!(Query::parse(query).is_err(), "{query}");
        }
        assert!(Query::parse(&format!("filter {}", "(".repeat(10_000))).is_err());
        assert!(Query::parse(&format!("filter {} a", "not ".repeat(10_000))).is_err());
    }
}
