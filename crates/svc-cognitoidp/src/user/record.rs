//! What is kept of a user.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_base::{Timestamp, Trouble, uuid};
use kogumo_model::cognitoidp::USERNAME_EXISTS_EXCEPTION;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::alias;
use crate::auth_event;
use crate::faults::no_user;
use crate::group;
use crate::passkey::Passkeys;
use crate::pool::Pool;
use crate::srp::Verifier;
use crate::token::grant;

/// A user's way through life (the "UserStatus").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Unconfirmed,
    Confirmed,
    ResetRequired,
    ForceChangePassword,
    ExternalProvider,
}

/// A code that was sent and is waited for.
#[derive(Clone, Serialize, Deserialize)]
pub struct Code {
    pub code: String,
    pub expires: Timestamp,
    /// What the code proves: the attribute it was sent to.
    pub attribute: Option<String>,
    /// The value that takes effect once it is proved, where it has not yet.
    pub value: Option<String>,
}

/// A user's second factors.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Mfa {
    /// The secret shared with an authenticator, and the last step whose code was used.
    pub software_token: Option<(Vec<u8>, i64)>,
    /// One that is being set up.
    pub pending_token: Option<Vec<u8>>,
    pub software_name: Option<String>,
    /// `SMS_MFA`, `SOFTWARE_TOKEN_MFA`, `EMAIL_OTP`.
    pub enabled: BTreeSet<String>,
    pub preferred: Option<String>,
}

/// A device that a user has signed in with.
#[derive(Clone, Serialize, Deserialize)]
pub struct Device {
    pub name: Option<String>,
    pub verifier: Option<Verifier>,
    pub remembered: bool,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub authenticated: Timestamp,
    pub last_ip: String,
}

/// Somebody at another provider whom the user is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub provider: String,
    pub kind: String,
    /// The provider's name for them; or, with `attribute`, that attribute's value.
    pub subject: String,
    /// The pool's attribute by which they are known, where it is not the provider's subject.
    #[serde(default)]
    pub attribute: Option<String>,
    pub primary: bool,
    pub created: Timestamp,
}

/// A user.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    /// Never changes; SRP hashes it.
    pub name: String,
    pub sub: String,
    pub attributes: BTreeMap<String, String>,
    pub status: Status,
    pub enabled: bool,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub verifier: Option<Verifier>,
    /// When a temporary password stops being one.
    pub temporary_until: Option<Timestamp>,
    /// Verifiers of earlier passwords, the latest first.
    #[serde(default)]
    pub history: Vec<Verifier>,
    pub groups: BTreeSet<String>,
    /// By what they are for: `sign-up`, `reset`, `verify:email`.
    pub codes: BTreeMap<String, Code>,
    pub mfa: Mfa,
    pub devices: BTreeMap<String, Device>,
    pub identities: Vec<Identity>,
    /// Wrong passwords in a row, and until when nobody may try again.
    pub failures: u32,
    pub locked_until: Timestamp,
    /// Wrong codes in a row; they lock as wrong passwords do.
    pub wrong_codes: u32,
    pub codes_locked_until: Timestamp,
    #[serde(default)]
    pub passkeys: Passkeys,
}

static USERS: Table<User> = Table::new("cognitoidp/user");

impl Status {
    pub fn text(self) -> &'static str {
        match self {
            Status::Unconfirmed => "UNCONFIRMED",
            Status::Confirmed => "CONFIRMED",
            Status::ResetRequired => "RESET_REQUIRED",
            Status::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
            Status::ExternalProvider => "EXTERNAL_PROVIDER",
        }
    }
}

impl User {
    /// A new user. Where users are named by attributes, the name is the sub.
    pub fn new(pool: &Pool, name: &str, attributes: BTreeMap<String, String>, status: Status, now: Timestamp) -> Self {
        let sub = uuid();
        User {
            name: if pool.names_by_attribute() { sub.clone() } else { name.to_owned() },
            sub,
            attributes,
            status,
            enabled: true,
            created: now,
            modified: now,
            verifier: None,
            temporary_until: None,
            history: Vec::new(),
            groups: BTreeSet::new(),
            codes: BTreeMap::new(),
            mfa: Mfa::default(),
            devices: BTreeMap::new(),
            identities: Vec::new(),
            failures: 0,
            locked_until: Timestamp(0),
            wrong_codes: 0,
            codes_locked_until: Timestamp(0),
            passkeys: Passkeys::default(),
        }
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// Whether an e-mail address or phone number is proved to be the user's.
    pub fn is_verified(&self, name: &str) -> bool {
        self.attribute(name).is_some() && self.attribute(&format!("{name}_verified")) == Some("true")
    }

    /// All attributes as AWS lists them, `sub` first among equals.
    pub fn all_attributes(&self) -> BTreeMap<String, String> {
        let mut all = self.attributes.clone();
        all.insert("sub".into(), self.sub.clone());
        if !self.identities.is_empty() {
            all.insert("identities".into(), crate::provider::identities_text(&self.identities));
        }
        all
    }
}

fn key(pool: &Pool, name: &str) -> Key {
    Key::new().str(&pool.id).str(&pool.folded(name))
}

/// The user of that very name.
pub fn by_name(read: &dyn Read, pool: &Pool, name: &str) -> Result<Option<User>, Trouble> {
    USERS.get(read, &pool.scope, key(pool, name))
}

/// The user whom a name, an alias or a sub means.
pub fn find(read: &dyn Read, pool: &Pool, name: &str) -> Result<Option<User>, Trouble> {
    if let Some(user) = by_name(read, pool, name)? {
        return Ok(Some(user));
    }
    match alias::find(read, pool, name)? {
        Some(owner) => by_name(read, pool, &owner),
        None => Ok(None),
    }
}

/// Puts a new user in, with the aliases it has.
///
/// # Errors
/// Somebody has the name, or an alias that is not taken over.
pub fn create(tx: &mut Transaction, pool: &Pool, user: &User, force_alias: bool) -> Result<(), Fault> {
    if USERS.contains(tx, &pool.scope, key(pool, &user.name))? {
        return Err(USERNAME_EXISTS_EXCEPTION.because("User already exists"));
    }
    alias::change(tx, pool, None, Some(user), force_alias)?;
    Ok(USERS.put(tx, &pool.scope, key(pool, &user.name), user)?)
}

/// Changes a user.
///
/// # Errors
/// No such user; those of `change`; an alias that is another's.
pub fn update<R>(
    tx: &mut Transaction,
    pool: &Pool,
    name: &str,
    change: impl FnOnce(&mut User) -> Result<R, Fault>,
) -> Result<R, Fault> {
    let old = by_name(tx, pool, name)?.ok_or_else(no_user)?;
    let mut new = old.clone();
    let answer = change(&mut new)?;
    alias::change(tx, pool, Some(&old), Some(&new), false)?;
    USERS.put(tx, &pool.scope, key(pool, name), &new)?;
    Ok(answer)
}

/// Takes a user away with all that is the user's.
pub fn delete(tx: &mut Transaction, pool: &Pool, user: &User) -> Result<(), Fault> {
    alias::change(tx, pool, Some(user), None, false)?;
    for name in &user.groups {
        group::leave(tx, pool, name, &user.name)?;
    }
    grant::delete_of_user(tx, pool, &user.name)?;
    auth_event::delete_of_user(tx, pool, &user.name)?;
    USERS.delete(tx, &pool.scope, key(pool, &user.name))?;
    Ok(())
}

/// The users of a pool in the order of their names.
pub fn all<'a>(read: &'a dyn Read, pool: &Pool) -> impl Iterator<Item = Result<User, Trouble>> + use<'a> {
    USERS.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1))
}

pub fn count(read: &dyn Read, pool: &Pool) -> Result<usize, Trouble> {
    all(read, pool).try_fold(0, |count, user| user.map(|_| count + 1))
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Fault> {
    let users: Result<Vec<User>, Trouble> = all(tx, pool).collect();
    users?.iter().try_for_each(|user| delete(tx, pool, user))
}
