//! Logs Insights: queries over the events of log groups. A query is run when it is started; its answer is kept.

mod expression;
mod function;
mod query;
mod scan;
#[cfg(test)]
mod tests;
mod value;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::logs::*;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::page::Page;
use crate::page::decoded;
use crate::record::{self, EVENTS, Event, stream_key};
use query::Query;
use value::{Row, Value};

/// By id.
static QUERIES: Table<Answered> = Table::new("logs/query");

/// Fields that are found in one event of JSON.
const MOST_FIELDS: usize = 200;
/// A query is about so many groups at most.
const MOST_GROUPS: usize = 50;

/// A query that was run.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answered {
    id: String,
    text: String,
    groups: Vec<String>,
    created: Timestamp,
    rows: Vec<Vec<(String, String)>>,
    matched: u64,
    scanned: u64,
    bytes: u64,
}

pub async fn start_query(cx: Context, input: StartQueryRequest) -> Result<StartQueryResponse, Fault> {
    if input.query_language.as_deref().is_some_and(|language| language != "CWLI") {
        return Err(Fault::not_implemented("Queries in another language than CWLI"));
    }
    let invalid = |why: &str| INVALID_PARAMETER_EXCEPTION.because(why);
    let (start, end) = (input.start_time, input.end_time);
    if start > end {
        return Err(invalid("End time should be greater than or equal to start time."));
    }
    let query = Query::parse(&input.query_string).map_err(malformed)?;
    let named = input.log_group_name.into_iter().chain(input.log_group_names.unwrap_or_default());
    let mut names: Vec<(Option<String>, Option<String>)> = named.map(|name| (Some(name), None)).collect();
    names.extend(input.log_group_identifiers.unwrap_or_default().into_iter().map(|id| (None, Some(id))));
    if names.is_empty() || names.len() > MOST_GROUPS {
        return Err(invalid("Between 1 and 50 log groups have to be named."));
    }
    let snapshot = cx.snapshot();
    let mut groups = Vec::new();
    for (name, id) in &names {
        groups.push(record::named_group(&snapshot, cx.scope(), name.as_deref(), id.as_deref())?);
    }
    let (from, to) = (start.saturating_mul(1000), end.saturating_mul(1000).saturating_add(999));
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for group in &groups {
        let from = from.max(group.horizon(cx.now()).0);
        bytes += gather(&snapshot, cx.scope(), &group.name, from, to, &mut rows)?;
    }
    let scanned = rows.len() as u64;
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok());
    let answer = query.run(rows, limit);
    let shown = |row: Row| row.into_iter().filter_map(|(name, value)| Some((name, value.text()?))).collect();
    let answered = Answered {
        id: kogumo_base::uuid(),
        text: input.query_string,
        groups: groups.into_iter().map(|group| group.name).collect(),
        created: cx.now(),
        rows: answer.rows.into_iter().map(shown).collect(),
        matched: answer.matched as u64,
        scanned,
        bytes,
    };
    let scope = cx.scope().clone();
    cx.write(|w| QUERIES.put(w.tx, &scope, answered.id.as_str(), &answered).map_err(Fault::from))?;
    Ok(StartQueryResponse { query_id: Some(answered.id) })
}

fn malformed(why: String) -> Fault {
    let fields = MalformedQueryException {
        query_compile_error: Some(QueryCompileError { message: Some(why.clone()), ..QueryCompileError::default() }),
    };
    Fault::with_fields(&MALFORMED_QUERY_EXCEPTION, why, fields)
}

/// The events of a group in a span of time, as rows; answers how many bytes they have.
fn gather(
    read: &dyn Read,
    scope: &Scope,
    group: &str,
    from: i64,
    to: i64,
    rows: &mut Vec<Row>,
) -> Result<u64, Trouble> {
    let mut bytes = 0;
    for stream in record::streams(read, scope, group, "")? {
        let whole = || stream_key(group, &stream.name);
        let range = Range::prefix(whole()).from(whole().i64(from)).before(whole().i64(to.saturating_add(1)));
        for row in EVENTS.scan(read, scope, &range) {
            let (key, event) = row?;
            bytes += event.size();
            rows.push(fields(scope, group, &stream.name, &key, &event));
        }
    }
    Ok(bytes)
}

/// What is known of an event: fields of CloudWatch's own, those of JSON, those of Lambda's reports.
fn fields(scope: &Scope, group: &str, stream: &str, key: &Key, event: &Event) -> Row {
    let text = |text: &str| Value::Text(text.to_owned());
    let mut row: Row = vec![
        ("@timestamp".into(), Value::Time(event.time.0)),
        ("@message".into(), text(&event.message)),
        ("@ingestionTime".into(), Value::Time(event.ingested.0)),
        ("@logStream".into(), text(stream)),
        ("@log".into(), Value::Text(format!("{}:{group}", scope.account))),
        ("@ptr".into(), Value::Text(BASE64_STANDARD.encode(key.as_bytes()))),
    ];
    let message = event.message.trim();
    if message.starts_with('{')
        && let Ok(document) = serde_json::from_str::<Json>(message)
    {
        flatten("", &document, &mut row);
    }
    lambda_fields(message, &mut row);
    row
}

fn flatten(name: &str, value: &Json, row: &mut Row) {
    if row.len() >= MOST_FIELDS {
        return;
    }
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Json::Object(members) => members.iter().for_each(|(part, value)| flatten(&below(part), value, row)),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| flatten(&below(&at.to_string()), value, row));
        }
        Json::Null => {}
        Json::Bool(truth) => row.push((name.to_owned(), Value::Truth(*truth))),
        Json::Number(number) => row.push((name.to_owned(), number.as_f64().map_or(Value::Missing, Value::Number))),
        Json::String(text) => row.push((name.to_owned(), Value::Text(text.clone()))),
    }
}

/// `@type`, `@requestId` and the figures of the lines that Lambda itself writes.
fn lambda_fields(message: &str, row: &mut Row) {
    let Some((kind, rest)) = ["START", "END", "REPORT"]
        .into_iter()
        .find_map(|kind| Some((kind, message.strip_prefix(kind)?.strip_prefix(" RequestId: ")?)))
    else {
        return;
    };
    row.push(("@type".into(), Value::Text(kind.to_owned())));
    let request = rest.split_whitespace().next().unwrap_or_default();
    row.push(("@requestId".into(), Value::Text(request.to_owned())));
    let megabyte = 1_000_000.0;
    let figures = [
        ("\tDuration: ", "@duration", 1.0),
        ("\tBilled Duration: ", "@billedDuration", 1.0),
        ("\tInit Duration: ", "@initDuration", 1.0),
        ("\tMemory Size: ", "@memorySize", megabyte),
        ("\tMax Memory Used: ", "@maxMemoryUsed", megabyte),
    ];
    for (label, name, unit) in figures {
        let figure = rest.split_once(label).and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<f64>().ok());
        row.extend(figure.map(|figure| (name.to_owned(), Value::Number(figure * unit))));
    }
}

fn find(read: &dyn Read, scope: &Scope, id: &str) -> Result<Answered, Fault> {
    let missing = || RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Query {id} does not exist."));
    QUERIES.get(read, scope, id)?.ok_or_else(missing)
}

pub fn get_query_results(r: &Reader, input: GetQueryResultsRequest) -> Result<GetQueryResultsResponse, Fault> {
    if input.next_token.is_some() {
        return Err(Fault::not_implemented("Further pages of GetQueryResults"));
    }
    let answered = find(r.store, r.scope(), &input.query_id)?;
    let field = |(field, value): (String, String)| ResultField { field: Some(field), value: Some(value) };
    let rows = answered.rows.into_iter();
    let results: Vec<Vec<ResultField>> = rows.map(|row| row.into_iter().map(field).collect()).collect();
    Ok(GetQueryResultsResponse {
        query_language: Some("CWLI".into()),
        statistics: Some(QueryStatistics {
            records_matched: Some(answered.matched as f64),
            records_scanned: Some(answered.scanned as f64),
            bytes_scanned: Some(answered.bytes as f64),
            log_groups_scanned: Some(answered.groups.len() as f64),
            result_count: Some(results.len() as f64),
            ..QueryStatistics::default()
        }),
        results: Some(results),
        status: Some("Complete".into()),
        ..GetQueryResultsResponse::default()
    })
}

/// A query is over before its id is known, so there is nothing to stop.
pub fn stop_query(w: &mut Writer, input: StopQueryRequest) -> Result<StopQueryResponse, Fault> {
    let answered = find(w.store(), w.scope(), &input.query_id)?;
    Err(INVALID_PARAMETER_EXCEPTION.because(format!("Query {} is not running: it is in state Complete", answered.id)))
}

pub fn describe_queries(r: &Reader, input: DescribeQueriesRequest) -> Result<DescribeQueriesResponse, Fault> {
    const PAGE: i32 = 1000;
    let range = match &input.next_token {
        Some(token) => Range::all().after(Key::new().str(&decoded(token)?)),
        None => Range::all(),
    };
    let mut page = Page::new(input.max_results, PAGE);
    for row in QUERIES.scan(r.store, r.scope(), &range) {
        let (_, query) = row?;
        let other_group = input.log_group_name.as_ref().is_some_and(|name| !query.groups.contains(name));
        if other_group || input.status.as_deref().is_some_and(|status| status != "Complete") {
            continue;
        }
        let id = query.id.clone();
        let info = QueryInfo {
            query_language: Some("CWLI".into()),
            query_id: Some(query.id),
            query_string: Some(query.text),
            status: Some("Complete".into()),
            create_time: Some(query.created.0),
            log_group_name: query.groups.into_iter().next(),
            ..QueryInfo::default()
        };
        if !page.push(&id, info) {
            break;
        }
    }
    let (queries, next_token) = page.finish();
    Ok(DescribeQueriesResponse { queries: Some(queries), next_token })
}

pub fn get_log_record(r: &Reader, input: GetLogRecordRequest) -> Result<GetLogRecordResponse, Fault> {
    let invalid = || INVALID_PARAMETER_EXCEPTION.because("The specified log record pointer is not valid.");
    let bytes = BASE64_STANDARD.decode(&input.log_record_pointer).map_err(|_| invalid())?;
    let key = Key::from_encoded(bytes);
    let event = EVENTS.get(r.store, r.scope(), &key)?.ok_or_else(invalid)?;
    let mut parts = key.reader();
    let (group, stream) = (parts.str().unwrap_or_default(), parts.str().unwrap_or_default());
    let row = fields(r.scope(), &group, &stream, &key, &event);
    let shown = row.into_iter().filter_map(|(name, value)| Some((name, value.text()?)));
    Ok(GetLogRecordResponse { log_record: Some(shown.collect()) })
}
