//! One call of a trigger's function: the event, the five seconds, and what its failures are called.

use std::sync::Arc;
use std::time::Duration;

use kogumo_door::{Caller, Client};
use kogumo_model::cognitoidp::*;
use kogumo_model::lambda;
use kogumo_wire::{Fault, Protocol};
use serde_json::{Value, json};

use super::Setting;

/// How long a function may take, and how often it is asked when it takes longer. Source: "Customizing user pool workflows
/// with Lambda triggers".
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: usize = 3;

/// A trigger: its name in LambdaConfig, the occasion, and the version of its events.
#[derive(Clone, Copy)]
pub struct Trigger<'a> {
    pub name: &'static str,
    pub source: &'a str,
    pub version: &'static str,
}

impl Trigger<'_> {
    /// The event that the function gets.
    fn event(&self, setting: Setting<'_>, user: &str, request: Value) -> Value {
        json!({
            "version": self.version,
            "region": setting.pool.scope.region,
            "userPoolId": setting.pool.id,
            "userName": user,
            "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": setting.client },
            "triggerSource": self.source,
            "request": request,
        })
    }

    fn unexpected(&self, why: &str) -> Fault {
        UNEXPECTED_LAMBDA_EXCEPTION.because(format!("{} invocation failed due to error {why}.", self.name))
    }
}

/// Who calls functions and keys for a pool.
pub fn client(setting: Setting<'_>) -> Client {
    let service = Caller::service("cognito-idp.amazonaws.com", setting.pool.scope.clone());
    Client::new(Arc::clone(&setting.cx.cloud), service.for_source(setting.pool.arn()))
}

/// Calls a trigger's function and answers the `response` of its event; `None` if the pool has no such trigger.
///
/// # Errors
/// The function failed, cannot be called, took too long, or answered something else than its event.
pub async fn call(
    setting: Setting<'_>,
    trigger: Trigger<'_>,
    user: &str,
    request: Value,
    response: Value,
) -> Result<Option<Value>, Fault> {
    let Some(function) = setting.pool.trigger(trigger.name) else { return Ok(None) };
    let mut event = trigger.event(setting, user, request);
    event["response"] = response;
    let input = lambda::InvocationRequest {
        function_name: function.to_owned(),
        payload: Some(event.to_string().into()),
        ..lambda::InvocationRequest::default()
    };
    let output = invoke(&client(setting), input).await;
    let output = output.ok_or_else(|| trigger.unexpected("Socket timeout while invoking Lambda function"))?;
    let output = output.map_err(|fault| trigger.unexpected(fault.code(Protocol::RestJson)))?;
    let answer: Option<Value> = serde_json::from_slice(&output.payload.unwrap_or_default()).ok();
    if output.function_error.is_some() {
        let told = answer.as_ref().and_then(|answer| answer["errorMessage"].as_str()).unwrap_or_default();
        let message = format!("{} failed with error {}.", trigger.name, told.trim_end_matches('.'));
        return Err(USER_LAMBDA_VALIDATION_EXCEPTION.because(message));
    }
    match answer {
        Some(Value::Object(mut event)) => Ok(Some(event.remove("response").unwrap_or(Value::Null))),
        Some(_) => Err(INVALID_LAMBDA_RESPONSE_EXCEPTION.because("Unrecognizable lambda output")),
        None => Err(INVALID_LAMBDA_RESPONSE_EXCEPTION.because("Invalid lambda function output : Invalid JSON")),
    }
}

/// Invokes a function, again if it takes too long; `None` once patience has an end.
async fn invoke(
    client: &Client,
    input: lambda::InvocationRequest,
) -> Option<Result<lambda::InvocationResponse, Fault>> {
    for _ in 0..TRIES {
        if let Ok(output) = tokio::time::timeout(PATIENCE, client.call::<lambda::Invoke>(input.clone())).await {
            return Some(output);
        }
    }
    None
}

/// Tells a trigger's function, and waits for no answer.
///
/// # Errors
/// The function cannot be called.
pub async fn tell(setting: Setting<'_>, trigger: Trigger<'_>, user: &str, request: Value) -> Result<(), Fault> {
    let Some(function) = setting.pool.trigger(trigger.name) else { return Ok(()) };
    let input = lambda::InvocationRequest {
        function_name: function.to_owned(),
        invocation_type: Some("Event".into()),
        payload: Some(trigger.event(setting, user, request).to_string().into()),
        ..lambda::InvocationRequest::default()
    };
    let told = client(setting).call::<lambda::Invoke>(input).await;
    told.map(drop).map_err(|fault| trigger.unexpected(fault.code(Protocol::RestJson)))
}
