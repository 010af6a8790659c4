//! The steps that run right now.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use super::{Outcome, Start};
use crate::record::Action;
use crate::world::{Failure, World};

#[derive(Default)]
pub(super) struct Steps {
    running: JoinSet<Outcome>,
    /// Whose step a task is, for those that are cancelled or panic.
    ids: HashMap<Id, (String, AbortHandle)>,
}

impl Steps {
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub fn spawn(&mut self, world: &Arc<dyn World>, start: Start) {
        let Start { id, action, work } = start;
        let (world, own) = (Arc::clone(world), id.clone());
        let handle = self.running.spawn(async move {
            let done = match action {
                Action::Create | Action::Replace => world.create(work).await.map(Some),
                Action::Update | Action::Revert => world.update(work).await.map(Some),
                Action::Delete => world.delete(work).await.map(|()| None),
                Action::Keep => Ok(None),
            };
            (own, done)
        });
        self.ids.insert(handle.id(), (id, handle));
    }

    /// Ends the steps of these resources where they are.
    pub fn cancel(&self, whose: impl Fn(&str) -> bool) {
        self.ids.values().filter(|(id, _)| whose(id)).for_each(|(_, handle)| handle.abort());
    }

    /// The steps that have ended, within that time; all that have ended together.
    pub async fn ended(&mut self, within: Duration) -> Vec<Outcome> {
        let Ok(Some(first)) = tokio::time::timeout(within, self.running.join_next_with_id()).await else {
            return Vec::new();
        };
        let mut outcomes: Vec<Outcome> = self.outcome(first).into_iter().collect();
        while let Some(next) = self.running.try_join_next_with_id() {
            outcomes.extend(self.outcome(next));
        }
        outcomes
    }

    fn outcome(&mut self, ended: Result<(Id, Outcome), JoinError>) -> Option<Outcome> {
        match ended {
            Ok((task, outcome)) => {
                self.ids.remove(&task);
                Some(outcome)
            }
            Err(error) => {
                let (id, _) = self.ids.remove(&error.id())?;
                let reason = if error.is_cancelled() { "Resource creation cancelled" } else { "Internal Failure" };
                if error.is_panic() {
                    tracing::error!("a step of {id} panicked: {error}");
                }
                Some((id, Err(Failure::new(reason))))
            }
        }
    }
}
