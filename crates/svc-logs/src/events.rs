//! Events of one stream: putting them and reading them in both directions.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::logs::{
    GetLogEventsRequest, GetLogEventsResponse, INVALID_PARAMETER_EXCEPTION, InputLogEvent, OutputLogEvent,
    PutLogEventsRequest, PutLogEventsResponse, RejectedEntityInfo, RejectedLogEventsInfo,
};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use crate::outbox;
use crate::page::bad_token;
use crate::record::{self, EVENTS, Event, Group, STREAMS, Stream, stream_key};

/// The most bytes of one batch, and of one page.
pub const MOST_BYTES: u64 = 1 << 20;
/// The most events of one page.
pub const MOST_EVENTS: i32 = 10_000;

const HOUR: i64 = 3600;

pub fn put_log_events(w: &mut Writer, input: PutLogEventsRequest) -> Result<PutLogEventsResponse, Fault> {
    let scope = w.scope().clone();
    let group = record::group(w.tx, &scope, &input.log_group_name)?;
    let mut stream = record::stream(w.tx, &scope, &group.name, &input.log_stream_name)?;
    check_batch(&input.log_events)?;
    let (accepted, rejected) = sort_out(&group, &input.log_events, w.now);
    let mut noticed = Vec::with_capacity(accepted.len());
    for event in accepted {
        let event = Event { time: Timestamp(event.timestamp), ingested: w.now, message: event.message.clone() };
        stream.note(&event);
        let key = event_key(&group.name, &stream.name, event.time, stream.count);
        EVENTS.put(w.tx, &scope, key, &event)?;
        noticed.push((Place { time: event.time.0, number: stream.count }, event));
    }
    outbox::notice(w, &scope, &group, &stream.name, &noticed)?;
    let next_sequence_token = Some(format!("{:0>56}", stream.count));
    STREAMS.put(w.tx, &scope, stream_key(&group.name, &stream.name), &stream)?;
    // Entities belong to application signals, which nothing here would read.
    let refused = || RejectedEntityInfo { error_type: "UnsupportedLogGroupType".into() };
    Ok(PutLogEventsResponse {
        next_sequence_token,
        rejected_log_events_info: rejected,
        rejected_entity_info: input.entity.map(|_| refused()),
    })
}

impl Stream {
    fn note(&mut self, event: &Event) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(event.size());
        self.first_event = Some(self.first_event.map_or(event.time, |first| first.min(event.time)));
        self.last_event = Some(self.last_event.map_or(event.time, |last| last.max(event.time)));
        self.last_ingestion = Some(event.ingested);
    }
}

/// What a batch as a whole must keep to.
fn check_batch(events: &[InputLogEvent]) -> Result<(), Fault> {
    let invalid = |why: String| Err(INVALID_PARAMETER_EXCEPTION.because(why));
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return invalid("Log events in a single PutLogEvents request must be in chronological order.".into());
    }
    if let (Some(first), Some(last)) = (events.first(), events.last())
        && last.timestamp.saturating_sub(first.timestamp) > 24 * HOUR * 1000
    {
        return invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.".into(),
        );
    }
    let bytes: u64 =
        events.iter().map(|event| u64::try_from(event.message.len()).unwrap_or(u64::MAX).saturating_add(26)).sum();
    match bytes > MOST_BYTES {
        true => invalid(format!("Upload too large: {bytes} bytes exceeds limit of {MOST_BYTES}")),
        false => Ok(()),
    }
}

/// The events that are neither too old, nor past the group's retention, nor too new; and what is said of the others.
fn sort_out<'e>(
    group: &Group,
    events: &'e [InputLogEvent],
    now: Timestamp,
) -> (&'e [InputLogEvent], Option<RejectedLogEventsInfo>) {
    let before = |limit: Timestamp| events.partition_point(|event| event.timestamp < limit.0);
    let too_old = before(now.plus_seconds(-14 * 24 * HOUR));
    let expired = before(group.horizon(now));
    let too_new = events.partition_point(|event| event.timestamp <= now.plus_seconds(2 * HOUR).0);
    let index = |at: usize| i32::try_from(at).ok();
    let info = RejectedLogEventsInfo {
        too_new_log_event_start_index: index(too_new).filter(|_| too_new < events.len()),
        too_old_log_event_end_index: index(too_old).filter(|_| too_old > 0),
        expired_log_event_end_index: index(expired).filter(|_| expired > too_old),
    };
    let start = too_old.max(expired).min(too_new);
    let rejected = start > 0 || too_new < events.len();
    (&events[start..too_new], rejected.then_some(info))
}

pub fn event_key(group: &str, stream: &str, time: Timestamp, number: u64) -> Key {
    stream_key(group, stream).i64(time.0).u64(number)
}

/// Where an event stands in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub time: i64,
    pub number: u64,
}

impl Place {
    /// Reads the end of an event's key.
    pub fn of(key: &Key) -> Place {
        let mut parts = key.reader();
        let (_, _) = (parts.str(), parts.str());
        Place { time: parts.i64().unwrap_or_default(), number: parts.u64().unwrap_or_default() }
    }

    /// 56 digits, as AWS's tokens and event ids have them.
    pub fn digits(self) -> String {
        let wide = u128::from(self.time.cast_unsigned()) << 64 | u128::from(self.number);
        format!("{wide:0>56}")
    }

    fn read(digits: &str) -> Option<Place> {
        let wide: u128 = digits.parse().ok()?;
        let time = u64::try_from(wide >> 64).ok()?.cast_signed();
        Some(Place { time, number: (wide & u128::from(u64::MAX)).try_into().ok()? })
    }
}

/// Reads go on forward from behind a place, or backward from before one.
enum Direction {
    Forward(Option<Place>),
    Backward(Option<Place>),
}

impl Direction {
    /// `f/<digits>/s` and `b/<digits>/s`; without a token the newest events come first, unless the head is asked for.
    fn of(token: Option<&str>, from_head: bool) -> Result<Direction, Fault> {
        let Some(token) = token else {
            return Ok(if from_head { Direction::Forward(None) } else { Direction::Backward(None) });
        };
        let parts: Vec<&str> = token.split('/').collect();
        let [way, digits, "s"] = parts[..] else { return Err(bad_token()) };
        let place = Place::read(digits).ok_or_else(bad_token)?;
        match way {
            "f" => Ok(Direction::Forward(Some(place))),
            "b" => Ok(Direction::Backward(Some(place))),
            _ => Err(bad_token()),
        }
    }
}

pub fn get_log_events(r: &Reader, input: GetLogEventsRequest) -> Result<GetLogEventsResponse, Fault> {
    let name = input.log_group_name.as_deref();
    let group = record::named_group(r.store, r.scope(), name, input.log_group_identifier.as_deref())?;
    let stream = record::stream(r.store, r.scope(), &group.name, &input.log_stream_name)?;
    let direction = Direction::of(input.next_token.as_deref(), input.start_from_head.unwrap_or_default())?;
    let start = input.start_time.unwrap_or_default().max(group.horizon(r.now).0);
    let end = input.end_time.unwrap_or(i64::MAX);
    let whole = || stream_key(&group.name, &stream.name);
    let at = |place: Place| event_key(&group.name, &stream.name, Timestamp(place.time), place.number);
    let range = Range::prefix(whole()).from(whole().i64(start)).before(whole().i64(end));
    let range = match &direction {
        Direction::Forward(Some(place)) => range.after(at(*place)),
        Direction::Backward(Some(place)) => range.before(at(*place)).reverse(),
        Direction::Forward(None) => range,
        Direction::Backward(None) => range.reverse(),
    };
    let limit = usize::try_from(input.limit.unwrap_or(MOST_EVENTS)).unwrap_or_default();
    let mut found: Vec<(Place, Event)> = Vec::new();
    let mut bytes: u64 = 0;
    for row in EVENTS.scan(r.store, r.scope(), &range) {
        let (key, event) = row?;
        bytes = bytes.saturating_add(event.size());
        if found.len() >= limit || (bytes > MOST_BYTES && !found.is_empty()) {
            break;
        }
        found.push((Place::of(&key), event));
    }
    if matches!(direction, Direction::Backward(_)) {
        found.reverse();
    }
    let (forward, backward) = tokens(&direction, &found, start);
    let output = |(_, event): (Place, Event)| OutputLogEvent {
        timestamp: Some(event.time.0),
        message: Some(event.message),
        ingestion_time: Some(event.ingested.0),
    };
    Ok(GetLogEventsResponse {
        events: Some(found.into_iter().map(output).collect()),
        next_forward_token: Some(forward),
        next_backward_token: Some(backward),
    })
}

/// The tokens to go on with. When there was nothing, the way that was gone keeps its place: the same token says "the end".
fn tokens(direction: &Direction, found: &[(Place, Event)], start: i64) -> (String, String) {
    let (first, last) = match (found.first(), found.last(), direction) {
        (Some((first, _)), Some((last, _)), _) => (*first, *last),
        (.., Direction::Forward(Some(place)) | Direction::Backward(Some(place))) => (*place, *place),
        _ => {
            let place = Place { time: start, number: 0 };
            (place, place)
        }
    };
    (format!("f/{}/s", last.digits()), format!("b/{}/s", first.digits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_their_digits() {
        for place in [Place { time: 0, number: 0 }, Place { time: 1_795_363_258_445, number: 7 }] {
            assert_eq!(place.digits().len(), 56);
            assert_eq!(Place::read(&place.digits()), Some(place));
        }
        assert_eq!(Place::read("x"), None);
        assert_eq!(Place::read(&"9".repeat(56)), None);
    }
}
