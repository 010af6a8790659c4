//! Sessions: temporary credentials and whom they stand for.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Scope, Timestamp, Trouble, random_bytes, random_from};
use kogumo_door::{Credential, Principal, Session, Writer};
use kogumo_model::sts::Credentials;
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Read, Table};
use serde::{Deserialize, Serialize};

/// The kind of the timers that remove sessions.
pub const EXPIRY: &str = "sts/session-expiry";

/// An expired key is told from an unknown one for a day (`ExpiredToken`).
const REMEMBERED_SECONDS: i64 = 24 * 3600;

/// By access key, in no account's scope: a key is looked up before its account is known.
static SESSIONS: Table<Issued> = Table::new("sts/session");

#[derive(Serialize, Deserialize)]
struct Issued {
    secret: String,
    token: String,
    expires: Timestamp,
    who: Who,
    #[serde(default)]
    session: Session,
}

/// Whom a session stands for.
#[derive(Clone, Serialize, Deserialize)]
pub enum Who {
    Root { account: String },
    User { account: String, name: String, path: String, id: String },
    Role { account: String, role: String, session: String, id: String },
    Federated { account: String, name: String, id: String },
}

/// Where session keys are kept.
fn keys() -> Scope {
    Scope::new("", "")
}

pub fn credential(read: &dyn Read, access_key: &str) -> Result<Option<Credential>, Trouble> {
    if !access_key.starts_with("ASIA") {
        return Ok(None);
    }
    let session = SESSIONS.get(read, &keys(), access_key)?;
    Ok(session.map(|issued| Credential {
        secret: issued.secret.into(),
        session_token: Some(issued.token),
        expires: Some(issued.expires),
        principal: issued.who.principal().into(),
        active: true,
        session: Some(Arc::new(issued.session)),
    }))
}

/// Forgets a session that has been over for a day.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let key = timer.id.reader().str().unwrap_or_default();
    SESSIONS.delete(w.tx, &keys(), key.as_str()).map(drop)
}

/// What a request asks of the credentials themselves.
#[derive(Clone, Copy)]
pub struct Lasting {
    pub seconds: i32,
    /// How long the token must be at least: for those who want to see whether long ones get through.
    pub least_token: Option<i32>,
}

/// Makes credentials.
pub fn issue(w: &mut Writer, lasting: Lasting, who: Who, session: Session) -> Result<Credentials, Trouble> {
    let access_key = format!("ASIA{}", random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16));
    // AWS's expirations are whole seconds.
    let expires = Timestamp::from_seconds(w.now.seconds() + i64::from(lasting.seconds));
    let issued = Issued {
        secret: STANDARD.encode(random_bytes::<30>()),
        token: token(lasting.least_token),
        expires,
        who,
        session: Session { issued: w.now, expires, ..session },
    };
    SESSIONS.put(w.tx, &keys(), access_key.as_str(), &issued)?;
    timers::put(w.tx, expires.plus_seconds(REMEMBERED_SECONDS), EXPIRY, &keys(), access_key.as_str(), &[])?;
    Ok(Credentials {
        access_key_id: access_key,
        secret_access_key: issued.secret,
        session_token: issued.token,
        expiration: expires,
    })
}

fn token(least: Option<i32>) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let usual = STANDARD.encode(random_bytes::<180>());
    let lacking = least.and_then(|least| usize::try_from(least).ok()).unwrap_or(0).saturating_sub(usual.len());
    usual + &random_from(LETTERS, lacking)
}

impl Who {
    pub fn principal(&self) -> Principal {
        match self.clone() {
            Who::Root { account } => Principal::Root { account },
            Who::User { account, name, path, id } => Principal::User { account, name, path, id },
            Who::Role { account, role, session, id } => Principal::AssumedRole { account, role, session, id },
            Who::Federated { account, name, id } => Principal::Federated { account, name, id },
        }
    }
}
