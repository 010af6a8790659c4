//! The call of an integration: Lambda, another service of AWS, HTTP, or nothing at all.

use super::call::Call;
use super::failure::{API_CONFIGURATION_ERROR, Failure, INTEGRATION_FAILURE, INTEGRATION_TIMEOUT};
use super::function::{self, Invocation};
use super::mapping::Sources;
use super::service_backend;
use super::transform::{self, Incoming, fill_stage_variables, fill_uri};
use crate::definition::{Integration, Method, Strings};
use kogumo_execute_api::backend::{Outgoing, Unanswered, send};
use kogumo_execute_api::exchange::{Response, header};
use kogumo_execute_api::proxy;
use std::time::Duration;

/// Sends a request to the method's integration and makes the client's response of the answer.
pub async fn integrate(call: &Call<'_>, method: &Method, sources: Sources<'_>) -> Result<Response, Failure> {
    let integration = method.integration.as_ref().ok_or_else(|| Failure::new(&API_CONFIGURATION_ERROR))?;
    let limit = Duration::from_millis(u64::try_from(integration.timeout_in_millis).unwrap_or(29_000));
    match tokio::time::timeout(limit, run(call, method, integration, sources)).await {
        Ok(result) => result,
        Err(_) => Err(Failure::new(&INTEGRATION_TIMEOUT)),
    }
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
            let answer = send(method, &uri, outgoing).await.map_err(unanswered)?;
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
    if answer.error_message().is_some() {
        return Err(Failure::bad_gateway());
    }
    proxy::read_answer(&answer.payload, call.request.header("accept"), binary).map_err(|_| Failure::bad_gateway())
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
    let invocation = Invocation { uri: uri(integration), credentials, source: &source, payload, asynchronous };
    function::invoke(call, invocation).await.map_err(uncallable)
}

/// A function or service that refuses to be called; AWS tells the client nothing more.
fn uncallable(fault: kogumo_wire::Fault) -> Failure {
    tracing::warn!("an integration cannot be called: {fault}");
    Failure::new(&API_CONFIGURATION_ERROR)
}

fn unanswered(why: Unanswered) -> Failure {
    match why {
        Unanswered::Malformed => Failure::new(&API_CONFIGURATION_ERROR),
        Unanswered::Unreachable => Failure::new(&INTEGRATION_FAILURE),
        Unanswered::NotBuilt => {
            Failure::saying(&INTEGRATION_FAILURE, "HTTP integrations over TLS are not implemented by Kogumo")
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
        return service_backend::send(call, integration, &uri, outgoing).await;
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
