//! StartLiveTail: an event stream that tells once a second which events have come.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs_LiveTail.html>

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Cloud, Context};
use kogumo_model::logs::{
    INVALID_PARAMETER_EXCEPTION, LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionStart,
    LiveTailSessionUpdate, StartLiveTailRequest, StartLiveTailResponse,
};
use kogumo_store::{Key, Range, Read};
use kogumo_wire::{Body, Bytes, Fault, event_stream};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::events::Place;
use crate::pattern::Pattern;
use crate::record::{self, EVENTS, STREAMS, Stream, stream_key};

const BETWEEN_UPDATES: Duration = Duration::from_secs(1);
/// The most events of one update; of more, some are told.
const MOST: usize = 500;
/// A session ends after three hours.
const LONGEST_SECONDS: i64 = 3 * 3600;

pub async fn start_live_tail(cx: Context, input: StartLiveTailRequest) -> Result<StartLiveTailResponse, Fault> {
    let invalid = |why: &str| INVALID_PARAMETER_EXCEPTION.because(why);
    let names = input.log_stream_names.clone().unwrap_or_default();
    let prefixes = input.log_stream_name_prefixes.clone().unwrap_or_default();
    if !names.is_empty() && !prefixes.is_empty() {
        return Err(invalid("logStreamNames and logStreamNamePrefixes cannot be specified together."));
    }
    if (!names.is_empty() || !prefixes.is_empty()) && input.log_group_identifiers.len() > 1 {
        return Err(invalid("Log streams can be specified for a single log group only."));
    }
    let pattern = input.log_event_filter_pattern.clone().unwrap_or_default();
    let pattern = Pattern::parse(&pattern).map_err(|why| INVALID_PARAMETER_EXCEPTION.because(why))?;
    let snapshot = cx.snapshot();
    let group = |id: &String| record::named_group(&snapshot, cx.scope(), None, Some(id)).map(|group| group.name);
    let groups = input.log_group_identifiers.iter().map(group).collect::<Result<Vec<_>, _>>()?;
    let mut watched = Watched { scope: cx.scope().clone(), groups, names, prefixes, pattern, seen: BTreeMap::new() };
    watched.seen = watched.counts(&snapshot)?;
    let start = LiveTailSessionStart {
        request_id: Some(cx.caller.request_id.clone()),
        session_id: Some(kogumo_base::uuid()),
        log_group_identifiers: Some(input.log_group_identifiers),
        log_stream_names: input.log_stream_names,
        log_stream_name_prefixes: input.log_stream_name_prefixes,
        log_event_filter_pattern: input.log_event_filter_pattern,
    };
    let mut ticks = interval(BETWEEN_UPDATES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let until = cx.now().plus_seconds(LONGEST_SECONDS);
    let first = Some(event_stream::event("sessionStart", &start));
    let session = Session { cloud: Arc::clone(&cx.cloud), watched, ticks, until, first, over: false };
    let events = stream::unfold(session, |mut session| async move { Some((session.next().await?, session)) });
    Ok(StartLiveTailResponse { response_stream: Body::Stream(Box::pin(events), None) })
}

struct Session {
    cloud: Arc<Cloud>,
    watched: Watched,
    ticks: Interval,
    /// By the cloud's clock.
    until: Timestamp,
    first: Option<Bytes>,
    over: bool,
}

impl Session {
    /// The next message, when it is time for it.
    async fn next(&mut self) -> Option<Result<Bytes, Trouble>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.over {
            return None;
        }
        self.ticks.tick().await;
        if self.cloud.clock.now() >= self.until {
            self.over = true;
            let why = br#"{"message":"The session has ended after three hours."}"#;
            return Some(Ok(event_stream::exception("SessionTimeoutException", why)));
        }
        let update = self.watched.update(&self.cloud.store.read());
        self.over = update.is_err();
        Some(update.map(|update| event_stream::event("sessionUpdate", &update)))
    }
}

/// Which events a session is about, and how many of each stream it has seen.
struct Watched {
    scope: Scope,
    groups: Vec<String>,
    names: Vec<String>,
    prefixes: Vec<String>,
    pattern: Pattern,
    /// By group and stream.
    seen: BTreeMap<(String, String), u64>,
}

impl Watched {
    fn wants(&self, stream: &Stream) -> bool {
        let all = self.names.is_empty() && self.prefixes.is_empty();
        all || self.names.contains(&stream.name) || self.prefixes.iter().any(|prefix| stream.name.starts_with(prefix))
    }

    /// How many events each stream has had.
    fn counts(&self, read: &dyn Read) -> Result<BTreeMap<(String, String), u64>, Trouble> {
        let mut counts = BTreeMap::new();
        for group in &self.groups {
            for row in STREAMS.scan(read, &self.scope, &Range::prefix(Key::new().str(group))) {
                let (_, stream) = row?;
                if self.wants(&stream) {
                    counts.insert((group.clone(), stream.name), stream.count);
                }
            }
        }
        Ok(counts)
    }

    /// What has come since the last update, in the order of its times.
    fn update(&mut self, read: &dyn Read) -> Result<LiveTailSessionUpdate, Trouble> {
        let counts = self.counts(read)?;
        let mut found: Vec<(Place, LiveTailSessionLogEvent)> = Vec::new();
        for (which, count) in &counts {
            let seen = self.seen.get(which).copied().unwrap_or(0);
            self.gather(read, which, seen, *count, &mut found)?;
        }
        self.seen = counts;
        found.sort_by_key(|(place, _)| *place);
        let sampled = found.len() > MOST;
        found.truncate(MOST);
        Ok(LiveTailSessionUpdate {
            session_metadata: Some(LiveTailSessionMetadata { sampled: Some(sampled) }),
            session_results: Some(found.into_iter().map(|(_, event)| event).collect()),
        })
    }

    /// The events of a stream past number `seen`, read backwards: new ones are at the end, or close to it.
    fn gather(
        &self,
        read: &dyn Read,
        (group, stream): &(String, String),
        seen: u64,
        count: u64,
        found: &mut Vec<(Place, LiveTailSessionLogEvent)>,
    ) -> Result<(), Trouble> {
        let mut left = count.saturating_sub(seen);
        if left == 0 {
            return Ok(());
        }
        let range = Range::prefix(stream_key(group, stream)).reverse();
        for row in EVENTS.scan(read, &self.scope, &range) {
            let (key, event) = row?;
            let place = Place::of(&key);
            if place.number <= seen {
                continue;
            }
            left -= 1;
            if self.pattern.matches(&event.message).is_some() {
                let told = LiveTailSessionLogEvent {
                    log_stream_name: Some(stream.clone()),
                    log_group_identifier: Some(format!("{}:{group}", self.scope.account)),
                    message: Some(event.message),
                    timestamp: Some(event.time.0),
                    ingestion_time: Some(event.ingested.0),
                };
                found.push((place, told));
            }
            if left == 0 {
                break;
            }
        }
        Ok(())
    }
}
