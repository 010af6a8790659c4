//! Log streams.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::logs::{
    CreateLogStreamRequest, DeleteLogStreamRequest, DescribeLogStreamsRequest, DescribeLogStreamsResponse,
    INVALID_PARAMETER_EXCEPTION, LogStream, RESOURCE_ALREADY_EXISTS_EXCEPTION,
};
use kogumo_wire::{Fault, Unit};

use crate::page::{Page, bad_token, decoded};
use crate::record::{self, STREAMS, Stream, group_arn, stream_key};

pub fn create_log_stream(w: &mut Writer, input: CreateLogStreamRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let group = record::group(w.tx, &scope, &input.log_group_name)?;
    let key = stream_key(&group.name, &input.log_stream_name);
    if STREAMS.contains(w.tx, &scope, &key)? {
        return Err(RESOURCE_ALREADY_EXISTS_EXCEPTION.because("The specified log stream already exists"));
    }
    let stream = Stream {
        name: input.log_stream_name,
        created: w.now,
        first_event: None,
        last_event: None,
        last_ingestion: None,
        count: 0,
        bytes: 0,
    };
    STREAMS.put(w.tx, &scope, key, &stream)?;
    Ok(Unit::default())
}

pub fn delete_log_stream(w: &mut Writer, input: DeleteLogStreamRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let group = record::group(w.tx, &scope, &input.log_group_name)?;
    let stream = record::stream(w.tx, &scope, &group.name, &input.log_stream_name)?;
    record::delete_events(w.tx, &scope, &group.name, &stream.name, None, usize::MAX)?;
    STREAMS.delete(w.tx, &scope, stream_key(&group.name, &stream.name))?;
    Ok(Unit::default())
}

pub fn describe_log_streams(r: &Reader, input: DescribeLogStreamsRequest) -> Result<DescribeLogStreamsResponse, Fault> {
    const PAGE: i32 = 50;
    let by_time = input.order_by.as_deref() == Some("LastEventTime");
    if by_time && input.log_stream_name_prefix.is_some() {
        return Err(INVALID_PARAMETER_EXCEPTION.because("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let name = input.log_group_name.as_deref();
    let group = record::named_group(r.store, r.scope(), name, input.log_group_identifier.as_deref())?;
    let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
    let streams = record::streams(r.store, r.scope(), &group.name, prefix)?;
    // The place of a stream in the order that is asked for.
    let place =
        |stream: &Stream| (if by_time { stream.last_event.map_or(0, |time| time.0) } else { 0 }, stream.name.clone());
    let mut ordered: Vec<((i64, String), Stream)> =
        streams.into_iter().map(|stream| (place(&stream), stream)).collect();
    ordered.sort_by(|(one, _), (other, _)| one.cmp(other));
    if input.descending.unwrap_or_default() {
        ordered.reverse();
    }
    let start = match &input.next_token {
        None => 0,
        Some(token) => {
            let last = last_place(&decoded(token)?).ok_or_else(bad_token)?;
            let behind = |place: &(i64, String)| match input.descending.unwrap_or_default() {
                true => *place < last,
                false => *place > last,
            };
            ordered.iter().position(|(place, _)| behind(place)).unwrap_or(ordered.len())
        }
    };
    let mut page = Page::new(input.limit, PAGE);
    for ((time, name), stream) in ordered.into_iter().skip(start) {
        if !page.push(&format!("{time} {name}"), described(r.scope(), &group.name, stream)) {
            break;
        }
    }
    let (log_streams, next_token) = page.finish();
    Ok(DescribeLogStreamsResponse { log_streams: Some(log_streams), next_token })
}

fn last_place(token: &str) -> Option<(i64, String)> {
    let (time, name) = token.split_once(' ')?;
    Some((time.parse().ok()?, name.to_owned()))
}

fn described(scope: &Scope, group: &str, stream: Stream) -> LogStream {
    let arn = format!("{}:log-stream:{}", group_arn(scope, group), stream.name);
    LogStream {
        creation_time: Some(stream.created.0),
        first_event_timestamp: stream.first_event.map(|time| time.0),
        last_event_timestamp: stream.last_event.map(|time| time.0),
        last_ingestion_time: stream.last_ingestion.map(|time| time.0),
        upload_sequence_token: Some(format!("{:0>56}", stream.count)),
        arn: Some(arn),
        // AWS reports 0 for streams since 2019.
        stored_bytes: Some(0),
        log_stream_name: Some(stream.name),
    }
}
