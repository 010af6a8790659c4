//! Subscriptions: asked for, confirmed, changed, ended.

use std::collections::BTreeMap;

use kogumo_base::Arn;
use kogumo_door::{Principal, Reader, Writer};
use kogumo_model::sns::{
    AUTHORIZATION_ERROR_EXCEPTION, ConfirmSubscriptionInput, ConfirmSubscriptionResponse,
    GetSubscriptionAttributesInput, GetSubscriptionAttributesResponse, SetSubscriptionAttributesInput, SubscribeInput,
    SubscribeResponse, UnsubscribeInput,
};
use kogumo_wire::{Fault, Unit};
use serde_json::Value;

use crate::delivery;
use crate::filter;
use crate::message::Message;
use crate::record::{Address, SUBSCRIPTIONS, Subscription, TOPICS, Topic, invalid, subscription};

pub fn subscribe(w: &mut Writer, input: SubscribeInput) -> Result<SubscribeResponse, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    let topic = at.find(w.store())?;
    let endpoint = input.endpoint.unwrap_or_default();
    check_endpoint(&topic, &input.protocol, &endpoint)?;
    let mut wanted = Subscription {
        arn: format!("{}:{}", at.arn(), kogumo_base::uuid()),
        topic_arn: at.arn(),
        owner: w.caller.account().to_owned(),
        confirmed: is_confirmed(&input.protocol, &endpoint, w.caller.account()),
        token: kogumo_base::hex_id(200),
        created: w.now,
        protocol: input.protocol,
        endpoint,
        ..Subscription::default()
    };
    set_all(&mut wanted, input.attributes.unwrap_or_default())?;
    let told = |one: &Subscription, arn: bool| {
        let pending = !one.confirmed && !arn;
        Some(if pending { "pending confirmation".to_owned() } else { one.arn.clone() })
    };
    let whole = input.return_subscription_arn == Some(true);
    let same = |one: &Subscription| one.protocol == wanted.protocol && one.endpoint == wanted.endpoint;
    if let Some(there) = at.subscriptions(w.store())?.into_iter().find(same) {
        if settings(&there) != settings(&wanted) {
            return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
        }
        return Ok(SubscribeResponse { subscription_arn: told(&there, whole) });
    }
    let (_, key) = crate::record::place(&wanted.arn)?;
    SUBSCRIPTIONS.put(w.tx, &at.scope, key, &wanted)?;
    if !wanted.confirmed {
        let text = format!(
            "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit the SubscribeURL included in this message.",
            at.arn()
        );
        let message = Message {
            id: kogumo_base::uuid(),
            topic_arn: at.arn(),
            text,
            at: w.now,
            token: Some(wanted.token.clone()),
            ..Message::default()
        };
        delivery::enqueue(w, &wanted, message, topic.sha256)?;
    }
    Ok(SubscribeResponse { subscription_arn: told(&wanted, whole) })
}

/// What must be the same for a subscription to be asked for again.
fn settings(one: &Subscription) -> (&Option<String>, bool, bool, &Option<(String, String)>) {
    (&one.filter, one.filters_body, one.raw, &one.redrive)
}

fn check_endpoint(topic: &Topic, protocol: &str, endpoint: &str) -> Result<(), Fault> {
    let arn_of = |service: &str| Arn::parse(endpoint).is_some_and(|arn| arn.service == service);
    let wrong = |reason: &str| Err(invalid(format!("Endpoint Reason: {reason}")));
    match protocol {
        "sqs" if !arn_of("sqs") => return wrong("SQS endpoint ARN"),
        "sqs" if endpoint.ends_with(".fifo") && !topic.fifo => {
            return wrong("FIFO SQS Queues can not be subscribed to standard SNS topics");
        }
        "sqs" => {}
        "lambda" | "http" | "https" | "email" | "email-json" | "sms" if topic.fifo => {
            return Err(invalid("Protocol Reason: FIFO topics can only be subscribed by SQS queues"));
        }
        "lambda" if !arn_of("lambda") => return wrong("Lambda endpoint ARN"),
        "http" | "https" if !endpoint.starts_with(&format!("{protocol}://")) => {
            return wrong("Endpoint must match the specified protocol");
        }
        "email" | "email-json" if !endpoint.contains('@') => return Err(invalid("Email address")),
        "sms" if !is_phone_number(endpoint) => return Err(invalid(format!("Invalid SMS endpoint: {endpoint}"))),
        "lambda" | "http" | "https" | "email" | "email-json" | "sms" => {}
        "application" | "firehose" => {
            return Err(Fault::not_implemented(&format!("The protocol {protocol} of subscriptions")));
        }
        _ => return Err(invalid("Amazon SNS does not support this protocol string: ".to_owned() + protocol)),
    }
    Ok(())
}

/// E.164.
pub fn is_phone_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whoever subscribes his own queue or function need not confirm it.
fn is_confirmed(protocol: &str, endpoint: &str, account: &str) -> bool {
    match protocol {
        "sqs" => Arn::parse(endpoint).is_some_and(|arn| arn.account == account),
        "lambda" | "sms" => true,
        _ => false,
    }
}

fn set_all(one: &mut Subscription, given: BTreeMap<String, String>) -> Result<(), Fault> {
    // The scope says how the policy is to be read.
    if let Some(scope) = given.get("FilterPolicyScope") {
        set(one, "FilterPolicyScope", scope)?;
    }
    given.iter().try_for_each(|(name, value)| set(one, name, value))
}

fn set(one: &mut Subscription, name: &str, value: &str) -> Result<(), Fault> {
    match name {
        "FilterPolicy" if value.is_empty() || value.trim() == "{}" => one.filter = None,
        "FilterPolicy" => {
            filter::check(value, one.filters_body)?;
            one.filter = Some(value.to_owned());
        }
        "FilterPolicyScope" => {
            one.filters_body = match value {
                "MessageAttributes" => false,
                "MessageBody" => true,
                _ => {
                    return Err(invalid(
                        "FilterPolicyScope: Invalid value [".to_owned()
                            + value
                            + "]. Please use either MessageBody or MessageAttributes",
                    ));
                }
            };
            if let Some(policy) = &one.filter {
                filter::check(policy, one.filters_body)?;
            }
        }
        "RawMessageDelivery" => {
            let raw = value.to_ascii_lowercase().parse().map_err(|_| invalid("RawMessageDelivery"))?;
            if raw && !matches!(one.protocol.as_str(), "sqs" | "http" | "https") {
                return Err(invalid("Attributes Reason: RawMessageDelivery is not supported for this protocol"));
            }
            one.raw = raw;
        }
        "RedrivePolicy" if value.is_empty() => one.redrive = None,
        "RedrivePolicy" => {
            let policy: Option<Value> = serde_json::from_str(value).ok();
            let target = policy.as_ref().and_then(|policy| policy["deadLetterTargetArn"].as_str());
            let target = target.filter(|arn| Arn::parse(arn).is_some_and(|arn| arn.service == "sqs"));
            let target = target.ok_or_else(|| invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn"))?;
            one.redrive = Some((value.to_owned(), target.to_owned()));
        }
        "DeliveryPolicy" | "SubscriptionRoleArn" | "ReplayPolicy" if value.is_empty() => {}
        "DeliveryPolicy" | "SubscriptionRoleArn" | "ReplayPolicy" => {
            return Err(Fault::not_implemented(&format!("The attribute {name} of subscriptions")));
        }
        _ => return Err(invalid("AttributeName")),
    }
    Ok(())
}

/// A subscription is its owner's and the topic's owner's.
fn check_owner(account: &str, at: &Address, one: &Subscription) -> Result<(), Fault> {
    if account == one.owner || account == at.scope.account {
        return Ok(());
    }
    Err(AUTHORIZATION_ERROR_EXCEPTION.because("Not authorized to perform this operation on the subscription"))
}

pub fn set_subscription_attributes(w: &mut Writer, input: SetSubscriptionAttributesInput) -> Result<Unit, Fault> {
    let (at, key, mut one) = subscription(w.store(), &input.subscription_arn)?;
    check_owner(w.caller.account(), &at, &one)?;
    set(&mut one, &input.attribute_name, input.attribute_value.as_deref().unwrap_or_default())?;
    SUBSCRIPTIONS.put(w.tx, &at.scope, key, &one)?;
    Ok(Unit)
}

pub fn get_subscription_attributes(
    r: &Reader,
    input: GetSubscriptionAttributesInput,
) -> Result<GetSubscriptionAttributesResponse, Fault> {
    let (at, _, one) = subscription(r.store, &input.subscription_arn)?;
    check_owner(r.caller.account(), &at, &one)?;
    let scope = if one.filters_body { "MessageBody" } else { "MessageAttributes" };
    let mut told = vec![
        ("SubscriptionArn", one.arn),
        ("TopicArn", one.topic_arn),
        ("Owner", one.owner),
        ("Protocol", one.protocol),
        ("Endpoint", one.endpoint),
        ("PendingConfirmation", (!one.confirmed).to_string()),
        ("ConfirmationWasAuthenticated", (one.confirmed && one.guarded).to_string()),
        ("RawMessageDelivery", one.raw.to_string()),
    ];
    if let Some(filter) = one.filter {
        told.extend([("FilterPolicy", filter), ("FilterPolicyScope", scope.to_owned())]);
    }
    told.extend(one.redrive.map(|(text, _)| ("RedrivePolicy", text)));
    let attributes = told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(GetSubscriptionAttributesResponse { attributes: Some(attributes) })
}

pub fn confirm_subscription(
    w: &mut Writer,
    input: ConfirmSubscriptionInput,
) -> Result<ConfirmSubscriptionResponse, Fault> {
    let guarded = input.authenticate_on_unsubscribe.as_deref() == Some("true");
    let arn = confirm(w, &input.topic_arn, &input.token, guarded)?;
    Ok(ConfirmSubscriptionResponse { subscription_arn: Some(arn) })
}

/// Confirms the subscription of a token and answers its ARN.
pub fn confirm(w: &mut Writer, topic: &str, token: &str, guarded: bool) -> Result<String, Fault> {
    let at = Address::parse(topic)?;
    at.find(w.store())?;
    let found = at.subscriptions(w.store())?.into_iter().find(|one| one.token == token);
    let found = found.ok_or_else(|| invalid("Token"))?;
    let (_, key) = crate::record::place(&found.arn)?;
    SUBSCRIPTIONS.put(w.tx, &at.scope, key, &Subscription { confirmed: true, guarded, ..found.clone() })?;
    Ok(found.arn)
}

pub fn unsubscribe(w: &mut Writer, input: UnsubscribeInput) -> Result<Unit, Fault> {
    end(w, &input.subscription_arn)?;
    Ok(Unit)
}

/// Ends a subscription; one that is gone may be ended again.
pub fn end(w: &mut Writer, arn: &str) -> Result<(), Fault> {
    let (at, key) = crate::record::place(arn)?;
    let Some(one) = SUBSCRIPTIONS.get(w.tx, &at.scope, &key)? else { return Ok(()) };
    match *w.caller.principal {
        Principal::Anonymous if one.guarded => {
            return Err(AUTHORIZATION_ERROR_EXCEPTION.because("The subscription can be ended by its owner only"));
        }
        Principal::Anonymous => {}
        _ => check_owner(w.caller.account(), &at, &one)?,
    }
    SUBSCRIPTIONS.delete(w.tx, &at.scope, &key)?;
    if let Some(topic) = TOPICS.get(w.tx, &at.scope, at.name.as_str())? {
        TOPICS.put(w.tx, &at.scope, at.name.as_str(), &Topic { ended: topic.ended + 1, ..topic })?;
    }
    Ok(())
}
