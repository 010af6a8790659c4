//! Grants: that a user has signed in through a client. Refresh tokens name one, access tokens come from one; taking the row
//! away revokes them.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Index, Key, Range, Read, Table, Transaction};
use serde::{Deserialize, Serialize};

use crate::pool::Pool;

/// A grant.
#[derive(Clone, Serialize, Deserialize)]
pub struct Grant {
    /// The "origin_jti" of the tokens that come from it.
    pub id: String,
    pub user: String,
    pub client: String,
    pub scopes: Vec<String>,
    /// When the user signed in.
    pub authenticated: Timestamp,
    pub expires: Timestamp,
    pub device: Option<String>,
    /// With rotation: which refresh token is the current one, and how long the one before may still be used.
    pub generation: u32,
    pub previous_until: Timestamp,
    /// The provider that vouched for the user, where it was not the pool.
    pub provider: Option<String>,
    /// The grant of the browser's session through which this one came.
    #[serde(default)]
    pub session: Option<String>,
    /// When and from where it was made, and used last; kept up where the pool tracks sessions.
    #[serde(default)]
    pub created: Option<Timestamp>,
    #[serde(default)]
    pub active: Option<Timestamp>,
    #[serde(default)]
    pub ip: Option<String>,
}

impl Grant {
    pub fn last_active(&self) -> Timestamp {
        self.active.or(self.created).unwrap_or(self.authenticated)
    }
}

static GRANTS: Table<Grant> = Table::indexed("cognitoidp/grant", &[Index { name: "expires", key: by_expiry }]);

fn by_expiry(grant: &Grant) -> Option<Key> {
    Some(Key::new().i64(grant.expires.0))
}

fn key(pool: &Pool, user: &str, id: &str) -> Key {
    Key::new().str(&pool.id).str(&pool.folded(user)).str(id)
}

pub fn find(read: &dyn Read, pool: &Pool, user: &str, id: &str) -> Result<Option<Grant>, Trouble> {
    GRANTS.get(read, &pool.scope, key(pool, user, id))
}

/// The grants of a user that have not expired.
pub fn of_user(read: &dyn Read, pool: &Pool, user: &str, now: Timestamp) -> Result<Vec<Grant>, Trouble> {
    let range = Range::prefix(Key::new().str(&pool.id).str(&pool.folded(user)));
    let all = GRANTS.scan(read, &pool.scope, &range).map(|row| Ok(row?.1));
    all.filter(|grant: &Result<Grant, Trouble>| grant.as_ref().map_or(true, |grant| now < grant.expires)).collect()
}

/// Notes a grant and sweeps a few that have expired.
pub fn put(tx: &mut Transaction, pool: &Pool, grant: &Grant, now: Timestamp) -> Result<(), Trouble> {
    const SWEPT: usize = 2;
    for old in expired(tx, &pool.scope, now, SWEPT)? {
        GRANTS.delete(tx, &pool.scope, old)?;
    }
    GRANTS.put(tx, &pool.scope, key(pool, &grant.user, &grant.id), grant)
}

fn expired(read: &dyn Read, scope: &Scope, now: Timestamp, most: usize) -> Result<Vec<Key>, Trouble> {
    let past = Range::all().before(Key::new().i64(now.0));
    GRANTS.by_index(read, scope, "expires", &past).take(most).map(|row| Ok(row?.0)).collect()
}

pub fn delete(tx: &mut Transaction, pool: &Pool, user: &str, id: &str) -> Result<(), Trouble> {
    GRANTS.delete(tx, &pool.scope, key(pool, user, id)).map(drop)
}

/// Signs a user out everywhere.
pub fn delete_of_user(tx: &mut Transaction, pool: &Pool, user: &str) -> Result<(), Trouble> {
    sweep(tx, pool, &Range::prefix(Key::new().str(&pool.id).str(&pool.folded(user))))
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    sweep(tx, pool, &Range::prefix(&pool.id))
}

fn sweep(tx: &mut Transaction, pool: &Pool, range: &Range) -> Result<(), Trouble> {
    let keys: Result<Vec<Key>, Trouble> = GRANTS.scan(tx, &pool.scope, range).map(|row| Ok(row?.0)).collect();
    for key in keys? {
        GRANTS.delete(tx, &pool.scope, key)?;
    }
    Ok(())
}
