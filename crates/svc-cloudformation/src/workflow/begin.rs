//! Beginning steps: decide, write down that they run, and say what is to be done.

use kogumo_base::Trouble;
use kogumo_store::Key;
use kogumo_template::{Stop, dynamic_references, evaluate, replace_dynamic_references};
use serde_json::Value;

use super::{Direction, Run, Start, physical};
use crate::plan::{Decision, decide};
use crate::record::*;
use crate::world::Work;
use crate::{events, naming, stack_policy, status, wanted};

/// What a resource is to be: its properties evaluated, with and without the values of dynamic references.
struct Wanted {
    properties: Value,
    resolved: Value,
}

impl Run {
    /// Begins the steps of these resources (or leftovers); answers those that have something to do in the world.
    pub(super) async fn begin(&mut self, direction: Direction, ids: &[String]) -> Result<Vec<Start>, Trouble> {
        match direction {
            Direction::Forward => self.begin_forward(ids).await,
            Direction::Revert => self.begin_reverts(ids),
            Direction::Delete => self.begin_deletions(ids),
            Direction::CleanUp => self.begin_clean_up(ids),
        }
    }

    async fn begin_forward(&mut self, ids: &[String]) -> Result<Vec<Start>, Trouble> {
        let (mut starts, mut happened) = (Vec::new(), Vec::new());
        for id in ids {
            let before = self.resources.get(id).cloned().unwrap_or_default();
            let Some(kind) = self.template.resources.get(id).map(|declared| declared.kind.clone()) else { continue };
            let step = |action, state, suffix: &str| {
                Some(Step { operation: self.operation_id(), action, state, suffix: suffix.to_owned() })
            };
            let mut resource =
                Resource { logical_id: id.clone(), kind: kind.clone(), at: self.now(), ..before.clone() };
            let updating = before.actual.is_some();
            let wanted = match self.wanted(id).await {
                Ok(wanted) => self.permitted(id, &kind, before.actual.as_ref(), &wanted.properties).map(|()| wanted),
                Err(reason) => Err(reason),
            };
            match wanted {
                Err(reason) => {
                    let action = if updating { Action::Update } else { Action::Create };
                    resource.step = step(action, StepState::Failed, "");
                    resource.status = begun(updating).into();
                    resource.reason = None;
                    happened.push(events::of_resource(&self.stack, &resource));
                    resource.status = failed(updating).into();
                    resource.reason = Some(reason);
                    resource.before = None;
                    happened.push(events::of_resource(&self.stack, &resource));
                }
                Ok(wanted) => {
                    let decision = before.actual.as_ref().map(|actual| decide(actual, &kind, &wanted.properties));
                    let suffix = naming::suffix();
                    let action = match decision {
                        None => Action::Create,
                        Some(Decision::Keep) => Action::Keep,
                        Some(Decision::Update(_)) => Action::Update,
                        Some(Decision::Replace(_)) => Action::Replace,
                    };
                    resource.reason = None;
                    if action == Action::Keep {
                        resource.step = step(action, StepState::Done, "");
                        self.keep(&mut resource);
                    } else {
                        resource.step = step(action, StepState::Running, &suffix);
                        resource.before = before.actual.clone();
                        resource.status = begun(updating).into();
                        if action == Action::Replace {
                            resource.reason = Some(REPLACING.into());
                        }
                        let mut event = events::of_resource(&self.stack, &resource);
                        event.properties = Some(wanted.properties.to_string());
                        happened.push(event);
                        starts.push(Start {
                            id: id.clone(),
                            action,
                            work: self.work(&resource, wanted.resolved, action, false),
                        });
                    }
                }
            }
            self.resources.insert(id.clone(), resource);
        }
        self.save(ids, &happened, None)?;
        Ok(starts)
    }

    /// Whether the stack's policy lets an existing resource change so.
    fn permitted(&self, id: &str, kind: &str, actual: Option<&Actual>, wanted: &Value) -> Result<(), String> {
        let action = match actual.map(|actual| decide(actual, kind, wanted)) {
            Some(Decision::Update(_)) => "Update:Modify",
            Some(Decision::Replace(_)) => "Update:Replace",
            Some(Decision::Keep) | None => return Ok(()),
        };
        self.policy_allows(action, id, kind)
    }

    pub(super) fn policy_allows(&self, action: &str, id: &str, kind: &str) -> Result<(), String> {
        let during = self.stack.operation.as_ref().and_then(|operation| operation.policy.as_deref());
        during.or(self.stack.policy.as_deref()).map_or(Ok(()), |policy| stack_policy::check(policy, action, id, kind))
    }

    /// A resource that stays as it is takes over what the template says beside its properties.
    fn keep(&mut self, resource: &mut Resource) {
        let declared = wanted::declared(&self.template, &self.graph, &resource.logical_id);
        if let Some(actual) = &mut resource.actual {
            declared.apply(actual);
            self.env.resources.insert(resource.logical_id.clone(), physical(actual));
        }
    }

    /// What the template wants of a resource, or why that can't be.
    async fn wanted(&self, id: &str) -> Result<Wanted, String> {
        let declared = self.template.resources.get(id).ok_or("the resource is not in the template")?;
        let evaluated = evaluate(&declared.properties, &self.template, &self.env).map_err(|stop| why(&stop))?;
        let properties = wanted::complete(&declared.kind, evaluated, &self.stack.version.tags);
        let mut resolved = properties.clone();
        let references = dynamic_references(&properties);
        if !references.is_empty() {
            let mut values = std::collections::BTreeMap::new();
            for reference in references {
                let found = self.world.resolve(reference.service.clone(), reference.key.clone()).await;
                values.insert(reference, found.map_err(|failure| failure.reason)?);
            }
            replace_dynamic_references(&mut resolved, &values);
        }
        wanted::check(id, &declared.kind, &resolved)?;
        Ok(Wanted { properties, resolved })
    }

    fn work(&self, resource: &Resource, properties: Value, action: Action, again: bool) -> Work {
        let suffix = resource.step.as_ref().map(|step| step.suffix.clone()).unwrap_or_default();
        let existing =
            if action == Action::Create || action == Action::Replace { None } else { resource.actual.as_ref() };
        let declared = self.template.resources.get(&resource.logical_id);
        Work {
            kind: resource.kind.clone(),
            logical_id: resource.logical_id.clone(),
            physical_id: existing.map(|actual| actual.physical_id.clone()).unwrap_or_default(),
            before: existing.map(|actual| actual.properties.clone()).unwrap_or_default(),
            attributes: existing.map(|actual| actual.attributes.clone()).unwrap_or_default(),
            name: naming::generated(&resource.kind, &self.stack.name, &resource.logical_id, &suffix),
            token: format!("{}-{suffix}", self.operation_id()),
            again,
            properties,
            import: action == Action::Create && self.stack.version.imports.contains(&resource.logical_id),
            creation_policy: declared.and_then(|declared| declared.creation_policy.clone()),
            ..self.of_stack()
        }
    }

    /// What all work of a stack has in common.
    fn of_stack(&self) -> Work {
        Work { stack_id: self.stack.id.clone(), stack_name: self.stack.name.clone(), ..Work::default() }
    }

    fn begin_deletions(&mut self, ids: &[String]) -> Result<Vec<Start>, Trouble> {
        let operation = self.stack.operation.clone();
        let creating = operation.as_ref().is_some_and(|o| o.kind == OperationKind::Create);
        let (mut starts, mut happened) = (Vec::new(), Vec::new());
        for id in ids {
            let Some(mut resource) = self.resources.get(id).cloned() else { continue };
            let Some(actual) = resource.actual.clone() else { continue };
            let kept = match actual.deletion_policy {
                Policy::Retain => !(creating && operation.as_ref().is_some_and(|o| o.retain_except_on_create)),
                Policy::RetainExceptOnCreate => !creating,
                Policy::Delete | Policy::Snapshot => false,
            };
            let kept = kept || creating && actual.imported;
            let kept = kept || operation.as_ref().is_some_and(|o| o.retain.contains(id));
            let state = if kept { StepState::Done } else { StepState::Running };
            resource.step =
                Some(Step { operation: self.operation_id(), action: Action::Delete, state, suffix: String::new() });
            resource.at = self.now();
            resource.reason = None;
            resource.status = if kept { status::DELETE_SKIPPED } else { status::DELETE_IN_PROGRESS }.into();
            resource.last_id.clone_from(&actual.physical_id);
            happened.push(events::of_resource(&self.stack, &resource));
            if kept {
                resource.actual = None;
            } else {
                let mut work = self.deletion(&actual, id);
                // What failed to be made has nothing worth keeping.
                work.snapshot = actual.deletion_policy == Policy::Snapshot && !creating;
                starts.push(Start { id: id.clone(), action: Action::Delete, work });
            }
            self.resources.insert(id.clone(), resource);
        }
        self.save(ids, &happened, None)?;
        Ok(starts)
    }

    pub(super) fn deletion(&self, actual: &Actual, id: &str) -> Work {
        Work {
            kind: actual.kind.clone(),
            logical_id: id.to_owned(),
            physical_id: actual.physical_id.clone(),
            properties: actual.properties.clone(),
            attributes: actual.attributes.clone(),
            ..self.of_stack()
        }
    }

    fn begin_clean_up(&mut self, keys: &[String]) -> Result<Vec<Start>, Trouble> {
        let (mut starts, mut happened) = (Vec::new(), Vec::new());
        for key in keys {
            let Some(leftover) = self.leftovers.get(key) else { continue };
            happened.push(self.leftover_event(leftover, status::DELETE_IN_PROGRESS, None));
            let work = self.deletion(&leftover.actual, &leftover.logical_id);
            starts.push(Start { id: key.clone(), action: Action::Delete, work });
            self.cleaning.insert(key.clone());
        }
        self.save(&[], &happened, None)?;
        Ok(starts)
    }

    pub(super) fn leftover_event(&self, leftover: &Leftover, status: &str, reason: Option<String>) -> Event {
        let resource = Resource {
            logical_id: leftover.logical_id.clone(),
            kind: leftover.actual.kind.clone(),
            actual: Some(leftover.actual.clone()),
            status: status.into(),
            reason,
            at: self.now(),
            ..Resource::default()
        };
        events::of_resource(&self.stack, &resource)
    }

    /// Takes back what an update did: updates are updated back; what was made becomes a leftover.
    fn begin_reverts(&mut self, ids: &[String]) -> Result<Vec<Start>, Trouble> {
        let (mut starts, mut happened) = (Vec::new(), Vec::new());
        let mut leftovers = Vec::new();
        for id in ids {
            let Some(mut resource) = self.resources.get(id).cloned() else { continue };
            let Some(step) = resource.step.take() else { continue };
            resource.at = self.now();
            resource.reason = None;
            let reverting = |state| {
                Some(Step {
                    operation: self.operation_id(),
                    action: Action::Revert,
                    state,
                    suffix: step.suffix.clone(),
                })
            };
            let swapped =
                |before: &Actual| resource.actual.as_ref().is_some_and(|new| new.physical_id != before.physical_id);
            match (step.action, resource.before.clone()) {
                (Action::Update, Some(before)) if !swapped(&before) => {
                    resource.step = reverting(StepState::Running);
                    resource.status = status::UPDATE_IN_PROGRESS.into();
                    happened.push(events::of_resource(&self.stack, &resource));
                    let work = self.work(&resource, before.properties.clone(), Action::Revert, false);
                    starts.push(Start { id: id.clone(), action: Action::Revert, work });
                }
                (Action::Replace | Action::Update, Some(before)) => {
                    let new =
                        resource.actual.replace(before.clone()).filter(|new| new.physical_id != before.physical_id);
                    leftovers.extend(new.map(|actual| Leftover { logical_id: id.clone(), actual, given_up: false }));
                    resource.kind.clone_from(&before.kind);
                    resource.before = None;
                    resource.step = reverting(StepState::Done);
                    resource.status = status::UPDATE_COMPLETE.into();
                    happened.push(events::of_resource(&self.stack, &resource));
                }
                (Action::Create, _) => {
                    let new = resource.actual.take().filter(|actual| !actual.imported);
                    leftovers.extend(new.map(|actual| Leftover { logical_id: id.clone(), actual, given_up: false }));
                    self.resources.remove(id);
                    continue;
                }
                _ => resource.step = reverting(StepState::Done),
            }
            self.resources.insert(id.clone(), resource);
        }
        let rows = self.numbered(leftovers);
        let (scope, uuid) = (self.scope.clone(), self.uuid.clone());
        self.save_with(ids, &happened, None, &|tx| {
            rows.iter().try_for_each(|(key, row)| LEFTOVERS.put(tx, &scope, Key::new().str(&uuid).str(key), row))
        })?;
        self.leftovers.extend(rows);
        Ok(starts)
    }

    /// Leftovers under keys of their own.
    pub(super) fn numbered(&self, leftovers: Vec<Leftover>) -> Vec<(String, Leftover)> {
        let first = self.leftovers.len();
        leftovers
            .into_iter()
            .enumerate()
            .map(|(at, row)| (format!("{:06}-{}", first + at, row.logical_id), row))
            .collect()
    }

    /// The steps that ran when the server went down, to be run once more.
    pub(super) async fn interrupted(&mut self, direction: Direction) -> Result<Vec<Start>, Trouble> {
        if direction == Direction::CleanUp {
            return Ok(Vec::new());
        }
        let operation = self.operation_id();
        let running: Vec<Resource> = self
            .resources
            .values()
            .filter(|resource| {
                resource
                    .step
                    .as_ref()
                    .is_some_and(|step| step.operation == operation && step.state == StepState::Running)
            })
            .cloned()
            .collect();
        let mut starts = Vec::new();
        for resource in running {
            let (Some(step), id) = (&resource.step, &resource.logical_id) else { continue };
            let work = match (direction, step.action) {
                (Direction::Delete, Action::Delete) => resource.actual.as_ref().map(|actual| self.deletion(actual, id)),
                (Direction::Revert, Action::Revert) => {
                    resource.before.as_ref().map(|b| self.work(&resource, b.properties.clone(), Action::Revert, true))
                }
                (Direction::Forward, Action::Create | Action::Update | Action::Replace) => {
                    match self.wanted(id).await {
                        Ok(wanted) => Some(self.work(&resource, wanted.resolved, step.action, true)),
                        Err(reason) => {
                            self.finish(direction, vec![(id.clone(), Err(crate::world::Failure::new(reason)))])?;
                            None
                        }
                    }
                }
                _ => None,
            };
            starts.extend(work.map(|work| Start { id: id.clone(), action: step.action, work }));
        }
        Ok(starts)
    }
}

pub(super) const REPLACING: &str =
    "Requested update requires the creation of a new physical resource; hence creating one.";

pub(super) fn begun(updating: bool) -> &'static str {
    if updating { status::UPDATE_IN_PROGRESS } else { status::CREATE_IN_PROGRESS }
}

pub(super) fn failed(updating: bool) -> &'static str {
    if updating { status::UPDATE_FAILED } else { status::CREATE_FAILED }
}

/// A resource's values in the words of an event's reason.
pub(crate) fn why(stop: &Stop) -> String {
    use kogumo_template::Need;
    match stop {
        Stop::Problem(problem) => problem.0.clone(),
        Stop::Needs(needs) => match needs.first() {
            Some(Need::Import(name)) => format!("No export named {name} found"),
            Some(Need::Attribute { resource, name }) => {
                format!("Template error: resource {resource} does not support attribute type {name} in Fn::GetAtt")
            }
            Some(Need::Resource(id)) => {
                format!(
                    "Template format error: Unresolved resource dependencies [{id}] in the Resources block of the template"
                )
            }
            Some(Need::Zones(region)) => format!("Template error: Fn::GetAZs: there is no region {region}"),
            None => "Template error: a value could not be evaluated".into(),
        },
    }
}
