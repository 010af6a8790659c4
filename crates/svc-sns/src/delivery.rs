//! Messages on their way: written down in the transaction in which they are published, and handed over by a reconciler,
//! those of one subscription one after the other.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Cloud, Reconciler, Writer};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Range, Table};
use kogumo_wire::{Fault, Protocol};
use serde::{Deserialize, Serialize};

use crate::message::Message;
use crate::record::Subscription;
use crate::{encryption, hand_over};

/// A message for one subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    pub message: Message,
    /// As it was when the message was published.
    pub subscription: Subscription,
    /// Whether the signature is made with SHA-256.
    pub sha256: bool,
    /// How often it has been tried.
    pub tries: u32,
}

/// By when they are due, and in which order they came.
static DELIVERIES: Table<Delivery> = Table::new("sns/delivery");
/// The number of the last one.
static LAST: Table<u64> = Table::new("sns/last-delivery");

/// The timer that wakes who delivers when something is to be tried again.
pub const AGAIN: &str = "sns/again";

/// So many are looked at before others get their turn.
const AT_ONCE: usize = 1000;

/// The subscriptions that are being served.
#[derive(Default)]
pub struct Busy(Mutex<HashSet<String>>);

impl Busy {
    fn begin(&self, arn: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned())
    }

    fn end(&self, arn: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(arn);
    }
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

/// Writes a message down for a subscription.
///
/// # Errors
/// Trouble with the store.
pub fn enqueue(w: &mut Writer, to: &Subscription, message: Message, sha256: bool) -> Result<(), Trouble> {
    let number = LAST.get(w.tx, &everywhere(), "last")?.unwrap_or(0) + 1;
    LAST.put(w.tx, &everywhere(), "last", &number)?;
    let delivery = Delivery { message, subscription: to.clone(), sha256, tries: 0 };
    DELIVERIES.put(w.tx, &everywhere(), Key::new().i64(w.now.0).u64(number), &delivery)
}

pub fn reconciler() -> Reconciler {
    Reconciler {
        name: "sns deliveries",
        follows: &["sns", "timers"],
        period: Duration::from_secs(30),
        run: |cloud| work(cloud),
    }
}

fn work(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let busy = cloud.part::<Busy>()?;
        for (arn, deliveries) in due(&cloud)? {
            if !busy.begin(&arn) {
                continue;
            }
            let (cloud, busy) = (Arc::clone(&cloud), Arc::clone(&busy));
            tokio::spawn(async move {
                for (key, delivery) in deliveries {
                    if let Err(trouble) = deliver(&cloud, &key, &delivery).await {
                        tracing::error!("SNS cannot deliver to {arn}: {trouble}");
                    }
                }
                busy.end(&arn);
                // What has come meanwhile was left to us.
                cloud.store.write(|tx| timers::put(tx, Timestamp(0), AGAIN, &everywhere(), "left", &[])).ok();
            });
        }
        Ok(())
    })
}

type Due = BTreeMap<String, Vec<(Key, Delivery)>>;

fn due(cloud: &Cloud) -> Result<Due, Trouble> {
    let snapshot = cloud.store.read();
    let range = Range::all().before(Key::new().i64(cloud.clock.now().0.saturating_add(1)));
    let mut due = Due::new();
    for row in DELIVERIES.scan(&snapshot, &everywhere(), &range).take(AT_ONCE) {
        let (key, delivery) = row?;
        due.entry(delivery.subscription.arn.clone()).or_default().push((key, delivery));
    }
    Ok(due)
}

/// Tries one delivery and writes down what becomes of it.
async fn deliver(cloud: &Arc<Cloud>, key: &Key, delivery: &Delivery) -> Result<(), Trouble> {
    if !DELIVERIES.contains(&cloud.store.read(), &everywhere(), key)? {
        return Ok(());
    }
    let mut opened = delivery.clone();
    let handed_over = match open(cloud, &mut opened.message).await {
        Ok(()) => hand_over::hand_over(cloud, &opened).await,
        Err(fault) => Err(fault),
    };
    let pause = match handed_over {
        Ok(()) => Ok(None),
        // What the other side refuses it will refuse again.
        Err(fault) if is_final(&fault) => Err(fault.to_string()),
        Err(fault) => pause(&delivery.subscription.protocol, delivery.tries).map(Some).ok_or_else(|| fault.to_string()),
    };
    if let Err(why) = &pause {
        tracing::debug!("SNS gives up a message to {}: {why}", delivery.subscription.arn);
        if opened.message.sealed.is_none() {
            hand_over::bury(cloud, &opened).await;
        }
    }
    let pause = pause.unwrap_or(None);
    let now = cloud.clock.now();
    cloud.store.write(|tx| {
        DELIVERIES.delete(tx, &everywhere(), key)?;
        let Some(seconds) = pause else { return Ok(()) };
        let due = now.plus_seconds(seconds);
        let mut reader = key.reader();
        let number = reader.i64().and_then(|_| reader.u64()).unwrap_or(0);
        let again = Delivery { tries: delivery.tries.saturating_add(1), ..delivery.clone() };
        timers::put(tx, due, AGAIN, &everywhere(), Key::new().u64(number), &[])?;
        DELIVERIES.put(tx, &everywhere(), Key::new().i64(due.0).u64(number), &again)
    })
}

/// Decrypts the text of a message, if it is encrypted.
async fn open(cloud: &Arc<Cloud>, message: &mut Message) -> Result<(), Fault> {
    if let Some(sealed) = &message.sealed {
        message.text = encryption::open(cloud, &message.topic_arn, sealed).await?;
        message.sealed = None;
    }
    Ok(())
}

/// The commit of the timer's going wakes the reconciler.
pub fn again(_: &mut Writer, _: &Timer) -> Result<(), Trouble> {
    Ok(())
}

fn is_final(fault: &Fault) -> bool {
    fault.sender(Protocol::Json11)
}

/// Seconds until the next try; `None` when there have been enough. Source: Amazon SNS Developer Guide, "Amazon SNS message
/// delivery retries".
fn pause(protocol: &str, tries: u32) -> Option<i64> {
    match (protocol, tries) {
        ("http" | "https", 0..3) => Some(20),
        ("http" | "https", _) => None,
        (_, 0..3) => Some(0),
        (_, 3..5) => Some(1),
        (_, 5..15) => Some((1_i64 << (tries - 5)).min(20)),
        (_, 15..100_015) => Some(20),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn tries_have_pauses_between() {
        let pauses = |protocol: &str| (0..8).map(|tries| pause(protocol, tries)).collect::<Vec<_>>();
        assert_eq!(pauses("https")[..4], [Some(20), Some(20), Some(20), None]);
        assert_eq!(pauses("sqs"), [0, 0, 0, 1, 1, 1, 2, 4].map(Some));
        assert_eq!(pause("lambda", 100_015), None);
    }
}
