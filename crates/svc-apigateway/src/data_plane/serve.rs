//! The surface: HTTP requests to APIs become [`Request`]s, [`Response`]s become HTTP.

use super::address::{self, Address};
use super::call::{self, Call};
use super::context::{Context, Identity};
use super::exchange::{Pairs, Request, Response};
use super::failure::{API_CONFIGURATION_ERROR, BAD_REQUEST_BODY, Failure, INVALID_API_KEY, REQUEST_TOO_LARGE};
use super::runtime::Runtime;
use crate::definition::Definition;
use crate::{deployment, rest_api, stage};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use kogumo_base::{Scope, Trouble};
use kogumo_door::{BoxFuture, Cloud, Incoming, Surface};
use kogumo_wire::Body;
use std::sync::Arc;

/// The largest payload of a request: 10 MB.
const MAX_PAYLOAD: usize = 10 << 20;
/// Bytes of a payload that are read before the connection is given up.
const MAX_DISCARDED: usize = 100 << 20;

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
        match answer(&cloud, address, incoming).await {
            Ok((response, context)) => to_http(response, &context),
            Err(trouble) => {
                tracing::error!("{trouble}");
                let (request, context) = (Request::default(), Context::default());
                let failure = Failure::new(&API_CONFIGURATION_ERROR);
                to_http(failure.response(&Definition::default(), &request, &context), &context)
            }
        }
    })
}

/// No such API or stage: AWS says that it is forbidden.
fn nowhere() -> Response {
    Failure::new(&INVALID_API_KEY).response(&Definition::default(), &Request::default(), &Context::default())
}

async fn answer(cloud: &Arc<Cloud>, address: Address, incoming: Incoming) -> Result<(Response, Context), Trouble> {
    let now = cloud.clock.now();
    let runtime = cloud.part::<Runtime>()?;
    let mut context = Context { request_id: kogumo_base::uuid(), ..Context::default() };
    let snapshot = cloud.store.read();
    let Some(scope) = rest_api::home(&snapshot, &address.api_id)? else { return Ok((nowhere(), context)) };
    let stage = stage::find(&snapshot, &scope, &address.api_id, &address.stage).map_err(trouble)?;
    let Some(stage) = stage else { return Ok((nowhere(), context)) };
    let load = || deployment::load(&snapshot, &scope, &address.api_id, &stage.deployment_id);
    let deployment = runtime.deployment(&address.api_id, &stage.deployment_id, load).map_err(trouble)?;
    drop(snapshot);
    let (request, whole) = read(&address, &scope, incoming).await;
    describe(&mut context, &address, &scope, &stage, &request, now);
    let definition = &deployment.definition;
    let response = match whole {
        Ok(()) => {
            let call = Call {
                cloud,
                runtime: &runtime,
                scope: &scope,
                definition,
                stage: Some(&stage),
                request: &request,
                now,
            };
            call::answer(&call, &mut context).await
        }
        Err(failure) => failure.response(definition, &request, &context),
    };
    Ok((response, context))
}

fn trouble(fault: kogumo_wire::Fault) -> Trouble {
    Trouble::new(fault.to_string())
}

/// Reads a request with its body, or what is wrong with the body.
async fn read(address: &Address, scope: &Scope, incoming: Incoming) -> (Request, Result<(), Failure>) {
    let Incoming { request: sent, raw_query, peer, tls, host } = incoming;
    let mut headers = client_headers(&sent.headers);
    let domain =
        if address.by_host { host } else { format!("{}.execute-api.{}.amazonaws.com", address.api_id, scope.region) };
    if !headers.iter().any(|(name, _)| name == "Host") {
        headers.push(("Host".into(), domain));
    }
    let trace = format!("Root=1-{}-{}", kogumo_base::hex_id(8), kogumo_base::hex_id(24));
    for (name, value) in [
        ("X-Amzn-Trace-Id", trace),
        ("X-Forwarded-For", peer.ip().to_string()),
        ("X-Forwarded-Port", if tls { "443" } else { "80" }.to_owned()),
        ("X-Forwarded-Proto", if tls { "https" } else { "http" }.to_owned()),
    ] {
        headers.retain(|(known, _)| known != name);
        headers.push((name.to_owned(), value));
    }
    let mut request = Request {
        method: sent.method.to_string(),
        path: address.path.clone(),
        sent_path: sent.path,
        query: super::exchange::parse_query(&raw_query),
        raw_query,
        headers,
        body: Vec::new(),
        source_ip: peer.ip().to_string(),
        protocol: "HTTP/1.1".to_owned(),
    };
    let whole = collect(sent.body).await.map(|body| request.body = body);
    (request, whole)
}

/// The whole payload. One that is too large is read on for a while, so that a client that sends
/// before it listens hears why.
async fn collect(mut body: Body) -> Result<Vec<u8>, Failure> {
    let mut whole = Vec::new();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|why| {
            tracing::debug!("a request to an API broke off: {why}");
            Failure::saying(&BAD_REQUEST_BODY, "The request's body broke off")
        })?;
        length += chunk.len();
        if length <= MAX_PAYLOAD {
            whole.extend_from_slice(&chunk);
        } else if length > MAX_DISCARDED {
            break;
        }
    }
    if length > MAX_PAYLOAD { Err(Failure::new(&REQUEST_TOO_LARGE)) } else { Ok(whole) }
}

/// The client's headers but for those of its connection. Names get the case that clients write
/// them in, which functions look them up by; HTTP itself does not keep it.
fn client_headers(headers: &http::HeaderMap) -> Pairs {
    const CONNECTION: [&str; 7] =
        ["connection", "content-length", "transfer-encoding", "keep-alive", "expect", "upgrade", "te"];
    let kept = headers.iter().filter(|(name, _)| !CONNECTION.contains(&name.as_str()));
    kept.map(|(name, value)| (title_case(name.as_str()), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn title_case(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let cased = if start { c.to_ascii_uppercase() } else { c };
        start = c == '-';
        cased
    };
    name.chars().map(letter).collect()
}

fn describe(
    context: &mut Context,
    address: &Address,
    scope: &Scope,
    stage: &stage::Stage,
    request: &Request,
    now: kogumo_base::Timestamp,
) {
    context.account_id.clone_from(&scope.account);
    context.region.clone_from(&scope.region);
    context.api_id.clone_from(&address.api_id);
    context.stage.clone_from(&stage.name);
    context.stage_variables.clone_from(&stage.variables);
    context.deployment_id.clone_from(&stage.deployment_id);
    context.path = address.full_path();
    context.http_method.clone_from(&request.method);
    context.protocol.clone_from(&request.protocol);
    context.extended_request_id =
        kogumo_base::random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 15) + "=";
    context.request_time = now.format("%d/%b/%Y:%H:%M:%S +0000");
    context.request_time_epoch = now.0;
    context.domain_name = match request.header("host") {
        Some(host) if address.by_host => host.split(':').next().unwrap_or(host).to_owned(),
        _ => format!("{}.execute-api.{}.amazonaws.com", address.api_id, scope.region),
    };
    context.identity = Identity {
        source_ip: request.source_ip.clone(),
        user_agent: request.header("user-agent").map(str::to_owned),
        ..Identity::default()
    };
}

/// Headers that API Gateway keeps for itself; a backend's come under another name.
const REMAPPED: [&str; 8] =
    ["connection", "content-length", "date", "host", "server", "upgrade", "user-agent", "www-authenticate"];

fn to_http(response: Response, context: &Context) -> http::Response<Body> {
    let mut out = http::Response::new(Body::from(Bytes::from(response.body)));
    *out.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            out.headers_mut().append(name, value);
        }
    };
    for (name, value) in &response.headers {
        let lower = name.to_ascii_lowercase();
        if lower == "transfer-encoding" {
            continue;
        }
        match REMAPPED.contains(&lower.as_str()) {
            true => put(&format!("x-amzn-remapped-{lower}"), value),
            false => put(&lower, value),
        }
    }
    put("x-amzn-requestid", &context.request_id);
    put("x-amz-apigw-id", &context.extended_request_id);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_headers_look_as_clients_write_them() {
        assert_eq!(title_case("x-api-key"), "X-Api-Key");
        assert_eq!(title_case("content-type"), "Content-Type");
    }

    #[test]
    fn headers_of_the_connection_are_remapped() {
        let headers = [("Server", "mine"), ("X-A", "1"), ("bad name", "x")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let response = Response { status: 200, headers: headers.to_vec(), body: Vec::new() };
        let out = to_http(response, &Context::default());
        assert_eq!(out.headers().get("x-amzn-remapped-server").and_then(|v| v.to_str().ok()), Some("mine"));
        assert_eq!(out.headers().get("x-a").and_then(|v| v.to_str().ok()), Some("1"));
        assert!(out.headers().get("server").is_none());
    }
}
