//! RevokeToken: a refresh token and all that came from it.

use kogumo_door::Writer;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use crate::client::{self, Site, secret};
use crate::faults::{invalid, no_client, not_authorized};
use crate::place::{self, Sort};
use crate::pool::{self, keys};
use crate::token::{grant, issue};

pub fn revoke_token(w: &mut Writer, input: RevokeTokenRequest) -> Result<RevokeTokenResponse, Fault> {
    let place = place::find(w.store(), Sort::Client, &input.client_id)?.ok_or_else(|| no_client(&input.client_id))?;
    let pool = pool::get(w.store(), &place.scope, &place.pool)?;
    let client = client::get(w.store(), &pool, &input.client_id)?;
    let keys = keys::of(w.cloud, w.store(), &pool)?;
    if !secret::fits(&client, input.client_secret.as_deref()) {
        return Err(UNAUTHORIZED_EXCEPTION.because("Invalid client secret."));
    }
    let site = Site { pool: pool.into(), client: client.into(), keys };
    let with_session = input.revoke_associated_sessions.as_deref() == Some("LINKED");
    revoke(w, &site, &input.token, with_session)?;
    Ok(RevokeTokenResponse::default())
}

/// Takes the grant away that a refresh token names, and with `with_session` the browser's session that it came through. One
/// that is gone already is no error.
pub fn revoke(w: &mut Writer, site: &Site, token: &str, with_session: bool) -> Result<(), Fault> {
    if !site.client.revokes() {
        return Err(UNSUPPORTED_OPERATION_EXCEPTION.because("Token revocation is not enabled for this client."));
    }
    if kogumo_jwt::Token::read(token).is_ok() {
        return Err(UNSUPPORTED_TOKEN_TYPE_EXCEPTION.because("Unsupported token type"));
    }
    let opened = issue::open(site, token).ok_or_else(|| invalid("Invalid token."))?;
    let Some(found) = grant::find(w.store(), &site.pool, &opened.user, &opened.grant)? else { return Ok(()) };
    if found.client != site.client.id {
        return Err(not_authorized("Token was not issued to this client."));
    }
    if let Some(session) = found.session.filter(|_| with_session) {
        grant::delete(w.tx, &site.pool, &opened.user, &session)?;
    }
    Ok(grant::delete(w.tx, &site.pool, &opened.user, &opened.grant)?)
}
