//! Attestation objects (Web Authentication, section 8). None is asked for, so none is wanted: authenticators then say nothing,
//! or sign with the new key itself.

use minicbor::Decoder;

use super::authenticator_data::{Attested, AuthenticatorData};
use super::{PublicKey, Refused};

const FORM: Refused = Refused::Form("attestationObject");

/// An attestation object, taken apart.
struct Attestation<'b> {
    format: &'b str,
    statement: Statement<'b>,
    data: &'b [u8],
}

/// What a statement may hold that is understood.
#[derive(Default)]
struct Statement<'b> {
    members: u64,
    algorithm: Option<i64>,
    signature: Option<&'b [u8]>,
    certificates: bool,
}

/// Reads an attestation object and believes its statement, or not. `client_data` is the hash of the client's data.
///
/// # Errors
/// Another form, a statement that is not true, or one of a sort that is not known.
pub fn read(bytes: &[u8], client_data: &[u8]) -> Result<(AuthenticatorData, Attested), Refused> {
    let attestation = parts(bytes).ok_or(FORM)?;
    let mut data = AuthenticatorData::read(attestation.data)?;
    let attested = data.attested.take().ok_or(FORM)?;
    believe(&attestation, &attested.key, client_data)?;
    Ok((data, attested))
}

fn believe(attestation: &Attestation, key: &PublicKey, client_data: &[u8]) -> Result<(), Refused> {
    let statement = &attestation.statement;
    match attestation.format {
        "none" if statement.members == 0 => Ok(()),
        "none" => Err(FORM),
        "packed" if !statement.certificates => {
            if statement.algorithm != Some(key.algorithm()) {
                return Err(FORM);
            }
            let signed = [attestation.data, client_data].concat();
            let right = statement.signature.is_some_and(|signature| key.has_signed(&signed, signature));
            if right { Ok(()) } else { Err(Refused::Signature) }
        }
        _ => Err(Refused::Unsupported),
    }
}

fn parts(bytes: &[u8]) -> Option<Attestation<'_>> {
    let mut decoder = Decoder::new(bytes);
    let (mut format, mut statement, mut data) = (None, None, None);
    for _ in 0..decoder.map().ok()?? {
        match decoder.str().ok()? {
            "fmt" => format = Some(decoder.str().ok()?),
            "authData" => data = Some(decoder.bytes().ok()?),
            "attStmt" => statement = Some(read_statement(&mut decoder)?),
            _ => decoder.skip().ok()?,
        }
    }
    (decoder.position() == bytes.len()).then_some(())?;
    Some(Attestation { format: format?, statement: statement?, data: data? })
}

fn read_statement<'b>(decoder: &mut Decoder<'b>) -> Option<Statement<'b>> {
    let members = decoder.map().ok()??;
    let mut statement = Statement { members, ..Statement::default() };
    for _ in 0..members {
        match decoder.str().ok()? {
            "alg" => statement.algorithm = Some(decoder.i64().ok()?),
            "sig" => statement.signature = Some(decoder.bytes().ok()?),
            name => {
                statement.certificates |= name == "x5c";
                decoder.skip().ok()?;
            }
        }
    }
    Some(statement)
}
