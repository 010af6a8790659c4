//! Sessions: what has happened in a flow so far, sealed into the client's hands.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kogumo_base::{Timestamp, uuid};
use kogumo_door::Cloud;
use kogumo_store::Read;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Flow;
use crate::faults::{invalid_session, not_authorized};
use crate::pool::keys::{self, Keys};
use crate::pool::{self, Pool};
use crate::seal;
use crate::srp::Opened;
use crate::trigger::challenge::Round;
use crate::user;

/// A flow's state between two steps.
#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    /// Each state is used once.
    pub id: String,
    pub client: String,
    /// The user's own name; where there is no such user, one that could be.
    pub user: String,
    /// The name as it was typed.
    #[serde(default)]
    pub typed: String,
    pub exists: bool,
    pub expires: Timestamp,
    pub step: Step,
    /// The device that the client says it is.
    pub device: Option<String>,
    /// The challenges of a custom flow so far.
    pub rounds: Vec<Round>,
    pub custom: bool,
    /// The client's public SRP value, where a custom flow may come back to it.
    pub public: Option<String>,
    /// What stands behind `TokenGeneration_` once tokens are issued.
    pub occasion: String,
    /// How the first factor was passed: a one-time code is not asked for twice.
    pub factor: String,
    /// Whether a second factor was asked for, and answered.
    #[serde(default)]
    pub second: bool,
}

/// What is waited for.
#[derive(Clone, Serialize, Deserialize)]
pub enum Step {
    PasswordVerifier(Opened),
    NewPassword,
    /// A second factor; the code is there for those that are sent.
    Factor {
        kind: String,
        code: Option<String>,
    },
    SelectFactor,
    MfaSetup {
        done: bool,
    },
    Custom {
        private: Value,
        metadata: Option<String>,
    },
    DeviceSrp,
    DeviceVerifier(Opened),
    /// USER_AUTH: which first factor.
    Select,
    /// A code as first factor.
    Code {
        kind: String,
        code: String,
    },
    Password,
    PasswordSrp,
    /// An assertion of a passkey, over this challenge.
    Passkey {
        challenge: Vec<u8>,
    },
}

const SESSION: &str = "session";
const BLOCK: &str = "secret block";

/// The same state for another use.
pub fn renewed(state: State) -> State {
    State { id: uuid(), ..state }
}

/// The session's text: the pool's id and the sealed state.
pub fn seal_with(keys: &Keys, pool: &Pool, state: &State) -> Result<String, Fault> {
    let sealed = keys.sealer.seal(SESSION, json!(state).to_string().as_bytes())?;
    Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(&pool.id), URL_SAFE_NO_PAD.encode(sealed)))
}

/// As [`seal_with`], where the pool's keys are not at hand.
pub fn seal(cloud: &Cloud, read: &dyn Read, pool: &Pool, state: &State) -> Result<String, Fault> {
    seal_with(&*keys::of(cloud, read, pool)?, pool, state)
}

/// The state of an SRP exchange goes into its secret block, which clients sign.
pub fn block(flow: &Flow, state: &State) -> Result<String, Fault> {
    Ok(STANDARD.encode(flow.site.keys.sealer.seal(BLOCK, json!(state).to_string().as_bytes())?))
}

/// The bytes and the state of a secret block.
pub fn open_block(flow: &Flow, text: &str) -> Option<(Vec<u8>, State)> {
    let sealed = STANDARD.decode(text).ok()?;
    let state = serde_json::from_slice(&flow.site.keys.sealer.open(BLOCK, &sealed)?).ok()?;
    Some((sealed, state))
}

/// The pool and the state behind a session.
///
/// # Errors
/// No session of a pool here, or one that has expired or been used.
pub fn open_anywhere(cloud: &Cloud, read: &dyn Read, now: Timestamp, session: &str) -> Result<(Pool, State), Fault> {
    let (id, sealed) = session.split_once('.').ok_or_else(invalid_session)?;
    let id = URL_SAFE_NO_PAD.decode(id).ok().and_then(|id| String::from_utf8(id).ok()).ok_or_else(invalid_session)?;
    let pool = pool::find(read, &id)?.ok_or_else(invalid_session)?;
    let keys = keys::of(cloud, read, &pool)?;
    let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| invalid_session())?;
    let state = keys.sealer.open(SESSION, &sealed).and_then(|state| serde_json::from_slice::<State>(&state).ok());
    let state = state.ok_or_else(invalid_session)?;
    check(read, now, &state)?;
    Ok((pool, state))
}

/// The state behind a session of this flow's client.
///
/// # Errors
/// As [`open_anywhere`]; another client's session.
pub fn open(flow: &Flow, session: Option<&str>) -> Result<State, Fault> {
    let session = session.ok_or_else(|| crate::faults::invalid("Missing required parameter Session"))?;
    let (pool, state) = open_anywhere(&flow.cx.cloud, &flow.cx.snapshot(), flow.now(), session)?;
    if pool.id != flow.site.pool.id || state.client != flow.site.client.id {
        return Err(invalid_session());
    }
    Ok(state)
}

fn check(read: &dyn Read, now: Timestamp, state: &State) -> Result<(), Fault> {
    if state.expires <= now {
        return Err(not_authorized("Invalid session for the user, session is expired."));
    }
    if seal::is_used(read, state.expires, &state.id)? {
        return Err(used());
    }
    Ok(())
}

fn used() -> Fault {
    not_authorized("Invalid session for the user, session can only be used once.")
}

/// Uses the state up. A user who passed gets the failures of before forgiven.
///
/// # Errors
/// It has expired, or been used.
pub fn consume(flow: &Flow, state: &State, passed: bool) -> Result<(), Fault> {
    let now = flow.now();
    if state.expires <= now {
        return Err(not_authorized("Invalid session for the user, session is expired."));
    }
    let first = flow.cx.write(|w| {
        let first = seal::use_once(w.tx, now, state.expires, &state.id)?;
        if first && passed && state.exists {
            let pool = &flow.site.pool;
            let known = user::by_name(w.store(), pool, &state.user)?;
            if known.is_some_and(|user| user.failures > 0 || user.wrong_codes > 0) {
                user::update(w.tx, pool, &state.user, |user| {
                    user.failures = 0;
                    user.wrong_codes = 0;
                    Ok(())
                })?;
            }
        }
        Ok::<bool, Fault>(first)
    })?;
    if first { Ok(()) } else { Err(used()) }
}
