//! DynamoDB Streams: the changes of tables, to be read in the order they happened.
//!
//! A stream is one shard: tables write from one program. What they write is described in `kogumo_dynamo::stream`.

mod iterator;
mod ops;
mod reading;
mod streams;

use std::any::Any;

use kogumo_base::Trouble;
use kogumo_door::{Ask, Ground, Grounding, Service};
use kogumo_model::dynamodbstreams::GetRecordsInput;
use kogumo_wire::Structure;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::dynamodbstreams::SERVICE, ops::ops()).grounds(grounds)
}

/// An iterator names its stream.
fn grounds(_: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let input =
        ask.call.and_then(|(_, input): (_, &dyn Structure)| (input as &dyn Any).downcast_ref::<GetRecordsInput>());
    let iterator = input.and_then(|input| iterator::Iterator::parse(&input.shard_iterator));
    Ok(Ground { resource: iterator.map(|iterator| iterator.stream_arn), ..Ground::default() })
}
