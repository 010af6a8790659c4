//! Grant tokens: they name a grant. Grants of this cloud are in force at once, so that nobody needs one to use a grant;
//! a text that is none is refused all the same.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kogumo_base::{Scope, hex_id};
use kogumo_model::kms::INVALID_GRANT_TOKEN_EXCEPTION;
use kogumo_wire::Fault;

/// A token of a grant; each is another.
pub fn make(scope: &Scope, key: &str, grant: &str) -> String {
    let Scope { account, region } = scope;
    BASE64_URL_SAFE_NO_PAD.encode(format!("kogumo-grant/{account}/{region}/{key}/{grant}/{}", hex_id(16)))
}

/// Where the grant lies, its key and its id; `None` if the text is no token.
pub fn read(token: &str) -> Option<(Scope, String, String)> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let mut parts = text.split('/').map(str::to_owned);
    if parts.next()? != "kogumo-grant" {
        return None;
    }
    let scope = Scope::new(parts.next()?, parts.next()?);
    Some((scope, parts.next()?, parts.next()?))
}

/// # Errors
/// A text that is no token.
pub fn check_tokens(tokens: Option<&[String]>) -> Result<(), Fault> {
    match tokens.unwrap_or_default().iter().all(|token| read(token).is_some()) {
        true => Ok(()),
        false => Err(invalid()),
    }
}

pub fn invalid() -> Fault {
    INVALID_GRANT_TOKEN_EXCEPTION.because("The grant token is not valid.")
}
