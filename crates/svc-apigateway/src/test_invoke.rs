//! TestInvokeMethod: a request through the API as it is worked on, without authorizers and limits.

use crate::data_plane::call::{self, Call};
use crate::data_plane::journal::Journal;
use crate::data_plane::runtime::Runtime;
use crate::method::find_method;
use crate::resource;
use crate::rest_api::{self, RestApi};
use crate::stage::Stage;
use kogumo_base::Clock;
use kogumo_door::Context;
use kogumo_execute_api::context::{self, Identity};
use kogumo_execute_api::exchange::{Request, Response, parse_query};
use kogumo_execute_api::pattern;
use kogumo_model::apigateway as model;
use kogumo_wire::Fault;
use std::collections::BTreeMap;

/// The name that AWS gives to the stage of such requests.
const STAGE: &str = "test-invoke-stage";

pub async fn test_invoke_method(
    context: Context,
    input: model::TestInvokeMethodRequest,
) -> Result<model::TestInvokeMethodResponse, Fault> {
    let api = rest_api::load(&context.snapshot(), context.scope(), &input.rest_api_id)?;
    let path = resource::find(&api.definition, &input.resource_id)?.path.clone();
    let method = find_method(&api.definition, &input.resource_id, &input.http_method)?.clone();
    let request = read(&input, &path);
    let stage = Stage { name: STAGE.into(), variables: input.stage_variables.unwrap_or_default(), ..Stage::default() };
    let runtime = context.cloud.part::<Runtime>()?;
    let journal = Journal::kept();
    let call = Call {
        cloud: &context.cloud,
        runtime: &runtime,
        scope: context.scope(),
        definition: &api.definition,
        stage: Some(&stage),
        request: &request,
        journal: &journal,
        now: context.now(),
    };
    let described = describe(&context, &api, &stage, &input.resource_id, &path, &request);
    let started = Clock::machine_now();
    let parameters = pattern::matches(&path, &request.path).map(|(_, parameters)| parameters).unwrap_or_default();
    let response = call::test(&call, &method, &parameters, &described).await;
    let latency = Clock::machine_now().0.saturating_sub(started.0);
    Ok(shape(response, &described, journal, latency))
}

fn read(input: &model::TestInvokeMethodRequest, path: &str) -> Request {
    let sent = input.path_with_query_string.clone().filter(|sent| !sent.is_empty()).unwrap_or_else(|| path.to_owned());
    let (sent_path, raw_query) = sent.split_once('?').unwrap_or((&sent, ""));
    let single = input.headers.clone().unwrap_or_default();
    let multiple = input.multi_value_headers.clone().unwrap_or_default();
    let multiple =
        multiple.into_iter().flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
    let method = if input.http_method == "ANY" { "GET" } else { &input.http_method };
    Request {
        method: method.to_owned(),
        path: sent_path.to_owned(),
        sent_path: sent_path.to_owned(),
        query: parse_query(raw_query),
        raw_query: raw_query.to_owned(),
        headers: single.into_iter().chain(multiple).collect(),
        body: input.body.clone().unwrap_or_default().into_bytes(),
        source_ip: "test-invoke-source-ip".into(),
        protocol: "HTTP/1.1".into(),
        ..Request::default()
    }
}

fn describe(
    context: &Context,
    api: &RestApi,
    stage: &Stage,
    resource: &str,
    path: &str,
    request: &Request,
) -> context::Context {
    let now = context.now();
    context::Context {
        account_id: context.scope().account.clone(),
        region: context.scope().region.clone(),
        api_id: api.id.clone(),
        stage: stage.name.clone(),
        stage_variables: stage.variables.clone(),
        domain_name: "testPrefix.testDomainName".into(),
        request_id: kogumo_base::uuid(),
        resource_id: resource.to_owned(),
        resource_path: path.to_owned(),
        http_method: request.method.clone(),
        path: request.path.clone(),
        protocol: request.protocol.clone(),
        request_time: now.format("%d/%b/%Y:%H:%M:%S +0000"),
        request_time_epoch: now.0,
        identity: Identity {
            source_ip: request.source_ip.clone(),
            user_agent: Some(context.caller.user_agent.clone()),
            ..Identity::default()
        },
        ..context::Context::default()
    }
}

fn shape(
    response: Response,
    described: &context::Context,
    journal: Journal,
    latency: i64,
) -> model::TestInvokeMethodResponse {
    let mut multiple: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &response.headers {
        multiple.entry(name.clone()).or_default().push(value.clone());
    }
    let mut log = format!("Execution log for request {}\n", described.request_id);
    for line in journal.all() {
        log += &format!("{} : {line}\n", described.request_time);
    }
    model::TestInvokeMethodResponse {
        status: Some(i32::from(response.status)),
        body: Some(String::from_utf8_lossy(&response.body).into_owned()),
        headers: Some(response.headers.into_iter().collect()),
        multi_value_headers: Some(multiple),
        log: Some(log),
        latency: Some(latency),
    }
}
