//! The data plane of HTTP APIs: finds the API, the stage, the route, and calls its integration.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html>

mod answer;
mod authorize;
mod cors;
mod event;
mod iam;
mod integrate;
mod measure;
mod route;
pub mod runtime;
mod token;

use crate::definition::{Definition, Route};
use crate::stage::{self, Stage};
use crate::{api, deployment};
use kogumo_base::{Clock, Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Cloud, Incoming, Names, Surface};
use kogumo_execute_api::access_log;
use kogumo_execute_api::address::{self, Address};
use kogumo_execute_api::arrival::{self, Unread};
use kogumo_execute_api::context::Context;
use kogumo_execute_api::domain::{self, Way};
use kogumo_execute_api::exchange::{Pairs, Request, Response};
use kogumo_wire::Body;
use runtime::Runtime;
use std::sync::Arc;

/// Requests at once, of an account in a region.
const BURST_LIMIT: i32 = 5_000;
/// Requests a second, of an account in a region.
const RATE_LIMIT: f64 = 10_000.0;

/// Names of customers' own that lead to HTTP APIs.
pub const NAMES: Names = Names { has: domain::has, claims: claims_name, serve: serve_name };

fn claims_name(cloud: &Cloud, incoming: &Incoming) -> bool {
    matches!(domain::way(cloud, incoming), Way::To(address) if !address.is_rest())
}

fn serve_name(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<http::Response<Body>> {
    Box::pin(async move {
        let address = match domain::way(&cloud, &incoming) {
            Way::To(address) => Some(address),
            Way::Foreign | Way::Nowhere => None,
        };
        respond(&cloud, address, incoming).await
    })
}

pub fn surface() -> Surface {
    Surface { name: "execute-api (HTTP APIs)", claims, serve }
}

fn claims(incoming: &Incoming) -> bool {
    address::parse(&incoming.host, &incoming.request.path).is_some_and(|address| !address.is_rest())
}

/// A refusal of the API itself: a status, AWS's message, and what `www-authenticate` says of a token.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal(pub u16, pub &'static str, pub Option<String>);

pub const NOT_FOUND: Refusal = Refusal(404, "Not Found", None);
pub const FORBIDDEN: Refusal = Refusal(403, "Forbidden", None);
pub const UNAUTHORIZED: Refusal = Refusal(401, "Unauthorized", None);
pub const INTERNAL: Refusal = Refusal(500, "Internal Server Error", None);
pub const UNAVAILABLE: Refusal = Refusal(503, "Service Unavailable", None);
const TOO_LARGE: Refusal = Refusal(413, "Request Entity Too Large", None);
const THROTTLED: Refusal = Refusal(429, "Too Many Requests", None);
const BAD_REQUEST: Refusal = Refusal(400, "Bad Request", None);

impl Refusal {
    fn response(&self) -> Response {
        Response {
            status: self.0,
            headers: vec![("content-type".into(), "application/json".into())],
            body: serde_json::json!({"message": self.1}).to_string().into_bytes(),
        }
    }
}

/// What a request meets on its way.
pub struct Call<'a> {
    pub cloud: &'a Arc<Cloud>,
    pub runtime: &'a Runtime,
    /// The API's home.
    pub scope: &'a Scope,
    pub definition: &'a Definition,
    pub stage: &'a Stage,
    pub request: &'a Request,
    pub route: &'a Route,
    pub path_parameters: &'a Pairs,
    /// With the stage, unless it is `$default`.
    pub raw_path: &'a str,
    pub now: Timestamp,
}

impl Call<'_> {
    /// The ARN of what is called, with the path as sent.
    fn route_arn(&self, context: &Context) -> String {
        let Scope { account, region } = self.scope;
        let path = self.raw_path.trim_start_matches('/');
        format!(
            "arn:aws:execute-api:{region}:{account}:{}/{}/{}/{path}",
            context.api_id, context.stage, self.request.method
        )
    }
}

fn serve(cloud: Arc<Cloud>, incoming: Incoming) -> BoxFuture<http::Response<Body>> {
    Box::pin(async move {
        let address = address::parse(&incoming.host, &incoming.request.path);
        respond(&cloud, address, incoming).await
    })
}

async fn respond(cloud: &Arc<Cloud>, address: Option<Address>, incoming: Incoming) -> http::Response<Body> {
    let request_id =
        kogumo_base::random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 15) + "=";
    let response = match address {
        Some(address) => answer(cloud, address, incoming, &request_id).await,
        None => Ok((NOT_FOUND.response(), None)),
    };
    let (response, challenge) = response.unwrap_or_else(|trouble| {
        tracing::error!("{trouble}");
        (INTERNAL.response(), None)
    });
    let mut own = vec![("apigw-requestid", request_id.as_str())];
    own.extend(challenge.as_deref().map(|challenge| ("www-authenticate", challenge)));
    arrival::to_http(response, &own)
}

/// The response, and what `www-authenticate` says if a token was refused.
type Answered = (Response, Option<String>);

async fn answer(cloud: &Arc<Cloud>, address: Address, incoming: Incoming, id: &str) -> Result<Answered, Trouble> {
    let (now, begun) = (cloud.clock.now(), Clock::machine_now());
    let runtime = cloud.part::<Runtime>()?;
    let Some((scope, address, stage, definition)) = find(cloud, address)? else {
        return Ok((NOT_FOUND.response(), None));
    };
    let (mut request, whole) = arrival::read(&address, &scope, incoming).await;
    // HTTP APIs hand header names on in lower case.
    request.headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
    match whole {
        Ok(()) => {}
        Err(Unread::TooLarge) => return Ok((TOO_LARGE.response(), None)),
        Err(Unread::BrokenOff) => return Ok((BAD_REQUEST.response(), None)),
    }
    if let Some(preflight) = definition.cors.as_ref().and_then(|cors| cors::preflight(cors, &request)) {
        return Ok((preflight, None));
    }
    let whole_path = stage.name != "$default" || address.front.is_some();
    let raw_path = if whole_path { address.full_path() } else { address.path.clone() };
    let mut context = Context {
        request_id: id.to_owned(),
        stage: stage.name.clone(),
        stage_variables: stage.variables.clone(),
        path: raw_path.clone(),
        ..arrival::describe(&address, &scope, &request, now)
    };
    let mut challenge = None;
    let mut response = match route::route(&definition, &request.method, &request.path) {
        None => NOT_FOUND.response(),
        Some((route, path_parameters)) => {
            context.resource_path = route.key.split_once(' ').map_or("$default", |(_, path)| path).to_owned();
            context.resource_id.clone_from(&route.key);
            let call = Call {
                cloud,
                runtime: &runtime,
                scope: &scope,
                definition: &definition,
                stage: &stage,
                request: &request,
                route,
                path_parameters: &path_parameters,
                raw_path: &raw_path,
                now,
            };
            pass(&call, &mut context).await.unwrap_or_else(|refusal| {
                challenge.clone_from(&refusal.2);
                refusal.response()
            })
        }
    };
    if let Some(cors) = &definition.cors {
        cors::decorate(cors, &request, &mut response);
    }
    context.latency = Clock::machine_now().0.saturating_sub(begun.0);
    let (sets, measures) = (measure::dimensions(&stage, &context), measure::measures(&request, &response, &context));
    runtime.meter.note(cloud, &scope, now, sets, &measures);
    if let Some(line) = stage.access_log.as_ref().and_then(|log| access_log::line(log, &request, &response, &context)) {
        access_log::write(cloud, &scope, &address.api_id, &stage.name, line, now);
    }
    Ok((response, challenge))
}

async fn pass(call: &Call<'_>, context: &mut Context) -> Result<Response, Refusal> {
    throttle(call, context)?;
    authorize::authorize(call, context).await?;
    let begun = Clock::machine_now();
    let answer = integrate::integrate(call, context).await;
    context.integration_latency = Some(Clock::machine_now().0.saturating_sub(begun.0));
    answer
}

fn throttle(call: &Call<'_>, context: &Context) -> Result<(), Refusal> {
    let own = call.stage.throttles.get(&call.route.key);
    let default = &call.stage.default_throttle;
    let rate = own.and_then(|own| own.rate).or(default.rate).unwrap_or(RATE_LIMIT);
    let burst = own.and_then(|own| own.burst).or(default.burst).unwrap_or(BURST_LIMIT);
    let bucket = format!("{}/{}/{}", context.api_id, call.stage.name, call.route.key);
    if call.runtime.buckets.take(&bucket, rate, f64::from(burst), call.now) { Ok(()) } else { Err(THROTTLED) }
}

/// The API's home, its stage and what the stage serves; the address is corrected where the first
/// segment of its path is no stage but belongs to the path of `$default`.
fn find(cloud: &Cloud, address: Address) -> Result<Option<(Scope, Address, Stage, Definition)>, Trouble> {
    let trouble = |fault: kogumo_wire::Fault| Trouble::new(fault.to_string());
    let snapshot = cloud.store.read();
    let Some(scope) = api::home(&snapshot, &address.api_id)? else { return Ok(None) };
    let id = address.api_id.clone();
    let named = match address.stage.as_str() {
        "" => None,
        name => stage::find(&snapshot, &scope, &id, name).map_err(trouble)?,
    };
    let (address, stage) = match named {
        Some(stage) => (address, stage),
        None => match stage::find(&snapshot, &scope, &id, "$default").map_err(trouble)? {
            Some(stage) => {
                let path = if address.stage.is_empty() { address.path.clone() } else { address.full_path() };
                (Address { path, stage: "$default".into(), ..address }, stage)
            }
            None => return Ok(None),
        },
    };
    let api = api::load(&snapshot, &scope, &id).map_err(trouble)?;
    if api.disable_execute_api_endpoint && address.front.is_none() {
        return Ok(None);
    }
    let definition = match (&stage.deployment_id, stage.auto_deploy) {
        (_, true) => api.definition,
        (Some(deployment), false) => {
            let frozen = deployment::load(&snapshot, &scope, &id, deployment).map_err(trouble)?;
            Definition { cors: api.definition.cors, ..frozen.definition }
        }
        (None, false) => return Ok(None),
    };
    Ok(Some((scope, address, stage, definition)))
}
