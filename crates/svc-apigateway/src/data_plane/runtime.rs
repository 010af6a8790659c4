//! What the data plane remembers between requests: frozen definitions, authorizers' answers,
//! token buckets. All of it can be lost at any time.

use crate::deployment::Deployment;
use kogumo_base::Timestamp;
use kogumo_execute_api::metrics::Meter;
use kogumo_execute_api::throttle::Buckets;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries of each kind before the whole kind is forgotten.
const MAX_ENTRIES: usize = 4096;

/// A part of the service; found by `cloud.part::<Runtime>()`.
pub struct Runtime {
    deployments: Mutex<HashMap<(String, String), Arc<Deployment>>>,
    verdicts: Mutex<HashMap<String, (Timestamp, Arc<Authorized>)>>,
    pub buckets: Buckets,
    pub meter: Meter,
    /// The stream that execution logs go to: AWS has one of its own for each of its hosts.
    pub log_stream: String,
}

impl Default for Runtime {
    fn default() -> Self {
        Runtime {
            deployments: Mutex::default(),
            verdicts: Mutex::default(),
            buckets: Buckets::default(),
            meter: Meter::default(),
            log_stream: kogumo_base::hex_id(32),
        }
    }
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

    /// Forgets everything.
    pub fn clear(&self) {
        lock(&self.deployments).clear();
        lock(&self.verdicts).clear();
        self.buckets.clear();
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
