//! Threat protection as far as it can be real here: what users did is recorded (AdvancedSecurityMode AUDIT), shown and
//! exported, and addresses that an administrator distrusts are kept out (ENFORCED). No risk is guessed at.

pub mod export;
pub mod ops;
pub mod risk;

use kogumo_base::{Timestamp, Trouble, uuid};
use kogumo_door::Context;
use kogumo_model::cognitoidp::{FEATURE_UNAVAILABLE_IN_TIER_EXCEPTION, USER_POOL_ADD_ON_NOT_ENABLED_EXCEPTION};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pool::Pool;
use crate::user::User;

/// What somebody did or tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthEvent {
    pub id: String,
    /// `SignIn`, `SignUp`, `ForgotPassword`, `PasswordChange`, `ResendCode`.
    pub kind: String,
    pub at: Timestamp,
    pub passed: bool,
    /// `Password` or `Mfa`, and whether it was answered rightly.
    pub challenges: Vec<(String, bool)>,
    pub blocked: bool,
    pub ip: Option<String>,
    pub agent: String,
    pub feedback: Option<Feedback>,
}

/// Whether an administrator takes an event for the user's own doing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Feedback {
    pub value: String,
    pub at: Timestamp,
}

/// By pool, user, and the latest first.
static EVENTS: Table<AuthEvent> = Table::new("cognitoidp/auth-event");

/// What happened is told for two years. Source: "Viewing and exporting user event history", Cognito Developer Guide.
const KEPT_SECONDS: i64 = 2 * 365 * 24 * 3600;

/// Where events begin that are told no more.
fn forgotten(pool: &Pool, user: &str, now: Timestamp) -> Key {
    let oldest = now.plus_seconds(-KEPT_SECONDS);
    Key::new().str(&pool.id).str(&pool.folded(user)).i64(-oldest.0)
}

fn range(pool: &Pool, user: &str) -> Range {
    Range::prefix(Key::new().str(&pool.id).str(&pool.folded(user)))
}

fn key(pool: &Pool, user: &str, event: &AuthEvent) -> Key {
    Key::new().str(&pool.id).str(&pool.folded(user)).i64(-event.at.0).str(&event.id)
}

fn of_user(read: &dyn Read, pool: &Pool, user: &str, now: Timestamp) -> Result<Vec<AuthEvent>, Trouble> {
    let told = range(pool, user).before(forgotten(pool, user, now));
    EVENTS.scan(read, &pool.scope, &told).map(|row| Ok(row?.1)).collect()
}

pub fn delete_of_user(tx: &mut Transaction, pool: &Pool, user: &str) -> Result<(), Trouble> {
    delete(tx, pool, &range(pool, user))
}

fn delete(tx: &mut Transaction, pool: &Pool, range: &Range) -> Result<(), Trouble> {
    let keys: Result<Vec<Key>, Trouble> = EVENTS.scan(tx, &pool.scope, range).map(|row| Ok(row?.0)).collect();
    for key in keys? {
        EVENTS.delete(tx, &pool.scope, key)?;
    }
    Ok(())
}

/// `OFF`, `AUDIT` or `ENFORCED`.
pub fn mode(pool: &Pool) -> &str {
    pool.text("/UserPoolAddOns/AdvancedSecurityMode").unwrap_or("OFF")
}

/// # Errors
/// The pool has no threat protection.
fn refuse_without(pool: &Pool) -> Result<(), Fault> {
    match mode(pool) {
        "OFF" => Err(USER_POOL_ADD_ON_NOT_ENABLED_EXCEPTION.because("User pool add-ons are not enabled.")),
        _ => Ok(()),
    }
}

/// Threat protection is part of the greatest plan only.
///
/// # Errors
/// The settings ask for it in another.
pub fn check_tier(settings: &Map<String, Value>) -> Result<(), Fault> {
    let wanted = settings.get("UserPoolAddOns").and_then(|setting| setting.get("AdvancedSecurityMode"));
    let tier = settings.get("UserPoolTier").and_then(Value::as_str).unwrap_or_default();
    match wanted.and_then(Value::as_str) {
        Some("AUDIT" | "ENFORCED") if tier != "PLUS" => Err(FEATURE_UNAVAILABLE_IN_TIER_EXCEPTION.because(format!(
            "The following features need to be disabled for the {tier} pricing tier configured: Threat Protection"
        ))),
        _ => Ok(()),
    }
}

/// What happened, as flows tell it.
#[derive(Clone, Copy)]
pub struct Happened<'a> {
    pub kind: &'a str,
    pub passed: bool,
    pub challenges: &'a [(&'a str, bool)],
    pub blocked: bool,
    pub client: &'a str,
}

impl<'a> Happened<'a> {
    pub fn new(kind: &'a str, passed: bool, client: &'a str) -> Self {
        Happened { kind, passed, challenges: &[], blocked: false, client }
    }

    pub fn with(self, challenges: &'a [(&'a str, bool)]) -> Self {
        Happened { challenges, ..self }
    }
}

/// Records what happened, where the pool wants that, and answers the event's id.
///
/// # Errors
/// Trouble with the store.
pub async fn record(cx: &Context, pool: &Pool, user: &User, happened: Happened<'_>) -> Result<String, Fault> {
    let id = uuid();
    if mode(pool) == "OFF" {
        return Ok(id);
    }
    let event = AuthEvent {
        id,
        kind: happened.kind.to_owned(),
        at: cx.now(),
        passed: happened.passed,
        challenges: happened.challenges.iter().map(|(name, right)| ((*name).to_owned(), *right)).collect(),
        blocked: happened.blocked,
        ip: cx.caller.source_ip.map(|ip| ip.to_string()),
        agent: cx.caller.user_agent.clone(),
        feedback: None,
    };
    cx.write(|w| {
        delete(w.tx, pool, &range(pool, &user.name).from(forgotten(pool, &user.name, w.now)))?;
        EVENTS.put(w.tx, &pool.scope, key(pool, &user.name, &event), &event)
    })?;
    export::activity(cx, pool, user, happened.client, &event).await;
    Ok(event.id)
}
