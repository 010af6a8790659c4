//! A sandbox that runs: one thread of the server's for each, that passes output on, watches memory, and sees the end.

use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kogumo_base::Trouble;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::process::Signal;

use super::cgroup::Groups;
use super::helper::Helper;
use super::tree;
use crate::init::Word;
use crate::{Exit, Limits, Sandbox, Usage, Watcher};

/// How often the memory of a sandbox that isn't frozen is looked at.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// How long a killed sandbox may take to be gone.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// What the thread and the handle share.
pub(super) struct Running {
    groups: Groups,
    limits: Limits,
    user: Option<u32>,
    helper_pid: u32,
    control: UnixStream,
    /// The reading end of the program's output; whoever holds the lock reads and passes on, so that order is kept.
    output: Mutex<OwnedFd>,
    watcher: Arc<dyn Watcher>,
    frozen: AtomicBool,
    /// Written to when the thread should look at `frozen` again.
    wake: OwnedFd,
    peak: AtomicU64,
    too_much_memory: AtomicBool,
    exit: Mutex<Option<Exit>>,
    exited: Condvar,
}

/// What is handed out: when the last one goes, the sandbox does.
pub(super) struct Handle(Arc<Running>);

impl Handle {
    pub fn new(running: Arc<Running>) -> Handle {
        Handle(running)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _nobody_to_tell = self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    /// Takes a helper over whose program has started.
    pub fn attend(
        helper: Helper,
        groups: Groups,
        limits: Limits,
        user: Option<u32>,
        watcher: Arc<dyn Watcher>,
    ) -> Result<Arc<Running>, Trouble> {
        let failed = |e| Trouble::from_cause("cannot attend a sandbox", e);
        helper.control.set_read_timeout(None).map_err(failed)?;
        let running = Arc::new(Running {
            helper_pid: helper.child.id(),
            control: helper.control.try_clone().map_err(failed)?,
            output: Mutex::new(helper.output.try_clone().map_err(failed)?),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(|e| failed(e.into()))?,
            groups,
            limits,
            user,
            watcher,
            frozen: AtomicBool::new(false),
            peak: AtomicU64::new(0),
            too_much_memory: AtomicBool::new(false),
            exit: Mutex::new(None),
            exited: Condvar::new(),
        });
        let shared = Arc::clone(&running);
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).stack_size(256 * 1024);
        thread.spawn(move || shared.live(helper)).map_err(failed)?;
        Ok(running)
    }

    /// The thread's life: until the helper has gone, and with it everything in the sandbox.
    fn live(&self, mut helper: Helper) {
        let mut ended = None;
        let mut output_open = true;
        loop {
            let ready = self.wait_for_something(&helper, output_open);
            if ready.output {
                output_open = self.pass_output_on();
            }
            let gone = ready.control && !matches!(helper.listen(), Ok(1..));
            // Also what came together with an earlier word, or just before the end.
            while let Some(word) = helper.next_word() {
                if let Word::Ended { code, signal } = word {
                    ended.get_or_insert((code, signal));
                }
            }
            if gone {
                break;
            }
            if !self.frozen.load(Ordering::Acquire) {
                self.look_at_memory();
            }
        }
        reap(&mut helper.child);
        self.pass_output_on();
        self.end(ended.unwrap_or((None, Some(9))));
    }

    fn end(&self, (code, signal): (Option<i32>, Option<i32>)) {
        let killed_for_memory = self.too_much_memory.load(Ordering::Acquire) || self.groups.out_of_memory();
        let exit = match (code, signal) {
            (_, Some(9)) if killed_for_memory => Exit::OutOfMemory,
            (_, Some(signal)) => Exit::Signal(signal),
            (code, None) => Exit::Code(code.unwrap_or(1)),
        };
        // First the watcher, then whoever waits: after `wait` there is nothing more to be heard.
        self.watcher.exited(exit);
        *lock(&self.exit) = Some(exit);
        self.exited.notify_all();
    }

    fn wait_for_something(&self, helper: &Helper, output_open: bool) -> Ready {
        let patience = if self.frozen.load(Ordering::Acquire) { None } else { Some(&LOOK_EVERY) };
        let mut watched = vec![PollFd::new(&helper.control, PollFlags::IN), PollFd::new(&self.wake, PollFlags::IN)];
        if output_open {
            watched.push(PollFd::from_borrowed_fd(helper.output.as_fd(), PollFlags::IN));
        }
        if poll(&mut watched, patience).is_err() {
            return Ready::default();
        }
        let is_ready = |index: usize| watched.get(index).is_some_and(|fd| !fd.revents().is_empty());
        if is_ready(1) {
            let _read_by_none_else = rustix::io::read(&self.wake, &mut [0; 8]);
        }
        Ready { control: is_ready(0), output: is_ready(2) }
    }

    /// Passes on what the program has written; `false` once nobody can write any more.
    fn pass_output_on(&self) -> bool {
        let output = lock(&self.output);
        let mut bytes = [0; 16 * 1024];
        loop {
            match rustix::io::read(&*output, &mut bytes) {
                Ok(0) => return false,
                Ok(count) => self.watcher.output(&bytes[..count]),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return e == rustix::io::Errno::AGAIN,
            }
        }
    }

    /// Kills if the program uses more than it may: what the kernel's own limit can't see, since that counts files in
    /// memory too. The cheap upper bound is looked at first.
    fn look_at_memory(&self) {
        let bound = self.groups.charged();
        if bound.is_some_and(|bytes| bytes <= self.peak.load(Ordering::Relaxed).min(self.limits.memory)) {
            return;
        }
        if self.measure().memory > self.limits.memory {
            self.too_much_memory.store(true, Ordering::Release);
            self.kill_all();
        }
    }

    fn measure(&self) -> Usage {
        let mut usage = self.groups.usage().unwrap_or_else(|| {
            let (memory, processes) = tree::usage(self.helper_pid);
            Usage { memory, peak_memory: memory, processes }
        });
        let before = self.peak.fetch_max(usage.memory, Ordering::Relaxed);
        usage.peak_memory = before.max(usage.memory);
        usage
    }

    fn set_frozen(&self, frozen: bool) -> Result<(), Trouble> {
        if self.groups.can_freeze() {
            self.groups.set_frozen(frozen)?;
        } else {
            tree::signal(self.helper_pid, if frozen { Signal::STOP } else { Signal::CONT });
        }
        self.frozen.store(frozen, Ordering::Release);
        if !frozen {
            self.wake_thread();
        }
        Ok(())
    }

    fn wake_thread(&self) {
        let _full_is_awake_too = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    fn kill_all(&self) {
        // The helper sees the end of the line and kills the inside, and with it the process namespace.
        let _gone = self.control.shutdown(Shutdown::Write);
        self.groups.kill();
        if !self.groups.can_freeze() {
            tree::signal(self.helper_pid, Signal::KILL);
        } else if self.frozen.load(Ordering::Acquire) {
            // In version 1 the dead stay frozen until they are thawed.
            let _dead_anyway = self.groups.set_frozen(false);
        }
        self.wake_thread();
    }
}

#[derive(Clone, Copy, Default)]
struct Ready {
    control: bool,
    output: bool,
}

fn reap(child: &mut Child) {
    let _nothing_to_wait_for = child.wait();
}

impl Sandbox for Handle {
    fn freeze(&self) -> Result<(), Trouble> {
        self.0.set_frozen(true)
    }

    fn thaw(&self) -> Result<(), Trouble> {
        self.0.set_frozen(false)
    }

    fn drain(&self) {
        self.0.pass_output_on();
    }

    fn user(&self) -> Option<u32> {
        self.0.user
    }

    fn usage(&self) -> Usage {
        self.0.measure()
    }

    fn kill(&self) {
        self.0.kill_all();
    }

    fn wait(&self, patience: Duration) -> Option<Exit> {
        let exit = lock(&self.0.exit);
        let waited = self.0.exited.wait_timeout_while(exit, patience, |exit| exit.is_none());
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn close(&self) -> Vec<Trouble> {
        self.kill();
        let mut troubles = Vec::new();
        if self.wait(CLOSE_PATIENCE).is_none() {
            troubles.push(Trouble::new("a killed sandbox does not end"));
        }
        troubles.extend(self.0.groups.remove());
        troubles
    }
}
