//! A fault becomes a response.

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::encode::set;
use super::messages::{ROOT, json_body, write_body_members};
use crate::body::Body;
use crate::cbor::CborSink;
use crate::fault::Fault;
use crate::json::quote;
use crate::rest::write_bound_members;
use crate::schema::{Member, Protocol, Service, UNIT};
use crate::shaped::write_members;
use crate::xml::XmlSink;

impl Protocol {
    /// Makes the response of a fault.
    pub fn encode_fault(self, service: &Service, fault: &Fault, request_id: &str) -> Response<Body> {
        let code = fault.code(self);
        let mut headers = HeaderMap::new();
        if matches!(self, Protocol::RestJson) {
            set(&mut headers, "x-amzn-errortype", code);
        }
        if service.query_compatible && matches!(self, Protocol::Json10 | Protocol::Json11 | Protocol::RpcV2Cbor) {
            let side = if fault.sender(self) { "Sender" } else { "Receiver" };
            set(&mut headers, "x-amzn-query-error", &format!("{};{side}", fault.code(Protocol::Query)));
        }
        let body = match self {
            Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => json_fault(fault, code),
            Protocol::RpcV2Cbor => cbor_fault(fault, code),
            Protocol::Query => query_fault(service, fault, code, request_id),
            Protocol::Ec2 => ec2_fault(fault, code, request_id),
            Protocol::RestXml => rest_xml_fault(service, fault, code, request_id),
        };
        if let Some(fields) = &fault.fields {
            write_bound_members(&**fields, &mut headers);
        }
        self.respond(fault.status(self), headers, Some(self.content_type()), Body::from(body), request_id)
    }
}

fn json_fault(fault: &Fault, code: &str) -> Bytes {
    let mut out = Vec::from(b"{\"__type\":".as_slice());
    quote(&mut out, code);
    let message_name = match fault.kind {
        crate::fault::FaultKind::Modelled(fact) => fact.message,
        _ => "message",
    };
    out.push(b',');
    quote(&mut out, message_name);
    out.push(b':');
    quote(&mut out, &fault.message);
    if let Some(fields) = &fault.fields {
        let body = json_body(&**fields);
        let inner = &body[1..body.len() - 1];
        if !inner.is_empty() {
            out.push(b',');
            out.extend_from_slice(inner);
        }
    }
    out.push(b'}');
    Bytes::from(out)
}

fn cbor_fault(fault: &Fault, code: &str) -> Bytes {
    static TYPE: Member = Member::new("__type", &UNIT);
    static MESSAGE: Member = Member::new("message", &UNIT);
    let mut sink = CborSink::new();
    let to: &mut dyn crate::sink::Sink = &mut sink;
    to.begin_structure(&ROOT);
    to.string(&TYPE, code);
    to.string(&MESSAGE, &fault.message);
    if let Some(fields) = &fault.fields {
        write_members(&**fields, to);
    }
    to.end_structure(&ROOT);
    Bytes::from(sink.finish())
}

fn query_fault(service: &Service, fault: &Fault, code: &str, request_id: &str) -> Bytes {
    let mut sink = XmlSink::new();
    sink.start("ErrorResponse", service.xmlns);
    sink.start("Error", "");
    sink.element("Type", if fault.sender(Protocol::Query) { "Sender" } else { "Receiver" });
    sink.element("Code", code);
    sink.element("Message", &fault.message);
    write_fault_fields(fault, &mut sink);
    sink.end("Error");
    sink.element("RequestId", request_id);
    sink.end("ErrorResponse");
    sink.finish()
}

fn ec2_fault(fault: &Fault, code: &str, request_id: &str) -> Bytes {
    let mut sink = XmlSink::ec2();
    sink.start("Response", "");
    sink.start("Errors", "");
    sink.start("Error", "");
    sink.element("Code", code);
    sink.element("Message", &fault.message);
    write_fault_fields(fault, &mut sink);
    sink.end("Error");
    sink.end("Errors");
    sink.element("RequestID", request_id);
    sink.end("Response");
    sink.finish()
}

/// S3's error document; other REST-XML services wrap it as the query protocol does.
fn rest_xml_fault(service: &Service, fault: &Fault, code: &str, request_id: &str) -> Bytes {
    if service.name != "s3" {
        return query_fault(service, fault, code, request_id);
    }
    let mut sink = XmlSink::new().declared();
    sink.start("Error", "");
    sink.element("Code", code);
    sink.element("Message", &fault.message);
    write_fault_fields(fault, &mut sink);
    sink.element("RequestId", request_id);
    sink.element("HostId", request_id);
    sink.end("Error");
    sink.finish()
}

fn write_fault_fields(fault: &Fault, sink: &mut XmlSink) {
    if let Some(fields) = &fault.fields {
        sink.enter_structure();
        write_body_members(&**fields, sink);
        sink.leave_structure();
    }
}
