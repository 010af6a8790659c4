//! Structures as whole texts: JSON, CBOR, XML.

use crate::body::Body;
use crate::cbor::CborSink;
use crate::json::JsonSink;
use crate::schema::{Member, UNIT};
use crate::shaped::{Shaped, Structure, write_members};
use crate::xml::XmlSink;

/// The place of a message's outermost value: it has no name.
pub(super) static ROOT: Member = Member::new("", &UNIT);

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

pub(super) fn cbor_bytes(structure: &dyn Structure) -> Vec<u8> {
    write_with(CborSink::new(), structure).finish()
}

/// A REST output's body members as a JSON object.
pub(super) fn json_body(structure: &dyn Structure) -> Vec<u8> {
    let mut sink = JsonSink::new();
    crate::sink::Sink::begin_structure(&mut sink, &ROOT);
    write_body_members(structure, &mut sink);
    crate::sink::Sink::end_structure(&mut sink, &ROOT);
    sink.finish()
}

pub(super) fn write_body_members(structure: &dyn Structure, sink: &mut dyn crate::sink::Sink) {
    for (index, member) in structure.shape().layout().in_xml_order() {
        let value = structure.get(index);
        if member.location.is_body_of_output() && value.present() {
            value.write(member, sink);
        }
    }
}

pub(super) fn xml_document(name: &str, xmlns: &str, structure: &dyn Structure) -> Body {
    let mut sink = XmlSink::new().declared();
    sink.start(name, xmlns);
    sink.enter_structure();
    write_body_members(structure, &mut sink);
    sink.leave_structure();
    sink.end(name);
    sink.into_body()
}

/// A document that is one text.
pub(super) fn xml_scalar_document(value: &dyn Shaped, at: &'static Member) -> Body {
    let mut sink = XmlSink::new().declared();
    if value.present() {
        value.write(at, &mut sink);
    } else {
        sink.element(at.wire, "");
    }
    sink.into_body()
}
