//! Access logs of stages: one line for each request, into a group of CloudWatch Logs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>

use crate::context::Context;
use crate::exchange::{Request, Response};
use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Caller, Client, Cloud};
use kogumo_model::logs::{
    CreateLogStream, CreateLogStreamRequest, InputLogEvent, PutLogEvents, PutLogEventsRequest,
    RESOURCE_ALREADY_EXISTS_EXCEPTION,
};
use kogumo_vtl::Template;
use kogumo_vtl::api_gateway::Mapping;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// A line that is to be written.
pub struct Line {
    /// The log group.
    pub group: String,
    pub text: String,
}

/// The settings of a stage.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AccessLog {
    /// With variables of `$context`.
    pub format: Option<String>,
    /// The ARN of a log group.
    pub destination_arn: Option<String>,
}

/// The line of a request; none where the stage keeps no log.
pub fn line(log: &AccessLog, request: &Request, response: &Response, context: &Context) -> Option<Line> {
    let group = log.destination_arn.as_deref()?.split_once(":log-group:")?.1.trim_end_matches(":*").to_owned();
    let template = Template::parse(log.format.as_deref()?).ok()?;
    let mapping = Mapping { context: variables(request, response, context), ..Mapping::default() };
    Some(Line { group, text: mapping.render(&template).ok()?.text })
}

/// `$context` as access logs know it: what is unknown is a dash.
fn variables(request: &Request, response: &Response, context: &Context) -> Map<String, Json> {
    let mut variables = context.template_context();
    if let Some(Json::Object(identity)) = variables.get_mut("identity") {
        for name in ["caller", "user", "userAgent", "userArn"] {
            identity.entry(name).or_insert_with(|| json!("-"));
        }
    }
    variables.insert("status".into(), json!(response.status));
    variables.insert("responseLength".into(), json!(response.body.len()));
    variables.insert("responseLatency".into(), json!(context.latency));
    let unless_called = || json!("-");
    variables
        .insert("integrationLatency".into(), context.integration_latency.map_or_else(unless_called, |it| json!(it)));
    variables.insert("routeKey".into(), json!(context.resource_id));
    variables.insert("protocol".into(), json!(request.protocol));
    variables
}

/// Writes a line without keeping the client waiting.
pub fn write(cloud: &Arc<Cloud>, scope: &Scope, api: &str, stage: &str, line: Line, now: Timestamp) {
    let client = Client::new(Arc::clone(cloud), Caller::service("apigateway.amazonaws.com", scope.clone()));
    let stream = format!("{api}/{stage}/{}", now.format("%Y-%m-%d"));
    tokio::spawn(async move {
        if let Err(fault) = put(&client, line.group, stream, vec![line.text], now).await {
            tracing::warn!("an access log cannot be written: {fault}");
        }
    });
}

/// Puts lines into a stream of a group; the stream is made if it is not there.
///
/// # Errors
/// There is no such group.
pub async fn put(
    client: &Client,
    group: String,
    stream: String,
    lines: Vec<String>,
    now: Timestamp,
) -> Result<(), Fault> {
    let made = client
        .call::<CreateLogStream>(CreateLogStreamRequest {
            log_group_name: group.clone(),
            log_stream_name: stream.clone(),
        })
        .await;
    match made {
        Err(fault) if !fault.is(&RESOURCE_ALREADY_EXISTS_EXCEPTION) => return Err(fault),
        _ => {}
    }
    let input = PutLogEventsRequest {
        log_group_name: group,
        log_stream_name: stream,
        log_events: lines.into_iter().map(|message| InputLogEvent { timestamp: now.0, message }).collect(),
        ..PutLogEventsRequest::default()
    };
    client.call::<PutLogEvents>(input).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_happened() {
        let log = AccessLog {
            format: Some("$context.httpMethod $context.status $context.identity.user".into()),
            destination_arn: Some("arn:aws:logs:us-east-1:000000000000:log-group:/api/x:*".into()),
        };
        let context = Context { http_method: "GET".into(), ..Context::default() };
        let response = Response { status: 403, ..Response::default() };
        let line = line(&log, &Request::default(), &response, &context).expect("a line");
        assert_eq!((line.group.as_str(), line.text.as_str()), ("/api/x", "GET 403 -"));
    }
}
