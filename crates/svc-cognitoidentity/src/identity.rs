//! Identities: the ids that people keep in a pool, and the logins that lead to them.

use std::collections::BTreeSet;

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidentity::*;
use kogumo_store::{Index, Key, Range, Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::page::page;
use crate::pool;

/// By id, in no account's scope, as the pools.
static IDENTITIES: Table<Identity> = Table::indexed(
    "cognitoidentity/identity",
    &[Index { name: "pool", key: |identity| Some(Key::new().str(&identity.pool)) }],
);

/// The identity that a login leads to, by (pool, provider, subject).
static LOGINS: Table<String> = Table::new("cognitoidentity/login");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    pub id: String,
    pub pool: String,
    /// A guest has none.
    #[serde(default)]
    pub logins: BTreeSet<Login>,
    /// An identity that lost its last login stands for nobody any more.
    #[serde(default)]
    pub disabled: bool,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// Somebody as a provider knows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Login {
    pub provider: String,
    pub subject: String,
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

fn login_key(pool: &str, login: &Login) -> Key {
    Key::new().str(pool).str(&login.provider).str(&login.subject)
}

/// # Errors
/// ResourceNotFoundException
pub fn find(read: &dyn Read, id: &str) -> Result<Identity, Fault> {
    let found = IDENTITIES.get(read, &everywhere(), id)?;
    found.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Identity '{id}' not found.")))
}

pub fn of_pool(read: &dyn Read, pool: &str) -> Result<Vec<Identity>, Fault> {
    let rows = IDENTITIES.by_index(read, &everywhere(), "pool", &Range::prefix(Key::new().str(pool)));
    Ok(rows.map(|row| row.map(|(_, identity)| identity)).collect::<Result<_, _>>()?)
}

/// The id of the identity that a login leads to.
pub fn by_login(read: &dyn Read, pool: &str, login: &Login) -> Result<Option<String>, Fault> {
    Ok(LOGINS.get(read, &everywhere(), login_key(pool, login))?)
}

/// A new identity with these logins.
pub fn create(w: &mut Writer, pool: &str, logins: impl IntoIterator<Item = Login>) -> Result<Identity, Fault> {
    let region = pool.split(':').next().unwrap_or_default();
    let mut identity = Identity {
        id: format!("{region}:{}", kogumo_base::uuid()),
        pool: pool.to_owned(),
        logins: BTreeSet::new(),
        disabled: false,
        created: w.now,
        modified: w.now,
    };
    put(w, &identity)?;
    for login in logins {
        link(w, &mut identity, login)?;
    }
    Ok(identity)
}

fn put(w: &mut Writer, identity: &Identity) -> Result<(), Fault> {
    Ok(IDENTITIES.put(w.tx, &everywhere(), identity.id.as_str(), identity)?)
}

/// From now on the login leads to this identity.
pub fn link(w: &mut Writer, identity: &mut Identity, login: Login) -> Result<(), Fault> {
    LOGINS.put(w.tx, &everywhere(), login_key(&identity.pool, &login), &identity.id)?;
    identity.logins.insert(login);
    identity.disabled = false;
    identity.modified = w.now;
    put(w, identity)
}

/// The login leads nowhere any more.
pub fn unlink(w: &mut Writer, identity: &mut Identity, login: &Login) -> Result<(), Fault> {
    LOGINS.delete(w.tx, &everywhere(), login_key(&identity.pool, login))?;
    identity.logins.remove(login);
    identity.disabled = identity.logins.is_empty();
    identity.modified = w.now;
    put(w, identity)
}

pub fn delete(w: &mut Writer, identity: &Identity) -> Result<(), Fault> {
    for login in &identity.logins {
        LOGINS.delete(w.tx, &everywhere(), login_key(&identity.pool, login))?;
    }
    IDENTITIES.delete(w.tx, &everywhere(), identity.id.as_str())?;
    Ok(())
}

fn shown(identity: Identity) -> IdentityDescription {
    let providers: BTreeSet<String> = identity.logins.into_iter().map(|login| login.provider).collect();
    IdentityDescription {
        identity_id: Some(identity.id),
        logins: (!providers.is_empty()).then(|| providers.into_iter().collect()),
        creation_date: Some(identity.created),
        last_modified_date: Some(identity.modified),
    }
}

/// An identity of one of the caller's own pools.
pub fn own(read: &dyn Read, scope: &Scope, id: &str) -> Result<Identity, Fault> {
    let identity = find(read, id)?;
    let missing = || RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Identity '{id}' not found."));
    pool::own(read, scope, &identity.pool).map_err(|_| missing())?;
    Ok(identity)
}

pub fn describe_identity(r: &Reader, input: DescribeIdentityInput) -> Result<IdentityDescription, Fault> {
    own(r.store, r.scope(), &input.identity_id).map(shown)
}

pub fn list_identities(r: &Reader, input: ListIdentitiesInput) -> Result<ListIdentitiesResponse, Fault> {
    let pool = pool::own(r.store, r.scope(), &input.identity_pool_id)?;
    let mut identities = of_pool(r.store, &pool.id)?;
    identities.retain(|identity| !(input.hide_disabled == Some(true) && identity.disabled));
    let (identities, next_token) = page(identities, input.next_token.as_deref(), input.max_results)?;
    Ok(ListIdentitiesResponse {
        identity_pool_id: Some(pool.id),
        identities: Some(identities.into_iter().map(shown).collect()),
        next_token,
    })
}

/// Identities of others are left alone, and said so.
pub fn delete_identities(w: &mut Writer, input: DeleteIdentitiesInput) -> Result<DeleteIdentitiesResponse, Fault> {
    let mut unprocessed = Vec::new();
    for id in input.identity_ids_to_delete {
        match own(w.store(), w.scope(), &id) {
            Ok(identity) => delete(w, &identity)?,
            Err(fault) if fault.is(&RESOURCE_NOT_FOUND_EXCEPTION) => unprocessed
                .push(UnprocessedIdentityId { identity_id: Some(id), error_code: Some("AccessDenied".into()) }),
            Err(fault) => return Err(fault),
        }
    }
    Ok(DeleteIdentitiesResponse { unprocessed_identity_ids: Some(unprocessed) })
}
