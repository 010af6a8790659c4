//! Pages of other origins: S3's CORS rules may let them in; all else is refused.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
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

/// What lets a page of an allowed origin read the answer, and the answer itself if it is a preflight.
pub fn welcome(arrival: &Arrival, origin: &str) -> (HeaderMap, Option<Response<Body>>) {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    set(ACCESS_CONTROL_EXPOSE_HEADERS, "*");
    set(VARY, "origin");
    if arrival.incoming.request.method != Method::OPTIONS {
        return (headers, None);
    }
    set(ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PUT, POST, DELETE, PATCH");
    set(ACCESS_CONTROL_ALLOW_HEADERS, arrival.header("access-control-request-headers").unwrap_or("*"));
    set(ACCESS_CONTROL_MAX_AGE, "600");
    let mut response = Response::new(Body::Empty);
    response.headers_mut().clone_from(&headers);
    (headers, Some(response))
}

/// Source: "Troubleshooting CORS", Amazon S3 User Guide.
fn preflight_refused(service: &'static Service, arrival: &Arrival) -> Response<Body> {
    let message = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / \
                   Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
    let fault = Fault::coded("AccessForbidden", StatusCode::FORBIDDEN.as_u16(), message);
    Protocol::RestXml.encode_fault(service, &fault, &arrival.request_id)
}
