//! The operations of DynamoDB Streams: all of them.

use kogumo_door::{Op, read};
use kogumo_model::dynamodbstreams::{DescribeStream, GetRecords, GetShardIterator, ListStreams};

use crate::reading::{get_records, get_shard_iterator};
use crate::streams::{describe_stream, list_streams};

pub fn ops() -> Vec<Op> {
    vec![
        read::<DescribeStream>(describe_stream),
        read::<GetRecords>(get_records),
        read::<GetShardIterator>(get_shard_iterator),
        read::<ListStreams>(list_streams),
    ]
}
