//! A pool's keys: two that sign tokens, one that seals sessions. They are made with the pool and never leave the store
//! but for their public halves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kogumo_base::{Scope, Trouble, random_bytes};
use kogumo_door::{BoxFuture, Cloud};
use kogumo_jwt::{KeySet, SigningKey};
use kogumo_store::{Read, Table, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Pool;
use crate::place::{self, Sort};
use crate::seal::Sealer;

/// The keys as they are kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    id_token: Vec<u8>,
    access_token: Vec<u8>,
    secret: Vec<u8>,
    /// The JWKS document: what is asked of an issuer with every token that somebody believes.
    published: String,
}

/// The keys as they are used.
pub struct Keys {
    pub id_token: SigningKey,
    pub access_token: SigningKey,
    pub sealer: Sealer,
    /// For what must look random and be always the same.
    pub secret: Vec<u8>,
}

static KEYS: Table<Kept> = Table::new("cognitoidp/keys");

/// Keys that have been read: reading an RSA key checks it, which takes time.
#[derive(Default)]
pub struct KeyRing(Mutex<HashMap<String, Arc<Keys>>>);

impl Kept {
    /// New keys. It computes for some tenths of a second: not on a thread that answers requests.
    pub fn generate() -> Result<Self, Trouble> {
        let (id_token, access_token) = (SigningKey::generate()?, SigningKey::generate()?);
        let public = |der: &[u8]| Ok::<_, Trouble>(SigningKey::from_der(der)?.public().clone());
        let keys = KeySet { keys: vec![public(&id_token)?, public(&access_token)?] };
        let published = keys.to_json().to_string();
        Ok(Kept { id_token, access_token, secret: random_bytes::<32>().to_vec(), published })
    }
}

impl Keys {
    fn read(kept: Kept) -> Result<Self, Trouble> {
        Ok(Keys {
            id_token: SigningKey::from_der(&kept.id_token)?,
            access_token: SigningKey::from_der(&kept.access_token)?,
            sealer: Sealer::new(&kept.secret)?,
            secret: kept.secret,
        })
    }

    pub fn public(&self) -> KeySet {
        KeySet { keys: vec![self.id_token.public().clone(), self.access_token.public().clone()] }
    }
}

pub fn put(tx: &mut Transaction, scope: &Scope, pool: &str, keys: &Kept) -> Result<(), Trouble> {
    KEYS.put(tx, scope, pool, keys)
}

pub fn delete(tx: &mut Transaction, scope: &Scope, pool: &str) -> Result<(), Trouble> {
    KEYS.delete(tx, scope, pool).map(drop)
}

/// The keys of a pool.
pub fn of(cloud: &Cloud, read: &dyn Read, pool: &Pool) -> Result<Arc<Keys>, Trouble> {
    let ring = cloud.part::<KeyRing>()?;
    if let Some(known) = ring.0.lock().unwrap_or_else(PoisonError::into_inner).get(&pool.id) {
        return Ok(Arc::clone(known));
    }
    let keys = Arc::new(load(read, &pool.scope, &pool.id)?);
    ring.0.lock().unwrap_or_else(PoisonError::into_inner).insert(pool.id.clone(), Arc::clone(&keys));
    Ok(keys)
}

fn load(read: &dyn Read, scope: &Scope, pool: &str) -> Result<Keys, Trouble> {
    Keys::read(KEYS.get(read, scope, pool)?.ok_or_else(|| Trouble::new("a pool has no keys"))?)
}

/// The JWKS document of a pool by its issuer's address.
pub fn issuer(read: &dyn Read, issuer: &str) -> Result<Option<Value>, Trouble> {
    let Some((host, pool)) = issuer.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return Ok(None);
    };
    let Some(place) = place::find(read, Sort::Pool, pool)? else { return Ok(None) };
    if host != format!("cognito-idp.{}.amazonaws.com", place.scope.region) {
        return Ok(None);
    }
    let kept = KEYS.get(read, &place.scope, pool)?;
    let published = kept.map(|kept| serde_json::from_str(&kept.published));
    published.transpose().map_err(|error| Trouble::from_cause("a pool's published keys cannot be read", error))
}

/// Forgets what was read when the cloud is emptied.
pub fn forget(cloud: Arc<Cloud>) -> BoxFuture<()> {
    Box::pin(async move {
        if let Ok(ring) = cloud.part::<KeyRing>() {
            ring.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    })
}
