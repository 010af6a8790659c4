//! Notifications on their way: what happened is written down in the transaction in which it happens, and a reconciler
//! hands it to the functions, queues and topics.

use std::sync::Arc;

use kogumo_base::{Arn, Scope, Trouble, hex_id};
use kogumo_door::{Caller, Client, Cloud, Writer};
use kogumo_model::lambda;
use kogumo_store::{Key, Range, Table};
use kogumo_wire::{Fault, Protocol};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bucket;
use crate::notification::{self, Happening, Target};
use crate::record::{Bucket, EVERYWHERE, Version};

/// Whom a bucket tells, by its name.
pub static TARGETS: Table<Vec<Target>> = Table::new("s3/notification");
/// Messages that have not been handed over: (time, id).
static OUTBOX: Table<Message> = Table::new("s3/outbox");

/// How many are handed over before others get their turn.
const AT_ONCE: usize = 100;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Message {
    account: String,
    region: String,
    #[serde(rename = "function_arn")]
    arn: String,
    payload: String,
    /// The bucket: the function's policy must let S3 call for it.
    #[serde(default)]
    bucket: String,
}

/// Tells whoever wants to know that `event` has happened to a key. `version` is the new version, or the one that is gone.
///
/// # Errors
/// Trouble with the store.
pub fn tell(
    cx: &mut Writer,
    bucket: &Bucket,
    event: &str,
    key: &str,
    version: Option<&Version>,
    id: Option<&str>,
) -> Result<(), Trouble> {
    if !bucket.has_notifications {
        return Ok(());
    }
    let Some(targets) = TARGETS.get(cx.store(), &EVERYWHERE, &bucket.name)? else { return Ok(()) };
    let owner = bucket::owner(&bucket.owner).id.unwrap_or_default();
    for target in targets.iter().filter(|target| notification::is_told(target, event, key)) {
        let happening = Happening {
            event,
            region: &bucket.region,
            time: cx.now.iso_millis(),
            principal: cx.caller.principal.id(),
            source_ip: cx.caller.source_ip.map_or_else(|| "127.0.0.1".to_owned(), |ip| ip.to_string()),
            request_id: &cx.caller.request_id,
            bucket: &bucket.name,
            owner: &owner,
            key,
            size: version.map(|version| version.size),
            etag: version.map(|version| version.etag.as_str()).filter(|etag| !etag.is_empty()),
            version: id,
            sequencer: format!("{:012X}{:06X}", cx.now.0, version.map_or(0, |version| version.sequence)),
        };
        let message = Message {
            account: bucket.owner.clone(),
            region: bucket.region.clone(),
            arn: target.arn.clone(),
            bucket: bucket.name.clone(),
            payload: notification::message(target, &happening).to_string(),
        };
        OUTBOX.put(cx.tx, &EVERYWHERE, Key::new().i64(cx.now.0).str(&hex_id(16)), &message)?;
    }
    Ok(())
}

/// Hands the messages over, the oldest first. One that the function's side refuses is dropped, as S3 does.
///
/// # Errors
/// Trouble with the store.
pub async fn hand_over(cloud: Arc<Cloud>) -> Result<(), Trouble> {
    let waiting: Vec<_> = {
        let snapshot = cloud.store.read();
        OUTBOX.scan(&snapshot, &EVERYWHERE, &Range::all()).take(AT_ONCE).collect::<Result<_, _>>()?
    };
    for (row, message) in waiting {
        if let Err(fault) = deliver(&cloud, &message).await {
            if !fault.sender(Protocol::RestJson) {
                // Our side failed: tried again on the next turn.
                tracing::warn!("S3 cannot tell {}: {fault}", message.arn);
                return Ok(());
            }
            tracing::warn!("S3 was refused by {}: {fault}", message.arn);
        }
        cloud.store.write(|tx| OUTBOX.delete(tx, &EVERYWHERE, &row).map(drop))?;
    }
    Ok(())
}

async fn deliver(cloud: &Arc<Cloud>, message: &Message) -> Result<(), Fault> {
    let scope = Scope::new(&message.account, &message.region);
    send(cloud, &scope, &message.bucket, &message.arn, &message.payload).await
}

/// Gives a payload to a function, queue or topic, in S3's name for the bucket: its policy must let S3.
///
/// # Errors
/// The refusal of the other side.
pub async fn send(cloud: &Arc<Cloud>, scope: &Scope, bucket: &str, arn: &str, payload: &str) -> Result<(), Fault> {
    let caller = Caller::service("s3.amazonaws.com", scope.clone()).for_source(format!("arn:aws:s3:::{bucket}"));
    let client = Client::new(Arc::clone(cloud), caller);
    let target = Arn::parse(arn).ok_or_else(|| Fault::not_implemented(&format!("The target {arn}")))?;
    match target.service.as_str() {
        "sqs" => {
            let url = format!("{}/{}/{}", cloud.settings.endpoint(), target.account, target.resource);
            let input = json!({ "QueueUrl": url, "MessageBody": payload });
            client.call_json("sqs", "SendMessage", &input).await.map(drop)
        }
        "sns" => {
            let input = json!({ "TopicArn": arn, "Message": payload, "Subject": "Amazon S3 Notification" });
            client.call_json("sns", "Publish", &input).await.map(drop)
        }
        _ => {
            let input = lambda::InvocationRequest {
                function_name: arn.to_owned(),
                invocation_type: Some("Event".into()),
                payload: Some(payload.to_owned().into()),
                ..Default::default()
            };
            client.call::<lambda::Invoke>(input).await.map(drop)
        }
    }
}
