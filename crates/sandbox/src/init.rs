//! The helper process: this binary, started again as `sandbox-init`, which makes one sandbox and stays until it ends.
//!
//! ```text
//! server ── socket (the helper's standard input) ── helper ── fork ── inside (pid 1) ── spawn ── the program
//! ```
//! The server writes an [`Order`], one line of JSON, and then keeps its end open: when that end closes, because the server
//! asked for an end or died, the helper kills the inside. The answers are [`Word`]s, one line of JSON each. The inside goes
//! through [`STEPS`] in order, starts the program, collects orphans, and ends with the program; the kernel then kills
//! whatever else lives in that process namespace.

mod become_nobody;
mod files;
mod lockdown;
mod namespaces;
mod root;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use kogumo_base::Trouble;
use kogumo_userns::fork;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open, pidfd_send_signal, wait, waitpid};
use serde::{Deserialize, Serialize};

use crate::{Confinement, Spec};

/// The hidden command that starts the helper.
pub const INIT_COMMAND: &str = "sandbox-init";

/// What the server asks of a helper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub spec: Spec,
    pub confinement: Confinement,
    /// The `cgroup.procs` files of the control groups that the inside joins.
    pub groups: Vec<PathBuf>,
    /// The user and group that the inside is, seen from the host.
    pub outer_uid: u32,
    pub outer_gid: u32,
    /// Whether a control group counts processes; if not, a resource limit has to.
    pub processes_counted: bool,
}

/// What a helper tells the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Word {
    /// The program runs.
    Started,
    /// This step failed, for this reason; nothing runs.
    Failed { step: String, why: String },
    /// The program has ended.
    Ended { code: Option<i32>, signal: Option<i32> },
}

/// One step on the way into a sandbox.
pub(crate) struct Step {
    pub name: &'static str,
    pub act: fn(&Order) -> Result<(), Trouble>,
}

/// The way into a sandbox, in order. Each step knows by itself whether the order's confinement asks for it: as root the
/// user namespace comes last, so that the program has no power over its own mounts; without root it comes first, since
/// it is what permits the rest.
pub(crate) const STEPS: [Step; 13] = [
    Step { name: "join the control groups", act: namespaces::join_groups },
    Step { name: "leave the host's namespaces", act: namespaces::leave },
    Step { name: "lay an empty root", act: root::lay },
    Step { name: "mount what is to be seen", act: files::mount_all },
    Step { name: "turn the root", act: root::turn },
    Step { name: "close the root", act: root::close },
    Step { name: "name the host", act: namespaces::name_host },
    Step { name: "set the resource limits", act: lockdown::limit },
    Step { name: "become nobody", act: become_nobody::change_user },
    Step { name: "enter a user namespace", act: become_nobody::enter_user_namespace },
    Step { name: "forbid further user namespaces", act: lockdown::forbid_user_namespaces },
    Step { name: "give up every privilege", act: lockdown::give_up_privileges },
    Step { name: "filter the system calls", act: lockdown::filter_calls },
];

/// Runs the helper if the process was started as one: `args` are the process's own, with its name. A binary that uses
/// this crate calls this first thing, before it starts any thread:
/// `if let Some(code) = kogumo_sandbox::init_main(std::env::args_os()) { return code; }`
pub fn init_main(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    if args.next()? != INIT_COMMAND {
        return None;
    }
    if let Some(trial) = args.next() {
        return Some(if namespaces::attempt(&trial) { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let mut socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    match run(&mut socket) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err((step, trouble)) => {
            say(&mut socket, &Word::Failed { step: step.to_owned(), why: trouble.to_string() });
            Some(ExitCode::FAILURE)
        }
    }
}

type Failure = (&'static str, Trouble);

fn run(socket: &mut UnixStream) -> Result<(), Failure> {
    let order = read_order(socket).map_err(|trouble| ("read the order", trouble))?;
    namespaces::prepare(&order).map_err(|trouble| ("enter the process namespace", trouble))?;
    let Some(child) = fork().map_err(|trouble| ("fork", trouble))? else {
        inside(&order, socket);
    };
    let status = attend(child, socket.as_fd()).map_err(|trouble| ("attend the inside", trouble))?;
    say(socket, &Word::Ended { code: status.exit_status(), signal: status.terminating_signal() });
    Ok(())
}

fn read_order(socket: &mut UnixStream) -> Result<Order, Trouble> {
    let failed = |e| Trouble::from_cause("cannot read from the server", e);
    let mut length = [0; 4];
    socket.read_exact(&mut length).map_err(failed)?;
    let mut text = vec![0; u32::from_le_bytes(length) as usize];
    socket.read_exact(&mut text).map_err(failed)?;
    serde_json::from_slice(&text).map_err(|e| Trouble::from_cause("not an order", e))
}

/// Says a word to the server. If the server has gone there is nobody left to tell.
fn say(socket: &mut UnixStream, word: &Word) {
    if let Ok(mut line) = serde_json::to_vec(word) {
        line.push(b'\n');
        let _gone = socket.write_all(&line);
    }
}

/// Waits until the inside has ended, and kills it when the server's end of the socket closes.
fn attend(child: Pid, socket: BorrowedFd<'_>) -> Result<WaitStatus, Trouble> {
    let failed = |e| Trouble::from_cause("cannot watch it", e);
    let child_handle = pidfd_open(child, PidfdFlags::empty()).map_err(failed)?;
    let mut server_listens = true;
    loop {
        let mut watched = vec![PollFd::new(&child_handle, PollFlags::IN)];
        if server_listens {
            watched.push(PollFd::from_borrowed_fd(socket, PollFlags::RDHUP | PollFlags::HUP));
        }
        match poll(&mut watched, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(failed(e)),
        }
        if watched.get(1).is_some_and(|server| !server.revents().is_empty()) {
            server_listens = false;
            let _ended_already = pidfd_send_signal(&child_handle, Signal::KILL);
        }
        if !watched[0].revents().is_empty() {
            let status = waitpid(Some(child), WaitOptions::empty()).map_err(failed)?;
            return status.map(|(_, status)| status).ok_or_else(|| Trouble::new("the inside has no status"));
        }
    }
}

/// The life of the inside: the steps, the program, its orphans, the end.
fn inside(order: &Order, socket: &mut UnixStream) -> ! {
    let word = match enter(order).and_then(|()| start_program(order)) {
        Ok(program) => {
            say(socket, &Word::Started);
            let status = reap_until_end(program);
            Word::Ended { code: status.code(), signal: status.signal() }
        }
        Err((step, trouble)) => Word::Failed { step: step.to_owned(), why: trouble.to_string() },
    };
    say(socket, &word);
    std::process::exit(0)
}

fn enter(order: &Order) -> Result<(), Failure> {
    for step in &STEPS {
        (step.act)(order).map_err(|trouble| (step.name, trouble))?;
    }
    Ok(())
}

fn start_program(order: &Order) -> Result<Pid, Failure> {
    let failed = |trouble| ("start the program", trouble);
    // A helper that is killed takes the inside with it. Set only now: changing the user forgets it.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| failed(Trouble::from_cause("cannot bind the inside's life to the helper's", e)))?;
    let program = &order.spec.program;
    let Some((path, arguments)) = program.argv.split_first() else {
        return Err(failed(Trouble::new("there is no program")));
    };
    let child = Command::new(path)
        .args(arguments)
        .env_clear()
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&program.folder)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|e| failed(Trouble::from_cause(format!("cannot run {path}"), e)))?;
    Pid::from_raw(child.id().cast_signed()).ok_or_else(|| failed(Trouble::new("the program has no process id")))
}

/// As pid 1 of its namespace the inside inherits every orphan; it waits for all until the program itself has ended.
fn reap_until_end(program: Pid) -> std::process::ExitStatus {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => {
                return ExitStatusExt::from_raw(status.as_raw());
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return ExitStatusExt::from_raw(1 << 8),
        }
    }
}
