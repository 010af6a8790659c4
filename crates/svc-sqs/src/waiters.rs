//! Those who wait for messages, and those who wake them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Who waits at which queue, by its id.
#[derive(Default)]
pub struct Waiters(Mutex<HashMap<String, watch::Sender<()>>>);

impl Waiters {
    /// Changes each time that something may have become receivable.
    pub fn wait(&self, queue: &str) -> watch::Receiver<()> {
        self.queues().entry(queue.to_owned()).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// Wakes all who wait. It may be called in a transaction that has not happened yet: whoever wakes looks in a
    /// transaction of his own, and those take turns.
    pub fn wake(&self, queue: &str) {
        let mut queues = self.queues();
        let Some(sender) = queues.get(queue) else { return };
        sender.send_replace(());
        if sender.receiver_count() == 0 {
            queues.remove(queue);
        }
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
