//! Signatures of elements, by SAML's profile. What verifies is answered as the bytes that were signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::{Document, NodeId, NodeSet};
use ring::digest::{self, SHA256, SHA384, SHA512};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    UnparsedPublicKey,
};

use crate::xml::{self, SIGNATURE};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Whether the element has a signature of its own.
pub fn is_signed(document: &Document<'_>, element: NodeId) -> bool {
    !xml::children(document, element, SIGNATURE, "Signature").is_empty()
}

/// The canonical bytes of an element that one of the keys has signed; none if none has. Keys are RSA's structure in DER.
pub fn signed(document: &Document<'_>, element: NodeId, keys: &[Vec<u8>]) -> Option<String> {
    let signature = xml::only(document, element, SIGNATURE, "Signature")?;
    let info = xml::only(document, signature, SIGNATURE, "SignedInfo")?;
    let value = xml::only(document, signature, SIGNATURE, "SignatureValue")?;
    let method = xml::only(document, info, SIGNATURE, "CanonicalizationMethod")?;
    let canonical_info = canonical(document, method, &NodeSet::tree_without_comments(info, document))?;
    let parameters = parameters(algorithm(document, info, "SignatureMethod")?)?;
    let value = base64(document, value)?;
    let verifies = |key: &Vec<u8>| UnparsedPublicKey::new(parameters, key).verify(&canonical_info, &value).is_ok();
    if !keys.iter().any(verifies) {
        return None;
    }
    // From here on SignedInfo is the issuer's own word.
    let reference = xml::only(document, info, SIGNATURE, "Reference")?;
    let id = xml::attribute(document, element, "ID").filter(|id| !id.is_empty())?;
    if xml::attribute(document, reference, "URI")?.strip_prefix('#')? != id {
        return None;
    }
    let transforms = xml::only(document, reference, SIGNATURE, "Transforms")?;
    let [enveloped, exclusive] = *xml::children(document, transforms, SIGNATURE, "Transform").as_slice() else {
        return None;
    };
    if xml::attribute(document, enveloped, "Algorithm") != Some(ENVELOPED) {
        return None;
    }
    let whole = NodeSet::tree_without_comments(element, document);
    let left = whole.subtract(&NodeSet::tree_with_comments(signature, document));
    let bytes = canonical(document, exclusive, &left)?;
    let digest = digest::digest(sum(algorithm(document, reference, "DigestMethod")?)?, &bytes);
    let wanted = base64(document, xml::only(document, reference, SIGNATURE, "DigestValue")?)?;
    (digest.as_ref() == wanted.as_slice()).then(|| String::from_utf8(bytes).ok())?
}

/// Canonicalizes nodes as an element (`CanonicalizationMethod`, `Transform`) says, which must be the exclusive way.
fn canonical(document: &Document<'_>, method: NodeId, nodes: &NodeSet) -> Option<Vec<u8>> {
    if xml::attribute(document, method, "Algorithm") != Some(EXCLUSIVE) {
        return None;
    }
    let prefixes = xml::children(document, method, EXCLUSIVE, "InclusiveNamespaces");
    let prefixes = prefixes.iter().filter_map(|list| xml::attribute(document, *list, "PrefixList"));
    let prefixes: Vec<&str> = prefixes.flat_map(str::split_ascii_whitespace).collect();
    canonicalize_doc(document, C14nMode::Exclusive, Some(nodes), &prefixes).ok()
}

fn algorithm<'d>(document: &'d Document<'_>, parent: NodeId, name: &str) -> Option<&'d str> {
    xml::attribute(document, xml::only(document, parent, SIGNATURE, name)?, "Algorithm")
}

fn base64(document: &Document<'_>, node: NodeId) -> Option<Vec<u8>> {
    let text: String = document.text_content_deep(node).split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

/// SHA-1 is not among them: it can be forged.
fn parameters(algorithm: &str) -> Option<&'static RsaParameters> {
    match algorithm {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

fn sum(algorithm: &str) -> Option<&'static digest::Algorithm> {
    match algorithm {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Some(&SHA256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(&SHA384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(&SHA512),
        _ => None,
    }
}
