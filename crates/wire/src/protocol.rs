//! The protocols as one face: a request becomes an input, an output or fault becomes a response.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::body::Body;
use crate::cbor::CborSink;
use crate::cbor_source::from_cbor;
use crate::checks::Checks;
use crate::fault::{Common, Fault};
use crate::json::{JsonSink, quote};
use crate::request::{Request, parse_query};
use crate::rest::{has_body_members, note_missing, read_bound_members, write_bound_members};
use crate::schema::{Kind, Location, Member, Operation, Protocol, Service, UNIT};
use crate::serde_source::from_json;
use crate::shaped::{Structure, write_members};
use crate::source::{Rejection, Source, read_structure};
use crate::tree::{Dialect, Node, TreeSource};
use crate::uri::Labels;
use crate::xml::XmlSink;

/// The place of a message's outermost value: it has no name.
static ROOT: Member = Member::new("", &UNIT);

impl Protocol {
    /// Reads a request into the operation's input. Unless the payload is streamed, the body must be in memory.
    ///
    /// # Errors
    /// AWS's fault for bytes that are not of the protocol, and one for all violated constraints together.
    pub fn decode(
        self,
        operation: &'static Operation,
        request: &mut Request,
        into: &mut dyn Structure,
    ) -> Result<(), Fault> {
        let mut checks = Checks::default();
        let read = match self {
            Protocol::Json10 | Protocol::Json11 => read_json(into, &request.body, &mut checks),
            Protocol::RpcV2Cbor => read_cbor(into, &request.body, &mut checks),
            Protocol::Query => read_form(into, request, Dialect::Query, &mut checks),
            Protocol::Ec2 => read_form(into, request, Dialect::Ec2, &mut checks),
            Protocol::RestJson | Protocol::RestXml => {
                self.read_rest(operation, into, request, &mut checks)
            }
        };
        read.map_err(|rejection| {
            Fault::common(Common::Serialization, self.serialization_message(rejection))
        })?;
        match (self, checks.first_missing(), checks.verdict()) {
            (Protocol::Ec2, Some(missing), _) => Err(Fault::common(
                Common::MissingParameter,
                format!("The request must contain the parameter {missing}"),
            )),
            (_, _, Some(verdict)) => Err(Fault::validation(verdict)),
            (_, _, None) => Ok(()),
        }
    }

    fn serialization_message(self, rejection: Rejection) -> String {
        match self {
            Protocol::RestXml => "The XML you provided was not well-formed or did not validate against our published schema".into(),
            _ => rejection.0,
        }
    }

    fn read_rest(
        self,
        operation: &'static Operation,
        into: &mut dyn Structure,
        request: &mut Request,
        checks: &mut Checks,
    ) -> Result<(), Rejection> {
        let labels: Labels = operation.labels(&request.path)?;
        let layout = into.shape().layout();
        let mut seen = read_bound_members(into, request, &labels, checks)?;
        match layout.payload {
            Some(index) => {
                if self.read_payload(index, into, request, checks)? {
                    seen.insert(index);
                }
                note_missing(layout, &seen, checks, &|_| true);
                Ok(())
            }
            None => {
                note_missing(layout, &seen, checks, &|location| {
                    location != Location::Body
                });
                if has_body_members(into.shape()) {
                    let body = in_memory(&request.body)?;
                    self.read_body(&body, into, checks)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Reads the member that is the whole body; answers whether it came.
    fn read_payload(
        self,
        index: usize,
        into: &mut dyn Structure,
        request: &mut Request,
        checks: &mut Checks,
    ) -> Result<bool, Rejection> {
        let member = &into.shape().layout().members[index];
        if let Some(body) = into.get_mut(index).as_body() {
            *body = std::mem::take(&mut request.body);
            return Ok(true);
        }
        let body = in_memory(&request.body)?;
        if body.is_empty() {
            return Ok(false);
        }
        checks.enter_member(member.name);
        let read = match member.shape.kind {
            Kind::Blob => into.get_mut(index).read(
                member,
                &mut RawSource {
                    body: &body,
                    checks,
                },
            ),
            Kind::String => into.get_mut(index).read(
                member,
                &mut RawSource {
                    body: &body,
                    checks,
                },
            ),
            _ if self == Protocol::RestXml => {
                let node = Node::from_xml(&body)?;
                into.get_mut(index)
                    .read(member, &mut TreeSource::new(&node, Dialect::Xml, checks))
            }
            _ => from_json(&body, checks, &mut |source| {
                into.get_mut(index).read(member, source)
            }),
        };
        checks.leave();
        read.map(|()| true)
    }

    fn read_body(
        self,
        body: &Bytes,
        into: &mut dyn Structure,
        checks: &mut Checks,
    ) -> Result<(), Rejection> {
        let mut only_body = BodyMembers { into };
        if self == Protocol::RestXml {
            let node = if body.is_empty() {
                Node::default()
            } else {
                Node::from_xml(body)?
            };
            return only_body.read(&mut TreeSource::new(&node, Dialect::Xml, checks));
        }
        let text: &[u8] = if body.is_empty() { b"{}" } else { body };
        from_json(text, checks, &mut |source| only_body.read(source))
    }

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
            Protocol::Json10 | Protocol::Json11 => (
                self.content_type(),
                Body::from(Bytes::from(json_text(&*output))),
            ),
            Protocol::RpcV2Cbor => (
                self.content_type(),
                Body::from(Bytes::from(cbor_bytes(&*output))),
            ),
            Protocol::Query => (
                self.content_type(),
                query_response(service, operation, &*output, request_id),
            ),
            Protocol::Ec2 => (
                self.content_type(),
                ec2_response(service, operation, &*output, request_id),
            ),
            Protocol::RestJson | Protocol::RestXml => {
                status = write_bound_members(&*output, &mut headers).unwrap_or(status);
                self.rest_body(service, &mut *output)
            }
        };
        let no_body =
            matches!(body, Body::Empty) && matches!(self, Protocol::RestJson | Protocol::RestXml);
        let content_type = if no_body && !headers.contains_key(http::header::CONTENT_TYPE) {
            None
        } else {
            Some(content_type)
        };
        self.respond(status, headers, content_type, body, request_id)
    }

    /// The body of a REST output, with the content type that belongs to it.
    fn rest_body(self, service: &Service, output: &mut dyn Structure) -> (&'static str, Body) {
        let layout = output.shape().layout();
        let Some(index) = layout.payload else {
            if !has_body_members(output.shape()) {
                return (
                    self.content_type(),
                    if self == Protocol::RestJson {
                        Body::Empty
                    } else {
                        Body::Empty
                    },
                );
            }
            return (self.content_type(), self.rest_document(service, output));
        };
        let member = &layout.members[index];
        if let Some(body) = output.get_mut(index).as_body() {
            return ("application/octet-stream", std::mem::take(body));
        }
        let value = output.get(index);
        if !value.present() {
            return (self.content_type(), Body::Empty);
        }
        match member.shape.kind {
            Kind::Blob | Kind::String => {
                let mut raw = RawSink::default();
                value.write(member, &mut raw);
                let content_type = if matches!(member.shape.kind, Kind::Blob) {
                    "application/octet-stream"
                } else {
                    "text/plain"
                };
                (content_type, Body::from(Bytes::from(raw.out)))
            }
            _ if self == Protocol::RestXml => {
                let name =
                    member
                        .shape
                        .layout()
                        .xml_name
                        .unwrap_or(if member.wire == member.name {
                            member.shape.name
                        } else {
                            member.wire
                        });
                let inner = value
                    .as_structure()
                    .map(|structure| xml_document(name, service.xmlns, structure));
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
            return xml_document(name, service.xmlns, output);
        }
        Body::from(Bytes::from(json_body(output)))
    }

    /// Makes the response of a fault.
    pub fn encode_fault(
        self,
        service: &Service,
        fault: &Fault,
        request_id: &str,
    ) -> Response<Body> {
        let code = fault.code(self);
        let mut headers = HeaderMap::new();
        if matches!(self, Protocol::RestJson) {
            set(&mut headers, "x-amzn-errortype", code);
        }
        if service.query_compatible
            && matches!(
                self,
                Protocol::Json10 | Protocol::Json11 | Protocol::RpcV2Cbor
            )
        {
            let side = if fault.sender(self) {
                "Sender"
            } else {
                "Receiver"
            };
            set(
                &mut headers,
                "x-amzn-query-error",
                &format!("{};{side}", fault.code(Protocol::Query)),
            );
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
        self.respond(
            fault.status(self),
            headers,
            Some(self.content_type()),
            Body::from(body),
            request_id,
        )
    }

    fn content_type(self) -> &'static str {
        match self {
            Protocol::Json10 => "application/x-amz-json-1.0",
            Protocol::Json11 => "application/x-amz-json-1.1",
            Protocol::RestJson => "application/json",
            Protocol::RestXml => "application/xml",
            Protocol::Query | Protocol::Ec2 => "text/xml;charset=UTF-8",
            Protocol::RpcV2Cbor => "application/cbor",
        }
    }

    fn respond(
        self,
        status: u16,
        headers: HeaderMap,
        content_type: Option<&str>,
        body: Body,
        request_id: &str,
    ) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
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

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn in_memory(body: &Body) -> Result<Bytes, Rejection> {
    match body {
        Body::Empty => Ok(Bytes::new()),
        Body::Bytes(bytes) => Ok(bytes.clone()),
        Body::Stream(..) => Err(Rejection::new("the body was not gathered")),
    }
}

fn read_json(into: &mut dyn Structure, body: &Body, checks: &mut Checks) -> Result<(), Rejection> {
    let body = in_memory(body)?;
    let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
    from_json(text, checks, &mut |source| read_structure(into, source))
}

fn read_cbor(into: &mut dyn Structure, body: &Body, checks: &mut Checks) -> Result<(), Rejection> {
    let body = in_memory(body)?;
    let bytes: &[u8] = if body.is_empty() { &[0xa0] } else { &body };
    from_cbor(bytes, checks, &mut |source| read_structure(into, source))
}

fn read_form(
    into: &mut dyn Structure,
    request: &Request,
    dialect: Dialect,
    checks: &mut Checks,
) -> Result<(), Rejection> {
    let body = in_memory(&request.body)?;
    let text = std::str::from_utf8(&body).map_err(|_| Rejection::new("the form is not UTF-8"))?;
    let form = parse_query(text, true);
    let pairs = request
        .query
        .iter()
        .chain(&form)
        .map(|(name, value)| (name.as_str(), value.clone()));
    let node = Node::from_query(pairs)?;
    read_structure(into, &mut TreeSource::new(&node, dialect, checks))
}

/// Reads only the members of a REST input that travel in its body.
struct BodyMembers<'s> {
    into: &'s mut dyn Structure,
}

impl BodyMembers<'_> {
    fn read(&mut self, source: &mut dyn Source) -> Result<(), Rejection> {
        let layout = self.into.shape().layout();
        let mut seen = crate::source::Seen::default();
        let into = &mut *self.into;
        source.fields(layout.members, &mut |name, value| {
            let bound = |member: &Member| member.wire == name && member.location == Location::Body;
            let Some(index) = layout.members.iter().position(bound) else {
                return Ok(());
            };
            seen.insert(index);
            let member = &layout.members[index];
            value.checks().enter_member(member.name);
            let read = into.get_mut(index).read(member, value);
            value.checks().leave();
            read
        })?;
        note_missing(layout, &seen, source.checks(), &|location| {
            location == Location::Body
        });
        Ok(())
    }
}

/// The body itself as a blob or a string.
struct RawSource<'b, 'c> {
    body: &'b Bytes,
    checks: &'c mut Checks,
}

impl Source for RawSource<'_, '_> {
    fn blob(&mut self) -> Result<Bytes, Rejection> {
        Ok(self.body.clone())
    }
    fn string(&mut self) -> Result<String, Rejection> {
        String::from_utf8(self.body.to_vec()).map_err(|_| Rejection::new("the body is not UTF-8"))
    }
    fn boolean(&mut self) -> Result<bool, Rejection> {
        Err(raw_only())
    }
    fn integer(&mut self) -> Result<i64, Rejection> {
        Err(raw_only())
    }
    fn float(&mut self) -> Result<f64, Rejection> {
        Err(raw_only())
    }
    fn timestamp(
        &mut self,
        _: Option<crate::schema::TimeFormat>,
    ) -> Result<kogumo_base::Timestamp, Rejection> {
        Err(raw_only())
    }
    fn document(&mut self) -> Result<serde_json::Value, Rejection> {
        serde_json::from_slice(self.body).map_err(|error| Rejection::new(error.to_string()))
    }
    fn fields(
        &mut self,
        _: &'static [Member],
        _: crate::source::Each<'_>,
    ) -> Result<(), Rejection> {
        Err(raw_only())
    }
    fn list(&mut self, _: &'static Member, _: crate::source::Each<'_>) -> Result<(), Rejection> {
        Err(raw_only())
    }
    fn map(&mut self, _: &'static Member, _: crate::source::Each<'_>) -> Result<(), Rejection> {
        Err(raw_only())
    }
    fn checks(&mut self) -> &mut Checks {
        self.checks
    }
}

fn raw_only() -> Rejection {
    Rejection::new("a raw payload is a blob or a string")
}

/// A blob or a string as the body itself.
#[derive(Default)]
struct RawSink {
    out: Vec<u8>,
}

impl crate::sink::Sink for RawSink {
    fn string(&mut self, _: &'static Member, value: &str) {
        self.out.extend_from_slice(value.as_bytes());
    }
    fn blob(&mut self, _: &'static Member, value: &Bytes) {
        self.out.extend_from_slice(value);
    }
    fn boolean(&mut self, _: &'static Member, _: bool) {}
    fn integer(&mut self, _: &'static Member, _: i64) {}
    fn float(&mut self, _: &'static Member, _: f64) {}
    fn timestamp(&mut self, _: &'static Member, _: kogumo_base::Timestamp) {}
    fn document(&mut self, _: &'static Member, _: &serde_json::Value) {}
    fn begin_structure(&mut self, _: &'static Member) {}
    fn end_structure(&mut self, _: &'static Member) {}
    fn begin_list(&mut self, _: &'static Member, _: usize) {}
    fn end_list(&mut self, _: &'static Member) {}
    fn begin_map(&mut self, _: &'static Member, _: usize) {}
    fn key(&mut self, _: &'static Member, _: &str) {}
    fn end_map(&mut self, _: &'static Member) {}
}

/// A structure as JSON text, all members in the body.
pub fn json_text(structure: &dyn Structure) -> Vec<u8> {
    write_with(JsonSink::new(), structure).finish()
}

/// A structure as JSON text with its secrets hidden: for logs and the audit trail.
pub fn redacted_json(structure: &dyn Structure) -> Vec<u8> {
    write_with(JsonSink::redacting(), structure).finish()
}

/// A structure as a JSON value whose keys are the model's member names.
pub fn model_json(structure: &dyn Structure) -> serde_json::Value {
    let text = write_with(JsonSink::with_model_names(), structure).finish();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn write_with<S: crate::sink::Sink>(mut sink: S, structure: &dyn Structure) -> S {
    sink.begin_structure(&ROOT);
    write_members(structure, &mut sink);
    sink.end_structure(&ROOT);
    sink
}

fn cbor_bytes(structure: &dyn Structure) -> Vec<u8> {
    write_with(CborSink::new(), structure).finish()
}

/// A REST output's body members as a JSON object.
fn json_body(structure: &dyn Structure) -> Vec<u8> {
    let mut sink = JsonSink::new();
    crate::sink::Sink::begin_structure(&mut sink, &ROOT);
    write_body_members(structure, &mut sink);
    crate::sink::Sink::end_structure(&mut sink, &ROOT);
    sink.finish()
}

fn write_body_members(structure: &dyn Structure, sink: &mut dyn crate::sink::Sink) {
    let members = structure.shape().layout().members;
    for attributes in [true, false] {
        for (index, member) in members.iter().enumerate() {
            let value = structure.get(index);
            if member.location == Location::Body
                && member.xml_attribute == attributes
                && value.present()
            {
                value.write(member, sink);
            }
        }
    }
}

fn xml_document(name: &str, xmlns: &str, structure: &dyn Structure) -> Body {
    let mut sink = XmlSink::new();
    sink.start(name, xmlns);
    sink.enter_structure();
    write_body_members(structure, &mut sink);
    sink.leave_structure();
    sink.end(name);
    xml_body(sink)
}

fn xml_body(sink: XmlSink) -> Body {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str(&sink.finish());
    Body::from(Bytes::from(text))
}

fn query_response(
    service: &Service,
    operation: &Operation,
    output: &dyn Structure,
    request_id: &str,
) -> Body {
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
    Body::from(Bytes::from(sink.finish()))
}

fn ec2_response(
    service: &Service,
    operation: &Operation,
    output: &dyn Structure,
    request_id: &str,
) -> Body {
    let response = format!("{}Response", operation.name);
    let mut sink = XmlSink::ec2();
    sink.start(&response, service.xmlns);
    sink.element("requestId", request_id);
    sink.enter_structure();
    write_members(output, &mut sink);
    sink.leave_structure();
    sink.end(&response);
    xml_body(sink)
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
    sink.element(
        "Type",
        if fault.sender(Protocol::Query) {
            "Sender"
        } else {
            "Receiver"
        },
    );
    sink.element("Code", code);
    sink.element("Message", &fault.message);
    write_fault_fields(fault, &mut sink);
    sink.end("Error");
    sink.element("RequestId", request_id);
    sink.end("ErrorResponse");
    Bytes::from(sink.finish())
}

fn ec2_fault(fault: &Fault, code: &str, request_id: &str) -> Bytes {
    let mut sink = XmlSink::ec2();
    sink.start("Response", "");
    sink.start("Errors", "");
    sink.start("Error", "");
    sink.element("Code", code);
    sink.element("Message", &fault.message);
    sink.end("Error");
    sink.end("Errors");
    sink.element("RequestID", request_id);
    sink.end("Response");
    Bytes::from(sink.finish())
}

/// S3's error document; other REST-XML services wrap it as the query protocol does.
fn rest_xml_fault(service: &Service, fault: &Fault, code: &str, request_id: &str) -> Bytes {
    if service.name != "s3" {
        return query_fault(service, fault, code, request_id);
    }
    let mut sink = XmlSink::new();
    sink.start("Error", "");
    sink.element("Code", code);
    sink.element("Message", &fault.message);
    write_fault_fields(fault, &mut sink);
    sink.element("RequestId", request_id);
    sink.element("HostId", request_id);
    sink.end("Error");
    Bytes::from(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
        sink.finish()
    ))
}

fn write_fault_fields(fault: &Fault, sink: &mut XmlSink) {
    if let Some(fields) = &fault.fields {
        sink.enter_structure();
        write_body_members(&**fields, sink);
        sink.leave_structure();
    }
}
