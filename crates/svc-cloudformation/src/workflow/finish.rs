//! Ending steps: write down what was made, changed, deleted, or why not.

use kogumo_base::Trouble;
use kogumo_store::Key;

use super::begin::{begun, failed};
use super::{Direction, Outcome, Run, physical};
use crate::record::*;
use crate::world::{Failure, Made, Told};
use crate::{events, status, wanted};

impl Run {
    /// Writes down how these steps ended, all at once.
    pub(super) fn finish(&mut self, direction: Direction, outcomes: Vec<Outcome>) -> Result<(), Trouble> {
        if direction == Direction::CleanUp {
            return outcomes.into_iter().try_for_each(|(key, done)| self.cleaned(key, done));
        }
        let (mut ids, mut happened) = (Vec::new(), Vec::new());
        for (id, done) in outcomes {
            let told = done.as_ref().ok().and_then(|made| made.as_ref()?.told.clone());
            ids.extend(told.and_then(|told| self.tell(told)));
            let Some(resource) = self.resources.remove(&id) else { continue };
            let resource = match done {
                Ok(Some(made)) => self.made(resource, made, &mut happened),
                Ok(None) => self.deleted(resource, &mut happened),
                Err(failure) => self.failed(resource, failure, &mut happened),
            };
            self.resources.insert(id.clone(), resource);
            ids.push(id);
        }
        self.save(&ids, &happened, None)
    }

    /// Another resource's attributes have changed; answers its logical id.
    fn tell(&mut self, told: Told) -> Option<String> {
        let is_it = |actual: &Actual| actual.kind == told.kind && actual.physical_id == told.physical_id;
        let resource = self.resources.values_mut().find(|one| one.actual.as_ref().is_some_and(is_it))?;
        let actual = resource.actual.as_mut()?;
        actual.attributes.extend(told.attributes);
        self.env.resources.insert(resource.logical_id.clone(), physical(actual));
        Some(resource.logical_id.clone())
    }

    fn made(&mut self, mut resource: Resource, made: Made, happened: &mut Vec<Event>) -> Resource {
        let (action, before) = (action_of(&resource), resource.before.clone());
        let properties = match action {
            Action::Revert => before.as_ref().map(|before| before.properties.clone()),
            _ => self.properties_of(&resource),
        };
        let mut actual = Actual {
            kind: resource.kind.clone(),
            physical_id: made.physical_id,
            properties: properties.unwrap_or_default(),
            attributes: made.attributes,
            reference: made.reference,
            imported: action == Action::Create && self.stack.version.imports.contains(&resource.logical_id),
            ..Actual::default()
        };
        let imported = actual.imported;
        match (action, before) {
            (Action::Revert, Some(before)) => {
                actual.depends_on = before.depends_on;
                actual.deletion_policy = before.deletion_policy;
                actual.update_replace_policy = before.update_replace_policy;
                actual.metadata = before.metadata;
                resource.before = None;
            }
            _ => wanted::declared(&self.template, &self.graph, &resource.logical_id).apply(&mut actual),
        }
        self.env.resources.insert(resource.logical_id.clone(), physical(&actual));
        resource.last_id.clone_from(&actual.physical_id);
        resource.actual = Some(actual);
        resource.at = self.now();
        if matches!(action, Action::Create | Action::Replace) {
            resource.status = begun(action == Action::Replace).into();
            resource.reason =
                Some(if imported { "Resource import started." } else { "Resource creation Initiated" }.into());
            happened.push(events::of_resource(&self.stack, &resource));
        }
        resource.reason = None;
        resource.status = match action {
            Action::Create if imported => status::IMPORT_COMPLETE,
            Action::Create => status::CREATE_COMPLETE,
            _ => status::UPDATE_COMPLETE,
        }
        .into();
        end(&mut resource, StepState::Done);
        happened.push(events::of_resource(&self.stack, &resource));
        resource
    }

    /// The properties a resource was made with, evaluated as they were when its step began.
    fn properties_of(&self, resource: &Resource) -> Option<serde_json::Value> {
        let declared = self.template.resources.get(&resource.logical_id)?;
        let evaluated = kogumo_template::evaluate(&declared.properties, &self.template, &self.env).ok()?;
        Some(wanted::complete(&declared.kind, evaluated, &self.stack.version.tags))
    }

    fn deleted(&mut self, mut resource: Resource, happened: &mut Vec<Event>) -> Resource {
        resource.at = self.now();
        resource.reason = None;
        resource.status = status::DELETE_COMPLETE.into();
        end(&mut resource, StepState::Done);
        happened.push(events::of_resource(&self.stack, &resource));
        resource.actual = None;
        resource
    }

    fn failed(&mut self, mut resource: Resource, failure: Failure, happened: &mut Vec<Event>) -> Resource {
        let action = action_of(&resource);
        resource.at = self.now();
        resource.status = match action {
            Action::Delete => status::DELETE_FAILED,
            Action::Create => failed(false),
            _ => failed(true),
        }
        .into();
        resource.reason = Some(failure.reason);
        if let Some(made) = failure.made {
            // Half made: what is there has to be deleted like anything else.
            let mut actual = Actual { kind: resource.kind.clone(), physical_id: made, ..Actual::default() };
            actual.properties = self.properties_of(&resource).unwrap_or_default();
            wanted::declared(&self.template, &self.graph, &resource.logical_id).apply(&mut actual);
            resource.actual = Some(actual);
        }
        end(&mut resource, StepState::Failed);
        happened.push(events::of_resource(&self.stack, &resource));
        resource
    }

    /// A leftover was deleted, or is given up: the stack's operation has succeeded without it.
    fn cleaned(&mut self, key: String, done: Result<Option<Made>, Failure>) -> Result<(), Trouble> {
        self.cleaning.remove(&key);
        let Some(mut leftover) = self.leftovers.remove(&key) else { return Ok(()) };
        let (scope, row) = (self.scope.clone(), Key::new().str(&self.uuid).str(&key));
        match done {
            Ok(_) => {
                let event = self.leftover_event(&leftover, status::DELETE_COMPLETE, None);
                self.save_with(&[], &[event], None, &|tx| LEFTOVERS.delete(tx, &scope, &row).map(drop))
            }
            Err(failure) => {
                let event = self.leftover_event(&leftover, status::DELETE_FAILED, Some(failure.reason));
                leftover.given_up = true;
                self.save_with(&[], &[event], None, &|tx| LEFTOVERS.put(tx, &scope, &row, &leftover))?;
                self.leftovers.insert(key, leftover);
                Ok(())
            }
        }
    }
}

fn action_of(resource: &Resource) -> Action {
    resource.step.as_ref().map_or(Action::Keep, |step| step.action)
}

fn end(resource: &mut Resource, state: StepState) {
    if let Some(step) = &mut resource.step {
        step.state = state;
    }
}
