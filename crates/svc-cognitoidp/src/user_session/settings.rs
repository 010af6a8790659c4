//! What is tracked of sessions: of a pool, how many a user may have; of a client, how long a browser's session lets its user
//! in without a question.

use kogumo_base::Timestamp;
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_store::{Read, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::client::{self, Client};
use crate::pool::{self, Pool};
use crate::token::grant::{self, Grant};

/// A pool's setting.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Tracking {
    pub enabled: bool,
    /// How many token sessions a user may have; none is the usual.
    most: Option<i32>,
}

const USUAL_MOST: i32 = 20;
const USUAL_MINUTES: i32 = 60;

impl Tracking {
    fn most(self) -> i32 {
        self.most.unwrap_or(USUAL_MOST)
    }
}

/// # Errors
/// The pool does not track sessions.
pub fn refuse_untracked(pool: &Pool) -> Result<(), Fault> {
    match pool.tracking.enabled {
        true => Ok(()),
        false => {
            Err(OPERATION_NOT_ENABLED_EXCEPTION.because("User session tracking is not enabled for this user pool."))
        }
    }
}

/// Seconds that a client lets a browser's session stand for a sign-in.
pub fn silent(pool: &Pool, client: &Client) -> i64 {
    let own = client.sso_minutes.filter(|_| pool.tracking.enabled);
    i64::from(own.unwrap_or(USUAL_MINUTES)) * 60
}

/// Seconds that a browser's session lasts: as long as the most patient client wants it to.
pub fn longest(read: &dyn Read, pool: &Pool) -> Result<i64, Fault> {
    let clients = client::of_pool(read, pool)?;
    let longest = clients.iter().map(|client| silent(pool, client)).max();
    Ok(longest.unwrap_or(0).max(i64::from(USUAL_MINUTES) * 60))
}

/// Makes place for one more session of a user: those that were not used the longest go.
pub fn make_place(tx: &mut Transaction, pool: &Pool, user: &str, now: Timestamp) -> Result<(), Fault> {
    if !pool.tracking.enabled {
        return Ok(());
    }
    let mut all = grant::of_user(tx, pool, user, now)?;
    all.retain(|grant| !grant.client.is_empty());
    all.sort_by_key(|grant| grant.last_active());
    let kept = usize::try_from(pool.tracking.most() - 1).unwrap_or(0);
    let surplus = all.len().saturating_sub(kept);
    for grant in all.iter().take(surplus) {
        grant::delete(tx, pool, user, &grant.id)?;
    }
    Ok(())
}

/// Notes that a session was used, from where.
///
/// # Errors
/// Trouble with the store.
pub fn touch(cx: &Context, pool: &Pool, used: &Grant) -> Result<(), Fault> {
    if !pool.tracking.enabled {
        return Ok(());
    }
    cx.write(|w| {
        if let Some(mut used) = grant::find(w.store(), pool, &used.user, &used.id)? {
            used.active = Some(w.now);
            used.ip = w.caller.source_ip.map(|ip| ip.to_string()).or(used.ip);
            grant::put(w.tx, pool, &used, w.now)?;
        }
        Ok(())
    })
}

fn shown(tracking: Tracking) -> (&'static str, UserPoolTokenSessionConfigType) {
    let state = if tracking.enabled { "ENABLED" } else { "DISABLED" };
    (state, UserPoolTokenSessionConfigType { max_per_user: tracking.most() })
}

pub fn get_user_pool_session_configuration(
    r: &Reader,
    input: GetUserPoolSessionConfigurationRequest,
) -> Result<GetUserPoolSessionConfigurationResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let (state, sessions) = shown(pool.tracking);
    Ok(GetUserPoolSessionConfigurationResponse {
        user_pool_id: Some(pool.id),
        user_session_tracking: Some(state.into()),
        token_session: Some(sessions),
    })
}

pub fn set_user_pool_session_configuration(
    w: &mut Writer,
    input: SetUserPoolSessionConfigurationRequest,
) -> Result<SetUserPoolSessionConfigurationResponse, Fault> {
    let mut pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    pool.refuse_lite("User session tracking")?;
    let enabled = input.user_session_tracking == "ENABLED";
    pool.tracking = Tracking { enabled, most: Some(input.token_session.max_per_user) };
    pool::put(w.tx, &pool)?;
    let (state, sessions) = shown(pool.tracking);
    Ok(SetUserPoolSessionConfigurationResponse {
        user_pool_id: Some(pool.id),
        user_session_tracking: Some(state.into()),
        token_session: Some(sessions),
    })
}

pub fn get_user_pool_client_session_configuration(
    r: &Reader,
    input: GetUserPoolClientSessionConfigurationRequest,
) -> Result<GetUserPoolClientSessionConfigurationResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let client = client::get(r.store, &pool, &input.client_id)?;
    let minutes = client.sso_minutes.unwrap_or(USUAL_MINUTES);
    Ok(GetUserPoolClientSessionConfigurationResponse {
        user_pool_id: Some(pool.id),
        client_id: Some(client.id),
        sso_session: Some(ClientSSOSessionConfigType { max_validity_minutes: minutes }),
    })
}

pub fn set_user_pool_client_session_configuration(
    w: &mut Writer,
    input: SetUserPoolClientSessionConfigurationRequest,
) -> Result<SetUserPoolClientSessionConfigurationResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    pool.refuse_lite("User session tracking")?;
    refuse_untracked(&pool)?;
    let mut client = client::get(w.store(), &pool, &input.client_id)?;
    let minutes = input.sso_session.max_validity_minutes;
    client.sso_minutes = Some(minutes);
    client::put(w.tx, &pool, &client)?;
    Ok(SetUserPoolClientSessionConfigurationResponse {
        user_pool_id: Some(pool.id),
        client_id: Some(client.id),
        sso_session: Some(ClientSSOSessionConfigType { max_validity_minutes: minutes }),
    })
}
