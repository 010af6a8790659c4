//! What the data plane remembers between requests: token buckets, authorizers' answers. All of
//! it can be lost at any time.

use kogumo_base::Timestamp;
use kogumo_execute_api::metrics::Meter;
use kogumo_execute_api::throttle::Buckets;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Answers before all of them are forgotten.
const MAX_ANSWERS: usize = 4096;

/// A part of the service; found by `cloud.part::<Runtime>()`.
#[derive(Default)]
pub struct Runtime {
    pub buckets: Buckets,
    pub meter: Meter,
    answers: Mutex<HashMap<String, (Timestamp, Authorized)>>,
}

/// What an authorizer answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Authorized {
    pub allowed: bool,
    pub context: Map<String, Json>,
}

impl Runtime {
    /// An authorizer's answer that is still good.
    pub fn authorized(&self, key: &str, now: Timestamp) -> Option<Authorized> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(key).filter(|(until, _)| now < *until).map(|(_, answer)| answer.clone())
    }

    /// Keeps an authorizer's answer.
    pub fn keep(&self, key: String, until: Timestamp, answer: Authorized) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MAX_ANSWERS {
            answers.clear();
        }
        answers.insert(key, (until, answer));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.buckets.clear();
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
