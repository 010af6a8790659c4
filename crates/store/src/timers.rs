//! Timers: rows that fall due by the cloud's clock, so that they outlive the process and follow `kogumo clock advance`.
//!
//! A timer is known by its kind (`"dynamodb/ttl"`), scope and id; putting it again moves it. Whoever handles one that
//! is due cancels it or puts it again in the same transaction as what it brought about, so that it happens once.

use kogumo_base::{Scope, Timestamp, Trouble};

use crate::{Key, KeyReader, Range, Read, Transaction};

/// By when they are due: (name, due, kind, account, region, id) → payload.
const BY_DUE: &str = "timers/due";
/// By who they are: (name, kind, account, region, id) → due.
const BY_ID: &str = "timers/id";

/// Something that is to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    pub due: Timestamp,
    pub kind: String,
    pub scope: Scope,
    pub id: Key,
    pub payload: Vec<u8>,
}

/// Sets a timer, or moves the one that is set.
pub fn put(
    tx: &mut Transaction,
    due: Timestamp,
    kind: &str,
    scope: &Scope,
    id: impl Into<Key>,
    payload: &[u8],
) -> Result<(), Trouble> {
    let who = who(kind, scope, &id.into());
    cancel_who(tx, &who)?;
    tx.put_raw(by_id(&who), due.0.to_be_bytes());
    tx.put_raw(by_due(due, &who), payload);
    Ok(())
}

/// Takes a timer back and answers when it was due; `None` if there was none.
pub fn cancel(
    tx: &mut Transaction,
    kind: &str,
    scope: &Scope,
    id: impl Into<Key>,
) -> Result<Option<Timestamp>, Trouble> {
    cancel_who(tx, &who(kind, scope, &id.into()))
}

/// The first `limit` timers that are due at `now`, the longest overdue first.
pub fn due(read: &dyn Read, now: Timestamp, limit: usize) -> Result<Vec<Timer>, Trouble> {
    let next = Timestamp(now.0.saturating_add(1));
    let range = Range::prefix(BY_DUE).before(Key::new().str(BY_DUE).i64(next.0));
    let rows = read.scan_raw(&range).take(limit);
    rows.map(|row| row.and_then(|(key, payload)| timer(&key, &payload))).collect()
}

/// When the next timer falls due, or fell due.
pub fn next_due(read: &dyn Read) -> Result<Option<Timestamp>, Trouble> {
    let first = read.scan_raw(&Range::prefix(BY_DUE)).next().transpose()?;
    first.map(|(key, payload)| Ok(timer(&key, &payload)?.due)).transpose()
}

fn cancel_who(tx: &mut Transaction, who: &Key) -> Result<Option<Timestamp>, Trouble> {
    let Some(due) = tx.get_raw(&by_id(who))? else { return Ok(None) };
    let due = <[u8; 8]>::try_from(&due[..]).map_err(|_| Trouble::new("a timer's row is not a moment"))?;
    let due = Timestamp(i64::from_be_bytes(due));
    tx.delete_raw(by_id(who));
    tx.delete_raw(by_due(due, who));
    Ok(Some(due))
}

fn who(kind: &str, scope: &Scope, id: &Key) -> Key {
    Key::new().str(kind).str(&scope.account).str(&scope.region).then(id)
}

fn by_id(who: &Key) -> Vec<u8> {
    Key::new().str(BY_ID).then(who).into_bytes()
}

fn by_due(due: Timestamp, who: &Key) -> Vec<u8> {
    Key::new().str(BY_DUE).i64(due.0).then(who).into_bytes()
}

fn timer(key: &[u8], payload: &[u8]) -> Result<Timer, Trouble> {
    let mut parts = KeyReader::over(key);
    let read = |parts: &mut KeyReader<'_>| {
        parts.str()?;
        let due = Timestamp(parts.i64()?);
        let kind = parts.str()?;
        let scope = Scope { account: parts.str()?, region: parts.str()? };
        Some(Timer { due, kind, scope, id: Key::from_encoded(parts.rest()), payload: payload.to_vec() })
    };
    read(&mut parts).ok_or_else(|| Trouble::new("a timer's key cannot be read"))
}
