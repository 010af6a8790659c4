//! Reading a stream's changes.

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Reader;
use kogumo_dynamo::stream::{CHANGES, Stream, StreamChange};
use kogumo_dynamo::{Item, json};
use kogumo_model::dynamodbstreams::{
    EXPIRED_ITERATOR_EXCEPTION, GetRecordsInput, GetRecordsOutput, GetShardIteratorInput, GetShardIteratorOutput,
    Identity, RESOURCE_NOT_FOUND_EXCEPTION, Record, StreamRecord,
};
use kogumo_store::{Key, KeyReader, Range, RawTable};
use kogumo_wire::{Fault, Json};

use crate::iterator::Iterator;
use crate::streams::{arn, find, parse_sequence_number, sequence_number, shard_id};

static CHANGE_ROWS: RawTable = RawTable::new(CHANGES);

/// Records and bytes of them in one answer.
const RECORDS: usize = 1000;
const BYTES: usize = 1024 * 1024;

pub fn get_shard_iterator(r: &Reader, input: GetShardIteratorInput) -> Result<GetShardIteratorOutput, Fault> {
    let stream = find(r.store, r.scope(), &input.stream_arn)?;
    if input.shard_id != shard_id(&stream) {
        let message = format!("Requested resource not found: Shard: {} not found", input.shard_id);
        return Err(RESOURCE_NOT_FOUND_EXCEPTION.because(message));
    }
    let given = || {
        let number = input.sequence_number.as_deref().and_then(parse_sequence_number);
        number.ok_or_else(|| Fault::validation("Invalid SequenceNumber"))
    };
    let next = match input.shard_iterator_type.as_str() {
        "LATEST" => stream.next,
        "AT_SEQUENCE_NUMBER" => given()?,
        "AFTER_SEQUENCE_NUMBER" => given()? + 1,
        _ => 0,
    };
    let iterator = Iterator { stream_arn: arn(r.scope(), &stream), next, issued: r.now };
    Ok(GetShardIteratorOutput { shard_iterator: Some(iterator.to_text()) })
}

pub fn get_records(r: &Reader, input: GetRecordsInput) -> Result<GetRecordsOutput, Fault> {
    let iterator = Iterator::parse(&input.shard_iterator).ok_or_else(|| Fault::validation("Invalid ShardIterator"))?;
    if iterator.is_expired(r.now) {
        return Err(EXPIRED_ITERATOR_EXCEPTION.because("The iterator expired."));
    }
    let stream = find(r.store, r.scope(), &iterator.stream_arn)?;
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(RECORDS).min(RECORDS);
    let prefix = Key::new().str(&stream.table).str(&stream.label);
    let range = Range::prefix(&prefix).from(prefix.clone().u64(iterator.next));
    let (mut records, mut bytes, mut next) = (Vec::new(), 0, iterator.next);
    for row in CHANGE_ROWS.scan(r.store, r.scope(), &range).take(limit) {
        let (key, value) = row?;
        let change =
            StreamChange::from_bytes(&value).map_err(|error| Trouble::from_cause("DynamoDB's streams", error))?;
        bytes += change.size(&stream.view_type);
        if bytes > BYTES && !records.is_empty() {
            break;
        }
        let number = sequence_of(&key, &prefix)?;
        next = number + 1;
        records.push(record(r, &stream, number, &change));
    }
    // A stream that is off ends with its last change.
    let open = stream.enabled || next < stream.next;
    let next = Iterator { next, issued: r.now, ..iterator };
    Ok(GetRecordsOutput { records: Some(records), next_shard_iterator: open.then(|| next.to_text()) })
}

fn sequence_of(key: &Key, prefix: &Key) -> Result<u64, Trouble> {
    let rest = key.as_bytes().get(prefix.as_bytes().len()..).unwrap_or_default();
    KeyReader::over(rest).u64().ok_or_else(|| Trouble::new("a change of a stream has no number"))
}

fn record(r: &Reader, stream: &Stream, number: u64, change: &StreamChange) -> Record {
    let (new, old) = change.images(&stream.view_type);
    let at = Timestamp(i64::try_from(change.at).unwrap_or(0));
    Record {
        event_id: Some(format!("{:032x}", u128::from(stream.created) << 64 | u128::from(number))),
        event_name: Some(change.event_name().to_owned()),
        event_version: Some("1.1".to_owned()),
        event_source: Some("aws:dynamodb".to_owned()),
        aws_region: Some(r.scope().region.clone()),
        dynamodb: Some(StreamRecord {
            approximate_creation_date_time: Some(Timestamp::from_seconds(at.seconds())),
            keys: Some(to_json(&change.keys)),
            new_image: new.map(to_json),
            old_image: old.map(to_json),
            sequence_number: Some(sequence_number(number)),
            size_bytes: i64::try_from(change.size(&stream.view_type)).ok(),
            stream_view_type: Some(stream.view_type.clone()),
        }),
        user_identity: change.expired.then(|| Identity {
            principal_id: Some("dynamodb.amazonaws.com".to_owned()),
            type_: Some("Service".to_owned()),
        }),
    }
}

fn to_json(item: &Item) -> Json {
    let mut text = Vec::new();
    json::write_item(item, &mut text);
    Json::from_text(text)
}
