//! How a message comes to a subscriber: through the door to queues and functions, over HTTP to servers, into the outbox
//! to people.

use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Arn, Scope};
use kogumo_door::outbox::{self, Medium};
use kogumo_door::{Caller, Client, Cloud};
use kogumo_model::lambda;
use kogumo_wire::{Common, Fault};
use serde_json::{Value, json};

use crate::delivery::Delivery;
use crate::message::{Links, Message};
use crate::record::Address;
use crate::{signature, sms};

/// A server has so long to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Hands a message over.
///
/// # Errors
/// The other side's refusal; one of the server's kind where it may be tried again.
pub async fn hand_over(cloud: &Arc<Cloud>, delivery: &Delivery) -> Result<(), Fault> {
    let (message, to) = (&delivery.message, &delivery.subscription);
    let links = links(cloud, delivery).await?;
    let version = if delivery.sha256 { "2" } else { "1" };
    let signature = match to.protocol.as_str() {
        "email" | "sms" => String::new(),
        _ if to.raw => String::new(),
        _ => signature::sign(cloud, message.signed(&links), delivery.sha256).await?,
    };
    let envelope = || message.envelope(&links, &signature, version).to_string();
    match to.protocol.as_str() {
        "sqs" if to.raw => send(cloud, delivery, &to.endpoint, message.text.clone(), message.queue_attributes()).await,
        "sqs" => send(cloud, delivery, &to.endpoint, envelope(), json!({})).await,
        "lambda" => {
            let event = message.event(&to.arn, &links, &signature, version).to_string();
            let input = lambda::InvocationRequest {
                function_name: to.endpoint.clone(),
                invocation_type: Some("Event".to_owned()),
                payload: Some(event.into()),
                ..Default::default()
            };
            client(cloud, message, &to.endpoint).call::<lambda::Invoke>(input).await.map(drop)
        }
        "http" | "https" => {
            let body = if to.raw && message.token.is_none() { message.text.clone() } else { envelope() };
            post(delivery.clone(), body).await
        }
        "email-json" => mail(cloud, delivery, envelope()),
        "email" => mail(cloud, delivery, letter(message, &links)),
        "sms" => note(cloud, delivery, Medium::Sms, String::new(), message.text.clone()),
        other => Err(Fault::not_implemented(&format!("The protocol {other} of subscriptions"))),
    }
}

/// Gives a message that nobody took to the subscription's dead-letter queue.
pub async fn bury(cloud: &Arc<Cloud>, delivery: &Delivery) {
    let Some((_, queue)) = &delivery.subscription.redrive else { return };
    let buried = async {
        let links = links(cloud, delivery).await?;
        let message = &delivery.message;
        if delivery.subscription.raw {
            return send(cloud, delivery, queue, message.text.clone(), message.queue_attributes()).await;
        }
        let signature = signature::sign(cloud, message.signed(&links), delivery.sha256).await?;
        let version = if delivery.sha256 { "2" } else { "1" };
        send(cloud, delivery, queue, message.envelope(&links, &signature, version).to_string(), json!({})).await
    };
    if let Err(fault) = buried.await {
        tracing::warn!("SNS cannot give a message to the dead-letter queue {queue}: {fault}");
    }
}

async fn links(cloud: &Arc<Cloud>, delivery: &Delivery) -> Result<Links, Fault> {
    let region = Arn::parse(&delivery.message.topic_arn).map(|arn| arn.region).unwrap_or_default();
    let endpoint = cloud.settings.endpoint();
    let token = delivery.message.token.as_deref().unwrap_or_default();
    Ok(Links {
        certificate: format!("https://sns.{region}.amazonaws.com{}", signature::path(cloud).await?),
        confirm: format!(
            "{endpoint}/?Action=ConfirmSubscription&TopicArn={}&Token={token}",
            delivery.message.topic_arn
        ),
        unsubscribe: format!("{endpoint}/?Action=Unsubscribe&SubscriptionArn={}", delivery.subscription.arn),
    })
}

/// SNS itself, for the topic: the queue's or function's policy must let it.
fn client(cloud: &Arc<Cloud>, message: &Message, target: &str) -> Client {
    let topic = Arn::parse(&message.topic_arn).map(|arn| arn.account).unwrap_or_default();
    let region = Arn::parse(target).map(|arn| arn.region).unwrap_or_default();
    let caller = Caller::service("sns.amazonaws.com", Scope::new(topic, region));
    Client::new(Arc::clone(cloud), caller.for_source(message.topic_arn.clone()))
}

async fn send(
    cloud: &Arc<Cloud>,
    delivery: &Delivery,
    queue: &str,
    body: String,
    attributes: Value,
) -> Result<(), Fault> {
    let message = &delivery.message;
    let arn = Arn::parse(queue).ok_or_else(|| Fault::not_implemented(&format!("The queue {queue}")))?;
    let url = format!("{}/{}/{}", cloud.settings.endpoint(), arn.account, arn.resource);
    let mut input = json!({ "QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes });
    if let Some(group) = &message.group {
        input["MessageGroupId"] = json!(group);
    }
    if queue.ends_with(".fifo") {
        let id = message.deduplication.as_ref().unwrap_or(&message.id);
        input["MessageDeduplicationId"] = json!(id);
        input["MessageGroupId"] = json!(message.group.as_deref().unwrap_or("default"));
    }
    client(cloud, message, queue).call_json("sqs", "SendMessage", &input).await.map(drop)
}

/// Posts to a server. It must answer with a status below 300; below 500 it need not be asked again, but for 429.
async fn post(delivery: Delivery, body: String) -> Result<(), Fault> {
    let posted = tokio::task::spawn_blocking(move || {
        let (message, to) = (&delivery.message, &delivery.subscription);
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let request = agent
            .post(&to.endpoint)
            .header("content-type", "text/plain; charset=UTF-8")
            .header("user-agent", "Amazon Simple Notification Service Agent")
            .header("x-amz-sns-message-type", message.kind())
            .header("x-amz-sns-message-id", &message.id)
            .header("x-amz-sns-topic-arn", &message.topic_arn);
        let request =
            if message.token.is_none() { request.header("x-amz-sns-subscription-arn", &to.arn) } else { request };
        let request = if to.raw { request.header("x-amz-sns-rawdelivery", "true") } else { request };
        request.send(&body).map(|response| response.status().as_u16()).map_err(|error| error.to_string())
    });
    let later = |why: String| Fault::common(Common::Unavailable, why);
    match posted.await {
        Ok(Ok(status)) if status < 300 => Ok(()),
        Ok(Ok(status)) if (400..500).contains(&status) && status != 429 => {
            Err(Fault::coded("ClientError", 400, format!("the server answered {status}")))
        }
        Ok(Ok(status)) => Err(later(format!("the server answered {status}"))),
        Ok(Err(why)) => Err(later(why)),
        Err(error) => Err(later(error.to_string())),
    }
}

fn letter(message: &Message, links: &Links) -> String {
    match &message.token {
        Some(_) => format!(
            "You have chosen to subscribe to the topic:\n{}\n\nTo confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n{}\n",
            message.topic_arn, links.confirm
        ),
        None => format!(
            "{}\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n{}\n",
            message.text, links.unsubscribe
        ),
    }
}

fn mail(cloud: &Cloud, delivery: &Delivery, text: String) -> Result<(), Fault> {
    let subject = match (&delivery.message.token, &delivery.message.subject) {
        (Some(_), _) => "AWS Notification - Subscription Confirmation".to_owned(),
        (None, Some(subject)) => subject.clone(),
        (None, None) => "AWS Notification Message".to_owned(),
    };
    note(cloud, delivery, Medium::Mail, subject, text)
}

fn note(cloud: &Cloud, delivery: &Delivery, medium: Medium, subject: String, text: String) -> Result<(), Fault> {
    let from = match medium {
        Medium::Mail => "AWS Notifications <no-reply@sns.amazonaws.com>".to_owned(),
        Medium::Sms => {
            let topic = Address::parse(&delivery.message.topic_arn)?;
            let own = delivery.message.attributes.get(sms::SENDER).map(|attribute| attribute.value.as_str());
            sms::sender(&cloud.store.read(), &topic.scope, own)?
        }
    };
    let message = outbox::Message {
        medium,
        from,
        to: delivery.subscription.endpoint.clone(),
        subject,
        text,
        at: cloud.clock.now(),
        html: false,
        reply_to: None,
    };
    cloud.store.write(|tx| outbox::send(tx, &message)).map_err(Fault::from)
}
