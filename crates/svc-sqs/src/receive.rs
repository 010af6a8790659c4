//! Messages are received, and waited for: until one comes, one becomes visible, or the wait is over, by the cloud's clock.

use std::collections::BTreeMap;
use std::time::Duration;

use kogumo_base::Timestamp;
use kogumo_door::{Context, Writer};
use kogumo_model::sqs::{self, OVER_LIMIT, ReceiveMessageRequest, ReceiveMessageResult};
use kogumo_store::Key;
use kogumo_wire::Fault;

use crate::attributes::unknown;
use crate::content::{self, Attribute};
use crate::dedup::{self, What};
use crate::encryption::Opening;
use crate::faults::{invalid, refused, within};
use crate::message::{Message, tally};
use crate::queue::{Found, find, find_to_write};
use crate::shelf::{self, Taken};
use crate::waiters::Waiters;
use crate::{ready, receipt};

/// What a receiver wants.
struct Wish {
    queue_url: String,
    most: usize,
    timeout: Option<i64>,
    wait: Option<i64>,
    attempt: Option<String>,
    system: Vec<String>,
    attributes: Vec<String>,
}

/// A standard queue has so many messages in flight at most.
const MOST_IN_FLIGHT: u64 = 120_000;

pub async fn receive_message(cx: Context, input: ReceiveMessageRequest) -> Result<ReceiveMessageResult, Fault> {
    let wish = wish(input)?;
    let found = cx.read(|r| find(r, &wish.queue_url))?;
    if wish.attempt.is_some() && !found.is_fifo() {
        return Err(refused(
            "The request includes a parameter that is not valid for this queue type: ReceiveRequestAttemptId.",
        ));
    }
    let mut moves = cx.cloud.clock_moves();
    let mut comes = cx.cloud.part::<Waiters>()?.wait(&found.queue.id);
    let wait = wish.wait.unwrap_or_else(|| i64::from(found.queue.attributes.wait));
    let deadline = cx.now().plus_seconds(wait);
    let mut opening = Opening::default();
    opening.begin(&cx, &found).await?;
    loop {
        moves.mark_unchanged();
        comes.mark_unchanged();
        let (found, taken) = cx.write(|w| look(w, &wish))?;
        let now = cx.now();
        if !taken.messages.is_empty() || now >= deadline {
            let mut messages = Vec::new();
            for message in taken.messages {
                messages.push(show(&found, &wish, opening.open(&cx, message).await?));
            }
            return Ok(ReceiveMessageResult { messages: (!messages.is_empty()).then_some(messages) });
        }
        let until = taken.next.map_or(deadline, |next| next.min(deadline));
        tokio::select! {
            () = tokio::time::sleep(between(now, until)) => {}
            _ = comes.changed() => {}
            _ = moves.changed() => {}
        }
    }
}

fn between(now: Timestamp, until: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(until.0.saturating_sub(now.0)).unwrap_or(0).max(1))
}

/// One look at the queue.
fn look(w: &mut Writer, wish: &Wish) -> Result<(Found, Taken), Fault> {
    let found = find_to_write(w, &wish.queue_url)?;
    let timeout = wish.timeout.unwrap_or_else(|| i64::from(found.queue.attributes.visibility_timeout));
    let attempt = wish.attempt.as_deref().map(|id| dedup::of_attempt(&found, id));
    if let Some(key) = &attempt
        && let Some(messages) = again(w, &found, key, timeout)?
    {
        return Ok((found, Taken { messages, next: None }));
    }
    if in_flight_is_full(w, &found)? {
        return Err(OVER_LIMIT.because("The maximum number of in flight messages is reached."));
    }
    let taken = shelf::take(w, &found, wish.most, timeout)?;
    if let Some(key) = attempt.filter(|_| !taken.messages.is_empty()) {
        let held = taken.messages.iter().map(|message| (message.key(true).into_bytes(), message.receipt));
        dedup::remember(w, &found, &key, What::Received(held.collect()))?;
    }
    Ok((found, taken))
}

/// What the same attempt has received before, if nothing has been done with it since. The timeout begins anew.
fn again(w: &mut Writer, found: &Found, attempt: &Key, timeout: i64) -> Result<Option<Vec<Message>>, Fault> {
    let Some(What::Received(held)) = dedup::recall(w, found, attempt)? else { return Ok(None) };
    let mut messages = Vec::new();
    for (key, number) in held {
        let message = shelf::get(w.store(), found, &Key::from_encoded(key))?;
        let Some(message) = message.filter(|it| it.receipt == number && it.is_in_flight(w.now)) else {
            return Ok(None);
        };
        messages.push(Message { visible: w.now.plus_seconds(timeout), ..message });
    }
    for message in &messages {
        shelf::show_from(w, found, message.clone(), message.visible)?;
    }
    Ok(Some(messages))
}

/// Counted only where there are that many messages at all.
fn in_flight_is_full(w: &Writer, found: &Found) -> Result<bool, Fault> {
    if found.is_fifo() || tally(w.store(), found)?.messages < MOST_IN_FLIGHT {
        return Ok(false);
    }
    let later = ready::later(w.store(), found, w.now).take(MOST_IN_FLIGHT as usize).count();
    Ok(later as u64 >= MOST_IN_FLIGHT)
}

fn wish(input: ReceiveMessageRequest) -> Result<Wish, Fault> {
    let most = within(input.max_number_of_messages.unwrap_or(1), 1, 10, "MaxNumberOfMessages")?;
    let seconds = |given: Option<i32>, most: i32, name: &str| match given {
        Some(seconds) if !(0..=most).contains(&seconds) => {
            Err(invalid(seconds, name, &format!("Must be >= 0 and <= {most}, if provided.")))
        }
        given => Ok(given.map(i64::from)),
    };
    let mut system = input.attribute_names.unwrap_or_default();
    system.extend(input.message_system_attribute_names.unwrap_or_default());
    if let Some(other) = system.iter().find(|name| !SYSTEM.contains(&name.as_str())) {
        return Err(unknown(other));
    }
    if let Some(id) = input.receive_request_attempt_id.as_deref().filter(|id| !content::is_id(id)) {
        return Err(invalid(
            id,
            "ReceiveRequestAttemptId",
            "It can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        ));
    }
    Ok(Wish {
        queue_url: input.queue_url,
        most: usize::try_from(most).unwrap_or(1),
        timeout: seconds(input.visibility_timeout, 43_200, "VisibilityTimeout")?,
        wait: seconds(input.wait_time_seconds, 20, "WaitTimeSeconds")?,
        attempt: input.receive_request_attempt_id,
        system,
        attributes: input.message_attribute_names.unwrap_or_default(),
    })
}

/// The system attributes that can be asked for.
const SYSTEM: [&str; 10] = [
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

/// A message as its receiver sees it.
fn show(found: &Found, wish: &Wish, message: Message) -> sqs::Message {
    let key = message.key(found.is_fifo());
    let chosen: BTreeMap<&String, &Attribute> =
        message.attributes.iter().filter(|(name, _)| is_wanted(&wish.attributes, name)).collect();
    let sum = (!chosen.is_empty()).then(|| content::md5_of_attributes(chosen.iter().map(|(name, it)| (*name, *it))));
    let shown = chosen.iter().map(|(name, it)| ((*name).clone(), it.shown())).collect::<BTreeMap<_, _>>();
    let system = system(found, &wish.system, &message);
    sqs::Message {
        receipt_handle: Some(receipt::handle(found, &key, message.receipt)),
        md5_of_body: Some(content::md5_of(&message.body)),
        attributes: (!system.is_empty()).then_some(system),
        md5_of_message_attributes: sum,
        message_attributes: (!shown.is_empty()).then_some(shown),
        message_id: Some(message.id),
        body: Some(message.body),
    }
}

fn system(found: &Found, wanted: &[String], message: &Message) -> BTreeMap<String, String> {
    let all = [
        ("SenderId", Some(message.sender.clone())),
        ("SentTimestamp", Some(content::millis(message.sent))),
        ("ApproximateReceiveCount", Some(message.receives.to_string())),
        ("ApproximateFirstReceiveTimestamp", message.first_received.map(content::millis)),
        ("SequenceNumber", found.is_fifo().then(|| message.sequence_number())),
        ("MessageDeduplicationId", message.deduplication.clone()),
        ("MessageGroupId", message.group.clone()),
        ("AWSTraceHeader", message.trace.clone()),
        ("DeadLetterQueueSourceArn", message.source.clone()),
    ];
    let is_wanted = |name: &str| wanted.iter().any(|wanted| wanted == name || wanted == "All");
    let there = all.into_iter().filter(|(name, _)| is_wanted(name));
    there.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Names of attributes are written whole, or as `prefix.*`; `All` and `.*` are all of them.
fn is_wanted(wanted: &[String], name: &str) -> bool {
    let fits = |wanted: &String| match wanted.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => wanted == "All" || wanted == name,
    };
    wanted.iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_attributes() {
        let wants = |wanted: &str, name: &str| is_wanted(&[wanted.to_owned()], name);
        assert!(wants("All", "x") && wants(".*", "x") && wants("x", "x") && wants("a.*", "a.b"));
        assert!(!wants("x", "xy") && !wants("a.*", "b.a"));
        assert!(!is_wanted(&[], "x"));
    }
}
