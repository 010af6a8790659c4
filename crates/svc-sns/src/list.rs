//! Which topics and subscriptions there are, a hundred at a time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_door::Reader;
use kogumo_model::sns::{
    self, ListSubscriptionsByTopicInput, ListSubscriptionsByTopicResponse, ListSubscriptionsInput,
    ListSubscriptionsResponse, ListTopicsInput, ListTopicsResponse,
};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use crate::record::{Address, SUBSCRIPTIONS, Subscription, TOPICS, invalid};

const PAGE: usize = 100;

/// The stretch of keys behind a token.
fn behind(range: Range, token: Option<&str>) -> Result<Range, Fault> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(range) };
    let bytes = STANDARD.decode(token).map_err(|_| invalid("NextToken"))?;
    Ok(range.after(Key::from_encoded(bytes)))
}

/// A page of rows, and the token of the next one.
fn page<R>(
    rows: impl Iterator<Item = Result<(Key, R), kogumo_base::Trouble>>,
) -> Result<(Vec<R>, Option<String>), Fault> {
    let mut rows = rows.take(PAGE + 1).collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let token = rows.last().filter(|_| more).map(|(key, _)| STANDARD.encode(key.as_bytes()));
    Ok((rows.into_iter().map(|(_, row)| row).collect(), token))
}

pub fn list_topics(r: &Reader, input: ListTopicsInput) -> Result<ListTopicsResponse, Fault> {
    let range = behind(Range::all(), input.next_token.as_deref())?;
    let (topics, next_token) = page(TOPICS.scan(r.store, r.scope(), &range))?;
    let arn = |name| Address { scope: r.scope().clone(), name }.arn();
    let topics = topics.into_iter().map(|topic| sns::Topic { topic_arn: Some(arn(topic.name)) }).collect();
    Ok(ListTopicsResponse { topics: Some(topics), next_token })
}

pub fn list_subscriptions(r: &Reader, input: ListSubscriptionsInput) -> Result<ListSubscriptionsResponse, Fault> {
    let range = behind(Range::all(), input.next_token.as_deref())?;
    let (found, next_token) = page(SUBSCRIPTIONS.scan(r.store, r.scope(), &range))?;
    Ok(ListSubscriptionsResponse { subscriptions: Some(found.into_iter().map(shown).collect()), next_token })
}

pub fn list_subscriptions_by_topic(
    r: &Reader,
    input: ListSubscriptionsByTopicInput,
) -> Result<ListSubscriptionsByTopicResponse, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    at.find(r.store)?;
    let range = behind(Range::prefix(at.name.as_str()), input.next_token.as_deref())?;
    let (found, next_token) = page(SUBSCRIPTIONS.scan(r.store, &at.scope, &range))?;
    Ok(ListSubscriptionsByTopicResponse { subscriptions: Some(found.into_iter().map(shown).collect()), next_token })
}

fn shown(subscription: Subscription) -> sns::Subscription {
    let arn = if subscription.confirmed { subscription.arn } else { "PendingConfirmation".to_owned() };
    sns::Subscription {
        subscription_arn: Some(arn),
        owner: Some(subscription.owner),
        protocol: Some(subscription.protocol),
        endpoint: Some(subscription.endpoint),
        topic_arn: Some(subscription.topic_arn),
    }
}
