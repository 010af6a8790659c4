//! Streams as tables see them: switched on and off, written to, trimmed after a day. `svc-dynamodbstreams` reads them.

use kogumo_base::{Scope, Trouble};
use kogumo_door::Writer;
use kogumo_dynamo::Item;
use kogumo_dynamo::stream::{CHANGES, STREAMS, Stream, StreamChange};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Range, RawTable, Transaction};

use crate::record::TableRecord;
use crate::storage::Change;

static STREAM_ROWS: RawTable = RawTable::new(STREAMS);
static CHANGE_ROWS: RawTable = RawTable::new(CHANGES);

/// The kind of the timers that look after a stream: by table and label.
pub const TRIM: &str = "dynamodb/stream-trim";

/// Changes are kept for a day and looked through every hour.
const KEPT_MILLIS: i64 = 24 * 3600 * 1000;
const LOOK_SECONDS: i64 = 3600;
/// Changes that one look removes.
const STEP: usize = 1000;

/// Makes streams follow a table that changes; `None` is no table.
pub fn follow(w: &mut Writer, before: Option<&TableRecord>, after: Option<&TableRecord>) -> Result<(), Trouble> {
    let scope = w.scope().clone();
    let key = |table: Option<&TableRecord>| table.and_then(stream_key);
    let (old, new) = (key(before), key(after));
    if old == new {
        return Ok(());
    }
    if let Some(mut stream) = old.map(|key| read(w.tx, &scope, &key)).transpose()?.flatten() {
        stream.enabled = false;
        put(w.tx, &scope, &stream);
    }
    if let Some(stream) = after.and_then(|table| new_stream(table, w)) {
        put(w.tx, &scope, &stream);
        timers::put(w.tx, w.now.plus_seconds(LOOK_SECONDS), TRIM, &scope, row_key(&stream), &[])?;
    }
    Ok(())
}

fn new_stream(table: &TableRecord, w: &Writer) -> Option<Stream> {
    let stream = table.stream.as_ref()?;
    Some(Stream {
        table: table.name.clone(),
        label: stream.label.clone(),
        view_type: stream.view_type.clone(),
        keys: table.keys.attributes().map(|attribute| attribute.name.clone()).collect(),
        created: u64::try_from(w.now.0).unwrap_or(0),
        enabled: true,
        next: 1,
    })
}

fn stream_key(table: &TableRecord) -> Option<Key> {
    Some(Key::new().str(&table.name).str(&table.stream.as_ref()?.label))
}

fn row_key(stream: &Stream) -> Key {
    Key::new().str(&stream.table).str(&stream.label)
}

fn read(tx: &Transaction, scope: &Scope, key: &Key) -> Result<Option<Stream>, Trouble> {
    let bytes = STREAM_ROWS.get(tx, scope, key)?;
    bytes.map(|bytes| Stream::from_bytes(&bytes).map_err(corrupt)).transpose()
}

fn corrupt(error: kogumo_dynamo::encoding::Corrupt) -> Trouble {
    Trouble::from_cause("DynamoDB's streams", error)
}

fn put(tx: &mut Transaction, scope: &Scope, stream: &Stream) {
    STREAM_ROWS.put(tx, scope, row_key(stream), stream.to_bytes());
}

/// Notes a change of an item, if the table has a stream and anything has changed.
pub fn record(
    tx: &mut Transaction,
    scope: &Scope,
    table: &TableRecord,
    change: &Change<'_>,
    old: Option<Item>,
) -> Result<(), Trouble> {
    let Some(key) = stream_key(table).filter(|_| old.as_ref() != change.new) else { return Ok(()) };
    let (Some(mut stream), Some(item)) = (read(tx, scope, &key)?, change.new.or(old.as_ref())) else { return Ok(()) };
    let noted = StreamChange {
        keys: table.keys.key_of(item),
        new: change.new.cloned(),
        old,
        at: u64::try_from(change.now.0).unwrap_or(0),
        expired: change.expired,
    };
    CHANGE_ROWS.put(tx, scope, key.u64(stream.next), noted.to_bytes());
    stream.next += 1;
    put(tx, scope, &stream);
    Ok(())
}

/// Removes what is older than a day; a stream that is off and empty goes with it.
pub fn trim(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let scope = &timer.scope;
    let Some(stream) = read(w.tx, scope, &timer.id)? else { return Ok(()) };
    let rows = CHANGE_ROWS.scan(w.tx, scope, &Range::prefix(&timer.id)).take(STEP);
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    let (mut removed, all) = (0, rows.len());
    for (key, bytes) in rows {
        let at = StreamChange::from_bytes(&bytes).map_err(corrupt)?.at;
        if i64::try_from(at).unwrap_or(i64::MAX) > w.now.0 - KEPT_MILLIS {
            break;
        }
        CHANGE_ROWS.delete(w.tx, scope, key);
        removed += 1;
    }
    let aged = i64::try_from(stream.created).unwrap_or(i64::MAX) <= w.now.0 - KEPT_MILLIS;
    if !stream.enabled && removed == all && all < STEP && aged {
        STREAM_ROWS.delete(w.tx, scope, &timer.id);
        return Ok(());
    }
    let again = if removed == STEP { w.now } else { w.now.plus_seconds(LOOK_SECONDS) };
    timers::put(w.tx, again, TRIM, scope, &timer.id, &[])
}
