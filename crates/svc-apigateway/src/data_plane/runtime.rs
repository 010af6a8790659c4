//! What the data plane remembers between requests: frozen definitions, authorizers' answers,
//! token buckets. All of it can be lost at any time.

use super::throttle::Bucket;
use crate::deployment::Deployment;
use kogumo_base::Timestamp;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries of each kind before the whole kind is forgotten.
const MAX_ENTRIES: usize = 4096;

/// A part of the service; found by `cloud.part::<Runtime>()`.
#[derive(Default)]
pub struct Runtime {
    deployments: Mutex<HashMap<(String, String), Arc<Deployment>>>,
    verdicts: Mutex<HashMap<String, (Timestamp, Arc<Authorized>)>>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// What an authorizer answered.
#[derive(Debug, Default)]
pub struct Authorized {
    /// `principalId` and the authorizer's own context, or a pool's claims.
    pub context: Map<String, Json>,
    pub policy: Option<Json>,
    pub usage_identifier_key: Option<String>,
}

impl Runtime {
    /// The deployment of an API, loaded once.
    pub fn deployment<E>(
        &self,
        api: &str,
        id: &str,
        load: impl FnOnce() -> Result<Deployment, E>,
    ) -> Result<Arc<Deployment>, E> {
        let key = (api.to_owned(), id.to_owned());
        if let Some(known) = lock(&self.deployments).get(&key) {
            return Ok(Arc::clone(known));
        }
        let loaded = Arc::new(load()?);
        remember(&mut lock(&self.deployments), key, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// An authorizer's answer that is still good.
    pub fn authorized(&self, key: &str, now: Timestamp) -> Option<Arc<Authorized>> {
        let verdicts = lock(&self.verdicts);
        verdicts.get(key).filter(|(until, _)| now < *until).map(|(_, answer)| Arc::clone(answer))
    }

    /// Keeps an authorizer's answer.
    pub fn keep(&self, key: String, until: Timestamp, answer: Arc<Authorized>) {
        remember(&mut lock(&self.verdicts), key, (until, answer));
    }

    /// Takes a token from a bucket, which is full when it is new.
    pub fn take(&self, key: &str, rate: f64, burst: f64, now: Timestamp) -> bool {
        let mut buckets = lock(&self.buckets);
        if !buckets.contains_key(key) {
            remember(&mut buckets, key.to_owned(), Bucket::full(burst, now.0));
        }
        buckets.get_mut(key).is_none_or(|bucket| bucket.take(rate, burst, now.0))
    }

    /// Forgets everything.
    pub fn clear(&self) {
        lock(&self.deployments).clear();
        lock(&self.verdicts).clear();
        lock(&self.buckets).clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remember<K: std::hash::Hash + Eq, V>(entries: &mut HashMap<K, V>, key: K, value: V) {
    if entries.len() >= MAX_ENTRIES {
        entries.clear();
    }
    entries.insert(key, value);
}
