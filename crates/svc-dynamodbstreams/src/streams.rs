//! Streams: which there are, and what each is.

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_door::Reader;
use kogumo_dynamo::stream::{STREAMS, Stream};
use kogumo_model::dynamodbstreams::{
    self, DescribeStreamInput, DescribeStreamOutput, KeySchemaElement, ListStreamsInput, ListStreamsOutput,
    RESOURCE_NOT_FOUND_EXCEPTION, SequenceNumberRange, Shard, StreamDescription,
};
use kogumo_store::{Key, Range, RawTable, Read};
use kogumo_wire::Fault;

static STREAM_ROWS: RawTable = RawTable::new(STREAMS);

/// Streams in one page.
const PAGE: usize = 100;

pub fn list_streams(r: &Reader, input: ListStreamsInput) -> Result<ListStreamsOutput, Fault> {
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let mut range = input.table_name.as_deref().map_or_else(Range::all, Range::prefix);
    if let Some(after) = &input.exclusive_start_stream_arn {
        range = range.after(key_of_arn(r.scope(), after).ok_or_else(|| not_found(after))?);
    }
    let rows = STREAM_ROWS.scan(r.store, r.scope(), &range).take(limit + 1);
    let mut found = rows.map(|row| decode(&row?.1)).collect::<Result<Vec<_>, Trouble>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let streams: Vec<_> = found
        .into_iter()
        .map(|stream| dynamodbstreams::Stream {
            stream_arn: Some(arn(r.scope(), &stream)),
            table_name: Some(stream.table),
            stream_label: Some(stream.label),
        })
        .collect();
    let last = streams.last().filter(|_| more).and_then(|stream| stream.stream_arn.clone());
    Ok(ListStreamsOutput { streams: Some(streams), last_evaluated_stream_arn: last })
}

pub fn describe_stream(r: &Reader, input: DescribeStreamInput) -> Result<DescribeStreamOutput, Fault> {
    let stream = find(r.store, r.scope(), &input.stream_arn)?;
    // Behind the only shard there is no other, and it has no children.
    let past = input.exclusive_start_shard_id.is_some() || input.shard_filter.is_some();
    let shards = if past { Vec::new() } else { vec![shard(&stream)] };
    let element =
        |(name, kind): (&String, &str)| KeySchemaElement { attribute_name: name.clone(), key_type: kind.to_owned() };
    Ok(DescribeStreamOutput {
        stream_description: Some(StreamDescription {
            stream_arn: Some(arn(r.scope(), &stream)),
            stream_label: Some(stream.label.clone()),
            stream_status: Some(if stream.enabled { "ENABLED" } else { "DISABLED" }.to_owned()),
            stream_view_type: Some(stream.view_type.clone()),
            creation_request_date_time: Some(Timestamp(i64::try_from(stream.created).unwrap_or(0))),
            key_schema: Some(stream.keys.iter().zip(["HASH", "RANGE"]).map(element).collect()),
            table_name: Some(stream.table),
            shards: Some(shards),
            last_evaluated_shard_id: None,
        }),
    })
}

fn shard(stream: &Stream) -> Shard {
    Shard {
        shard_id: Some(shard_id(stream)),
        sequence_number_range: Some(SequenceNumberRange {
            starting_sequence_number: Some(sequence_number(1)),
            ending_sequence_number: (!stream.enabled).then(|| sequence_number(stream.next)),
        }),
        parent_shard_id: None,
    }
}

/// The name of a stream's only shard.
pub fn shard_id(stream: &Stream) -> String {
    format!("shardId-{:020}-{:08x}", stream.created, stream.label.len())
}

/// A sequence number as clients see it: they compare them as numbers, and AWS's are long.
pub fn sequence_number(number: u64) -> String {
    format!("1{number:020}")
}

/// A sequence number that a client gives back.
pub fn parse_sequence_number(text: &str) -> Option<u64> {
    text.strip_prefix('1').filter(|digits| digits.len() == 20)?.parse().ok()
}

pub fn arn(scope: &Scope, stream: &Stream) -> String {
    let resource = format!("table/{}/stream/{}", stream.table, stream.label);
    Arn::new("dynamodb", &scope.region, &scope.account, resource).to_string()
}

fn key_of_arn(scope: &Scope, arn: &str) -> Option<Key> {
    let arn = Arn::parse(arn)?;
    let (table, label) = arn.resource.strip_prefix("table/")?.split_once("/stream/")?;
    let here = arn.service == "dynamodb" && arn.region == scope.region && arn.account == scope.account;
    here.then(|| Key::new().str(table).str(label))
}

/// The stream of an ARN.
pub fn find(read: &dyn Read, scope: &Scope, arn: &str) -> Result<Stream, Fault> {
    let key = key_of_arn(scope, arn).ok_or_else(|| not_found(arn))?;
    let bytes = STREAM_ROWS.get(read, scope, key)?.ok_or_else(|| not_found(arn))?;
    Ok(decode(&bytes)?)
}

fn not_found(arn: &str) -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Requested resource not found: Stream: {arn} not found"))
}

fn decode(bytes: &[u8]) -> Result<Stream, Trouble> {
    Stream::from_bytes(bytes).map_err(|error| Trouble::from_cause("DynamoDB's streams", error))
}
