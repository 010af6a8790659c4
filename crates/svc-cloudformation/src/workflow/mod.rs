//! Carrying out a stack's operation: make, change, undo, delete, clean up.
//!
//! Everything that is begun is written down first, and everything that ends is written down when it ends, so that a
//! workflow goes on where it was after the server was killed. What comes next is planned anew each time (`plan`).

mod begin;
mod finish;
mod outputs;
mod phases;
mod running;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::Cloud;
use kogumo_store::{Key, KeyReader, Range, Transaction};
use kogumo_template::{Environment, Graph, Physical, Template, conditions, read};
use serde_json::Value;
use tokio::time::Instant;

use crate::plan::{self, Next, Resources};
use crate::record::*;
use crate::world::{Failure, Made, Work, World};
use crate::{events, region};
pub(crate) use begin::why;

pub use running::{Running, Worlds, resume, start};
use steps::Steps;

/// How often a workflow that waits for a step looks whether something else is to be done.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// One stack's operation, in memory. The rows are the truth: each change of it is written before it counts.
pub(crate) struct Run {
    cloud: Arc<Cloud>,
    world: Arc<dyn World>,
    scope: Scope,
    uuid: String,
    stack: Stack,
    template: Template,
    env: Environment,
    graph: Graph,
    resources: Resources,
    leftovers: BTreeMap<String, Leftover>,
    cleaning: BTreeSet<String>,
}

/// Which way a phase goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Forward,
    Revert,
    Delete,
    CleanUp,
}

/// How a step ended. A deletion makes nothing.
type Outcome = (String, Result<Option<Made>, Failure>);

/// A step that is to run: whose, what, and how.
struct Start {
    id: String,
    action: Action,
    work: Work,
}

impl Run {
    /// The operation that the rows tell of; `None` if there is none.
    fn load(cloud: &Arc<Cloud>, world: &Arc<dyn World>, scope: &Scope, uuid: &str) -> Result<Option<Self>, Trouble> {
        let snapshot = cloud.store.read();
        let Some(stack) = STACKS.get(&snapshot, scope, uuid)? else { return Ok(None) };
        if stack.operation.is_none() {
            return Ok(None);
        }
        let of_stack = Range::prefix(Key::new().str(uuid));
        let resources =
            RESOURCES.scan(&snapshot, scope, &of_stack).map(|row| row.map(|(_, r)| (r.logical_id.clone(), r)));
        let leftovers =
            LEFTOVERS.scan(&snapshot, scope, &of_stack).map(|row| row.map(|(key, l)| (second_part(&key), l)));
        let mut run = Run {
            cloud: Arc::clone(cloud),
            world: Arc::clone(world),
            scope: scope.clone(),
            uuid: uuid.to_owned(),
            resources: resources.collect::<Result<_, _>>()?,
            leftovers: leftovers.collect::<Result<_, _>>()?,
            template: Template::default(),
            env: Environment::default(),
            graph: Graph::default(),
            cleaning: BTreeSet::new(),
            stack,
        };
        run.take_template(&snapshot)?;
        Ok(Some(run))
    }

    /// Reads the version's template and puts together what its functions look at. The template was checked when the
    /// operation was accepted; a stack that is being deleted may go without.
    fn take_template(&mut self, snapshot: &kogumo_store::Snapshot) -> Result<(), Trouble> {
        let version = &self.stack.version;
        let text = version.processed.as_ref().unwrap_or(&version.template);
        let template = read(text).and_then(|document| Template::parse(document.value));
        self.template = template.unwrap_or_default();
        self.env = environment(&self.stack, &self.template, &self.scope);
        for row in EXPORTS.scan(snapshot, &self.scope, &Range::all()) {
            let (_, export) = row?;
            self.env.imports.insert(export.name, export.value);
        }
        self.env.conditions = conditions(&self.template, &self.env).unwrap_or_default();
        let known = self.env.conditions.clone();
        self.graph = Graph::of(&self.template, &|name| known.get(name).copied());
        let operation = self.operation_id();
        for (id, resource) in &self.resources {
            let done = resource.step.as_ref().is_some_and(|s| s.operation == operation && s.state == StepState::Done);
            if let Some(actual) = resource.actual.as_ref().filter(|_| done) {
                self.env.resources.insert(id.clone(), physical(actual));
            }
        }
        Ok(())
    }

    fn operation_id(&self) -> String {
        self.stack.operation.as_ref().map(|operation| operation.id.clone()).unwrap_or_default()
    }

    fn now(&self) -> Timestamp {
        self.cloud.clock.now()
    }

    /// What was asked for in the meantime.
    fn instead(&self) -> Result<Option<Instead>, Trouble> {
        let pending = PENDING.get(&self.cloud.store.read(), &self.scope, self.uuid.as_str())?;
        Ok(pending.and_then(|pending| pending.instead))
    }

    /// Runs a phase to its end and answers which of its steps failed.
    async fn carry_out(&mut self, direction: Direction) -> Result<Vec<String>, Trouble> {
        self.carry_out_until(direction, None).await
    }

    /// The same; at the deadline what still runs is cancelled.
    async fn carry_out_until(
        &mut self,
        direction: Direction,
        deadline: Option<Instant>,
    ) -> Result<Vec<String>, Trouble> {
        let mut steps = Steps::default();
        for start in self.interrupted(direction).await? {
            steps.spawn(&self.world, start);
        }
        loop {
            let ids = match self.next(direction) {
                Next::End(failed) => return Ok(failed),
                Next::Start(ids) => ids,
            };
            let stopping = self.is_stopping(direction, deadline)?;
            let mut moved = false;
            if !ids.is_empty() && !stopping {
                moved = true;
                for start in self.begin(direction, &ids).await? {
                    steps.spawn(&self.world, start);
                }
            }
            if steps.is_empty() {
                match (stopping, moved) {
                    (true, _) => return Ok(Vec::new()),
                    (_, true) => continue,
                    (_, false) => return Err(Trouble::new(format!("stack {} waits for nothing", self.stack.name))),
                }
            }
            let outcomes = self.some_ended(&mut steps, direction, deadline).await?;
            self.finish(direction, outcomes)?;
        }
    }

    /// Whether nothing more is to be begun: something else is to be done, or the time is over.
    fn is_stopping(&self, direction: Direction, deadline: Option<Instant>) -> Result<bool, Trouble> {
        let late = deadline.is_some_and(|deadline| deadline <= Instant::now());
        Ok(direction == Direction::Forward && (late || self.instead()?.is_some()))
    }

    /// Waits for steps to end. Those that only wait are cancelled once the operation is lost, all of them when its
    /// time is over.
    async fn some_ended(
        &mut self,
        steps: &mut Steps,
        direction: Direction,
        deadline: Option<Instant>,
    ) -> Result<Vec<Outcome>, Trouble> {
        loop {
            let stopping = self.is_stopping(direction, deadline)?;
            let operation = self.operation_id();
            let failed = |resource: &Resource| {
                resource.step.as_ref().is_some_and(|s| s.operation == operation && s.state == StepState::Failed)
            };
            if stopping || direction == Direction::Forward && self.resources.values().any(failed) {
                let late = deadline.is_some_and(|deadline| deadline <= Instant::now());
                let waits =
                    |id: &str| self.resources.get(id).is_some_and(|r| r.kind == "AWS::CloudFormation::WaitCondition");
                steps.cancel(|id| late || waits(id));
            }
            let outcomes = steps.ended(LOOK_EVERY).await;
            if !outcomes.is_empty() {
                return Ok(outcomes);
            }
        }
    }

    fn next(&self, direction: Direction) -> Next {
        let operation = self.operation_id();
        match direction {
            Direction::Forward => plan::forward(&self.graph, &self.resources, &operation),
            Direction::Revert => plan::reverts(&self.resources, &operation),
            Direction::Delete => plan::delete_all(&self.resources, &operation),
            Direction::CleanUp => plan::clean_up(&self.leftovers, &self.cleaning),
        }
    }

    /// Writes resources, events and, where there is something to change, the stack itself, all at once.
    fn save(&mut self, ids: &[String], events: &[Event], edit: Option<&dyn Fn(&mut Stack)>) -> Result<(), Trouble> {
        self.save_with(ids, events, edit, &|_| Ok(()))
    }

    fn save_with(
        &mut self,
        ids: &[String],
        events: &[Event],
        edit: Option<&dyn Fn(&mut Stack)>,
        also: &dyn Fn(&mut Transaction) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let (scope, uuid, resources) = (&self.scope, self.uuid.as_str(), &self.resources);
        let key = |id: &str| Key::new().str(uuid).str(id);
        let stack = self.cloud.store.write(|tx| {
            if !PENDING.contains(&*tx, scope, uuid)? {
                return Err(Trouble::new("the stack is gone"));
            }
            for id in ids {
                match resources.get(id) {
                    Some(resource) => RESOURCES.put(tx, scope, key(id), resource)?,
                    None => drop(RESOURCES.delete(tx, scope, key(id))?),
                }
            }
            events::append(tx, scope, uuid, events)?;
            also(tx)?;
            let Some(edit) = edit else { return Ok(None) };
            let Some(mut stack) = STACKS.get(&*tx, scope, uuid)? else { return Ok(None) };
            edit(&mut stack);
            STACKS.put(tx, scope, uuid, &stack)?;
            if stack.operation.is_none() {
                PENDING.delete(tx, scope, uuid)?;
            }
            Ok::<_, Trouble>(Some(stack))
        })?;
        if let Some(stack) = stack {
            self.stack = stack;
        }
        Ok(())
    }

    /// Sets the stack's status, with its event, and whatever else `edit` changes.
    fn set_status(&mut self, status: &str, reason: Option<String>, edit: &dyn Fn(&mut Stack)) -> Result<(), Trouble> {
        let event = events::of_stack(&self.stack, status, reason.clone(), self.now());
        self.save(
            &[],
            &[event],
            Some(&|stack| {
                stack.status = status.to_owned();
                stack.reason = reason.clone();
                edit(stack);
            }),
        )
    }
}

/// What the functions of a stack's template look at, without its resources.
pub(crate) fn environment(stack: &Stack, template: &Template, scope: &Scope) -> Environment {
    let parameters = stack.version.parameters.iter().map(|given| {
        let text = given.resolved.as_ref().unwrap_or(&given.value);
        let value = template.parameters.get(&given.key).map_or_else(|| Value::from(text.as_str()), |p| p.value(text));
        (given.key.clone(), value)
    });
    Environment {
        account: scope.account.clone(),
        region: scope.region.clone(),
        stack_name: stack.name.clone(),
        stack_id: stack.id.clone(),
        notification_arns: stack.version.notification_arns.clone(),
        parameters: parameters.collect(),
        zones: region::zones(),
        ..Environment::default()
    }
}

/// An existing resource, as functions see it.
pub(crate) fn physical(actual: &Actual) -> Physical {
    Physical {
        reference: actual.reference.clone().unwrap_or_else(|| Value::from(actual.physical_id.as_str())),
        attributes: actual.attributes.clone(),
    }
}

fn second_part(key: &Key) -> String {
    let mut parts = KeyReader::over(key.as_bytes());
    parts.str();
    parts.str().unwrap_or_default()
}
