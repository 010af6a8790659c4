//! What is visited rather than called: links that confirm and end subscriptions, and the certificate.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use kogumo_base::Scope;
use kogumo_door::{Caller, Cloud, Context, Incoming, Principal, Surface};
use kogumo_wire::{Body, Fault, Protocol};

use crate::{signature, subscribe};

/// `GET /?Action=ConfirmSubscription&…` and `Unsubscribe` without a signature: the token, or the ARN, is what counts.
pub fn links() -> Surface {
    Surface {
        name: "links of SNS",
        claims: |incoming| {
            let is_get = incoming.request.method == http::Method::GET && incoming.request.path == "/";
            let signed = incoming.request.headers.contains_key(http::header::AUTHORIZATION)
                || parameter(incoming, "X-Amz-Signature").is_some();
            let action = parameter(incoming, "Action");
            is_get && !signed && matches!(action, Some("ConfirmSubscription" | "Unsubscribe"))
        },
        serve: |cloud, incoming| Box::pin(async move { visit(&cloud, &incoming) }),
    }
}

pub fn certificate() -> Surface {
    Surface {
        name: "certificate of SNS",
        claims: |incoming| {
            let path = incoming.request.path.as_str();
            path.starts_with(signature::PATH_BEGIN) && path.ends_with(signature::PATH_END)
        },
        serve: |cloud, incoming| {
            Box::pin(async move {
                match (signature::path(&cloud).await, signature::certificate(&cloud).await) {
                    (Ok(path), Ok(pem)) if path == incoming.request.path => answer(200, "application/x-pem-file", pem),
                    (Err(trouble), _) | (_, Err(trouble)) => {
                        tracing::error!("{trouble}");
                        answer(500, "text/plain", String::new())
                    }
                    _ => answer(404, "text/plain", String::new()),
                }
            })
        },
    }
}

fn parameter<'a>(incoming: &'a Incoming, name: &str) -> Option<&'a str> {
    incoming.request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn visit(cloud: &Arc<Cloud>, incoming: &Incoming) -> Response<Body> {
    let nobody = Caller { principal: Principal::Anonymous.into(), ..Caller::service("", Scope::new("", "")) };
    let cx = Context { cloud: Arc::clone(cloud), caller: nobody };
    let given = |name: &str| parameter(incoming, name).unwrap_or_default();
    let done: Result<String, Fault> = match given("Action") {
        "ConfirmSubscription" => {
            let arn = cx.write(|w| subscribe::confirm(w, given("TopicArn"), given("Token"), false));
            arn.map(|arn| {
                format!(
                    "<ConfirmSubscriptionResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ConfirmSubscriptionResult><SubscriptionArn>{arn}</SubscriptionArn></ConfirmSubscriptionResult></ConfirmSubscriptionResponse>"
                )
            })
        }
        _ => cx.write(|w| subscribe::end(w, given("SubscriptionArn"))).map(|()| {
            "<UnsubscribeResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"></UnsubscribeResponse>".to_owned()
        }),
    };
    match done {
        Ok(text) => answer(200, "text/xml", text),
        Err(fault) => {
            let code = fault.code(Protocol::Query).to_owned();
            let text = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
            answer(fault.status(Protocol::Query), "text/xml", text)
        }
    }
}

fn answer(status: u16, kind: &str, text: String) -> Response<Body> {
    let made = Response::builder().status(status).header("content-type", kind).body(Body::from(Bytes::from(text)));
    made.unwrap_or_default()
}
