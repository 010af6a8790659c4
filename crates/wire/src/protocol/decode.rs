//! A request becomes an input.

use bytes::Bytes;

use super::raw::RawSource;
use crate::body::Body;
use crate::cbor_source::from_cbor;
use crate::checks::Checks;
use crate::fault::{Common, Fault};
use crate::request::{Request, parse_query};
use crate::rest::{has_body_members, note_missing, read_bound_members};
use crate::schema::{Kind, Location, Member, Operation, Protocol};
use crate::serde_source::from_json;
use crate::shaped::Structure;
use crate::source::{Rejection, Source, read_structure};
use crate::tree::{Dialect, Node, TreeSource};
use crate::uri::Labels;

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
            Protocol::RestJson | Protocol::RestXml => self.read_rest(operation, into, request, &mut checks),
        };
        read.map_err(|rejection| Fault::common(Common::Serialization, self.serialization_message(rejection)))?;
        match (self, checks.first_missing(), checks.verdict()) {
            (Protocol::Ec2, Some(missing), _) => Err(Fault::common(
                Common::MissingParameter,
                format!("The request must contain the parameter {missing}"),
            )),
            (_, _, Some(verdict)) => Err(Fault::invalid_input(operation, verdict)),
            (_, _, None) => Ok(()),
        }
    }

    fn serialization_message(self, rejection: Rejection) -> String {
        match self {
            Protocol::RestXml => {
                "The XML you provided was not well-formed or did not validate against our published schema".into()
            }
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
        let mut seen = read_bound_members(into, operation, request, &labels, checks)?;
        match layout.payload {
            Some(index) => {
                if self.read_payload(index, into, request, checks)? {
                    seen.insert(index);
                }
                note_missing(layout, &seen, checks, &|_| true);
                Ok(())
            }
            None => {
                note_missing(layout, &seen, checks, &|location| location != Location::Body);
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
            Kind::Blob => into.get_mut(index).read(member, &mut RawSource { body: &body, checks }),
            Kind::String => into.get_mut(index).read(member, &mut RawSource { body: &body, checks }),
            _ if self == Protocol::RestXml => {
                let node = Node::from_xml(&body)?;
                into.get_mut(index).read(member, &mut TreeSource::new(&node, Dialect::Xml, checks))
            }
            _ => from_json(&body, checks, &mut |source| into.get_mut(index).read(member, source)),
        };
        checks.leave();
        read.map(|()| true)
    }

    fn read_body(self, body: &Bytes, into: &mut dyn Structure, checks: &mut Checks) -> Result<(), Rejection> {
        let mut only_body = BodyMembers { into };
        if self == Protocol::RestXml {
            let node = if body.is_empty() { Node::default() } else { Node::from_xml(body)? };
            return only_body.read(&mut TreeSource::new(&node, Dialect::Xml, checks));
        }
        let text: &[u8] = if body.is_empty() { b"{}" } else { body };
        from_json(text, checks, &mut |source| only_body.read(source))
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
    let pairs = request.query.iter().chain(&form).map(|(name, value)| (name.as_str(), value.clone()));
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
        note_missing(layout, &seen, source.checks(), &|location| location == Location::Body);
        Ok(())
    }
}
