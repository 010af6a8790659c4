//! Setting up an authenticator app on the way in, where the pool wants a second factor and the user has none.

use kogumo_model::cognitoidp::{AssociateSoftwareTokenRequest, VerifySoftwareTokenRequest};
use kogumo_wire::Fault;

use super::Visit;
use super::authorize::quote;
use crate::mfa::software_token::{associate_software_token, verify_software_token};

/// A secret that waits for its first code.
pub struct Setup {
    pub secret: String,
    pub session: String,
}

/// The secret to show: a new one, or the one that was shown before a wrong code.
pub fn begin(visit: &Visit, session: &str) -> Result<Setup, Fault> {
    if let Some(secret) = visit.posted("secret") {
        return Ok(Setup { secret: secret.to_owned(), session: session.to_owned() });
    }
    let request =
        AssociateSoftwareTokenRequest { session: Some(session.to_owned()), ..AssociateSoftwareTokenRequest::default() };
    let made = visit.cx.write(|w| associate_software_token(w, request.clone()))?;
    Ok(Setup { secret: made.secret_code.unwrap_or_default(), session: made.session.unwrap_or_default() })
}

impl Setup {
    /// What an authenticator app on the same machine opens.
    pub fn link(&self, user: &str, pool: &str) -> String {
        format!("otpauth://totp/{}:{}?secret={}&issuer={}", quote(pool), quote(user), self.secret, quote(pool))
    }
}

/// Checks the first code; the session that it gives answers MFA_SETUP.
pub async fn verify(visit: &Visit, session: &str) -> Result<String, Fault> {
    let request = VerifySoftwareTokenRequest {
        session: Some(session.to_owned()),
        user_code: visit.posted("code").unwrap_or_default().trim().to_owned(),
        ..VerifySoftwareTokenRequest::default()
    };
    Ok(verify_software_token(visit.cx.clone(), request).await?.session.unwrap_or_default())
}
