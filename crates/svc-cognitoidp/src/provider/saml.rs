//! SAML providers: what their metadata says, how they are asked, and whether to believe their answers.
//! Source: "Using SAML identity providers with a user pool", Cognito Developer Guide; SAML 2.0 Bindings, section 3.4.

use std::collections::BTreeMap;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use kogumo_base::{Timestamp, Trouble};
use kogumo_saml::{Assertion, Metadata};
use kogumo_wire::Fault;
use serde_json::{Map, Value};

use super::{Provider, Said};
use crate::faults::{invalid, unbuilt};

pub const KIND: &str = "SAML";

/// How far a provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;

/// Checks what an administrator says of a provider, and completes it with what its metadata says.
///
/// # Errors
/// Metadata that cannot be read, and what is not built.
pub fn complete(details: &mut BTreeMap<String, String>) -> Result<(), Fault> {
    if details.contains_key("MetadataURL") {
        return Err(unbuilt("MetadataURL of SAML providers"));
    }
    for name in ["EncryptedResponses", "IDPSignout", "IDPInit"] {
        if details.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err(unbuilt(&format!("{name} of SAML providers")));
        }
    }
    if details.contains_key("RequestSigningAlgorithm") {
        return Err(unbuilt("RequestSigningAlgorithm of SAML providers"));
    }
    let metadata = details.get("MetadataFile").and_then(|text| Metadata::read(text));
    let sign_in = metadata.and_then(|metadata| metadata.sign_in);
    let sign_in = sign_in.ok_or_else(|| invalid("The SAML metadata document could not be parsed or is incomplete."))?;
    details.insert("SSORedirectBindingURI".to_owned(), sign_in);
    Ok(())
}

/// As whom a pool asks.
pub fn entity(pool: &str) -> String {
    format!("urn:amazon:cognito:sp:{pool}")
}

/// What is asked of a provider.
pub struct Request<'a> {
    /// Begins with a letter or `_`.
    pub id: &'a str,
    pub pool: &'a str,
    /// Where the answer is to be posted.
    pub back: &'a str,
    pub now: Timestamp,
}

impl Request<'_> {
    /// The request as the redirect binding has it: deflated, in base 64.
    ///
    /// # Errors
    /// It cannot be deflated.
    pub fn encoded(&self, destination: &str) -> Result<String, Trouble> {
        let text = format!(
            r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{}" Version="2.0" IssueInstant="{}" Destination="{}" AssertionConsumerServiceURL="{}" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"><saml:Issuer>{}</saml:Issuer></samlp:AuthnRequest>"#,
            self.id,
            self.now.iso_millis(),
            escaped(destination),
            escaped(self.back),
            escaped(&entity(self.pool)),
        );
        let trouble = |error| Trouble::from_cause("a request cannot be deflated", error);
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(text.as_bytes()).map_err(trouble)?;
        Ok(STANDARD.encode(deflated.finish().map_err(trouble)?))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

impl Provider {
    /// What a posted answer says of the user.
    ///
    /// # Errors
    /// It is not signed by the provider, for another pool or request, or out of its time.
    pub fn believe(&self, answer: &str, request: &Request<'_>) -> Result<Said, Trouble> {
        let refused = |why: &str| Trouble::new(format!("the identity provider's assertion is refused: {why}"));
        let metadata = self.details.get("MetadataFile").and_then(|text| Metadata::read(text));
        let metadata = metadata.ok_or_else(|| refused("no metadata"))?;
        let bytes: String = answer.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(bytes).map_err(|_| refused("not base 64"))?;
        let text = String::from_utf8(bytes).map_err(|_| refused("not text"))?;
        let said = Assertion::believe(&text, &metadata).map_err(|why| refused(&format!("{why:?}")))?;
        let entity = entity(request.pool);
        let is_meant = |audiences: &Vec<String>| audiences.contains(&entity);
        if said.audiences.is_empty() || !said.audiences.iter().all(is_meant) || said.recipient != request.back {
            return Err(refused("for somebody else"));
        }
        if said.in_response_to.as_deref() != Some(request.id) {
            return Err(refused("to another request"));
        }
        let early = said.not_before.is_some_and(|from| request.now.plus_seconds(LEEWAY) < from);
        let late = said.not_on_or_after.is_none_or(|until| request.now >= until.plus_seconds(LEEWAY));
        if early || late {
            return Err(refused("out of its time"));
        }
        Ok(Said { tokens: Value::Null, id_token: claims(&said), user_info: Map::new() })
    }
}

/// The attributes of an assertion, and its subject as `sub`. Many values of one become a list in one text.
fn claims(said: &Assertion) -> Map<String, Value> {
    let text = |values: &[String]| match values {
        [only] => only.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    let attributes = said.attributes.iter().map(|(name, values)| (name.clone(), Value::from(text(values))));
    attributes.chain([("sub".to_owned(), Value::from(said.subject.as_str()))]).collect()
}
