//! The host without a machine: programs are Rust closures on threads. For tests of whoever uses sandboxes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kogumo_base::Trouble;

use crate::{Confinement, Exit, Host, Report, Sandbox, Spec, Usage, Watcher};

/// A program of the fake's: it does its work in small pieces, and between them asks [`FakeProgram::go_on`].
pub type Closure = dyn Fn(&FakeProgram) -> i32 + Send + Sync;

/// The host without a machine.
#[derive(Default)]
pub struct Fake {
    programs: BTreeMap<String, Arc<Closure>>,
    living: Arc<AtomicU64>,
}

impl Fake {
    /// A host that has no programs yet.
    pub fn new() -> Fake {
        Fake::default()
    }

    /// Lets `path`, as the first word of a program's `argv`, run this closure; what it answers is the exit status.
    pub fn with_program(mut self, path: &str, run: impl Fn(&FakeProgram) -> i32 + Send + Sync + 'static) -> Fake {
        self.programs.insert(path.to_owned(), Arc::new(run));
        self
    }

    /// How many sandboxes have been made and not closed.
    pub fn living(&self) -> u64 {
        self.living.load(Ordering::Acquire)
    }
}

/// What a closure sees of its sandbox.
pub struct FakeProgram {
    spec: Spec,
    watcher: Arc<dyn Watcher>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    frozen: bool,
    killed: bool,
    memory: u64,
    peak: u64,
    exit: Option<Exit>,
}

impl FakeProgram {
    /// What the sandbox was made of.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Writes to standard output.
    pub fn print(&self, text: &str) {
        self.watcher.output(text.as_bytes());
    }

    /// Takes or gives back memory; more than the limit kills, which `go_on` tells.
    pub fn use_memory(&self, bytes: u64) {
        let mut state = self.state();
        state.memory = bytes;
        state.peak = state.peak.max(bytes);
        state.killed |= bytes > self.spec.limits.memory;
    }

    /// Waits while the sandbox is frozen; `false` once it has been killed, and the closure has to end.
    pub fn go_on(&self) -> bool {
        let waited = self.changed.wait_while(self.state(), |state| state.frozen && !state.killed);
        !waited.unwrap_or_else(PoisonError::into_inner).killed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn end(&self, code: i32) {
        let state = self.state();
        let exit = match state.killed {
            true if state.memory > self.spec.limits.memory => Exit::OutOfMemory,
            true => Exit::Signal(9),
            false => Exit::Code(code),
        };
        drop(state);
        self.watcher.exited(exit);
        self.change(|state| state.exit = Some(exit));
    }
}

struct FakeSandbox {
    program: Arc<FakeProgram>,
    living: Arc<AtomicU64>,
    closed: AtomicBool,
}

impl Host for Fake {
    fn report(&self) -> Report {
        Report { confinement: Confinement::Plain, abilities: Vec::new() }
    }

    fn start(&self, spec: Spec, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Sandbox>, Trouble> {
        let path = spec.program.argv.first().cloned().unwrap_or_default();
        let Some(run) = self.programs.get(&path).cloned() else {
            return Err(Trouble::new(format!("cannot make a sandbox: start the program: cannot run {path}")));
        };
        let program = Arc::new(FakeProgram { spec, watcher, state: Mutex::default(), changed: Condvar::new() });
        let inside = Arc::clone(&program);
        std::thread::spawn(move || inside.end(run(&inside)));
        self.living.fetch_add(1, Ordering::AcqRel);
        Ok(Arc::new(FakeSandbox { program, living: Arc::clone(&self.living), closed: AtomicBool::new(false) }))
    }

    fn sweep(&self) -> Vec<Trouble> {
        Vec::new()
    }
}

impl Sandbox for FakeSandbox {
    fn freeze(&self) -> Result<(), Trouble> {
        self.program.change(|state| state.frozen = true);
        Ok(())
    }

    fn thaw(&self) -> Result<(), Trouble> {
        self.program.change(|state| state.frozen = false);
        Ok(())
    }

    fn drain(&self) {}

    fn user(&self) -> Option<u32> {
        None
    }

    fn usage(&self) -> Usage {
        let state = self.program.state();
        Usage { memory: state.memory, peak_memory: state.peak, processes: u64::from(state.exit.is_none()) }
    }

    fn kill(&self) {
        self.program.change(|state| state.killed = true);
    }

    fn wait(&self, patience: Duration) -> Option<Exit> {
        let waited =
            self.program.changed.wait_timeout_while(self.program.state(), patience, |state| state.exit.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.exit
    }

    fn close(&self) -> Vec<Trouble> {
        self.kill();
        let ended = self.wait(Duration::from_secs(10)).is_some();
        if ended && !self.closed.swap(true, Ordering::AcqRel) {
            self.living.fetch_sub(1, Ordering::AcqRel);
        }
        if ended { Vec::new() } else { vec![Trouble::new("a killed sandbox does not end")] }
    }
}

impl Drop for FakeSandbox {
    fn drop(&mut self) {
        let _nobody_to_tell = self.close();
    }
}
