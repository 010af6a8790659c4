//! The environments that are warm, and how many invocations run.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::Cloud;
use kogumo_sandbox::runtime::{Runtime, Runtimes};
use kogumo_sandbox::{Host, Linux, Sandbox};
use kogumo_wire::Fault;
use tokio::sync::Notify;

use super::environment::{Environment, Key};
use crate::code::CodeStore;
use crate::concurrency::ACCOUNT_LIMIT;
use crate::faults;

/// An environment stays awake so long after an invocation: the next one often comes at once.
const AWAKE: Duration = Duration::from_millis(10);
/// An environment that nobody has wanted for so long goes.
const IDLE: Duration = Duration::from_secs(300);
const LOOK_FOR_IDLE: Duration = Duration::from_secs(15);

/// What runs functions on this machine.
pub struct Machine {
    pub host: Arc<dyn Host>,
    pub code: CodeStore,
    runtimes: Runtimes,
    said: Mutex<std::collections::BTreeSet<String>>,
}

impl Machine {
    /// What runs that runtime; what a user should know of it is said once in the log.
    pub fn runtime(&self, identifier: &str) -> Result<Arc<Runtime>, Trouble> {
        let runtime = self.runtimes.get(identifier)?;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.notes.iter().filter(|note| said.insert((*note).clone())).for_each(|note| tracing::info!("{note}"));
        Ok(runtime)
    }
}

#[derive(Default)]
pub struct Pool {
    /// Made when the first function is: a cloud without functions doesn't look at the machine.
    machine: OnceLock<Arc<Machine>>,
    state: Mutex<State>,
    keeper_wanted: Notify,
    keeper_started: AtomicBool,
}

#[derive(Default)]
struct State {
    idle: HashMap<Key, Vec<Idle>>,
    busy: HashMap<(Scope, String), i32>,
    /// Of all sandboxes that work now, for the end of the cloud.
    working: HashMap<u64, Arc<dyn Sandbox>>,
    /// How many times a function has been changed.
    generations: HashMap<(Scope, String), u64>,
    next_ticket: u64,
}

struct Idle {
    environment: Environment,
    since: Instant,
    frozen: bool,
}

/// A place among the invocations that run; it is free again when this is dropped.
pub struct Ticket {
    pool: Arc<Pool>,
    function: (Scope, String),
    number: u64,
}

impl Pool {
    /// The cloud's pool.
    ///
    /// # Errors
    /// If the cloud has no Lambda.
    pub fn of(cloud: &Cloud) -> Result<Arc<Pool>, Trouble> {
        cloud.part::<Pool>()
    }

    pub fn machine(&self, cloud: &Cloud) -> Arc<Machine> {
        let make = || {
            let host = Linux::new();
            host.sweep().iter().for_each(|trouble| tracing::warn!("{trouble}"));
            Arc::new(machine(Arc::new(host), &cloud.settings.data))
        };
        Arc::clone(self.machine.get_or_init(make))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for what runs that runtime, beside everything else, so that the first invocation finds it found.
    pub fn prepare(self: &Arc<Self>, cloud: &Arc<Cloud>, identifier: &str) {
        let (pool, cloud, identifier) = (Arc::clone(self), Arc::clone(cloud), identifier.to_owned());
        // Whoever invokes the function hears what is wrong.
        drop(tokio::task::spawn_blocking(move || pool.machine(&cloud).runtime(&identifier).map(drop)));
    }

    /// Lets an invocation in, if there is room.
    ///
    /// # Errors
    /// Lambda's 429.
    pub fn admit(self: &Arc<Self>, scope: &Scope, name: &str, reserved: Option<i32>) -> Result<Ticket, Fault> {
        let function = (scope.clone(), name.to_owned());
        let mut state = self.state();
        let busy = state.busy.get(&function).copied().unwrap_or(0);
        if reserved.is_some_and(|most| busy >= most) {
            return Err(faults::throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
        }
        let all: i32 = state.busy.iter().filter(|((at, _), _)| at == scope).map(|(_, busy)| busy).sum();
        if all >= ACCOUNT_LIMIT {
            return Err(faults::throttled("ConcurrentInvocationLimitExceeded"));
        }
        *state.busy.entry(function.clone()).or_default() += 1;
        state.next_ticket += 1;
        Ok(Ticket { pool: Arc::clone(self), function, number: state.next_ticket })
    }

    /// A warm environment, awake; those that can't be used any more go.
    pub fn take(&self, key: &Key, now: Timestamp) -> Option<Environment> {
        let mut state = self.state();
        let list = state.idle.get_mut(key)?;
        while let Some(mut idle) = list.pop() {
            let awake = !idle.frozen || idle.environment.sandbox.thaw().is_ok();
            if awake && idle.environment.is_usable(now) {
                return Some(idle.environment);
            }
            close_later(idle.environment);
        }
        None
    }

    /// Keeps an environment for the next invocation, unless its function has changed meanwhile.
    pub fn park(self: &Arc<Self>, environment: Environment) {
        let mut state = self.state();
        let function = (environment.key.scope.clone(), environment.key.name.clone());
        if state.generations.get(&function).copied().unwrap_or(0) != environment.generation {
            return close_later(environment);
        }
        let idle = Idle { since: Instant::now(), frozen: false, environment };
        state.idle.entry(idle.environment.key.clone()).or_default().push(idle);
        drop(state);
        if !self.keeper_started.swap(true, Ordering::AcqRel) {
            tokio::spawn(keep(Arc::clone(self)));
        }
        self.keeper_wanted.notify_one();
    }

    pub fn generation(&self, scope: &Scope, name: &str) -> u64 {
        self.state().generations.get(&(scope.clone(), name.to_owned())).copied().unwrap_or(0)
    }

    /// A function has changed or gone: its environments go, those that work as soon as they are done.
    pub fn retire(&self, scope: &Scope, name: &str) {
        let mut state = self.state();
        *state.generations.entry((scope.clone(), name.to_owned())).or_default() += 1;
        let keys: Vec<Key> = state.idle.keys().filter(|key| key.scope == *scope && key.name == name).cloned().collect();
        keys.iter().filter_map(|key| state.idle.remove(key)).flatten().for_each(|idle| close_later(idle.environment));
    }

    /// Everything goes, what works too. Returns when it is gone.
    pub async fn clear(&self) {
        let (idle, working) = {
            let mut state = self.state();
            state.generations.values_mut().for_each(|generation| *generation += 1);
            let idle: Vec<Idle> = state.idle.drain().flat_map(|(_, list)| list).collect();
            (idle, state.working.values().cloned().collect::<Vec<_>>())
        };
        working.iter().for_each(|sandbox| sandbox.kill());
        let closed = tokio::task::spawn_blocking(move || idle.into_iter().for_each(|idle| idle.environment.close()));
        if closed.await.is_err() {
            tracing::error!("closing Lambda's environments has panicked");
        }
    }

    /// Freezes what has been awake long enough and takes away what nobody wants; answers whether any is still awake.
    fn look_after(&self) -> bool {
        let mut state = self.state();
        let mut awake = false;
        for list in state.idle.values_mut() {
            let (gone, kept) = std::mem::take(list).into_iter().partition(|idle| idle.since.elapsed() > IDLE);
            *list = kept;
            let gone: Vec<Idle> = gone;
            gone.into_iter().for_each(|idle| close_later(idle.environment));
            for idle in list.iter_mut().filter(|idle| !idle.frozen) {
                if idle.since.elapsed() < AWAKE {
                    awake = true;
                    continue;
                }
                idle.frozen = true;
                if let Err(trouble) = idle.environment.sandbox.freeze() {
                    tracing::warn!("{trouble}");
                }
            }
        }
        state.idle.retain(|_, list| !list.is_empty());
        awake
    }
}

fn machine(host: Arc<dyn Host>, data: &std::path::Path) -> Machine {
    let runtimes = Runtimes::new(data.join("lambda/runtimes"));
    Machine { host, code: CodeStore::new(data), runtimes, said: Mutex::default() }
}

/// Looks after idle environments as long as the cloud runs.
async fn keep(pool: Arc<Pool>) {
    loop {
        if pool.look_after() {
            tokio::time::sleep(AWAKE).await;
        } else {
            let _either = tokio::time::timeout(LOOK_FOR_IDLE, pool.keeper_wanted.notified()).await;
        }
    }
}

fn close_later(environment: Environment) {
    drop(tokio::task::spawn_blocking(move || environment.close()));
}

impl Ticket {
    /// The sandbox that this invocation works in.
    pub fn works_in(&self, sandbox: &Arc<dyn Sandbox>) {
        self.pool.state().working.insert(self.number, Arc::clone(sandbox));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        state.working.remove(&self.number);
        if let Some(busy) = state.busy.get_mut(&self.function) {
            *busy -= 1;
            if *busy <= 0 {
                state.busy.remove(&self.function);
            }
        }
    }
}
