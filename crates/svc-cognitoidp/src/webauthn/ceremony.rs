//! The two ceremonies: a credential is registered, a credential asserts (Web Authentication, sections 7.1 and 7.2). What
//! browsers bring is their own JSON (`PublicKeyCredential.toJSON`).

use ring::digest::{SHA256, digest};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::authenticator_data::AuthenticatorData;
use super::{PublicKey, Refused, attestation, client_data, decoded};

/// What was asked for.
pub struct Asked<'a> {
    pub challenge: &'a [u8],
    /// The relying party's id: a domain.
    pub relying_party: &'a str,
    /// Whether the authenticator is to make sure who uses it.
    pub verify_user: bool,
}

/// A new credential.
#[derive(Debug)]
pub struct Registered {
    pub id: Vec<u8>,
    pub key: PublicKey,
    pub sign_count: u32,
    pub aaguid: [u8; 16],
    /// `usb`, `internal`, …
    pub transports: Vec<String>,
    /// `platform`, `cross-platform`.
    pub attachment: Option<String>,
}

/// A credential that is known.
pub struct Known<'a> {
    pub key: &'a PublicKey,
    pub sign_count: u32,
    /// The handle that its user was registered by.
    pub user: &'a [u8],
}

/// What an assertion proved.
#[derive(Debug)]
pub struct Asserted {
    pub sign_count: u32,
}

/// Checks a new credential.
///
/// # Errors
/// Why it is not believed.
pub fn registration(asked: &Asked, credential: &Value) -> Result<Registered, Refused> {
    let id = id(credential)?;
    let response = credential.get("response").ok_or(Refused::Form("response"))?;
    let client = bytes(response, "clientDataJSON")?;
    client_data::check(&client, "webauthn.create", asked.challenge, asked.relying_party)?;
    let object = bytes(response, "attestationObject")?;
    let (data, attested) = attestation::read(&object, digest(&SHA256, &client).as_ref())?;
    check(asked, &data)?;
    if attested.id != id {
        return Err(Refused::Form("id"));
    }
    let transports = response.get("transports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok(Registered {
        id,
        key: attested.key,
        sign_count: data.sign_count,
        aaguid: attested.aaguid,
        transports: transports.iter().filter_map(Value::as_str).take(8).map(str::to_owned).collect(),
        attachment: credential.get("authenticatorAttachment").and_then(Value::as_str).map(str::to_owned),
    })
}

/// Checks an assertion of a credential, which `find` knows by its id.
///
/// # Errors
/// Why it is not believed; `None` of `find` is a wrong signature.
pub fn assertion<'k>(
    asked: &Asked,
    credential: &Value,
    find: impl FnOnce(&[u8]) -> Option<Known<'k>>,
) -> Result<Asserted, Refused> {
    let known = find(&id(credential)?).ok_or(Refused::Signature)?;
    let response = credential.get("response").ok_or(Refused::Form("response"))?;
    if response.get("userHandle").is_some_and(|handle| !handle.is_null())
        && bytes(response, "userHandle")? != known.user
    {
        return Err(Refused::Form("userHandle"));
    }
    let client = bytes(response, "clientDataJSON")?;
    client_data::check(&client, "webauthn.get", asked.challenge, asked.relying_party)?;
    let authenticator = bytes(response, "authenticatorData")?;
    let data = AuthenticatorData::read(&authenticator)?;
    check(asked, &data)?;
    let signed = [&authenticator, digest(&SHA256, &client).as_ref()].concat();
    if !known.key.has_signed(&signed, &bytes(response, "signature")?) {
        return Err(Refused::Signature);
    }
    // Authenticators that do not count stay at zero.
    if (data.sign_count, known.sign_count) != (0, 0) && data.sign_count <= known.sign_count {
        return Err(Refused::Counter);
    }
    Ok(Asserted { sign_count: data.sign_count })
}

/// The id that a credential says is its own.
fn id(credential: &Value) -> Result<Vec<u8>, Refused> {
    if credential.get("type").and_then(Value::as_str) != Some("public-key") {
        return Err(Refused::Form("type"));
    }
    let raw = bytes(credential, "rawId").or_else(|_| bytes(credential, "id"))?;
    match bytes(credential, "id")? == raw {
        true => Ok(raw),
        false => Err(Refused::Form("id")),
    }
}

fn check(asked: &Asked, data: &AuthenticatorData) -> Result<(), Refused> {
    let expected = digest(&SHA256, asked.relying_party.as_bytes());
    if !bool::from(expected.as_ref().ct_eq(&data.relying_party)) {
        return Err(Refused::RelyingParty);
    }
    if !data.user_present || (asked.verify_user && !data.user_verified) {
        return Err(Refused::User);
    }
    Ok(())
}

/// A member that is base64url.
fn bytes(of: &Value, name: &'static str) -> Result<Vec<u8>, Refused> {
    of.get(name).and_then(Value::as_str).and_then(decoded).ok_or(Refused::Form(name))
}
