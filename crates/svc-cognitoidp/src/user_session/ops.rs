//! ListUserSessions and RevokeUserSession, for users and for administrators.

use kogumo_base::Timestamp;
use kogumo_door::{Principal, Reader, Writer};
use kogumo_jwt::{browser_session_of, session_of};
use kogumo_model::cognitoidp::*;
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::settings::refuse_untracked;
use crate::faults::{invalid, no_user};
use crate::page::page;
use crate::pool::{self, Pool};
use crate::token::access;
use crate::token::grant::{self, Grant};
use crate::user::{User, find};

/// As many as the API shows at once.
const MOST: i32 = 125;

/// A session's name. A grant without a client is a browser's session.
fn name(grant: &Grant) -> String {
    let name = if grant.client.is_empty() { browser_session_of(&grant.id) } else { session_of(&grant.id) };
    name.unwrap_or_default()
}

fn shown(grant: &Grant, current: Option<&str>) -> SessionDescriptionType {
    let of_tokens = !grant.client.is_empty();
    SessionDescriptionType {
        session_id: Some(name(grant)),
        session_type: Some(if of_tokens { "TOKEN" } else { "SSO" }.into()),
        client_id: of_tokens.then(|| grant.client.clone()),
        create_date: Some(grant.created.unwrap_or(grant.authenticated)),
        last_active_date: Some(grant.last_active()),
        last_ip_address: grant.ip.clone(),
        origin_session_id: grant.session.as_deref().and_then(browser_session_of),
        is_current_session: Some(current == Some(grant.id.as_str())),
        ..SessionDescriptionType::default()
    }
}

type Listed = (Option<Vec<SessionDescriptionType>>, Option<String>);

fn listed(
    read: &dyn Read,
    (pool, user, now): (&Pool, &User, Timestamp),
    token: Option<&str>,
    current: Option<&str>,
) -> Result<Listed, Fault> {
    let all = grant::of_user(read, pool, &user.name, now)?;
    let (all, next) = page(all, token, Some(MOST))?;
    Ok((Some(all.iter().map(|grant| shown(grant, current)).collect()), next))
}

pub fn list_user_sessions(r: &Reader, input: ListUserSessionsRequest) -> Result<ListUserSessionsResponse, Fault> {
    let bearer = access::bearer(r.cloud, r.store, r.now, &input.access_token)?;
    refuse_untracked(&bearer.pool)?;
    let of = (&bearer.pool, &bearer.user, r.now);
    let (sessions, next_token) = listed(r.store, of, input.next_token.as_deref(), bearer.grant.as_deref())?;
    Ok(ListUserSessionsResponse { sessions, next_token })
}

pub fn admin_list_user_sessions(
    r: &Reader,
    input: AdminListUserSessionsRequest,
) -> Result<AdminListUserSessionsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    // Identity pools look for a token's session, whether users see theirs or not.
    if !matches!(*r.caller.principal, Principal::Service(_)) {
        refuse_untracked(&pool)?;
    }
    let user = find(r.store, &pool, &input.username)?.ok_or_else(no_user)?;
    let (sessions, next_token) = listed(r.store, (&pool, &user, r.now), input.next_token.as_deref(), None)?;
    Ok(AdminListUserSessionsResponse { sessions, next_token })
}

/// Ends a session. With `linked` those that came from it, or that it came from, end too.
fn revoke(w: &mut Writer, pool: &Pool, user: &User, id: &str, linked: bool) -> Result<(), Fault> {
    let all = grant::of_user(w.store(), pool, &user.name, w.now)?;
    let found = all.iter().find(|grant| name(grant) == id);
    let found = found.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("Session does not exist."))?;
    let origin = found.session.as_deref().unwrap_or(&found.id);
    let goes = |grant: &&Grant| {
        let is_linked = grant.id == origin || grant.session.as_deref() == Some(origin);
        grant.id == found.id || (linked && is_linked)
    };
    for grant in all.iter().filter(goes) {
        grant::delete(w.tx, pool, &user.name, &grant.id)?;
    }
    Ok(())
}

fn is_linked(associated: Option<&str>) -> bool {
    associated == Some("LINKED")
}

pub fn revoke_user_session(
    w: &mut Writer,
    input: RevokeUserSessionRequest,
) -> Result<RevokeUserSessionResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    refuse_untracked(&bearer.pool)?;
    if bearer.grant.as_deref().and_then(session_of).as_deref() == Some(input.session_id.as_str()) {
        return Err(invalid("The session that the access token belongs to cannot be revoked."));
    }
    let linked = is_linked(input.revoke_associated_sessions.as_deref());
    revoke(w, &bearer.pool, &bearer.user, &input.session_id, linked)?;
    Ok(RevokeUserSessionResponse::default())
}

pub fn admin_revoke_user_session(
    w: &mut Writer,
    input: AdminRevokeUserSessionRequest,
) -> Result<AdminRevokeUserSessionResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    refuse_untracked(&pool)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    revoke(w, &pool, &user, &input.session_id, is_linked(input.revoke_associated_sessions.as_deref()))?;
    Ok(AdminRevokeUserSessionResponse::default())
}
