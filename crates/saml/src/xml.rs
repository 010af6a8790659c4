//! Short words for documents and their elements.

use bergshamra_xml::uppsala::Parser;
use bergshamra_xml::{Document, NodeId};

/// `urn:oasis:names:tc:SAML:2.0:protocol`
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Elements lie this deep at most; no document of SAML's comes near it.
const DEEPEST: u32 = 64;

/// Reads a document. One that declares a type, and with it entities, is none.
pub fn parse(text: &str) -> Option<Document<'_>> {
    Parser::new().with_forbid_dtd(true).with_max_depth(DEEPEST).parse(text).ok()
}

pub fn is(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> bool {
    document.element(node).is_some_and(|element| element.matches_name_ns(namespace, name))
}

pub fn children(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> Vec<NodeId> {
    document.child_elements_by_name_ns(node, namespace, name)
}

/// The only child of that name; none if there are many.
pub fn only(document: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> Option<NodeId> {
    match children(document, node, namespace, name).as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// All text within, without the space around it.
pub fn text(document: &Document<'_>, node: NodeId) -> String {
    document.text_content_deep(node).trim().to_owned()
}

pub fn attribute<'d>(document: &'d Document<'_>, node: NodeId, name: &str) -> Option<&'d str> {
    document.get_attribute(node, name)
}
