//! The call of an integration: Lambda, another service of AWS, HTTP, or nothing at all.

use super::call::Call;
use super::failure::{API_CONFIGURATION_ERROR, Failure, INTEGRATION_FAILURE, INTEGRATION_TIMEOUT};
use super::function::{self, Invocation};
use super::journal;
use super::mapping::Sources;
use super::service_backend;
use super::transform::{self, Incoming, fill_stage_variables, fill_uri};
use crate::definition::{Integration, Method, Strings};
use kogumo_base::{Clock, Timestamp};
use kogumo_execute_api::backend::{Destination, Outgoing, Unanswered, send};
use kogumo_execute_api::exchange::{Pairs, Response, header};
use kogumo_execute_api::proxy;
use std::time::Duration;

/// Sends a request to the method's integration and makes the client's response of the answer.
pub async fn integrate(call: &Call<'_>, method: &Method, sources: Sources<'_>) -> Result<Response, Failure> {
    let integration = method.integration.as_ref().ok_or_else(|| Failure::new(&API_CONFIGURATION_ERROR))?;
    let limit = Duration::from_millis(u64::try_from(integration.timeout_in_millis).unwrap_or(29_000));
    match tokio::time::timeout(limit, run(call, method, integration, sources)).await {
        Ok(result) => result,
        Err(_) => {
            call.journal.error(|| "Execution failed due to a timeout error".to_owned());
            Err(Failure::new(&INTEGRATION_TIMEOUT))
        }
    }
}

/// Tells the log what the integration gets.
fn tell_request(call: &Call<'_>, uri: &str, headers: &Pairs, body: &[u8]) {
    call.journal.data(|| format!("Endpoint request URI: {uri}"));
    call.journal.data(|| format!("Endpoint request headers: {}", journal::headers(headers)));
    call.journal.data(|| format!("Endpoint request body after transformations: {}", journal::text(body)));
    call.journal.step(|| format!("Sending request to {uri}"));
}

/// Tells the log what the integration answered to what was sent at `begun`.
fn tell_answer(call: &Call<'_>, begun: Timestamp, status: u16, headers: &Pairs, body: &[u8]) {
    let latency = Clock::machine_now().0.saturating_sub(begun.0);
    call.journal.step(|| format!("Received response. Status: {status}, Integration latency: {latency} ms"));
    call.journal.data(|| format!("Endpoint response headers: {}", journal::headers(headers)));
    call.journal.data(|| format!("Endpoint response body before transformations: {}", journal::text(body)));
}

async fn run(
    call: &Call<'_>,
    method: &Method,
    integration: &Integration,
    sources: Sources<'_>,
) -> Result<Response, Failure> {
    let binary = &call.definition.binary_media_types;
    if integration.kind == "AWS_PROXY" {
        return by_proxy(call, integration, sources).await;
    }
    let outgoing = transform::outgoing(integration, call.request, sources, binary)?;
    let incoming = match integration.kind.as_str() {
        "MOCK" => transform::mock(&outgoing)?,
        "AWS" => aws(call, integration, outgoing, sources).await?,
        _ => {
            let uri = fill_uri(uri(integration), &outgoing.path, &variables(call));
            let method = match integration.http_method.as_deref() {
                None | Some("ANY") => call.request.method.as_str(),
                Some(method) => method,
            };
            let insecure = integration.insecure_skip_verification.unwrap_or(false);
            let destination = Destination { method, uri: &uri, data: &call.cloud.settings.data, insecure };
            tell_request(call, &uri, &outgoing.headers, &outgoing.body);
            let begun = Clock::machine_now();
            let answer = send(destination, outgoing).await.map_err(|why| unanswered(call, &why))?;
            tell_answer(call, begun, answer.status, &answer.headers, &answer.body);
            if integration.kind == "HTTP_PROXY" {
                return Ok(answer);
            }
            let Response { status, headers, body } = answer;
            Incoming { status, headers, body, error_message: None }
        }
    };
    transform::respond(method, integration, &incoming, call.request, sources, binary)
}

async fn by_proxy(call: &Call<'_>, integration: &Integration, sources: Sources<'_>) -> Result<Response, Failure> {
    let binary = &call.definition.binary_media_types;
    let event = proxy::event(call.request, sources.path, sources.context, binary);
    let answer = invoke(call, integration, sources, event.to_string().into_bytes(), false).await?;
    if let Some(error) = answer.error_message() {
        call.journal
            .error(|| format!("Lambda execution failed with status 200 due to customer function error: {error}."));
        return Err(Failure::bad_gateway());
    }
    proxy::read_answer(&answer.payload, call.request.header("accept"), binary).map_err(|_| {
        call.journal
            .error(|| "Execution failed due to configuration error: Malformed Lambda proxy response".to_owned());
        Failure::bad_gateway()
    })
}

async fn invoke(
    call: &Call<'_>,
    integration: &Integration,
    sources: Sources<'_>,
    payload: Vec<u8>,
    asynchronous: bool,
) -> Result<function::Answer, Failure> {
    let source = call.method_arn(sources.context);
    let credentials = integration.credentials.as_deref();
    let region = &call.scope.region;
    let path = uri(integration).split_once(":path").map_or("", |(_, path)| path);
    tell_request(call, &format!("https://lambda.{region}.amazonaws.com{path}"), &Pairs::new(), &payload);
    let begun = Clock::machine_now();
    let invocation = Invocation { uri: uri(integration), credentials, source: &source, payload, asynchronous };
    let answer = function::invoke(call, invocation).await.map_err(|fault| uncallable(call, &fault))?;
    tell_answer(call, begun, 200, &Pairs::new(), &answer.payload);
    Ok(answer)
}

/// A function or service that refuses to be called; AWS tells the client nothing more.
fn uncallable(call: &Call<'_>, fault: &kogumo_wire::Fault) -> Failure {
    tracing::warn!("an integration cannot be called: {fault}");
    call.journal.error(|| format!("Execution failed due to configuration error: {}", fault.message));
    Failure::new(&API_CONFIGURATION_ERROR)
}

fn unanswered(call: &Call<'_>, why: &Unanswered) -> Failure {
    match why {
        Unanswered::Malformed => {
            call.journal.error(|| "Execution failed due to configuration error: Invalid endpoint address".to_owned());
            Failure::new(&API_CONFIGURATION_ERROR)
        }
        Unanswered::Unreachable => {
            call.journal.error(|| "Execution failed due to a network error communicating with endpoint".to_owned());
            Failure::new(&INTEGRATION_FAILURE)
        }
    }
}

async fn aws(
    call: &Call<'_>,
    integration: &Integration,
    outgoing: Outgoing,
    sources: Sources<'_>,
) -> Result<Incoming, Failure> {
    let uri = uri(integration);
    if !uri.contains(":lambda:path/") {
        let uri = fill_uri(uri, &outgoing.path, &variables(call));
        tell_request(call, &uri, &outgoing.headers, &outgoing.body);
        let begun = Clock::machine_now();
        let incoming = service_backend::send(call, integration, &uri, outgoing).await?;
        tell_answer(call, begun, incoming.status, &incoming.headers, &incoming.body);
        return Ok(incoming);
    }
    let asynchronous =
        header(&outgoing.headers, "x-amz-invocation-type").is_some_and(|kind| kind.trim_matches('\'') == "Event");
    // A body that is passed through and was never sent is an empty object.
    let payload = if outgoing.body.is_empty() { b"{}".to_vec() } else { outgoing.body };
    let answer = invoke(call, integration, sources, payload, asynchronous).await?;
    Ok(Incoming {
        status: 200,
        error_message: answer.error_message(),
        body: answer.payload.to_vec(),
        ..Incoming::default()
    })
}

fn uri(integration: &Integration) -> &str {
    integration.uri.as_deref().unwrap_or("")
}

fn variables(call: &Call<'_>) -> Strings {
    call.stage.map(|stage| stage.variables.clone()).unwrap_or_default()
}

/// A role or URI with the stage's variables filled in.
pub fn filled(call: &Call<'_>, text: &str) -> String {
    fill_stage_variables(text, &variables(call))
}
