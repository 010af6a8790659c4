//! Pages of other origins: S3's CORS rules may let them in; all else is refused.

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap};
use http::{Method, Response, StatusCode};
use kogumo_door::{Cloud, CrossOrigin};
use kogumo_wire::{Body, Fault, Protocol, Service};

use crate::arrival::Arrival;
use crate::browser::Refusal;
use crate::own_routes;

/// What becomes of a foreign page's request.
pub enum Judgement {
    /// It ends here: a preflight's answer, or a refusal.
    Answer(Response<Body>),
    /// It goes on; the answer carries these headers, which let the page read it.
    GoOn(Option<HeaderMap>),
}

/// Asks the service's rules. Reading from S3 without a rule is allowed, as an image on a page is: the page cannot look at it.
pub fn judge(cloud: &Cloud, arrival: &Arrival, service: &'static Service, origin: &str) -> Judgement {
    let method = &arrival.incoming.request.method;
    let preflight = *method == Method::OPTIONS;
    let granted = cloud.service(service.name).and_then(|built| built.cross_origin).and_then(|may| {
        let asked = |name| arrival.headers().get(name).and_then(|value| value.to_str().ok());
        let asked_headers = asked(ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        may(
            cloud,
            &CrossOrigin {
                origin,
                path: &arrival.incoming.request.path,
                method: if preflight {
                    asked(ACCESS_CONTROL_REQUEST_METHOD).unwrap_or_default()
                } else {
                    method.as_str()
                },
                headers: asked_headers
                    .split(',')
                    .map(|name| name.trim().to_ascii_lowercase())
                    .filter(|name| !name.is_empty())
                    .collect(),
                preflight,
            },
        )
    });
    let is_s3 = service.name == "s3";
    match granted {
        Some(headers) if preflight => {
            let mut response = Response::new(Body::Empty);
            *response.headers_mut() = headers;
            Judgement::Answer(response)
        }
        Some(headers) => Judgement::GoOn(Some(headers)),
        None if is_s3 && preflight => Judgement::Answer(preflight_refused(service, arrival)),
        None if is_s3 && matches!(*method, Method::GET | Method::HEAD) => Judgement::GoOn(None),
        None => Judgement::Answer(own_routes::refuse(Refusal::Origin)),
    }
}

/// Source: "Troubleshooting CORS", Amazon S3 User Guide.
fn preflight_refused(service: &'static Service, arrival: &Arrival) -> Response<Body> {
    let message = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / \
                   Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
    let fault = Fault::coded("AccessForbidden", StatusCode::FORBIDDEN.as_u16(), message);
    Protocol::RestXml.encode_fault(service, &fault, &arrival.request_id)
}
