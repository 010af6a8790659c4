//! A stack's history.

use kogumo_base::{Scope, Timestamp, Trouble, uuid};
use kogumo_store::{Key, KeyReader, Range, Read, Transaction};

use crate::record::{EVENTS, Event, Resource, Stack, uuid_of};

/// An event of the stack itself.
pub fn of_stack(stack: &Stack, status: &str, reason: Option<String>, at: Timestamp) -> Event {
    Event {
        id: uuid(),
        logical_id: stack.name.clone(),
        physical_id: stack.id.clone(),
        kind: "AWS::CloudFormation::Stack".into(),
        status: status.into(),
        reason,
        at,
        properties: None,
        token: token(stack),
    }
}

/// An event of a resource, as it stands.
pub fn of_resource(stack: &Stack, resource: &Resource) -> Event {
    let actual = resource.actual.as_ref();
    Event {
        id: format!("{}-{}-{}", resource.logical_id, resource.status, resource.at.iso_millis()),
        logical_id: resource.logical_id.clone(),
        physical_id: actual.map_or(&resource.last_id, |a| &a.physical_id).clone(),
        kind: resource.kind.clone(),
        status: resource.status.clone(),
        reason: resource.reason.clone(),
        at: resource.at,
        properties: actual.map(|a| a.properties.to_string()),
        token: token(stack),
    }
}

fn token(stack: &Stack) -> Option<String> {
    stack.operation.as_ref().and_then(|operation| operation.token.clone())
}

/// Adds events at the end of the stack's history.
pub fn append(tx: &mut Transaction, scope: &Scope, stack_id: &str, events: &[Event]) -> Result<(), Trouble> {
    if events.is_empty() {
        return Ok(());
    }
    let of_stack = Key::new().str(uuid_of(stack_id));
    let last = EVENTS.scan(&*tx, scope, &Range::prefix(&of_stack).reverse()).next().transpose()?;
    let mut next = last.and_then(|(key, _)| number(&key)).map_or(0, |n| n + 1);
    for event in events {
        EVENTS.put(tx, scope, of_stack.clone().i64(next), event)?;
        next += 1;
    }
    Ok(())
}

fn number(key: &Key) -> Option<i64> {
    let mut parts = KeyReader::over(key.as_bytes());
    parts.str()?;
    parts.i64()
}

/// A stack's events, newest first: those that are older than the one that an earlier page ended with.
pub fn newest_first<'a>(
    read: &'a dyn Read,
    scope: &Scope,
    stack_id: &str,
    older_than: Option<Key>,
) -> impl Iterator<Item = Result<(Key, Event), Trouble>> + 'a {
    let range = Range::prefix(Key::new().str(uuid_of(stack_id))).reverse();
    let range = match older_than {
        Some(key) => range.before(key),
        None => range,
    };
    EVENTS.scan(read, scope, &range)
}
