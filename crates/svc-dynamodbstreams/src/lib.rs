//! DynamoDB Streams: the changes of tables, to be read in the order they happened.
//!
//! A stream is one shard: tables write from one program. What they write is described in `kogumo_dynamo::stream`.

mod iterator;
mod ops;
mod reading;
mod streams;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::dynamodbstreams::SERVICE, ops::ops())
}
