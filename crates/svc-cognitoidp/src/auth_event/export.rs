//! SetLogDeliveryConfiguration: what users do, and messages that could not be sent, as lines of a log group.

use std::sync::Arc;

use kogumo_base::{Arn, Timestamp};
use kogumo_door::{Caller, Client, Context, Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::AuthEvent;
use crate::document;
use crate::faults::{invalid, unbuilt};
use crate::pool::{self, Pool};
use crate::user::User;

const ACTIVITY: &str = "userAuthEvents";
const MESSAGES: &str = "userNotification";

/// Writes an event to the log group that is set for it, if one is.
pub async fn activity(cx: &Context, pool: &Pool, user: &User, client: &str, event: &AuthEvent) {
    let challenges: Vec<String> = event
        .challenges
        .iter()
        .map(|(name, right)| format!("{name}:{}", if *right { "Success" } else { "Failure" }))
        .collect();
    let message = json!({
        "version": "1",
        "eventId": event.id,
        "eventType": event.kind,
        "userSub": user.sub,
        "userName": user.name,
        "userPoolId": pool.id,
        "clientId": client,
        "creationDate": event.at.iso(),
        "eventResponse": if event.passed { "Pass" } else { "Fail" },
        "riskLevel": "",
        "riskDecision": if event.blocked { "BLOCK" } else { "PASS" },
        "challenges": challenges,
        "deviceName": event.agent,
        "ipAddress": event.ip,
        "requestId": cx.caller.request_id,
        "compromisedCredentialDetected": "false",
        "hasContextData": "false",
    });
    write(cx, pool, ACTIVITY, ("USER_ACTIVITY", "INFO"), event.at, &message).await;
}

/// Writes that a message did not go out.
pub async fn undelivered(cx: &Context, pool: &Pool, details: &str) {
    let message = json!({ "details": details });
    write(cx, pool, MESSAGES, ("USER_NOTIFICATION", "ERROR"), cx.now(), &message).await;
}

async fn write(cx: &Context, pool: &Pool, source: &str, words: (&str, &str), at: Timestamp, message: &Value) {
    let set = pool.log_configurations.iter().find(|one| one["EventSource"] == source);
    let group = set.and_then(|one| one.pointer("/CloudWatchLogsConfiguration/LogGroupArn")).and_then(Value::as_str);
    let Some(group) = group.and_then(group_name) else { return };
    let line = json!({
        "eventTimestamp": at.0.to_string(),
        "eventSource": words.0,
        "logLevel": words.1,
        "message": message,
        "logSourceId": { "userPoolId": pool.id },
    });
    let client = Client::new(Arc::clone(&cx.cloud), Caller::service("cognito-idp.amazonaws.com", pool.scope.clone()));
    // The stream may be there from before.
    let stream = json!({ "logGroupName": group, "logStreamName": pool.id });
    let _ = client.call_json("logs", "CreateLogStream", &stream).await;
    let events = json!([{ "timestamp": at.0, "message": line.to_string() }]);
    let input = json!({ "logGroupName": group, "logStreamName": pool.id, "logEvents": events });
    if let Err(fault) = client.call_json("logs", "PutLogEvents", &input).await {
        tracing::warn!("a user pool's log cannot be written: {}", fault.message);
    }
}

/// The name of a log group out of its ARN.
fn group_name(arn: &str) -> Option<String> {
    let resource = Arn::parse(arn).filter(|arn| arn.service == "logs")?.resource;
    Some(resource.strip_prefix("log-group:")?.trim_end_matches(":*").to_owned()).filter(|name| !name.is_empty())
}

fn shown(pool: &Pool) -> Result<LogDeliveryConfigurationType, Fault> {
    let one = |value: &Value| document::into(value.as_object().cloned().unwrap_or_default());
    let all: Result<Vec<LogConfigurationType>, _> = pool.log_configurations.iter().map(one).collect();
    Ok(LogDeliveryConfigurationType { user_pool_id: pool.id.clone(), log_configurations: all? })
}

fn check(pool: &Pool, one: &LogConfigurationType) -> Result<(), Fault> {
    let group = one.cloud_watch_logs_configuration.as_ref().and_then(|group| group.log_group_arn.as_deref());
    match (one.event_source.as_str(), one.log_level.as_str()) {
        (ACTIVITY, "INFO") if pool.text("/UserPoolTier") == Some("PLUS") => {}
        (ACTIVITY, "INFO") => {
            let message = "Exporting user activity needs the PLUS tier of the user pool.";
            return Err(FEATURE_UNAVAILABLE_IN_TIER_EXCEPTION.because(message));
        }
        (MESSAGES, "ERROR") => {}
        (source, level) => return Err(invalid(format!("LogLevel {level} is not valid for EventSource {source}."))),
    }
    if one.s3_configuration.is_some() || one.firehose_configuration.is_some() {
        return Err(unbuilt("Log delivery of user pools to S3 and Firehose"));
    }
    match group.and_then(group_name) {
        Some(_) => Ok(()),
        None => Err(invalid("A log configuration needs the ARN of a log group.")),
    }
}

pub fn set_log_delivery_configuration(
    w: &mut Writer,
    input: SetLogDeliveryConfigurationRequest,
) -> Result<SetLogDeliveryConfigurationResponse, Fault> {
    let mut pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    input.log_configurations.iter().try_for_each(|one| check(&pool, one))?;
    pool.log_configurations = input.log_configurations.iter().map(|one| Value::Object(document::of(one))).collect();
    pool::put(w.tx, &pool)?;
    Ok(SetLogDeliveryConfigurationResponse { log_delivery_configuration: Some(shown(&pool)?) })
}

pub fn get_log_delivery_configuration(
    r: &Reader,
    input: GetLogDeliveryConfigurationRequest,
) -> Result<GetLogDeliveryConfigurationResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    Ok(GetLogDeliveryConfigurationResponse { log_delivery_configuration: Some(shown(&pool)?) })
}
