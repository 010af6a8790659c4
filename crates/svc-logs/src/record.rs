//! What is kept: groups, their streams, the streams' events.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_model::logs::{INVALID_PARAMETER_EXCEPTION, RESOURCE_NOT_FOUND_EXCEPTION};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

/// By name.
pub static GROUPS: Table<Group> = Table::new("logs/group");
/// By group and name.
pub static STREAMS: Table<Stream> = Table::new("logs/stream");
/// By group, stream, time, and the order in which they came.
pub static EVENTS: Table<Event> = Table::new("logs/event");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub created: Timestamp,
    /// How long events are kept; `None`: for ever.
    pub retention_days: Option<i32>,
    pub class: String,
    pub deletion_protected: bool,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stream {
    pub name: String,
    pub created: Timestamp,
    pub first_event: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    pub last_ingestion: Option<Timestamp>,
    /// How many events ever came: the next one's number.
    pub count: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub time: Timestamp,
    pub ingested: Timestamp,
    pub message: String,
}

impl Group {
    /// Events before this moment are not there any more.
    pub fn horizon(&self, now: Timestamp) -> Timestamp {
        const DAY: i64 = 24 * 3600;
        match self.retention_days {
            Some(days) => now.plus_seconds(-DAY.saturating_mul(i64::from(days))),
            None => Timestamp(0),
        }
    }
}

impl Event {
    /// What the event counts against the group's size: its text, and 26 bytes as AWS counts them.
    pub fn size(&self) -> u64 {
        u64::try_from(self.message.len()).unwrap_or(u64::MAX).saturating_add(26)
    }
}

/// A group's ARN, without the `:*` that stands behind it in policies.
pub fn group_arn(scope: &Scope, name: &str) -> String {
    Arn::new("logs", &scope.region, &scope.account, format!("log-group:{name}")).to_string()
}

pub fn stream_key(group: &str, stream: &str) -> Key {
    Key::new().str(group).str(stream)
}

pub fn group(read: &dyn Read, scope: &Scope, name: &str) -> Result<Group, Fault> {
    GROUPS
        .get(read, scope, name)?
        .ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("The specified log group does not exist."))
}

pub fn stream(read: &dyn Read, scope: &Scope, group: &str, name: &str) -> Result<Stream, Fault> {
    STREAMS
        .get(read, scope, stream_key(group, name))?
        .ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("The specified log stream does not exist."))
}

/// The group that a request names: by name or by identifier (a name or an ARN), one of them.
pub fn named_group(
    read: &dyn Read,
    scope: &Scope,
    name: Option<&str>,
    identifier: Option<&str>,
) -> Result<Group, Fault> {
    match (name, identifier) {
        (Some(name), None) => group(read, scope, name),
        (None, Some(identifier)) => group(read, scope, &name_of(scope, identifier)?),
        (None, None) => {
            Err(INVALID_PARAMETER_EXCEPTION.because("At least one of logGroupName or logGroupIdentifier is required."))
        }
        (Some(_), Some(_)) => {
            Err(INVALID_PARAMETER_EXCEPTION
                .because("LogGroup name and LogGroup ARN are mutually exclusive parameters."))
        }
    }
}

/// The name of the group that an identifier (a name, or an ARN with or without `:*`) means.
pub fn name_of(scope: &Scope, identifier: &str) -> Result<String, Fault> {
    let Some(arn) = Arn::parse(identifier) else { return Ok(identifier.to_owned()) };
    let name = arn.resource.strip_prefix("log-group:").map(|name| name.strip_suffix(":*").unwrap_or(name));
    match name.filter(|_| arn.service == "logs" && arn.account == scope.account && arn.region == scope.region) {
        Some(name) => Ok(name.to_owned()),
        None => Err(RESOURCE_NOT_FOUND_EXCEPTION.because("The specified log group does not exist.")),
    }
}

/// The streams of a group whose names begin with `prefix`, by name.
pub fn streams(read: &dyn Read, scope: &Scope, group: &str, prefix: &str) -> Result<Vec<Stream>, Trouble> {
    let range = Range::prefix(Key::new().str(group).then_open_str(prefix));
    STREAMS.scan(read, scope, &range).map(|row| row.map(|(_, stream)| stream)).collect()
}

/// Removes a stream's events up to `before`, at most `limit`; answers how many there were and their size.
pub fn delete_events(
    tx: &mut Transaction,
    scope: &Scope,
    group: &str,
    stream: &str,
    before: Option<Timestamp>,
    limit: usize,
) -> Result<(usize, u64), Trouble> {
    let whole = stream_key(group, stream);
    let range = Range::prefix(&whole);
    let range = match before {
        Some(before) => range.before(whole.i64(before.0)),
        None => range,
    };
    let old: Vec<(Key, u64)> = EVENTS
        .scan(tx, scope, &range)
        .take(limit)
        .map(|row| row.map(|(key, event)| (key, event.size())))
        .collect::<Result<_, _>>()?;
    for (key, _) in &old {
        EVENTS.delete(tx, scope, key)?;
    }
    Ok((old.len(), old.iter().map(|(_, size)| size).sum()))
}
