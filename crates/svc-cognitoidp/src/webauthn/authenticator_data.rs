//! What an authenticator says of itself and of a ceremony (Web Authentication, section 6.1).

use minicbor::Decoder;

use super::{PublicKey, Refused};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// The longest id of a credential that may be registered (section 7.1).
const LONGEST_ID: usize = 1023;

/// Authenticator data, read.
pub struct AuthenticatorData {
    /// SHA-256 of the relying party's id.
    pub relying_party: [u8; 32],
    pub user_present: bool,
    pub user_verified: bool,
    pub sign_count: u32,
    /// Where a credential was made.
    pub attested: Option<Attested>,
}

/// A credential that was made.
pub struct Attested {
    /// The authenticator's model.
    pub aaguid: [u8; 16],
    pub id: Vec<u8>,
    pub key: PublicKey,
}

const FORM: Refused = Refused::Form("authenticatorData");

impl AuthenticatorData {
    /// # Errors
    /// Bytes of another form, or a key of another algorithm.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let (relying_party, rest) = bytes.split_first_chunk::<32>().ok_or(FORM)?;
        let (flags, rest) = rest.split_first().ok_or(FORM)?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(FORM)?;
        let has = |flag: u8| flags & flag != 0;
        let (attested, rest) = if has(ATTESTED) {
            let (attested, rest) = attested(rest)?;
            (Some(attested), rest)
        } else {
            (None, rest)
        };
        let mut decoder = Decoder::new(rest);
        if has(EXTENSIONS) {
            decoder.skip().map_err(|_| FORM)?;
        }
        if decoder.position() != rest.len() {
            return Err(FORM);
        }
        Ok(AuthenticatorData {
            relying_party: *relying_party,
            user_present: has(USER_PRESENT),
            user_verified: has(USER_VERIFIED),
            sign_count: u32::from_be_bytes(*count),
            attested,
        })
    }
}

/// The credential, and what stands behind it.
fn attested(bytes: &[u8]) -> Result<(Attested, &[u8]), Refused> {
    let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(FORM)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(FORM)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > LONGEST_ID {
        return Err(FORM);
    }
    let (id, rest) = rest.split_at_checked(length).ok_or(FORM)?;
    let mut decoder = Decoder::new(rest);
    let key = PublicKey::read(&mut decoder)?;
    let rest = rest.get(decoder.position()..).ok_or(FORM)?;
    Ok((Attested { aaguid: *aaguid, id: id.to_vec(), key }, rest))
}
