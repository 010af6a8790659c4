//! Who called lately. A client calls again and again: its notes share one description of it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Caller;

/// So many clients are told apart before the first one is forgotten.
const LATELY: usize = 16;

/// Callers, without their request ids.
#[derive(Default)]
pub(super) struct Callers(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    known: Vec<Arc<Caller>>,
    /// Whose place the next newcomer takes.
    oldest: usize,
}

impl Callers {
    /// The caller as it is known already, if it is.
    pub(super) fn share(&self, caller: Caller) -> Arc<Caller> {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ring.known.iter().find(|known| is_same(known, &caller)) {
            return Arc::clone(known);
        }
        let newcomer = Arc::new(caller);
        if ring.known.len() < LATELY {
            ring.known.push(Arc::clone(&newcomer));
        } else {
            let place = ring.oldest;
            ring.oldest = (place + 1) % LATELY;
            ring.known[place] = Arc::clone(&newcomer);
        }
        newcomer
    }
}

/// Whether an event would say the same of both.
fn is_same(one: &Caller, other: &Caller) -> bool {
    one.access_key == other.access_key
        && one.principal == other.principal
        && one.scope == other.scope
        && one.user_agent == other.user_agent
        && one.source_ip == other.source_ip
        && one.invoked_by == other.invoked_by
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_known_again_and_the_oldest_is_forgotten() {
        let callers = Callers::default();
        let of = |number: usize| callers.share(Caller::root(&format!("{number:012}"), "us-east-1"));
        let first = of(0);
        assert!(Arc::ptr_eq(&first, &of(0)));
        assert!(!Arc::ptr_eq(&first, &callers.share(Caller::root("000000000000", "eu-west-1"))));
        (1..=LATELY).for_each(|number| drop(of(number)));
        assert!(!Arc::ptr_eq(&first, &of(0)));
    }
}
