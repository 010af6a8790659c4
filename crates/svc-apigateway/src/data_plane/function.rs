//! Invoking Lambda functions, through the door.

use super::call::Call;
use super::transform::fill_stage_variables;
use bytes::Bytes;
use kogumo_base::{Arn, Scope};
use kogumo_door::{Caller, Client};
use kogumo_execute_api::function::function_arn;
use kogumo_execute_api::role;
use kogumo_model::lambda;
use kogumo_wire::Fault;
use serde_json::Value as Json;
use std::sync::Arc;

/// What a function answered.
pub struct Answer {
    pub payload: Bytes,
    /// Whether the function failed; the payload tells how.
    failed: bool,
}

impl Answer {
    /// The `errorMessage` of a function that failed.
    pub fn error_message(&self) -> Option<String> {
        if !self.failed {
            return None;
        }
        let payload: Json = serde_json::from_slice(&self.payload).unwrap_or_default();
        Some(payload.get("errorMessage").and_then(Json::as_str).unwrap_or("").to_owned())
    }
}

/// How a function is invoked.
pub struct Invocation<'a> {
    /// As integrations and authorizers name functions.
    pub uri: &'a str,
    /// The role that is assumed for it; without one the function's resource policy decides.
    pub credentials: Option<&'a str>,
    /// The ARN that the resource policy sees as the caller's.
    pub source: &'a str,
    pub payload: Vec<u8>,
    pub asynchronous: bool,
}

/// Invokes a function.
///
/// # Errors
/// The function isn't there, or may not be invoked by this API.
pub async fn invoke(call: &Call<'_>, invocation: Invocation<'_>) -> Result<Answer, Fault> {
    let Invocation { uri, credentials, source, payload, asynchronous } = invocation;
    let variables = call.stage.map(|stage| stage.variables.clone()).unwrap_or_default();
    let uri = fill_stage_variables(uri, &variables);
    let function = function_arn(&uri).unwrap_or(&uri).to_owned();
    let scope = match Arn::parse(&function) {
        Some(arn) => Scope::new(arn.account, arn.region),
        None => call.scope.clone(),
    };
    let role = credentials.and_then(|role| role::caller(&fill_stage_variables(role, &variables), &scope.region));
    let caller = role.unwrap_or_else(|| Caller::service("apigateway.amazonaws.com", scope).for_source(source));
    let client = Client::new(Arc::clone(call.cloud), caller);
    let input = lambda::InvocationRequest {
        function_name: function,
        invocation_type: asynchronous.then(|| "Event".to_owned()),
        payload: Some(payload.into()),
        ..lambda::InvocationRequest::default()
    };
    let output = client.call::<lambda::Invoke>(input).await?;
    Ok(Answer { payload: output.payload.unwrap_or_default(), failed: output.function_error.is_some() })
}
