//! An output becomes a response.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::messages::{cbor_bytes, json_body, json_text, xml_document, xml_scalar_document};
use super::raw::RawSink;
use crate::body::{Body, ByteStream};
use crate::event_stream::{self, Behind};
use crate::json::JsonSink;
use crate::rest::write_bound_members;
use crate::schema::{Kind, Member, Operation, Protocol, Service};
use crate::shaped::{Structure, write_members};
use crate::xml::XmlSink;

impl Protocol {
    /// Makes the response of success.
    pub fn encode(
        self,
        service: &Service,
        operation: &Operation,
        mut output: Box<dyn Structure>,
        request_id: &str,
    ) -> Response<Body> {
        let mut headers = HeaderMap::new();
        let mut status = operation.status;
        let (content_type, body) = match self {
            Protocol::Json10 | Protocol::Json11 => match take_events(&mut *output) {
                // What an RPC protocol answers besides events comes as the first of them.
                Some(rest) => {
                    let first = Some(event_stream::event("initial-response", &*output));
                    (event_stream::CONTENT_TYPE, Body::Stream(Box::pin(Behind { first, rest }), None))
                }
                None => (self.content_type(), Body::from(Bytes::from(json_text(&*output)))),
            },
            Protocol::RpcV2Cbor => (self.content_type(), Body::from(Bytes::from(cbor_bytes(&*output)))),
            Protocol::Query => (self.content_type(), query_response(service, operation, &*output, request_id)),
            Protocol::Ec2 => (self.content_type(), ec2_response(service, operation, &*output, request_id)),
            Protocol::RestJson | Protocol::RestXml => {
                status = write_bound_members(&*output, &mut headers).unwrap_or(status);
                // RFC 9110, section 15.3.7: an answer that says which range it holds is a partial one.
                if status == 200 && headers.contains_key(http::header::CONTENT_RANGE) {
                    status = 206;
                }
                self.rest_body(service, &mut *output)
            }
        };
        let no_body = matches!(body, Body::Empty) && matches!(self, Protocol::RestJson | Protocol::RestXml);
        let content_type =
            if no_body && !headers.contains_key(http::header::CONTENT_TYPE) { None } else { Some(content_type) };
        self.respond(status, headers, content_type, body, request_id)
    }

    /// The body of a REST output, with the content type that belongs to it.
    fn rest_body(self, service: &Service, output: &mut dyn Structure) -> (&'static str, Body) {
        let layout = output.shape().layout();
        let Some(index) = layout.payload else {
            if !output.shape().layout().members.iter().any(|member| member.location.is_body_of_output()) {
                return (self.content_type(), Body::Empty);
            }
            return (self.content_type(), self.rest_document(service, output));
        };
        let member = &layout.members[index];
        if let Some(body) = output.get_mut(index).as_body() {
            let kind = if is_event_stream(member) { event_stream::CONTENT_TYPE } else { "application/octet-stream" };
            return (kind, std::mem::take(body));
        }
        let value = output.get(index);
        if !value.present() {
            return (self.content_type(), Body::Empty);
        }
        match member.shape.kind {
            Kind::Blob | Kind::String => {
                let mut raw = RawSink::default();
                value.write(member, &mut raw);
                let content_type =
                    if matches!(member.shape.kind, Kind::Blob) { "application/octet-stream" } else { "text/plain" };
                (content_type, Body::from(Bytes::from(raw.out)))
            }
            _ if self == Protocol::RestXml => {
                let name = member.shape.layout().xml_name.unwrap_or(if member.wire == member.name {
                    member.shape.name
                } else {
                    member.wire
                });
                let inner = value.as_structure().map(|structure| xml_document(name, service.xmlns, structure));
                (self.content_type(), inner.unwrap_or_default())
            }
            _ => {
                let mut sink = JsonSink::new();
                value.write(member, &mut sink);
                (self.content_type(), Body::from(Bytes::from(sink.finish())))
            }
        }
    }

    fn rest_document(self, service: &Service, output: &dyn Structure) -> Body {
        if self == Protocol::RestXml {
            let shape = output.shape();
            let name = shape.layout().xml_name.unwrap_or(shape.name);
            // An output whose only member is called like the root is that root: S3's GetBucketLocation.
            if let [only] = shape.layout().members
                && only.wire == name
                && matches!(only.shape.kind, Kind::String)
            {
                return xml_scalar_document(output.get(0), only);
            }
            return xml_document(name, service.xmlns, output);
        }
        Body::from(Bytes::from(json_body(output)))
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Protocol::Json10 => "application/x-amz-json-1.0",
            Protocol::Json11 => "application/x-amz-json-1.1",
            Protocol::RestJson => "application/json",
            Protocol::RestXml => "application/xml",
            Protocol::Query | Protocol::Ec2 => "text/xml;charset=UTF-8",
            Protocol::RpcV2Cbor => "application/cbor",
        }
    }

    pub(super) fn respond(
        self,
        status: u16,
        headers: HeaderMap,
        content_type: Option<&str>,
        body: Body,
        request_id: &str,
    ) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        if let Some(content_type) = content_type
            && !headers.contains_key(http::header::CONTENT_TYPE)
        {
            set(headers, "content-type", content_type);
        }
        if self == Protocol::RestXml {
            set(headers, "x-amz-request-id", request_id);
            set(headers, "x-amz-id-2", request_id);
        } else {
            set(headers, "x-amzn-requestid", request_id);
        }
        if self == Protocol::RpcV2Cbor {
            set(headers, "smithy-protocol", "rpc-v2-cbor");
        }
        response
    }
}

/// Whether a member is a stream of events rather than of bytes.
fn is_event_stream(member: &Member) -> bool {
    member.streaming && !matches!(member.shape.kind, Kind::Blob | Kind::String)
}

/// The events of an output that has such.
fn take_events(output: &mut dyn Structure) -> Option<ByteStream> {
    let index = output.shape().layout().members.iter().position(is_event_stream)?;
    match std::mem::take(output.get_mut(index).as_body()?) {
        Body::Stream(events, _) => Some(events),
        Body::Empty | Body::Bytes(_) => None,
    }
}

pub(super) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
fn query_response(service: &Service, operation: &Operation, output: &dyn Structure, request_id: &str) -> Body {
    let response = format!("{}Response", operation.name);
    let mut sink = XmlSink::new();
    sink.start(&response, service.xmlns);
    if !operation.result_wrapper.is_empty() {
        sink.start(operation.result_wrapper, "");
        sink.enter_structure();
        write_members(output, &mut sink);
        sink.leave_structure();
        sink.end(operation.result_wrapper);
    }
    sink.start("ResponseMetadata", "");
    sink.element("RequestId", request_id);
    sink.end("ResponseMetadata");
    sink.end(&response);
    sink.into_body()
}

fn ec2_response(service: &Service, operation: &Operation, output: &dyn Structure, request_id: &str) -> Body {
    let response = format!("{}Response", operation.name);
    let mut sink = XmlSink::ec2().declared();
    sink.start(&response, service.xmlns);
    sink.element("requestId", request_id);
    sink.enter_structure();
    write_members(output, &mut sink);
    sink.leave_structure();
    sink.end(&response);
    sink.into_body()
}
