//! LookupEvents: what happened in the last 90 days, newest first.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::trail::{Event, Trail};
use kogumo_door::{Cloud, Context};
use kogumo_model::cloudtrail::{
    Event as Answer, INVALID_LOOKUP_ATTRIBUTES_EXCEPTION, INVALID_NEXT_TOKEN_EXCEPTION, INVALID_TIME_RANGE_EXCEPTION,
    LookupAttribute, LookupEventsRequest, LookupEventsResponse, Resource,
};
use kogumo_store::{Key, Read};
use kogumo_wire::Fault;

use crate::document::{document, parameters};
use crate::resources::resources;

const PAGE: i32 = 50;

/// A page looks at no more events than this: an attribute that nothing has cannot hold a call for ever.
const LOOKED_AT: usize = 50_000;

/// Where the events of global services (IAM) are found.
const GLOBAL_EVENTS_REGION: &str = "us-east-1";

pub async fn lookup_events(cx: Context, input: LookupEventsRequest) -> Result<LookupEventsResponse, Fault> {
    // Calls that were answered a moment ago shall be seen.
    cx.cloud.trail.settle()?;
    if input.event_category.is_some() {
        return Err(Fault::not_implemented("CloudTrail Insights events"));
    }
    let wanted = attribute(input.lookup_attributes.as_deref().unwrap_or_default())?;
    let from = input.start_time.unwrap_or(Timestamp(0));
    let to = input.end_time.unwrap_or(Timestamp(i64::MAX - 1));
    if from > to {
        return Err(INVALID_TIME_RANGE_EXCEPTION.because("The start time must be before the end time."));
    }
    let after = input.next_token.as_deref().map(read_token).transpose()?;
    let limit = usize::try_from(input.max_results.unwrap_or(PAGE)).unwrap_or_default();

    let snapshot = cx.snapshot();
    let mut page = Vec::new();
    let mut last = None;
    let mut more = false;
    for (looked_at, row) in newest_first(&snapshot, cx.scope(), (from, to), after).enumerate() {
        let (key, event) = row?;
        if page.len() >= limit || looked_at >= LOOKED_AT {
            more = true;
            break;
        }
        let answer = answer(&cx.cloud, event);
        if wanted.as_ref().is_none_or(|wanted| has(&answer, wanted)) {
            page.push(answer);
        }
        last = Some(key);
    }
    let next_token = last.filter(|_| more).map(|key| BASE64_URL_SAFE_NO_PAD.encode(key.as_bytes()));
    Ok(LookupEventsResponse { events: Some(page), next_token })
}

fn read_token(token: &str) -> Result<Key, Fault> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token);
    bytes.map(Key::from_encoded).map_err(|_| INVALID_NEXT_TOKEN_EXCEPTION.because("The token is invalid."))
}

/// The one attribute that a request may name.
fn attribute(attributes: &[LookupAttribute]) -> Result<Option<LookupAttribute>, Fault> {
    match attributes {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => Err(INVALID_LOOKUP_ATTRIBUTES_EXCEPTION.because("Lookup attributes can contain only one item.")),
    }
}

/// The events of a region, and in `us-east-1` those of the global services among them.
fn newest_first<'r>(
    read: &'r dyn Read,
    scope: &Scope,
    range: (Timestamp, Timestamp),
    after: Option<Key>,
) -> impl Iterator<Item = Result<(Key, Event), Trouble>> + 'r {
    let mut regional = Trail::events(read, scope, range, after.clone()).peekable();
    let global = scope.region == GLOBAL_EVENTS_REGION;
    let mut global = Trail::events(read, &scope.global(), range, after).filter(move |_| global).peekable();
    std::iter::from_fn(move || {
        let regional_first = match (regional.peek(), global.peek()) {
            (Some(Ok((one, _))), Some(Ok((other, _)))) => one >= other,
            (one, _) => one.is_some(),
        };
        if regional_first { regional.next() } else { global.next() }
    })
}

fn answer(cloud: &Cloud, event: Event) -> Answer {
    let region = if event.scope.region == Scope::GLOBAL { GLOBAL_EVENTS_REGION } else { &event.scope.region };
    let parameters = parameters(cloud, &event);
    let resources = resources(&event.source, &parameters);
    let resources = resources
        .into_iter()
        .map(|(kind, name)| Resource { resource_type: Some(kind.to_owned()), resource_name: Some(name) });
    Answer {
        resources: Some(resources.collect()),
        cloud_trail_event: Some(document(&event, region, parameters).to_string()),
        event_id: Some(event.id),
        event_name: Some(event.name),
        read_only: Some(event.read_only.to_string()),
        access_key_id: Some(event.access_key).filter(|key| !key.is_empty()),
        event_time: Some(Timestamp::from_seconds(event.time.seconds())),
        event_source: Some(event.source),
        username: Some(event.user_name).filter(|name| !name.is_empty()),
    }
}

fn has(event: &Answer, wanted: &LookupAttribute) -> bool {
    let value = Some(wanted.attribute_value.as_str());
    let resource = |read: fn(&Resource) -> Option<&str>| event.resources.iter().flatten().any(|one| read(one) == value);
    match wanted.attribute_key.as_str() {
        "EventId" => event.event_id.as_deref() == value,
        "EventName" => event.event_name.as_deref() == value,
        "ReadOnly" => event.read_only.as_deref() == value,
        "Username" => event.username.as_deref() == value,
        "EventSource" => event.event_source.as_deref() == value,
        "AccessKeyId" => event.access_key_id.as_deref() == value,
        "ResourceType" => resource(|one| one.resource_type.as_deref()),
        "ResourceName" => resource(|one| one.resource_name.as_deref()),
        _ => false,
    }
}
