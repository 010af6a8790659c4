//! The part of the port that answers function URLs: `http://<id>.lambda-url.<region>.localhost:4566/…`.

use std::sync::Arc;

use futures_util::stream;
use http::{HeaderValue, Method, StatusCode};
use kogumo_base::{Clock, Scope, Trouble};
use kogumo_door::{BoxFuture, Caller, Cloud, Context, Incoming, Principal, Surface};
use kogumo_model::lambda::TOO_MANY_REQUESTS_EXCEPTION;
use kogumo_sigv4::{Authentication, BodyHash, Rules, SigningKey};
use kogumo_wire::{Body, Fault, Uncollected};

use crate::invoke::{self, SYNCHRONOUS_LIMIT};
use crate::run;
use crate::stream_answer::{self, Answer, Next, Streaming};
use crate::url::{self, Url};
use crate::url_event::{INTEGRATION_RESPONSE, Prelude, Request, Response, Signer, cors, event, prelude, response};

/// Bytes in which a stream has to say what it is.
const LONGEST_PRELUDE: usize = 1 << 20;

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
                    true => Response::plain(StatusCode::OK, "").into(),
                    false => {
                        let answered = answer(&cloud, &mut incoming, target, &url).await;
                        answered.unwrap_or_else(Answered::from)
                    }
                };
                answer.response.headers.extend(granted);
                answer
            }
            Err(refused) => refused.into(),
        };
        answered.http()
    })
}

/// A response whose body may go on.
struct Answered {
    response: Response,
    rest: Option<Streaming>,
}

impl From<Response> for Answered {
    fn from(response: Response) -> Answered {
        Answered { response, rest: None }
    }
}

impl Answered {
    fn http(self) -> http::Response<Body> {
        let Response { status, headers, body } = self.response;
        let body = kogumo_wire::Bytes::from(body);
        let body = match self.rest {
            None => Body::from(body),
            Some(rest) => {
                let begun = Some(body).filter(|body| !body.is_empty());
                Body::Stream(Box::pin(stream::unfold((begun, rest), go_on)), None)
            }
        };
        let mut out = http::Response::new(body);
        *out.status_mut() = status;
        *out.headers_mut() = headers;
        out
    }
}

type Part = (Option<kogumo_wire::Bytes>, Streaming);

/// The next bytes of a body. One that breaks off ends the connection, so that the client sees it.
async fn go_on((begun, mut rest): Part) -> Option<(Result<kogumo_wire::Bytes, Trouble>, Part)> {
    if let Some(begun) = begun {
        return Some((Ok(begun), (None, rest)));
    }
    match rest.next().await {
        Ok(Next::Data(bytes)) => Some((Ok(bytes), (None, rest))),
        Ok(Next::End(done)) if done.failed => {
            Some((Err(Trouble::new("the function failed while it streamed")), (None, rest)))
        }
        Ok(Next::End(_)) => None,
        Err(fault) => Some((Err(Trouble::new(fault.to_string())), (None, rest))),
    }
}

/// The response that a streaming function begins.
async fn begin(kind: &str, mut rest: Streaming) -> Result<Answered, Response> {
    if kind != INTEGRATION_RESPONSE {
        let mut response = Response::plain(StatusCode::OK, "");
        let kind = HeaderValue::try_from(kind).map_err(|_| failed())?;
        response.headers.insert(http::header::CONTENT_TYPE, kind);
        return Ok(Answered { response, rest: Some(rest) });
    }
    let mut begun = Vec::new();
    loop {
        match prelude(&begun) {
            Prelude::Read(response) => return Ok(Answered { response, rest: Some(rest) }),
            Prelude::Short if begun.len() < LONGEST_PRELUDE => match rest.next().await {
                Ok(Next::Data(bytes)) => begun.extend_from_slice(&bytes),
                _ => return Err(failed()),
            },
            Prelude::Short | Prelude::Malformed => return Err(failed()),
        }
    }
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
) -> Result<Answered, Response> {
    let body = std::mem::take(&mut incoming.request.body).collect(SYNCHRONOUS_LIMIT as u64).await;
    let body = body.map_err(|uncollected| match uncollected {
        Uncollected::TooLarge => Response::plain(StatusCode::PAYLOAD_TOO_LARGE, "{\"Message\":\"Request too long\"}"),
        Uncollected::Broken(_) => Response::plain(StatusCode::BAD_REQUEST, "{\"Message\":\"Bad Request\"}"),
    })?;
    let caller = if url.signed { Some(signer(cloud, incoming, &target.scope, &body)?) } else { None };
    let nobody = Caller { principal: Arc::new(Principal::Anonymous), ..Caller::service("", target.scope.clone()) };
    let asking = Caller { source_ip: Some(incoming.peer.ip()), ..caller.clone().unwrap_or(nobody) };
    cloud.may(&asking, "lambda", "lambda:InvokeFunctionUrl", &target.arn()).map_err(|_| forbidden())?;
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
    let done = match url.streams {
        true => stream_answer::answer(cloud, work).await.map_err(refusal)?,
        false => Answer::Whole(run::run(cloud, work).await.map_err(refusal)?),
    };
    let mut answered = match done {
        Answer::Streamed(kind, rest) => begin(&kind, rest).await?,
        Answer::Whole(done) if done.failed => failed().into(),
        // A stream of one piece is handed on as it is.
        Answer::Whole(done) if url.streams => {
            Response { body: done.payload.to_vec(), ..Response::plain(StatusCode::OK, "") }.into()
        }
        Answer::Whole(done) => response(&done.payload).unwrap_or_else(failed).into(),
    };
    if let Ok(request) = HeaderValue::try_from(request) {
        answered.response.headers.insert("x-amzn-requestid", request);
    }
    Ok(answered)
}

fn refusal(fault: Fault) -> Response {
    match fault.is(&TOO_MANY_REQUESTS_EXCEPTION) {
        true => Response::plain(StatusCode::TOO_MANY_REQUESTS, "{\"message\":\"Rate Exceeded.\"}"),
        false => failed(),
    }
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
    if *known.principal == Principal::Anonymous {
        return Err(forbidden());
    }
    let mut caller = Caller::service("lambda.amazonaws.com", Scope::new(known.principal.account(), &scope.region));
    caller.access_key = authentication.access_key().to_owned();
    caller.principal = known.principal;
    caller.session = known.session;
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
