//! The machine's init: pid 1 in namespaces of its own. It lays its mounts, waits until it may boot, starts what the
//! machine is there for, collects orphans, and shuts down in order when it is told to.

mod boot;
mod cloud_config;
mod enter;
mod lockdown;
mod sysctl;
mod user_data;
mod users;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::path::Path;
use std::time::{Duration, Instant};

use kogumo_base::Trouble;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

use crate::Spec;
use crate::keeper::Lines;

/// How long the processes of a machine may take to end once they were asked.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the lines lie once the descriptors are settled.
const GO: RawFd = 3;
const READY: RawFd = 4;

/// What init is told by signals: TERM and PWR by the host and by `poweroff`, INT by `reboot` (as Ctrl-Alt-Del is).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    PowerOff,
    Reboot,
}

/// Init's whole life. `pid` is its number as the host counts.
pub(crate) fn run(spec: &Spec, root: &Path, pid: &str, lines: &Lines) -> ! {
    let entered = enter::enter(spec, root);
    settle_descriptors(lines);
    let mut ready = own(READY);
    let signals = match entered.and_then(|()| signals()).and_then(|signals| Ok((signals, lockdown::filter_calls()?))) {
        Ok((signals, listener)) => {
            let _keeper_gone = write!(ready, "init {pid} {listener}");
            signals
        }
        Err(trouble) => {
            let _keeper_gone = write!(ready, "{trouble}");
            std::process::exit(2);
        }
    };
    drop(ready);
    let mut word = [0; 2];
    if own(GO).read_exact(&mut word).is_err() {
        std::process::exit(2);
    }
    // A keeper that is killed takes the machine with it: nobody would know of it.
    let _as_old_as_linux = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    lockdown::forget_listener();
    // In a process of its own: what a boot needs of memory goes with it, and who it starts comes to init.
    boot::in_background(|| boot::boot(spec));
    let order = wait_for_order(signals);
    end_everything();
    println!("[kogumo] {}", if order == Order::Reboot { "Restarting system." } else { "Power down." });
    std::process::exit(i32::from(order == Order::Reboot))
}

/// Standard input is empty, output and error are the console; nothing else of the keeper's stays open.
fn settle_descriptors(lines: &Lines) {
    // SAFETY: the descriptors that are replaced or closed belong to objects that this process, a fork that never
    // returns, does not use any more.
    #[allow(unsafe_code)]
    unsafe {
        libc::dup2(lines.go.as_raw_fd(), 253);
        libc::dup2(lines.ready.as_raw_fd(), 254);
        libc::dup2(lines.console.as_raw_fd(), 1);
        libc::dup2(lines.console.as_raw_fd(), 2);
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
        libc::dup2(null, 0);
        libc::dup3(253, GO, libc::O_CLOEXEC);
        libc::dup3(254, READY, libc::O_CLOEXEC);
        libc::syscall(libc::SYS_close_range, 5, u32::MAX, 0);
    }
}

/// One of the two lines.
fn own(fd: RawFd) -> File {
    // SAFETY: `settle_descriptors` has opened it, and each is taken once.
    #[allow(unsafe_code)]
    unsafe {
        File::from_raw_fd(fd)
    }
}

/// A descriptor on which signals arrive; they do nothing else any more.
fn signals() -> Result<File, Trouble> {
    let failed = || Trouble::from_cause("cannot listen to signals", std::io::Error::last_os_error());
    // SAFETY: the set is initialised by sigemptyset and lives through the calls; the descriptor is nobody else's.
    #[allow(unsafe_code)]
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGTERM, libc::SIGPWR, libc::SIGINT, libc::SIGCHLD] {
            libc::sigaddset(&raw mut set, signal);
        }
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(failed());
        }
        let fd = libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC);
        if fd < 0 { Err(failed()) } else { Ok(File::from_raw_fd(fd)) }
    }
}

/// Lets a child start with no signal blocked: what init blocks for itself is not meant for others.
pub(super) fn unblock_signals(command: &mut std::process::Command) -> &mut std::process::Command {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec only calls that are safe there are made (sigprocmask, setsid).
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(|| {
            let mut set: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut set);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
            libc::setsid();
            Ok(())
        })
    }
}

/// Collects orphans until an order comes.
fn wait_for_order(mut signals: File) -> Order {
    let mut info = [0; size_of::<libc::signalfd_siginfo>()];
    loop {
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        if signals.read_exact(&mut info).is_err() {
            continue;
        }
        // The signal's number is the structure's first field.
        let number = info.first_chunk::<4>().map_or(0, |bytes| u32::from_ne_bytes(*bytes));
        match number.cast_signed() {
            libc::SIGTERM | libc::SIGPWR => return Order::PowerOff,
            libc::SIGINT => return Order::Reboot,
            _ => {}
        }
    }
}

/// Asks every other process to end, and after a while makes it.
fn end_everything() {
    println!("[kogumo] Stopping all processes.");
    let everybody = |signal: i32| {
        // SAFETY: a call that takes two numbers; -1 means every process of this namespace but this one.
        #[allow(unsafe_code)]
        unsafe {
            libc::kill(-1, signal)
        }
    };
    everybody(libc::SIGTERM);
    // A stopped process hears only when it goes on; shells ignore TERM and take HUP.
    everybody(libc::SIGCONT);
    everybody(libc::SIGHUP);
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(_) => return,
        }
    }
    everybody(libc::SIGKILL);
    while wait(WaitOptions::empty()).is_ok() {}
    let _itself = Pid::from_raw(1).map(|init| kill_process(init, Signal::CONT));
}
