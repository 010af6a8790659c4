//! The surface of REST APIs: finds the API, the stage and its deployment, and lets the request pass.

use super::call::{self, Call};
use super::compress::compress;
use super::failure::{API_CONFIGURATION_ERROR, BAD_REQUEST_BODY, Failure, INVALID_API_KEY, REQUEST_TOO_LARGE};
use super::journal::{self, Journal};
use super::runtime::Runtime;
use super::{limits, measure};
use crate::definition::Definition;
use crate::{deployment, rest_api, stage};
use kogumo_base::{Clock, Trouble};
use kogumo_door::{BoxFuture, Cloud, Incoming, Names, Surface};
use kogumo_execute_api::access_log;
use kogumo_execute_api::address::{self, Address};
use kogumo_execute_api::arrival::{self, Unread};
use kogumo_execute_api::context::Context;
use kogumo_execute_api::domain::{self, Way};
use kogumo_execute_api::exchange::{Request, Response};
use kogumo_wire::Body;
use std::sync::Arc;

/// Names of customers' own that lead to REST APIs, and those that lead nowhere.
pub const NAMES: Names = Names { has: domain::has, claims: claims_name, serve: serve_name };

fn claims_name(cloud: &Cloud, incoming: &Incoming) -> bool {
    match domain::way(cloud, incoming) {
        Way::Foreign => false,
        Way::Nowhere => true,
        Way::To(address) => address.is_rest(),
    }
}

fn serve_name(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<http::Response<Body>> {
    Box::pin(async move {
        match domain::way(&cloud, &incoming) {
            Way::To(address) => respond(&cloud, address, incoming).await,
            Way::Foreign | Way::Nowhere => to_http(nowhere(), &Context::default()),
        }
    })
}

pub fn surface() -> Surface {
    Surface { name: "execute-api (REST APIs)", claims, serve }
}

fn claims(incoming: &Incoming) -> bool {
    address::parse(&incoming.host, &incoming.request.path).is_some_and(|address| address.is_rest())
}

fn serve(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<http::Response<Body>> {
    Box::pin(async move {
        let Some(address) = address::parse(&incoming.host, &incoming.request.path) else {
            return to_http(nowhere(), &Context::default());
        };
        respond(&cloud, address, incoming).await
    })
}

async fn respond(cloud: &Arc<Cloud>, address: Address, incoming: Incoming) -> http::Response<Body> {
    match answer(cloud, address, incoming).await {
        Ok((response, context)) => to_http(response, &context),
        Err(trouble) => {
            tracing::error!("{trouble}");
            to_http(plain(&Failure::new(&API_CONFIGURATION_ERROR)), &Context::default())
        }
    }
}

fn to_http(response: Response, context: &Context) -> http::Response<Body> {
    let ids = [("x-amzn-requestid", context.request_id.as_str()), ("x-amz-apigw-id", &context.extended_request_id)];
    arrival::to_http(response, &ids)
}

/// A failure of no API in particular.
fn plain(failure: &Failure) -> Response {
    failure.response(&Definition::default(), &Request::default(), &Context::default())
}

/// No such API or stage: AWS says that it is forbidden.
fn nowhere() -> Response {
    plain(&Failure::new(&INVALID_API_KEY))
}

async fn answer(cloud: &Arc<Cloud>, address: Address, incoming: Incoming) -> Result<(Response, Context), Trouble> {
    let (now, begun) = (cloud.clock.now(), Clock::machine_now());
    let runtime = cloud.part::<Runtime>()?;
    let snapshot = cloud.store.read();
    let Some(scope) = rest_api::home(&snapshot, &address.api_id)? else { return Ok((nowhere(), Context::default())) };
    let stage = stage::find(&snapshot, &scope, &address.api_id, &address.stage).map_err(trouble)?;
    let Some(stage) = stage else { return Ok((nowhere(), Context::default())) };
    let load = || deployment::load(&snapshot, &scope, &address.api_id, &stage.deployment_id);
    let deployment = runtime.deployment(&address.api_id, &stage.deployment_id, load).map_err(trouble)?;
    let api_name = rest_api::load(&snapshot, &scope, &address.api_id).map_err(trouble)?.name;
    drop(snapshot);
    if deployment.definition.disable_execute_api_endpoint && address.front.is_none() {
        return Ok((nowhere(), Context::default()));
    }
    let (mut request, whole) = arrival::read(&address, &scope, incoming).await;
    let trace_id = stage.tracing_enabled.then(|| trace(&mut request));
    let journal = Journal::of(&stage);
    let mut context = Context {
        trace_id,
        stage: stage.name.clone(),
        stage_variables: stage.variables.clone(),
        deployment_id: stage.deployment_id.clone(),
        ..arrival::describe(&address, &scope, &request, now)
    };
    let definition = &deployment.definition;
    let mut response = match whole {
        Ok(()) => {
            let (scope, stage, request) = (&scope, Some(&stage), &request);
            let call = Call { cloud, runtime: &runtime, scope, definition, stage, request, journal: &journal, now };
            call::answer(&call, &mut context).await
        }
        Err(unread) => failure(&unread).response(definition, &request, &context),
    };
    context.latency = Clock::machine_now().0.saturating_sub(begun.0);
    let settings = limits::settings(&stage, &context.resource_path, &context.http_method);
    let sets = measure::dimensions(&api_name, settings, &context);
    runtime.meter.note(cloud, &scope, now, sets, &measure::measures(response.status, &context));
    let lines = journal.lines(settings, &context.request_id);
    if !lines.is_empty() {
        journal::write(cloud, &scope, (&address.api_id, &stage.name), &runtime.log_stream, lines, now);
    }
    if let Some(line) = stage.access_log.as_ref().and_then(|log| access_log::line(log, &request, &response, &context)) {
        access_log::write(cloud, &scope, &address.api_id, &stage.name, line, now);
    }
    compress(definition.minimum_compression_size, &request, &mut response);
    Ok((response, context))
}

/// Has a request traced: what it calls is told so, and `$context.xrayTraceId` tells under which id.
fn trace(request: &mut Request) -> String {
    let trace = request.headers.iter_mut().find(|(name, _)| name == "X-Amzn-Trace-Id");
    trace.map_or_else(String::new, |(_, trace)| {
        let root = trace.trim_start_matches("Root=").to_owned();
        trace.push_str(";Sampled=1");
        root
    })
}

fn failure(unread: &Unread) -> Failure {
    match unread {
        Unread::TooLarge => Failure::new(&REQUEST_TOO_LARGE),
        Unread::BrokenOff => Failure::saying(&BAD_REQUEST_BODY, "The request's body broke off"),
    }
}

fn trouble(fault: kogumo_wire::Fault) -> Trouble {
    Trouble::new(fault.to_string())
}
