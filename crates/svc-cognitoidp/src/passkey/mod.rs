//! Passkeys: what a pool asks of them, which ones a user has, and how they are registered. How users sign in with them is
//! [`crate::auth::passkey`]'s.

pub mod ops;
pub mod settings;

use kogumo_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::webauthn::{self, PublicKey, Refused};

/// So many a user may have. Source: "Quotas in Amazon Cognito".
const MOST: usize = 20;

/// A passkey of a user.
#[derive(Clone, Serialize, Deserialize)]
pub struct Passkey {
    pub id: Vec<u8>,
    pub key: PublicKey,
    pub sign_count: u32,
    pub name: String,
    pub relying_party: String,
    pub transports: Vec<String>,
    pub attachment: Option<String>,
    pub created: Timestamp,
}

/// A registration that was begun.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pending {
    pub challenge: Vec<u8>,
    pub client: String,
    pub expires: Timestamp,
}

/// A user's passkeys and the registration under way.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Passkeys {
    pub all: Vec<Passkey>,
    pub pending: Option<Pending>,
    /// Whether they count for two factors (the "WebAuthnMfaSettings").
    pub are_mfa: bool,
}

impl Passkey {
    pub fn text_id(&self) -> String {
        webauthn::encoded(&self.id)
    }
}

/// Why a credential is not believed, in words.
pub fn words(refused: Refused) -> String {
    match refused {
        Refused::Form(part) => format!("Invalid credential: {part} is missing or malformed."),
        Refused::Challenge => "The credential answers another challenge.".into(),
        Refused::Origin => "The origin of the credential is not allowed by the relying party.".into(),
        Refused::RelyingParty => "The credential is of another relying party.".into(),
        Refused::User => "The authenticator did not verify the user.".into(),
        Refused::Unsupported => "The credential's algorithm or attestation is not supported.".into(),
        Refused::Signature => "The credential's signature is not valid.".into(),
        Refused::Counter => "The authenticator's counter went back.".into(),
    }
}

/// What people call an authenticator of that model (the AAGUID), where that is known.
fn model(aaguid: [u8; 16]) -> &'static str {
    match u128::from_be_bytes(aaguid) {
        0xfbfc_3007_154e_4ecc_8c0b_6e02_0557_d7bd => "iCloud Keychain",
        0xea9b_8d66_4d01_1d21_3ce4_b6b4_8cb5_75d4 => "Google Password Manager",
        0x0898_7058_cadc_4b81_b6e1_30de_50dc_be96 => "Windows Hello",
        0xbada_5566_a7aa_401f_bd96_4561_9a55_120d => "1Password",
        0xd548_826e_79b4_db40_a3d8_1111_6f7e_8349 => "Bitwarden",
        _ => "Passkey",
    }
}
