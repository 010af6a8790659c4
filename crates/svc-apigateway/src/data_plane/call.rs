//! One request on its way through an API: route, may it, how often, is it valid, the integration.

use super::failure::{Failure, MISSING_AUTHENTICATION_TOKEN};
use super::journal::{self, Journal};
use super::mapping::Sources;
use super::route::route;
use super::runtime::Runtime;
use super::{authorize, backend, limits, resource_policy, validate};
use crate::definition::{Definition, Method};
use crate::stage::Stage;
use kogumo_base::{Clock, Scope, Timestamp};
use kogumo_door::Cloud;
use kogumo_execute_api::context::Context;
use kogumo_execute_api::exchange::{Pairs, Request, Response};
use std::sync::Arc;

/// What a request meets on its way.
pub struct Call<'a> {
    pub cloud: &'a Arc<Cloud>,
    pub runtime: &'a Runtime,
    /// The API's home.
    pub scope: &'a Scope,
    pub definition: &'a Definition,
    /// None in a test of a method that is not deployed.
    pub stage: Option<&'a Stage>,
    pub request: &'a Request,
    pub journal: &'a Journal,
    pub now: Timestamp,
}

impl Call<'_> {
    /// The ARN of the method that is called, with the path as sent.
    pub fn method_arn(&self, context: &Context) -> String {
        let Scope { account, region } = self.scope;
        let path = self.request.path.trim_start_matches('/');
        format!(
            "arn:aws:execute-api:{region}:{account}:{}/{}/{}/{path}",
            context.api_id, context.stage, self.request.method
        )
    }
}

/// Answers a request. Failures become gateway responses.
pub async fn answer(call: &Call<'_>, context: &mut Context) -> Response {
    let id = &context.extended_request_id;
    call.journal.step(|| format!("Extended Request Id: {id}"));
    let passed = pass(call, context).await;
    conclude(call, passed, context)
}

/// The client's response, and the end of the log.
fn conclude(call: &Call<'_>, passed: Result<Response, Failure>, context: &Context) -> Response {
    match passed {
        Ok(response) => {
            call.journal.close(&response);
            response
        }
        Err(failure) => {
            let response = failure.response(call.definition, call.request, context);
            call.journal.refuse(failure.kind.name, &response);
            response
        }
    }
}

async fn pass(call: &Call<'_>, context: &mut Context) -> Result<Response, Failure> {
    let route = route(call.definition, &call.request.method, &call.request.path);
    let route = route.ok_or_else(|| Failure::new(&MISSING_AUTHENTICATION_TOKEN))?;
    context.resource_id.clone_from(&route.resource.id);
    context.resource_path.clone_from(&route.resource.path);
    resource_policy::check(call, context)?;
    let identifier = authorize::authorize(call, route.method, &route.parameters, context).await?;
    limits::check(call, route.method, identifier.as_deref(), context)?;
    describe(call, &route.parameters, context);
    validate::validate(call.definition, route.method, call.request, &route.parameters)?;
    let begun = Clock::machine_now();
    let answer = integrate(call, route.method, &route.parameters, context).await;
    context.integration_latency = Some(Clock::machine_now().0.saturating_sub(begun.0));
    answer
}

/// Tells the log what the client sent.
fn describe(call: &Call<'_>, path: &Pairs, context: &Context) {
    let (request, journal) = (call.request, call.journal);
    journal.step(|| format!("Starting execution for request: {}", context.request_id));
    journal.step(|| format!("HTTP Method: {}, Resource Path: {}", request.method, context.resource_path));
    journal.data(|| format!("Method request path: {}", journal::headers(path)));
    journal.data(|| format!("Method request query string: {}", journal::headers(&request.query)));
    journal.data(|| format!("Method request headers: {}", journal::headers(&request.headers)));
    journal.data(|| format!("Method request body before transformations: {}", journal::text(&request.body)));
}

async fn integrate(call: &Call<'_>, method: &Method, path: &Pairs, context: &Context) -> Result<Response, Failure> {
    let request = call.request;
    let sources = Sources {
        path,
        query: &request.query,
        headers: &request.headers,
        body: &request.body,
        context,
        response: None,
    };
    backend::integrate(call, method, sources).await
}

/// A request to a method that is tested: validated, sent to its integration, nothing else.
pub async fn test(call: &Call<'_>, method: &Method, path: &Pairs, context: &Context) -> Response {
    describe(call, path, context);
    let passed = match validate::validate(call.definition, method, call.request, path) {
        Ok(()) => integrate(call, method, path, context).await,
        Err(failure) => Err(failure),
    };
    conclude(call, passed, context)
}
