//! A bucket's notification configuration: between the model's shapes and [`crate::notification`]'s targets.

use kogumo_base::hex_id;
use kogumo_door::{Context, Reader};
use kogumo_model::{lambda, s3};
use kogumo_wire::{Fault, Unit};

use crate::bucket_config::{reading, writing};
use crate::faults;
use crate::notification::{self, Target};
use crate::notify::TARGETS;
use crate::record::{BUCKETS, Bucket, EVERYWHERE};

pub fn get_bucket_notification_configuration(
    cx: &Reader,
    input: s3::GetBucketNotificationConfigurationRequest,
) -> Result<s3::NotificationConfiguration, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let targets = TARGETS.get(cx.store, &EVERYWHERE, &input.bucket)?.unwrap_or_default();
    let functions: Vec<_> = targets.into_iter().map(shown).collect();
    Ok(s3::NotificationConfiguration {
        lambda_function_configurations: Some(functions).filter(|functions| !functions.is_empty()),
        ..Default::default()
    })
}

pub async fn put_bucket_notification_configuration(
    cx: Context,
    input: s3::PutBucketNotificationConfigurationRequest,
) -> Result<Unit, Fault> {
    let asked = input.notification_configuration;
    if asked.topic_configurations.is_some_and(|list| !list.is_empty())
        || asked.queue_configurations.is_some_and(|list| !list.is_empty())
        || asked.event_bridge_configuration.is_some()
    {
        return Err(Fault::not_implemented("Notifications to SNS, SQS and EventBridge"));
    }
    let functions = asked.lambda_function_configurations.unwrap_or_default();
    let targets = functions.into_iter().map(kept).collect::<Result<Vec<_>, _>>()?;
    if let Some(event) = targets.iter().find_map(notification::unbuilt) {
        return Err(Fault::not_implemented(&format!("The event {event}")));
    }
    if notification::overlap(&targets) {
        let message = "Configurations overlap. Configurations on the same bucket cannot share a common event type.";
        return Err(faults::invalid_argument(message));
    }
    if input.skip_destination_validation != Some(true) {
        for target in &targets {
            let function =
                lambda::GetFunctionRequest { function_name: target.function_arn.clone(), ..Default::default() };
            cx.client()
                .call::<lambda::GetFunction>(function)
                .await
                .map_err(|_| faults::invalid_argument("Unable to validate the following destination configurations"))?;
        }
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

fn kept(asked: s3::LambdaFunctionConfiguration) -> Result<Target, Fault> {
    let mut target = Target {
        id: asked.id.filter(|id| !id.is_empty()).unwrap_or_else(|| hex_id(32)),
        function_arn: asked.lambda_function_arn,
        events: asked.events,
        prefix: None,
        suffix: None,
    };
    if !target.function_arn.starts_with("arn:aws:lambda:") {
        return Err(faults::invalid_argument("The ARN could not be parsed"));
    }
    let rules = asked.filter.and_then(|filter| filter.key).and_then(|key| key.filter_rules).unwrap_or_default();
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

fn shown(target: Target) -> s3::LambdaFunctionConfiguration {
    let rule = |name: &str, value: Option<String>| {
        value.map(|value| s3::FilterRule { name: Some(name.into()), value: Some(value) })
    };
    let rules: Vec<_> = [rule("Prefix", target.prefix), rule("Suffix", target.suffix)].into_iter().flatten().collect();
    let filter =
        s3::NotificationConfigurationFilter { key: Some(s3::S3KeyFilter { filter_rules: Some(rules.clone()) }) };
    s3::LambdaFunctionConfiguration {
        id: Some(target.id),
        lambda_function_arn: target.function_arn,
        events: target.events,
        filter: Some(filter).filter(|_| !rules.is_empty()),
    }
}
