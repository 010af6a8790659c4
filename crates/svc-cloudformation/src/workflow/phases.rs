//! From phase to phase: what follows when all steps of one have ended.

use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_store::Key;
use tokio::time::Instant;

use super::{Direction, Run};
use crate::record::*;
use crate::{events, exports, status};

impl Run {
    /// Goes on until the stack has no operation any more.
    pub(super) async fn to_the_end(&mut self) -> Result<(), Trouble> {
        while let Some(operation) = self.stack.operation.clone() {
            match (operation.kind, operation.phase) {
                (OperationKind::Delete, _) | (OperationKind::Create, Phase::Undo | Phase::CleanUp) => {
                    self.delete(&operation).await?;
                }
                (_, Phase::Forward) => self.forward(&operation).await?,
                (OperationKind::Update, Phase::Undo) => self.undo().await?,
                (OperationKind::Update, Phase::CleanUp) => self.clean_up().await?,
            }
        }
        Ok(())
    }

    async fn forward(&mut self, operation: &Operation) -> Result<(), Trouble> {
        let limit = self.stack.version.timeout_minutes.filter(|_| operation.kind == OperationKind::Create);
        let limit = limit.and_then(|minutes| u64::try_from(minutes).ok());
        let deadline = limit.map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
        let failed = self.carry_out_until(Direction::Forward, deadline).await?;
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return self.give_up(operation, "Stack creation time exceeded the specified timeout. ".into());
        }
        match self.instead()? {
            Some(Instead::Delete(delete)) => return self.turn_to(&delete),
            Some(Instead::Cancel(reason)) => return self.give_up(operation, reason),
            None => {}
        }
        if !failed.is_empty() {
            let reason = self.what_failed(&failed);
            return self.give_up(operation, reason);
        }
        match self.outputs() {
            Err(reason) => self.give_up(operation, reason),
            Ok(outputs) if operation.kind == OperationKind::Create => {
                let imports = self.imports();
                self.publish(&outputs, &imports, &[], vec![], status::CREATE_COMPLETE, &|stack| stack.operation = None)
            }
            Ok(outputs) => match self.removals_allowed() {
                Ok(()) => self.settle(&outputs),
                Err(reason) => self.give_up(operation, reason),
            },
        }
    }

    /// Whether the stack's policy lets go of what the template has no more.
    fn removals_allowed(&self) -> Result<(), String> {
        let gone =
            self.resources.iter().filter(|(id, r)| r.actual.is_some() && !self.graph.waits_for.contains_key(*id));
        gone.into_iter().try_for_each(|(id, resource)| self.policy_allows("Update:Delete", id, &resource.kind))
    }

    /// `The following resource(s) failed to create: [A]. `, and the same for updates.
    fn what_failed(&self, failed: &[String]) -> String {
        let creating = |id: &&String| self.resources.get(*id).is_some_and(|r| r.status == status::CREATE_FAILED);
        let list = |ids: Vec<&String>, what: &str| {
            let ids: Vec<&str> = ids.into_iter().map(String::as_str).collect();
            if ids.is_empty() {
                String::new()
            } else {
                format!("The following resource(s) failed to {what}: [{}]. ", ids.join(", "))
            }
        };
        let created = list(failed.iter().filter(creating).collect(), "create");
        created + &list(failed.iter().filter(|id| !creating(id)).collect(), "update")
    }

    /// The operation failed; what follows, the caller chose.
    fn give_up(&mut self, operation: &Operation, reason: String) -> Result<(), Trouble> {
        let update = operation.kind == OperationKind::Update;
        let undo = |stack: &mut Stack| {
            if let Some(operation) = &mut stack.operation {
                operation.phase = Phase::Undo;
            }
        };
        match operation.on_failure {
            OnFailure::DoNothing => {
                let failed = if update { status::UPDATE_FAILED } else { status::CREATE_FAILED };
                self.forget_before()?;
                self.set_status(failed, Some(reason), &|stack| stack.operation = None)
            }
            OnFailure::Delete if !update => {
                self.set_status(status::DELETE_IN_PROGRESS, Some(format!("{reason}Delete requested by user.")), &undo)
            }
            _ if update => self.set_status(status::UPDATE_ROLLBACK_IN_PROGRESS, Some(reason), &undo),
            _ => {
                let reason = format!("{reason}Rollback requested by user.");
                self.set_status(status::ROLLBACK_IN_PROGRESS, Some(reason), &undo)
            }
        }
    }

    /// Another operation takes the place of this one.
    fn turn_to(&mut self, operation: &Operation) -> Result<(), Trouble> {
        let (scope, uuid) = (self.scope.clone(), self.uuid.clone());
        let event =
            events::of_stack(&self.stack, status::DELETE_IN_PROGRESS, Some("User Initiated".into()), self.now());
        let edit = |stack: &mut Stack| {
            stack.operation = Some(operation.clone());
            stack.status = status::DELETE_IN_PROGRESS.into();
            stack.reason = None;
        };
        self.save_with(&[], &[event], Some(&edit), &|tx| PENDING.put(tx, &scope, uuid.as_str(), &Pending::default()))
    }

    /// All is made and changed. What nothing refers to any more becomes a leftover; the stack is what it should be.
    fn settle(&mut self, outputs: &[Output]) -> Result<(), Trouble> {
        let (mut ids, mut leftovers, mut happened) = (Vec::new(), Vec::new(), Vec::new());
        let all: Vec<String> = self.resources.keys().cloned().collect();
        for id in all {
            let Some(mut resource) = self.resources.remove(&id) else { continue };
            let stays = self.graph.waits_for.contains_key(&id);
            let (old, policy) = if stays {
                let replaced = is_another(&resource);
                let policy = resource.actual.as_ref().map(|actual| actual.update_replace_policy);
                (resource.before.take().filter(|_| replaced), policy)
            } else {
                let policy = resource.actual.as_ref().map(|actual| actual.deletion_policy);
                (resource.actual.take(), policy)
            };
            if let Some(actual) = old {
                let leftover = Leftover { logical_id: id.clone(), actual, given_up: false };
                if matches!(policy, Some(Policy::Retain | Policy::RetainExceptOnCreate)) {
                    happened.push(self.leftover_event(&leftover, status::DELETE_SKIPPED, None));
                } else {
                    leftovers.push(leftover);
                }
            }
            if stays {
                self.resources.insert(id.clone(), resource);
            }
            ids.push(id);
        }
        let rows = self.numbered(leftovers);
        let imports = self.imports();
        self.publish_with(
            outputs,
            &imports,
            &ids,
            happened,
            status::UPDATE_COMPLETE_CLEANUP_IN_PROGRESS,
            &rows,
            &|stack| {
                stack.before = None;
                if let Some(operation) = &mut stack.operation {
                    operation.phase = Phase::CleanUp;
                }
            },
        )?;
        self.leftovers.extend(rows);
        Ok(())
    }

    fn publish(
        &mut self,
        outputs: &[Output],
        imports: &[String],
        ids: &[String],
        happened: Vec<Event>,
        status: &str,
        edit: &dyn Fn(&mut Stack),
    ) -> Result<(), Trouble> {
        self.publish_with(outputs, imports, ids, happened, status, &[], edit)
    }

    /// The stack's success: its outputs, exports and imports take effect with its status.
    #[expect(clippy::too_many_arguments, reason = "all of it happens in one transaction")]
    fn publish_with(
        &mut self,
        outputs: &[Output],
        imports: &[String],
        ids: &[String],
        mut happened: Vec<Event>,
        status: &str,
        leftovers: &[(String, Leftover)],
        edit: &dyn Fn(&mut Stack),
    ) -> Result<(), Trouble> {
        happened.push(events::of_stack(&self.stack, status, None, self.now()));
        let (scope, uuid, old) = (self.scope.clone(), self.uuid.clone(), self.stack.clone());
        let change = |stack: &mut Stack| {
            stack.status = status.to_owned();
            stack.reason = None;
            stack.outputs = outputs.to_vec();
            stack.imports = imports.to_vec();
            edit(stack);
        };
        self.save_with(ids, &happened, Some(&change), &|tx| {
            exports::publish(tx, &scope, &old, outputs, imports)?;
            leftovers.iter().try_for_each(|(key, row)| LEFTOVERS.put(tx, &scope, Key::new().str(&uuid).str(key), row))
        })
    }

    async fn undo(&mut self) -> Result<(), Trouble> {
        let failed = self.carry_out(Direction::Revert).await?;
        if !failed.is_empty() {
            let reason = format!("The following resource(s) failed to update: [{}]. ", failed.join(", "));
            return self.set_status(status::UPDATE_ROLLBACK_FAILED, Some(reason), &|stack| {
                stack.stuck = stack.operation.take();
            });
        }
        self.set_status(status::UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS, None, &|stack| {
            if let Some(before) = stack.before.take() {
                stack.version = before;
            }
            if let Some(operation) = &mut stack.operation {
                operation.phase = Phase::CleanUp;
            }
        })
    }

    async fn clean_up(&mut self) -> Result<(), Trouble> {
        self.carry_out(Direction::CleanUp).await?;
        self.forget_before()?;
        let rolled_back = self.stack.status == status::UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS;
        let end = if rolled_back { status::UPDATE_ROLLBACK_COMPLETE } else { status::UPDATE_COMPLETE };
        let (scope, uuid) = (self.scope.clone(), self.uuid.clone());
        let given_up: Vec<String> = std::mem::take(&mut self.leftovers).into_keys().collect();
        let event = events::of_stack(&self.stack, end, None, self.now());
        let edit = |stack: &mut Stack| {
            stack.status = end.into();
            stack.operation = None;
        };
        self.save_with(&[], &[event], Some(&edit), &|tx| {
            given_up.iter().try_for_each(|key| LEFTOVERS.delete(tx, &scope, Key::new().str(&uuid).str(key)).map(drop))
        })
    }

    /// What resources were before the operation matters no more.
    fn forget_before(&mut self) -> Result<(), Trouble> {
        let mut ids = Vec::new();
        for (id, resource) in &mut self.resources {
            if resource.before.take().is_some() {
                ids.push(id.clone());
            }
        }
        self.save(&ids, &[], None)
    }

    /// Deletes everything: a `DeleteStack`, or a create that is rolled back.
    async fn delete(&mut self, operation: &Operation) -> Result<(), Trouble> {
        let failed = self.carry_out(Direction::Delete).await?;
        let rollback = operation.kind == OperationKind::Create && operation.on_failure != OnFailure::Delete;
        if !failed.is_empty() {
            let end = if rollback { status::ROLLBACK_FAILED } else { status::DELETE_FAILED };
            let reason = format!("The following resource(s) failed to delete: [{}]. ", failed.join(", "));
            return self.set_status(end, Some(reason), &|stack| stack.operation = None);
        }
        if rollback {
            return self.set_status(status::ROLLBACK_COMPLETE, None, &|stack| stack.operation = None);
        }
        let now = self.now();
        let (scope, old) = (self.scope.clone(), self.stack.clone());
        let event = events::of_stack(&self.stack, status::DELETE_COMPLETE, None, now);
        let edit = |stack: &mut Stack| {
            stack.status = status::DELETE_COMPLETE.into();
            stack.reason = None;
            stack.deleted = Some(now);
            stack.operation = None;
        };
        self.save_with(&[], &[event], Some(&edit), &|tx| exports::publish(tx, &scope, &old, &[], &[]))
    }
}

/// Whether the operation has put another resource in the place of the one before: by replacement, or because an
/// update came back with another physical id, as those of custom resources may.
fn is_another(resource: &Resource) -> bool {
    let ids = |actual: &Option<Actual>| actual.as_ref().map(|actual| actual.physical_id.clone());
    let replaced = resource.step.as_ref().is_some_and(|step| step.action == Action::Replace);
    replaced || resource.before.is_some() && ids(&resource.before) != ids(&resource.actual)
}
