//! What an identity provider says of itself: its name and the keys that it signs with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_xml::{Document, NodeId};
use kogumo_base::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::xml::{self, METADATA, SIGNATURE};

/// Metadata that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer of its assertions.
    pub entity: String,
    /// The public keys of its signing certificates: RSA's structure in DER.
    pub keys: Vec<Vec<u8>>,
    /// Until when it may be believed, if it says so.
    pub valid_until: Option<Timestamp>,
    /// Where browsers are sent to sign in, with the request in the query.
    pub sign_in: Option<String>,
}

const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

impl Metadata {
    /// Reads an `EntityDescriptor` of an identity provider; `None` for what is none, or has no certificate to sign with.
    pub fn read(text: &str) -> Option<Self> {
        let document = xml::parse(text)?;
        let root = document.document_element()?;
        if !xml::is(&document, root, METADATA, "EntityDescriptor") {
            return None;
        }
        let entity = xml::attribute(&document, root, "entityID").filter(|entity| !entity.is_empty())?.to_owned();
        let mut keys = Vec::new();
        let mut sign_in = None;
        for role in xml::children(&document, root, METADATA, "IDPSSODescriptor") {
            let places = xml::children(&document, role, METADATA, "SingleSignOnService");
            let place = places.into_iter().find(|place| xml::attribute(&document, *place, "Binding") == Some(REDIRECT));
            let place = place.and_then(|place| xml::attribute(&document, place, "Location")).map(str::to_owned);
            sign_in = sign_in.or(place);
            for descriptor in xml::children(&document, role, METADATA, "KeyDescriptor") {
                // Without a use it is for both.
                if xml::attribute(&document, descriptor, "use").is_none_or(|purpose| purpose == "signing") {
                    keys.extend(certificates(&document, descriptor)?);
                }
            }
        }
        let valid_until = xml::attribute(&document, root, "validUntil").map(Timestamp::parse_iso);
        if keys.is_empty() || valid_until.is_some_and(|until| until.is_none()) {
            return None;
        }
        Some(Metadata { entity, keys, valid_until: valid_until.flatten(), sign_in })
    }
}

/// The public keys of a descriptor's certificates; `None` if one cannot be read.
fn certificates(document: &Document<'_>, descriptor: NodeId) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for info in xml::children(document, descriptor, SIGNATURE, "KeyInfo") {
        for data in xml::children(document, info, SIGNATURE, "X509Data") {
            for certificate in xml::children(document, data, SIGNATURE, "X509Certificate") {
                let text: String = document.text_content_deep(certificate).split_ascii_whitespace().collect();
                let der = STANDARD.decode(text).ok()?;
                let (_, certificate) = X509Certificate::from_der(&der).ok()?;
                found.push(certificate.public_key().subject_public_key.data.to_vec());
            }
        }
    }
    Some(found)
}
