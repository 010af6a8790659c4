//! The part of the port that answers function URLs: `http://<id>.lambda-url.<region>.localhost:4566/…`.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};
use kogumo_base::{Clock, Scope};
use kogumo_door::{BoxFuture, Caller, Cloud, Context, Incoming, Principal, Surface};
use kogumo_model::lambda::TOO_MANY_REQUESTS_EXCEPTION;
use kogumo_sigv4::{Authentication, BodyHash, Rules, SigningKey};
use kogumo_wire::{Body, Uncollected};

use crate::invoke::{self, SYNCHRONOUS_LIMIT};
use crate::permit;
use crate::run;
use crate::url::{self, Url};
use crate::url_event::{Request, Response, Signer, cors, event, response};

pub fn surface() -> Surface {
    Surface { name: "function URLs", claims: |incoming| address(&incoming.host).is_some(), serve }
}

/// The URL's id and region out of a host name.
fn address(host: &str) -> Option<(&str, &str)> {
    let mut labels = host.split('.');
    let id = labels.next()?;
    if labels.next()? != "lambda-url" {
        return None;
    }
    let region = labels.next()?;
    // `localhost`, `on.aws`, `amazonaws.com`: whatever leads here.
    labels.next().map(|_| (id, region))
}

fn serve(cloud: Arc<Cloud>, mut incoming: Incoming) -> BoxFuture<http::Response<Body>> {
    Box::pin(async move {
        let origin = incoming.request.header("origin").map(str::to_owned);
        let answered = match find(&cloud, &incoming) {
            Ok((target, url)) => {
                let preflight = incoming.request.method == Method::OPTIONS && origin.is_some();
                let granted = match (&url.cors, &origin) {
                    (Some(rules), Some(origin)) => cors(rules, origin, preflight),
                    _ => http::HeaderMap::new(),
                };
                let mut answer = match preflight && url.cors.is_some() {
                    true => Response::plain(StatusCode::OK, ""),
                    false => answer(&cloud, &mut incoming, target, &url).await.unwrap_or_else(|refused| refused),
                };
                answer.headers.extend(granted);
                answer
            }
            Err(refused) => refused,
        };
        let mut out = http::Response::new(Body::from(kogumo_wire::Bytes::from(answered.body)));
        *out.status_mut() = answered.status;
        *out.headers_mut() = answered.headers;
        out
    })
}

fn forbidden() -> Response {
    let why = "{\"Message\":\"Forbidden. For troubleshooting Function URL authorization issues, see: \
               https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html\"}";
    let mut refused = Response::plain(StatusCode::FORBIDDEN, why);
    refused.headers.insert("x-amzn-errortype", HeaderValue::from_static("AccessDeniedException"));
    refused
}

fn failed() -> Response {
    Response::plain(StatusCode::BAD_GATEWAY, "Internal Server Error")
}

fn find(cloud: &Cloud, incoming: &Incoming) -> Result<(crate::name::Target, Url), Response> {
    let (id, region) = address(&incoming.host).ok_or_else(forbidden)?;
    match url::by_id(&cloud.store.read(), region, id) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(forbidden()),
        Err(trouble) => {
            tracing::error!("{trouble}");
            Err(failed())
        }
    }
}

async fn answer(
    cloud: &Arc<Cloud>,
    incoming: &mut Incoming,
    target: crate::name::Target,
    url: &Url,
) -> Result<Response, Response> {
    let body = std::mem::take(&mut incoming.request.body).collect(SYNCHRONOUS_LIMIT as u64).await;
    let body = body.map_err(|uncollected| match uncollected {
        Uncollected::TooLarge => Response::plain(StatusCode::PAYLOAD_TOO_LARGE, "{\"Message\":\"Request too long\"}"),
        Uncollected::Broken(_) => Response::plain(StatusCode::BAD_REQUEST, "{\"Message\":\"Bad Request\"}"),
    })?;
    let caller = if url.signed { Some(signer(cloud, incoming, &target.scope, &body)?) } else { None };
    if !url.signed && !permit::is_url_public(&cloud.store.read(), &target).map_err(|_| forbidden())? {
        return Err(forbidden());
    }
    let arn = caller.as_ref().map(|caller| caller.principal.arn()).unwrap_or_default();
    let signer = caller.as_ref().map(|caller| Signer {
        account: caller.account(),
        access_key: &caller.access_key,
        arn: &arn,
        id: caller.principal.id(),
    });
    let caller = Caller::service("lambda.amazonaws.com", target.scope.clone());
    let cx = Context { cloud: Arc::clone(cloud), caller };
    let request = cx.caller.request_id.clone();
    let event = event(&Request {
        url_id: &url.id,
        host: &incoming.host,
        method: incoming.request.method.as_str(),
        path: &incoming.request.path,
        raw_query: &incoming.raw_query,
        query: &incoming.request.query,
        headers: &incoming.request.headers,
        body: &body,
        source_ip: &incoming.peer.ip().to_string(),
        request_id: &request,
        now: cx.now(),
        signer,
    });
    let payload = event.to_string().into();
    let work = cx.read(|r| invoke::work(r, &target, payload, request.clone())).map_err(|_| forbidden())?;
    let done = run::run(cloud, work).await.map_err(|fault| match fault.is(&TOO_MANY_REQUESTS_EXCEPTION) {
        true => Response::plain(StatusCode::TOO_MANY_REQUESTS, "{\"message\":\"Rate Exceeded.\"}"),
        false => failed(),
    })?;
    let mut answer = if done.failed { failed() } else { response(&done.payload).unwrap_or_else(failed) };
    if let Ok(request) = HeaderValue::try_from(request) {
        answer.headers.insert("x-amzn-requestid", request);
    }
    Ok(answer)
}

/// Who signed the request, if the signature stands.
fn signer(cloud: &Cloud, incoming: &Incoming, scope: &Scope, body: &[u8]) -> Result<Caller, Response> {
    let read = Authentication::read(&incoming.request.headers, &incoming.raw_query);
    let Ok(Some(authentication)) = read else { return Err(forbidden()) };
    let Authentication::V4(presented) = &authentication else { return Err(forbidden()) };
    let known = cloud.key(authentication.access_key(), authentication.token()).map_err(|_| forbidden())?;
    presented.check_time(Clock::machine_now()).map_err(|_| forbidden())?;
    let credential = &presented.credential;
    if credential.service != "lambda" || credential.region != scope.region {
        return Err(forbidden());
    }
    if let Some(secret) = &known.secret {
        let key = SigningKey::derive(secret, &credential.date, &credential.region, &credential.service);
        let signed = kogumo_sigv4::Request {
            method: incoming.request.method.as_str(),
            path: &incoming.request.path,
            query: &incoming.raw_query,
            headers: &incoming.request.headers,
        };
        let word = incoming.request.header("x-amz-content-sha256").map(str::to_owned);
        let payload = word.unwrap_or_else(|| BodyHash::of(body));
        presented.verify(&signed, Rules::General, &payload, &key).map_err(|_| forbidden())?;
        if payload != "UNSIGNED-PAYLOAD" && payload != BodyHash::of(body) {
            return Err(forbidden());
        }
    }
    if known.principal == Principal::Anonymous {
        return Err(forbidden());
    }
    let mut caller = Caller::service("lambda.amazonaws.com", Scope::new(known.principal.account(), &scope.region));
    caller.access_key = authentication.access_key().to_owned();
    caller.principal = known.principal;
    Ok(caller)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn host_names_of_urls() {
        assert_eq!(address("abc.lambda-url.us-east-1.localhost"), Some(("abc", "us-east-1")));
        assert_eq!(address("abc.lambda-url.us-east-1.on.aws"), Some(("abc", "us-east-1")));
        for host in
            ["abc.lambda-url.us-east-1", "lambda.us-east-1.amazonaws.com", "localhost", "", "a.b.lambda-url.c.d"]
        {
            assert_eq!(address(host), None, "{host}");
        }
    }
}
