//! A bucket's notification configuration: between the model's shapes and [`crate::notification`]'s targets.

use kogumo_base::{Scope, hex_id};
use kogumo_door::{Context, Reader};
use kogumo_model::{lambda, s3};
use kogumo_wire::{Fault, Unit};

use crate::bucket_config::{reading, writing};
use crate::faults;
use crate::notification::{self, Target};
use crate::notify::{self, TARGETS};
use crate::record::{BUCKETS, Bucket, EVERYWHERE};

pub fn get_bucket_notification_configuration(
    cx: &Reader,
    input: s3::GetBucketNotificationConfigurationRequest,
) -> Result<s3::NotificationConfiguration, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let targets = TARGETS.get(cx.store, &EVERYWHERE, &input.bucket)?.unwrap_or_default();
    let of = |service: &'static str| {
        targets.iter().filter(move |target| notification::service(&target.arn) == service).cloned()
    };
    let functions: Vec<_> = of("lambda").map(shown_function).collect();
    let queues: Vec<_> = of("sqs").map(shown_queue).collect();
    let topics: Vec<_> = of("sns").map(shown_topic).collect();
    Ok(s3::NotificationConfiguration {
        lambda_function_configurations: Some(functions).filter(|list| !list.is_empty()),
        queue_configurations: Some(queues).filter(|list| !list.is_empty()),
        topic_configurations: Some(topics).filter(|list| !list.is_empty()),
        ..Default::default()
    })
}

pub async fn put_bucket_notification_configuration(
    cx: Context,
    input: s3::PutBucketNotificationConfigurationRequest,
) -> Result<Unit, Fault> {
    let asked = input.notification_configuration;
    if asked.event_bridge_configuration.is_some() {
        return Err(Fault::not_implemented("Notifications to EventBridge"));
    }
    let functions = asked.lambda_function_configurations.unwrap_or_default().into_iter();
    let functions = functions.map(|it| kept("lambda", it.id, it.lambda_function_arn, it.events, it.filter));
    let queues = asked.queue_configurations.unwrap_or_default().into_iter();
    let queues = queues.map(|it| kept("sqs", it.id, it.queue_arn, it.events, it.filter));
    let topics = asked.topic_configurations.unwrap_or_default().into_iter();
    let topics = topics.map(|it| kept("sns", it.id, it.topic_arn, it.events, it.filter));
    let targets = functions.chain(queues).chain(topics).collect::<Result<Vec<_>, _>>()?;
    if let Some(event) = targets.iter().find_map(notification::unbuilt) {
        return Err(Fault::not_implemented(&format!("The event {event}")));
    }
    if notification::overlap(&targets) {
        let message = "Configurations overlap. Configurations on the same bucket cannot share a common event type.";
        return Err(faults::invalid_argument(message));
    }
    if input.skip_destination_validation != Some(true) {
        validate(&cx, &input.bucket, input.expected_bucket_owner.as_ref(), &targets).await?;
    }
    cx.write(|cx| {
        let bucket = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
        let has_notifications = !targets.is_empty();
        BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { has_notifications, ..bucket })?;
        match targets.is_empty() {
            true => drop(TARGETS.delete(cx.tx, &EVERYWHERE, &input.bucket)?),
            false => TARGETS.put(cx.tx, &EVERYWHERE, &input.bucket, &targets)?,
        }
        Ok(Unit)
    })
}

/// Whether the targets are there and let S3 tell them; queues and topics hear of it.
async fn validate(cx: &Context, name: &str, owner: Option<&String>, targets: &[Target]) -> Result<(), Fault> {
    let refused = |_| faults::invalid_argument("Unable to validate the following destination configurations");
    let bucket = cx.read(|r| reading(r, name, owner))?;
    let scope = Scope::new(&bucket.owner, &bucket.region);
    for target in targets {
        if notification::service(&target.arn) == "lambda" {
            let function = lambda::GetFunctionRequest { function_name: target.arn.clone(), ..Default::default() };
            cx.client().call::<lambda::GetFunction>(function).await.map_err(refused)?;
        } else {
            let text = notification::test_message(name, cx.now().iso_millis(), &cx.caller.request_id).to_string();
            notify::send(&cx.cloud, &scope, name, &target.arn, &text).await.map_err(refused)?;
        }
    }
    Ok(())
}

fn kept(
    service: &str,
    id: Option<String>,
    arn: String,
    events: Vec<String>,
    filter: Option<s3::NotificationConfigurationFilter>,
) -> Result<Target, Fault> {
    let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| hex_id(32));
    let mut target = Target { id, arn, events, prefix: None, suffix: None };
    if !target.arn.starts_with("arn:") || notification::service(&target.arn) != service {
        return Err(faults::invalid_argument("The ARN could not be parsed"));
    }
    let rules = filter.and_then(|filter| filter.key).and_then(|key| key.filter_rules).unwrap_or_default();
    for rule in rules {
        let place = match rule.name.unwrap_or_default().to_ascii_lowercase().as_str() {
            "prefix" => &mut target.prefix,
            "suffix" => &mut target.suffix,
            _ => return Err(faults::invalid_argument("filter rule name must be either prefix or suffix")),
        };
        if place.replace(rule.value.unwrap_or_default()).is_some() {
            let message = "Cannot specify more than one prefix or suffix rule in a filter.";
            return Err(faults::invalid_argument(message));
        }
    }
    Ok(target)
}

fn shown_function(target: Target) -> s3::LambdaFunctionConfiguration {
    let filter = shown_filter(&target);
    s3::LambdaFunctionConfiguration {
        id: Some(target.id),
        lambda_function_arn: target.arn,
        events: target.events,
        filter,
    }
}

fn shown_queue(target: Target) -> s3::QueueConfiguration {
    let filter = shown_filter(&target);
    s3::QueueConfiguration { id: Some(target.id), queue_arn: target.arn, events: target.events, filter }
}

fn shown_topic(target: Target) -> s3::TopicConfiguration {
    let filter = shown_filter(&target);
    s3::TopicConfiguration { id: Some(target.id), topic_arn: target.arn, events: target.events, filter }
}

fn shown_filter(target: &Target) -> Option<s3::NotificationConfigurationFilter> {
    let rule = |name: &str, value: &Option<String>| {
        value.clone().map(|value| s3::FilterRule { name: Some(name.into()), value: Some(value) })
    };
    let rules = [rule("Prefix", &target.prefix), rule("Suffix", &target.suffix)];
    let rules: Vec<_> = rules.into_iter().flatten().collect();
    let key = s3::S3KeyFilter { filter_rules: Some(rules.clone()) };
    (!rules.is_empty()).then_some(s3::NotificationConfigurationFilter { key: Some(key) })
}
