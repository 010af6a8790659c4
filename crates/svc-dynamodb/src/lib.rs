//! DynamoDB: tables, items, indexes, transactions, TTL.
//!
//! The decisions about values and expressions are `kogumo-dynamo`'s; here they meet tables, the store and the API.
//! Items stay JSON text on the wire (`kogumo_wire::Json`) and bytes of the engine's in the store.

mod account;
mod batch;
mod capacity;
mod change;
mod expiry;
mod grounds;
mod item;
mod ops;
mod page;
mod parameters;
mod record;
mod schema;
mod storage;
mod streaming;
mod table;
mod tags;
mod transact;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::dynamodb::SERVICE, ops::ops())
        .grounds(grounds::grounds)
        .timer(table::BACKFILL, table::backfill)
        .timer(table::SWEEP, table::sweep)
        .timer(expiry::EXPIRY, expiry::expire)
        .timer(streaming::TRIM, streaming::trim)
        .timer(transact::EXPIRY, transact::expire)
}
