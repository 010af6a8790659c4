//! The call of a route's integration: a Lambda function or an HTTP backend.

use super::{Call, INTERNAL, Refusal, UNAVAILABLE, answer, event};
use crate::definition::Integration;
use kogumo_base::{Arn, Scope};
use kogumo_door::{Caller, Client};
use kogumo_execute_api::backend::{self, Destination, Outgoing};
use kogumo_execute_api::context::Context;
use kogumo_execute_api::exchange::Response;
use kogumo_execute_api::function::function_arn;
use kogumo_execute_api::role;
use kogumo_model::lambda;
use kogumo_wire::Bytes;
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Duration;

/// Sends a request to the route's integration.
pub async fn integrate(call: &Call<'_>, context: &Context) -> Result<Response, Refusal> {
    let target = call.route.target.as_ref().and_then(|target| target.strip_prefix("integrations/"));
    let integration = target.and_then(|id| call.definition.integrations.get(id)).ok_or(INTERNAL)?;
    let limit = Duration::from_millis(u64::try_from(integration.timeout_in_millis).unwrap_or(30_000));
    match tokio::time::timeout(limit, run(call, integration, context)).await {
        Ok(result) => result,
        Err(_) => Err(UNAVAILABLE),
    }
}

async fn run(call: &Call<'_>, integration: &Integration, context: &Context) -> Result<Response, Refusal> {
    let uri = fill(call, integration.uri.as_deref().unwrap_or(""));
    if integration.kind == "AWS_PROXY" {
        let Scope { account, region } = call.scope;
        let path = call.route.key.split_once(' ').map_or("$default", |(_, path)| path.trim_start_matches('/'));
        let (api, stage, method) = (&context.api_id, &context.stage, &call.request.method);
        let source = format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}");
        let source = if path == "$default" {
            format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/$default")
        } else {
            source
        };
        let event = event::event(call, context, &integration.payload_format_version);
        let payload = invoke(call, &uri, integration.credentials.as_deref(), &source, &event).await?;
        return answer::read(&payload, &integration.payload_format_version).ok_or(INTERNAL);
    }
    let method = match integration.method.as_deref() {
        None | Some("ANY") => call.request.method.as_str(),
        Some(method) => method,
    };
    let outgoing = Outgoing {
        path: call.path_parameters.clone(),
        query: call.request.query.clone(),
        headers: call.request.headers.clone(),
        body: call.request.body.clone(),
    };
    let destination = Destination { method, uri: &uri, data: &call.cloud.settings.data, insecure: false };
    let answer = backend::send(destination, outgoing).await.map_err(|why| {
        tracing::warn!("an HTTP integration failed: {why:?}");
        UNAVAILABLE
    })?;
    let headers = answer.headers.into_iter().filter(|(name, _)| backend::passes(name)).collect();
    Ok(Response { headers, ..answer })
}

/// `{name}` of the path and `${stageVariables.name}` filled in.
fn fill(call: &Call<'_>, uri: &str) -> String {
    let variables = call.stage.variables.iter().map(|(name, value)| (format!("${{stageVariables.{name}}}"), value));
    let filled = variables.fold(uri.to_owned(), |uri, (name, value)| uri.replace(&name, value));
    let parameters = call.path_parameters.iter();
    parameters.fold(filled, |uri, (name, value)| {
        uri.replace(&format!("{{{name}}}"), value).replace(&format!("{{{name}+}}"), value)
    })
}

/// Invokes a function for `source`, the ARN that its resource policy sees, or with the role that `credentials` names; one
/// that fails is an internal error to the client.
pub async fn invoke(
    call: &Call<'_>,
    uri: &str,
    credentials: Option<&str>,
    source: &str,
    event: &Json,
) -> Result<Bytes, Refusal> {
    let function = function_arn(uri).unwrap_or(uri).to_owned();
    let scope = Arn::parse(&function).map_or_else(|| call.scope.clone(), |arn| Scope::new(arn.account, arn.region));
    let role = credentials.and_then(|role| role::caller(role, &scope.region));
    let caller = role.unwrap_or_else(|| Caller::service("apigateway.amazonaws.com", scope).for_source(source));
    let input = lambda::InvocationRequest {
        function_name: function,
        payload: Some(event.to_string().into_bytes().into()),
        ..lambda::InvocationRequest::default()
    };
    let output = Client::new(Arc::clone(call.cloud), caller).call::<lambda::Invoke>(input).await;
    let output = output.map_err(|fault| {
        tracing::warn!("an integration cannot be called: {fault}");
        INTERNAL
    })?;
    if output.function_error.is_some() { Err(INTERNAL) } else { Ok(output.payload.unwrap_or_default()) }
}
