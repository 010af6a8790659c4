//! FilterLogEvents: the events of several streams of a group, merged by time, that fit a pattern.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kogumo_base::Trouble;
use kogumo_door::Reader;
use kogumo_model::logs::{
    FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent, INVALID_PARAMETER_EXCEPTION,
    RESOURCE_NOT_FOUND_EXCEPTION,
};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use crate::events::{MOST_BYTES, MOST_EVENTS, Place};
use crate::page::{bad_token, decoded, encoded};
use crate::pattern::Pattern;
use crate::record::{self, EVENTS, Event, Group, stream_key};

/// A page looks at no more events than this, so that a pattern that fits nothing cannot hold a call for ever.
const LOOKED_AT: usize = 100_000;

pub fn filter_log_events(r: &Reader, input: FilterLogEventsRequest) -> Result<FilterLogEventsResponse, Fault> {
    if !input.start_from_head.unwrap_or(true) {
        return Err(Fault::not_implemented("FilterLogEvents from the newest event backwards"));
    }
    let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default());
    let pattern = pattern.map_err(|why| INVALID_PARAMETER_EXCEPTION.because(why))?;
    let name = input.log_group_name.as_deref();
    let group = record::named_group(r.store, r.scope(), name, input.log_group_identifier.as_deref())?;
    let streams = chosen_streams(r, &group, &input)?;
    let (from, to) = (input.start_time.unwrap_or_default(), input.end_time.unwrap_or(i64::MAX));
    if from > to {
        return Err(INVALID_PARAMETER_EXCEPTION.because("End time should be greater than or equal to start time."));
    }
    let after = input.next_token.as_deref().map(Position::read).transpose()?;
    let start = from.max(group.horizon(r.now).0).max(after.as_ref().map_or(0, |after| after.place.time));
    let mut merged = Merged::begin(r, &group.name, streams, start, to)?;

    let limit = usize::try_from(input.limit.unwrap_or(MOST_EVENTS)).unwrap_or_default();
    let mut events: Vec<FilteredLogEvent> = Vec::new();
    let (mut bytes, mut looked_at) = (0_u64, 0);
    let mut last = None;
    let mut more = false;
    while let Some((position, event)) = merged.next()? {
        if after.as_ref().is_some_and(|after| position <= *after) {
            continue;
        }
        if events.len() >= limit || bytes >= MOST_BYTES || looked_at >= LOOKED_AT {
            more = true;
            break;
        }
        looked_at += 1;
        if pattern.matches(&event.message).is_some() {
            bytes = bytes.saturating_add(event.size());
            events.push(filtered(&position, event));
        }
        last = Some(position);
    }
    let next_token = last.filter(|_| more).map(|position| position.token());
    // AWS has stopped to tell which streams it searched; the list stays, empty.
    Ok(FilterLogEventsResponse { events: Some(events), searched_log_streams: Some(Vec::new()), next_token })
}

fn chosen_streams(r: &Reader, group: &Group, input: &FilterLogEventsRequest) -> Result<Vec<String>, Fault> {
    let names = match (&input.log_stream_names, &input.log_stream_name_prefix) {
        (Some(_), Some(_)) => {
            return Err(INVALID_PARAMETER_EXCEPTION
                .because("logStreamNames and logStreamNamePrefix are mutually exclusive parameters."));
        }
        (Some(names), None) => names.clone(),
        (None, prefix) => {
            let streams = record::streams(r.store, r.scope(), &group.name, prefix.as_deref().unwrap_or_default())?;
            return Ok(streams.into_iter().map(|stream| stream.name).collect());
        }
    };
    for name in &names {
        if !record::STREAMS.contains(r.store, r.scope(), stream_key(&group.name, name))? {
            return Err(RESOURCE_NOT_FOUND_EXCEPTION.because("The specified log stream does not exist."));
        }
    }
    Ok(names)
}

fn filtered(position: &Position, event: Event) -> FilteredLogEvent {
    FilteredLogEvent {
        log_stream_name: Some(position.stream.clone()),
        timestamp: Some(event.time.0),
        message: Some(event.message),
        ingestion_time: Some(event.ingested.0),
        event_id: Some(position.event_id()),
    }
}

/// Where an event stands among those of a group: by time, then by stream, then as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    stream: String,
    place: Place,
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |position: &Position| (position.place.time, position.stream.clone(), position.place.number);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Position {
    fn token(&self) -> String {
        encoded(&format!("{} {} {}", self.place.time, self.place.number, self.stream))
    }

    fn read(token: &str) -> Result<Position, Fault> {
        let text = decoded(token)?;
        let read = || {
            let mut parts = text.splitn(3, ' ');
            let place = Place { time: parts.next()?.parse().ok()?, number: parts.next()?.parse().ok()? };
            Some(Position { place, stream: parts.next()?.to_owned() })
        };
        read().ok_or_else(bad_token)
    }

    /// 56 digits, different for each event of a group and the same whenever it is asked for.
    fn event_id(&self) -> String {
        // FNV-1a, 40 bits of it: streams of one group that meet in one millisecond and one number do not share it.
        let hash = self
            .stream
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let time = u128::from(self.place.time.cast_unsigned());
        let id = time << 80 | u128::from(hash >> 24) << 40 | u128::from(self.place.number & 0xff_ffff_ffff);
        format!("{id:0>56}")
    }
}

type Events<'r> = Box<dyn Iterator<Item = Result<(Key, Event), Trouble>> + 'r>;

/// The events of many streams in one order: the next of each stream waits in a heap.
struct Merged<'r> {
    streams: Vec<(String, Events<'r>)>,
    waiting: BinaryHeap<Reverse<(Position, usize)>>,
    heads: Vec<Option<Event>>,
}

impl<'r> Merged<'r> {
    fn begin(r: &Reader<'r>, group: &str, names: Vec<String>, from: i64, to: i64) -> Result<Merged<'r>, Fault> {
        let store = r.store;
        let streams: Vec<(String, Events<'r>)> = names
            .into_iter()
            .map(|name| {
                let whole = || stream_key(group, &name);
                let range = Range::prefix(whole()).from(whole().i64(from));
                // The end is inclusive here, unlike in GetLogEvents.
                let range = if to == i64::MAX { range } else { range.before(whole().i64(to + 1)) };
                let events: Events<'r> = Box::new(EVENTS.scan(store, r.scope(), &range));
                (name, events)
            })
            .collect();
        let mut merged = Merged { heads: vec![None; streams.len()], streams, waiting: BinaryHeap::new() };
        for index in 0..merged.streams.len() {
            merged.advance(index)?;
        }
        Ok(merged)
    }

    /// Puts the next event of a stream into the heap.
    fn advance(&mut self, index: usize) -> Result<(), Fault> {
        let Some((name, events)) = self.streams.get_mut(index) else { return Ok(()) };
        if let Some(row) = events.next() {
            let (key, event) = row?;
            self.waiting.push(Reverse((Position { stream: name.clone(), place: Place::of(&key) }, index)));
            self.heads[index] = Some(event);
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<(Position, Event)>, Fault> {
        let Some(Reverse((position, index))) = self.waiting.pop() else { return Ok(None) };
        let event = self.heads[index].take();
        self.advance(index)?;
        Ok(event.map(|event| (position, event)))
    }
}
