//! Time to live: items are deleted when the time in one of their attributes has come, by the cloud's clock.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_dynamo::{Item, Number, Value};
use kogumo_model::dynamodb::{
    DescribeTimeToLiveInput, DescribeTimeToLiveOutput, TimeToLiveDescription, UpdateTimeToLiveInput,
    UpdateTimeToLiveOutput,
};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Transaction};
use kogumo_wire::Fault;

use crate::record::{TableRecord, TimeToLive};
use crate::schema::RowKey;
use crate::storage::{self, Change, item_key};
use crate::table::{self, BACKFILL};

/// The kind of the timers of items that expire: by the item's key, with the table's name.
pub const EXPIRY: &str = "dynamodb/ttl";

/// Times that lie further back are no times: AWS takes them for mistakes.
const FIVE_YEARS: i64 = 5 * 365 * 24 * 3600;

/// Sets, moves or cancels the timer of an item that changes.
pub fn follow(
    tx: &mut Transaction,
    scope: &Scope,
    table: &TableRecord,
    row: &RowKey,
    old: Option<&Item>,
    new: Option<&Item>,
) -> Result<(), Trouble> {
    let Some(time_to_live) = &table.time_to_live else { return Ok(()) };
    let due = |item: Option<&Item>| seconds(item?.get(&time_to_live.attribute)?);
    let (before, after) = (due(old), due(new));
    if before == after {
        return Ok(());
    }
    let id = item_key(table, row);
    match after {
        Some(seconds) => timers::put(tx, Timestamp::from_seconds(seconds), EXPIRY, scope, id, table.name.as_bytes()),
        None => timers::cancel(tx, EXPIRY, scope, id).map(drop),
    }
}

/// The second at which a value says that its item expires; only numbers do.
fn seconds(value: &Value) -> Option<i64> {
    let Value::N(number) = value else { return None };
    let text = number.to_string();
    let whole = text.split('.').next()?;
    whole.parse().ok().filter(|seconds| *seconds > 0 && *number > Number::ZERO)
}

/// Deletes an item whose time has come, unless it has been given more since.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let scope = timer.scope.clone();
    let name = String::from_utf8_lossy(&timer.payload).into_owned();
    let Some(table) = TableRecord::get(w.tx, &scope, &name)? else { return Ok(()) };
    let key = timer.id.as_bytes();
    let (Some(time_to_live), true) = (&table.time_to_live, key.starts_with(&table.id.to_be_bytes())) else {
        return Ok(());
    };
    let row = RowKey(key.get(8..).unwrap_or_default().to_vec());
    let Some(stored) = storage::read(w.tx, &scope, &table, &row)? else { return Ok(()) };
    let due = stored.item()?.get(&time_to_live.attribute).and_then(seconds);
    let now = w.now.seconds();
    if due.is_none_or(|due| due > now || due < now - FIVE_YEARS) {
        return Ok(());
    }
    storage::write(
        w.tx,
        &scope,
        &table,
        &Change { row: &row, old: Some(&stored), new: None, now: w.now, expired: true },
    )?;
    Ok(())
}

pub fn describe_time_to_live(r: &Reader, input: DescribeTimeToLiveInput) -> Result<DescribeTimeToLiveOutput, Fault> {
    let table = table::find(r.store, r.scope(), &input.table_name)?;
    let status = if table.time_to_live.is_some() { "ENABLED" } else { "DISABLED" };
    Ok(DescribeTimeToLiveOutput {
        time_to_live_description: Some(TimeToLiveDescription {
            time_to_live_status: Some(status.to_owned()),
            attribute_name: table.time_to_live.as_ref().map(|time_to_live| time_to_live.attribute.clone()),
        }),
    })
}

pub fn update_time_to_live(w: &mut Writer, input: UpdateTimeToLiveInput) -> Result<UpdateTimeToLiveOutput, Fault> {
    let scope = w.scope().clone();
    let wanted = input.time_to_live_specification;
    let mut table = (*table::find(w.store(), &scope, &input.table_name)?).clone();
    match (&table.time_to_live, wanted.enabled) {
        (Some(_), true) => return Err(Fault::validation("TimeToLive is already enabled")),
        (None, false) => return Err(Fault::validation("TimeToLive is already disabled")),
        (Some(now), false) if now.attribute != wanted.attribute_name => {
            return Err(Fault::validation(
                "TimeToLive is active on a different AttributeName: current AttributeName is ".to_owned()
                    + &now.attribute,
            ));
        }
        (Some(_), false) => table.time_to_live = None,
        (None, true) => {
            table.time_to_live = Some(TimeToLive { attribute: wanted.attribute_name.clone() });
            timers::put(w.tx, w.now, BACKFILL, &scope, Key::from(&table.name), &[])?;
        }
    }
    table.put(w.tx, &scope)?;
    Ok(UpdateTimeToLiveOutput { time_to_live_specification: Some(wanted) })
}
