//! A response to a sign-in: whether its provider has signed it, for whom, for how long, and what it says.

use std::collections::BTreeMap;

use bergshamra_xml::{Document, NodeId};
use kogumo_base::Timestamp;

use crate::Metadata;
use crate::signature::{is_signed, signed};
use crate::xml::{self, ASSERTION, PROTOCOL};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// What a believed assertion says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assertion {
    pub id: String,
    pub issuer: String,
    /// The `NameID` of the subject, and its format.
    pub subject: String,
    pub subject_format: String,
    /// Whom it may be shown to: the `Recipient`.
    pub recipient: String,
    /// The id of the request that it answers, if it answers one.
    pub in_response_to: Option<String>,
    /// Each restriction's audiences: one of each must be meant.
    pub audiences: Vec<Vec<String>>,
    pub issued: Timestamp,
    /// From when on, and until before when, it counts: the narrowest of all that it says.
    pub not_before: Option<Timestamp>,
    pub not_on_or_after: Option<Timestamp>,
    /// When the session at the provider ends.
    pub session_ends: Option<Timestamp>,
    /// By name; the values in their order.
    pub attributes: BTreeMap<String, Vec<String>>,
}

/// Why a response is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No response of SAML's, or not with one assertion in the open.
    Malformed,
    /// The provider says that the sign-in failed.
    Failed,
    /// Another provider's.
    Issuer,
    /// Not signed, or not by the provider.
    Signature,
}

impl Assertion {
    /// Reads a response and believes its assertion, if the provider has signed either of them. Times, audiences and
    /// recipients are the reader's to judge.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn believe(text: &str, provider: &Metadata) -> Result<Self, Refused> {
        let document = xml::parse(text).ok_or(Refused::Malformed)?;
        let response = document.document_element().ok_or(Refused::Malformed)?;
        if !xml::is(&document, response, PROTOCOL, "Response") {
            return Err(Refused::Malformed);
        }
        let status = xml::only(&document, response, PROTOCOL, "Status")
            .and_then(|status| xml::only(&document, status, PROTOCOL, "StatusCode"))
            .and_then(|code| xml::attribute(&document, code, "Value"));
        if status != Some(SUCCESS) {
            return Err(Refused::Failed);
        }
        let assertion = xml::only(&document, response, ASSERTION, "Assertion").ok_or(Refused::Malformed)?;
        let verified = |element| signed(&document, element, &provider.keys).ok_or(Refused::Signature);
        let whole = is_signed(&document, response).then(|| verified(response)).transpose()?;
        let part = is_signed(&document, assertion).then(|| verified(assertion)).transpose()?;
        let bytes = part.or(whole).ok_or(Refused::Signature)?;
        let said = Assertion::read(&bytes).ok_or(Refused::Malformed)?;
        if said.issuer == provider.entity { Ok(said) } else { Err(Refused::Issuer) }
    }

    /// Reads what was signed: an assertion, or a response with one.
    fn read(text: &str) -> Option<Self> {
        let document = xml::parse(text)?;
        let root = document.document_element()?;
        let assertion = match xml::is(&document, root, ASSERTION, "Assertion") {
            true => root,
            false => xml::only(&document, root, ASSERTION, "Assertion")?,
        };
        let of = |name: &str| xml::only(&document, assertion, ASSERTION, name);
        let mut said = Assertion {
            id: xml::attribute(&document, assertion, "ID")?.to_owned(),
            issuer: xml::text(&document, of("Issuer")?),
            issued: Timestamp::parse_iso(xml::attribute(&document, assertion, "IssueInstant")?)?,
            ..Assertion::default()
        };
        said.take_subject(&document, of("Subject")?)?;
        said.take_conditions(&document, of("Conditions")?)?;
        for statement in xml::children(&document, assertion, ASSERTION, "AuthnStatement") {
            if let Some(ends) = xml::attribute(&document, statement, "SessionNotOnOrAfter") {
                let ends = Timestamp::parse_iso(ends)?;
                said.session_ends = Some(said.session_ends.map_or(ends, |other| other.min(ends)));
            }
        }
        for statement in xml::children(&document, assertion, ASSERTION, "AttributeStatement") {
            for attribute in xml::children(&document, statement, ASSERTION, "Attribute") {
                let name = xml::attribute(&document, attribute, "Name")?.to_owned();
                let values = xml::children(&document, attribute, ASSERTION, "AttributeValue");
                let values = values.into_iter().map(|value| xml::text(&document, value));
                said.attributes.entry(name).or_default().extend(values);
            }
        }
        Some(said)
    }

    /// Who it is about, and whom it may be shown to: a bearer's confirmation with a recipient and an end.
    fn take_subject(&mut self, document: &Document<'_>, subject: NodeId) -> Option<()> {
        let name = xml::only(document, subject, ASSERTION, "NameID")?;
        self.subject = xml::text(document, name);
        self.subject_format = xml::attribute(document, name, "Format").unwrap_or_default().to_owned();
        let confirmations = xml::children(document, subject, ASSERTION, "SubjectConfirmation");
        let is_bearer = |node: &NodeId| xml::attribute(document, *node, "Method") == Some(BEARER);
        let bearer = confirmations.into_iter().find(is_bearer)?;
        let data = xml::only(document, bearer, ASSERTION, "SubjectConfirmationData")?;
        self.recipient = xml::attribute(document, data, "Recipient")?.to_owned();
        self.in_response_to = xml::attribute(document, data, "InResponseTo").map(str::to_owned);
        xml::attribute(document, data, "NotOnOrAfter")?;
        self.narrow(document, data)
    }

    fn take_conditions(&mut self, document: &Document<'_>, conditions: NodeId) -> Option<()> {
        for restriction in xml::children(document, conditions, ASSERTION, "AudienceRestriction") {
            let audiences = xml::children(document, restriction, ASSERTION, "Audience");
            self.audiences.push(audiences.into_iter().map(|audience| xml::text(document, audience)).collect());
        }
        self.narrow(document, conditions)
    }

    /// Takes the times of an element on top of those that are known. A time that cannot be read is no time to ignore.
    fn narrow(&mut self, document: &Document<'_>, node: NodeId) -> Option<()> {
        if let Some(from) = xml::attribute(document, node, "NotBefore") {
            self.not_before = self.not_before.max(Some(Timestamp::parse_iso(from)?));
        }
        if let Some(until) = xml::attribute(document, node, "NotOnOrAfter") {
            let until = Timestamp::parse_iso(until)?;
            self.not_on_or_after = Some(self.not_on_or_after.map_or(until, |other| other.min(until)));
        }
        Some(())
    }

    /// The only value of an attribute.
    pub fn single(&self, name: &str) -> Option<&str> {
        match self.attributes.get(name).map(Vec::as_slice) {
            Some([only]) => Some(only),
            _ => None,
        }
    }
}
