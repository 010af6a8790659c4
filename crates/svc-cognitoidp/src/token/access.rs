//! Access tokens as bearers show them: believed if a pool of this cloud signed them, and the grant is still there.

use kogumo_base::Timestamp;
use kogumo_door::Cloud;
use kogumo_jwt::{Expected, Refused, Token};
use kogumo_model::cognitoidp::RESOURCE_NOT_FOUND_EXCEPTION;
use kogumo_store::Read;
use kogumo_wire::Fault;
use serde_json::Value;

use super::claims::OWN_ACCOUNT;
use super::grant;
use crate::faults::{no_user, not_authorized};
use crate::pool::{self, Pool, keys};
use crate::user::{User, by_name};

/// Who shows a token.
pub struct Bearer {
    pub pool: Pool,
    pub user: User,
    pub client: String,
    pub scopes: Vec<String>,
    pub device: Option<String>,
    /// The grant that the token comes from: its origin, or, where the client's tokens cannot be revoked, its event.
    pub grant: Option<String>,
}

/// The user behind an access token that lets them at their own account.
///
/// # Errors
/// A token that is no access token of a pool here, has expired, was revoked, or has another scope.
pub fn bearer(cloud: &Cloud, read: &dyn Read, now: Timestamp, token: &str) -> Result<Bearer, Fault> {
    let bearer = any_scope(cloud, read, now, token)?;
    if !bearer.scopes.iter().any(|scope| scope == OWN_ACCOUNT) {
        return Err(not_authorized("Access Token does not have required scopes"));
    }
    Ok(bearer)
}

/// As [`bearer`], whatever the token's scopes.
///
/// # Errors
/// See there.
pub fn any_scope(cloud: &Cloud, read: &dyn Read, now: Timestamp, token: &str) -> Result<Bearer, Fault> {
    let invalid = || not_authorized("Invalid Access Token");
    let token = Token::read(token).map_err(|_| invalid())?;
    let issuer = token.issuer().ok_or_else(invalid)?;
    let (_, id) = issuer.rsplit_once('/').ok_or_else(invalid)?;
    let pool = pool::find(read, id)?.filter(|pool| pool.issuer() == issuer).ok_or_else(invalid)?;
    let keys = keys::of(cloud, read, &pool)?;
    let claims = token.verified_by(&keys.public()).map_err(|_| invalid())?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("token_use") != Some("access") {
        return Err(invalid());
    }
    Expected { issuer, audiences: &[], now: now.seconds(), leeway: 0 }.check(claims).map_err(
        |refused| match refused {
            Refused::Expired => not_authorized("Access Token has expired"),
            _ => invalid(),
        },
    )?;
    let user = by_name(read, &pool, text("username").ok_or_else(invalid)?)?.ok_or_else(no_user)?;
    let client = text("client_id").ok_or_else(invalid)?.to_owned();
    if let Some(origin) = text("origin_jti").or(text("event_id"))
        && grant::find(read, &pool, &user.name, origin)?.is_none()
    {
        return Err(not_authorized("Access Token has been revoked"));
    }
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    if text("sub") != Some(user.sub.as_str()) {
        return Err(RESOURCE_NOT_FOUND_EXCEPTION.because("User does not exist."));
    }
    Ok(Bearer {
        scopes: text("scope").unwrap_or_default().split(' ').map(str::to_owned).collect(),
        device: text("device_key").map(str::to_owned),
        grant: text("origin_jti").or(text("event_id")).map(str::to_owned),
        client,
        pool,
        user,
    })
}
