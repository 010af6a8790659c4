//! `/oauth2/revoke`: a refresh token and all that came from it.

use kogumo_model::cognitoidp::{UNSUPPORTED_OPERATION_EXCEPTION, UNSUPPORTED_TOKEN_TYPE_EXCEPTION};

use super::Visit;
use super::answer::Answer;
use super::token::client;
use crate::auth::revoke;

pub fn page(visit: &Visit) -> Answer {
    let Some(site) = client(visit) else { return Answer::error("invalid_client") };
    let Some(token) = visit.posted("token") else { return Answer::error("invalid_request") };
    match visit.cx.write(|w| revoke::revoke(w, &site, token, false)) {
        Ok(()) => Answer::empty(),
        Err(fault) if fault.is(&UNSUPPORTED_TOKEN_TYPE_EXCEPTION) => Answer::error("unsupported_token_type"),
        Err(fault) if fault.is(&UNSUPPORTED_OPERATION_EXCEPTION) => Answer::error("invalid_request"),
        // A token that means nothing is revoked already (RFC 7009, section 2.2).
        Err(_) => Answer::empty(),
    }
}
