//! The keeper: this binary, started again as `machine-keeper FOLDER`. It makes one machine, stays beside it in the host's
//! namespaces until it ends, and then notes how. It does not depend on the server that started it.

pub(crate) mod broker;
pub(crate) mod console;
pub(crate) mod figures;
pub(crate) mod ioctl;
pub(crate) mod mounts;
mod processors;
mod status;
mod userns;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use kogumo_base::Trouble;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open, wait, waitpid};
use rustix::thread::UnshareFlags;

use crate::linux::cgroup;
use crate::{Ending, Spec, init, view};
pub(crate) use kogumo_userns::fork;
pub(crate) use status::{Process, Status, folder_of, say_go};

/// The hidden command that starts a keeper.
pub const KEEPER_COMMAND: &str = "machine-keeper";

/// What the keeper says on its standard output once the machine waits for its boot; anything else says why not.
pub(crate) const READY: &str = "ready";

/// How often a machine's figures are renewed.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
const LOOKED_LONG_AGO: Duration = Duration::from_millis(900);

/// Runs the keeper, of a machine or of a volume's view, if the process was started as one. A binary that uses this crate calls this first thing, before it
/// starts any thread: `if let Some(code) = kogumo_machine::keeper_main(std::env::args_os()) { return code; }`
pub fn keeper_main(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    let command = args.next()?;
    if command == view::VIEW_COMMAND {
        return Some(view::main(&PathBuf::from(args.next()?)));
    }
    if command != KEEPER_COMMAND {
        return None;
    }
    let folder = PathBuf::from(args.next()?);
    // Away from the server: its terminal's signals and its death are not meant for machines.
    match fork() {
        Ok(None) => {}
        Ok(Some(_)) => return Some(ExitCode::SUCCESS),
        Err(trouble) => return Some(fail(&trouble)),
    }
    let _leads_already = rustix::process::setsid();
    Some(match keep(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => fail(&trouble),
    })
}

fn fail(trouble: &Trouble) -> ExitCode {
    say(&trouble.to_string());
    ExitCode::FAILURE
}

/// A line for the server, if it still listens.
fn say(line: &str) {
    let _gone = writeln!(std::io::stdout().lock(), "{line}");
}

fn keep(folder: &Path) -> Result<(), Trouble> {
    let spec = Spec::read(folder)?;
    let groups = cgroup::make(&spec.id, &spec.limits)?;
    let kept = make_and_attend(folder, &spec, &groups);
    cgroup::remove(&spec.id);
    kept
}

/// The ends of the lines between the keeper and the machine's init.
pub(crate) struct Lines {
    /// Where init says that it waits.
    pub ready: OwnedFd,
    /// Where init hears that it may boot.
    pub go: OwnedFd,
    /// Where everything that the machine prints goes.
    pub console: OwnedFd,
}

fn make_and_attend(folder: &Path, spec: &Spec, groups: &[PathBuf]) -> Result<(), Trouble> {
    let users = userns::make(userns::first_id(spec))?;
    unshare(UnshareFlags::NEWNS)?;
    let root = mounts::lay(folder, spec, &users)?;
    let figures = figures::Figures::make(root.parent().unwrap_or(&root), &spec.limits)?;
    rustix::process::set_child_subreaper(Pid::from_raw(1))
        .map_err(|e| Trouble::from_cause("cannot adopt the machine", e))?;
    let (ready, say_ready) = pipe()?;
    let (go, say_go) = pipe()?;
    let (console, console_in) = pipe()?;
    let lines = Lines { ready: say_ready, go, console: console_in };
    let Some(middle) = fork()? else {
        drop((ready, say_go, console));
        let failed = enter(spec, &root, &users, groups, &lines).err();
        // Only a failure comes here; the keeper reads it where it waits for the word.
        let _gone = rustix::io::write(&lines.ready, failed.map_or_else(String::new, |t| t.to_string()).as_bytes());
        std::process::exit(1);
    };
    drop(lines);
    let word = read_word(ready)?;
    let _exits_at_once = waitpid(Some(middle), WaitOptions::empty());
    let init = match word.strip_prefix("init ").and_then(parse_init) {
        Some(init) => init,
        None => return Err(Trouble::new(format!("cannot make a machine: {word}"))),
    };
    attend(folder, spec, &users, init, &say_go, console, figures)
}

/// `<pid> <descriptor of the listener for mounts>`.
fn parse_init(word: &str) -> Option<(Pid, i32)> {
    let (pid, notify) = word.trim().split_once(' ')?;
    Some((Pid::from_raw(pid.parse().ok()?)?, notify.parse().ok()?))
}

/// The way in: the control groups, the users, all other namespaces, and a process that is pid 1 there.
fn enter(spec: &Spec, root: &Path, users: &OwnedFd, groups: &[PathBuf], lines: &Lines) -> Result<(), Trouble> {
    for group in groups {
        fs::write(group, "0").map_err(|e| Trouble::from_cause(format!("cannot join {}", group.display()), e))?;
    }
    // While this process still is the host's root: the file is not its own any more once it is not.
    let offsets = File::options().write(true).open("/proc/self/timens_offsets").ok();
    userns::enter(users)?;
    unshare(
        UnshareFlags::NEWNS
            | UnshareFlags::NEWPID
            | UnshareFlags::NEWUTS
            | UnshareFlags::NEWIPC
            | UnshareFlags::NEWCGROUP
            | UnshareFlags::NEWNET,
    )?;
    begin_time(offsets);
    // The pid must be told in the host's numbers: the one who forks knows it.
    let (told, tell) = pipe()?;
    match fork()? {
        None => {
            drop(tell);
            let mut text = [0; 16];
            let count = rustix::io::read(&told, &mut text).unwrap_or(0);
            let pid = String::from_utf8_lossy(&text[..count]).into_owned();
            init::run(spec, root, &pid, lines)
        }
        Some(pid) => {
            let number = pid.as_raw_nonzero().to_string();
            rustix::io::write(&tell, number.as_bytes()).map_err(|e| Trouble::from_cause("init does not listen", e))?;
            std::process::exit(0)
        }
    }
}

/// A machine has been up since it started, not since this host did (time_namespaces(7)). Older kernels have none.
fn begin_time(offsets: Option<File>) {
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = uptime.split('.').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    if let Some(mut offsets) = offsets
        && unshare(UnshareFlags::NEWTIME).is_ok()
    {
        let text = format!("monotonic -{seconds} 0\nboottime -{seconds} 0\n");
        let _stays_as_the_hosts = offsets.write_all(text.as_bytes());
    }
}

/// Everything that init writes until it says what it waits for, or fails.
fn read_word(ready: OwnedFd) -> Result<String, Trouble> {
    let mut word = String::new();
    let failed = |e| Trouble::from_cause("the machine's init does not answer", e);
    File::from(ready).read_to_string(&mut word).map_err(failed)?;
    Ok(word)
}

/// The keeper's life beside a machine: the console, mounts, the boot, the end.
fn attend(
    folder: &Path,
    spec: &Spec,
    users: &OwnedFd,
    (init, notify): (Pid, i32),
    say_go: &OwnedFd,
    console: OwnedFd,
    mut figures: figures::Figures,
) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause("cannot watch the machine", e);
    let handle = pidfd_open(init, PidfdFlags::empty()).map_err(failed)?;
    let broker = broker::Broker::take(folder, &handle, notify, users)?;
    let go = status::go_line(folder)?;
    let mut console = console::Console::open(folder, console)?;
    let mut status = Status::prepared(init)?;
    status.write(folder)?;
    say(READY);
    detach_from_server()?;
    let mut booted = false;
    let memory = cgroup::Memory::of(&spec.id);
    let mut looked = Instant::now();
    loop {
        let mut watched = vec![
            PollFd::new(&handle, PollFlags::IN),
            PollFd::from_borrowed_fd(console.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(broker.as_fd(), PollFlags::IN),
        ];
        if !booted {
            watched.push(PollFd::new(&go, PollFlags::IN));
        }
        match poll(&mut watched, memory.as_ref().map(|_| &LOOK_EVERY)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(failed(e)),
        }
        let ready: Vec<bool> = watched.iter().map(|fd| !fd.revents().is_empty()).collect();
        let is = |index: usize| ready.get(index).copied().unwrap_or(false);
        if is(1) {
            console.pass_on();
        }
        if is(2) && !is(0) {
            broker.serve();
        }
        if is(3) {
            booted = true;
            status.booted = true;
            status.write(folder)?;
            let _ended_already = rustix::io::write(say_go, b"go");
        }
        if looked.elapsed() >= LOOKED_LONG_AGO
            && let Some(memory) = &memory
        {
            figures.renew(memory.used());
            looked = Instant::now();
        }
        reap_strangers(init);
        if is(0) {
            break;
        }
    }
    let waited = waitpid(Some(init), WaitOptions::empty()).map_err(failed)?;
    console.pass_on();
    status.ending = Some(waited.map_or(Ending::Killed, |(_, status)| ending(status)));
    mounts::take_down(folder, spec);
    status.write(folder)
}

/// Init answers 0 when it was told to power off, and 1 for a reboot; the kernel's reboot(2) kills it with HUP or INT.
fn ending(status: WaitStatus) -> Ending {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) | (_, Some(libc::SIGINT)) => Ending::PowerOff,
        (Some(1), _) | (_, Some(libc::SIGHUP)) => Ending::Reboot,
        _ => Ending::Killed,
    }
}

/// Helpers of the broker's, and whatever else the kernel gives to a subreaper; not init itself.
fn reap_strangers(init: Pid) {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    loop {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::All, look) {
            Ok(Some(_)) if !init_ended(init) => {
                let _nothing = wait(WaitOptions::NOHANG);
            }
            _ => return,
        }
    }
}

fn init_ended(init: Pid) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(init), look), Ok(None))
}

/// Standard output was the line to the server; what is said from here on goes nowhere.
fn detach_from_server() -> Result<(), Trouble> {
    let null = File::options().read(true).write(true).open("/dev/null");
    let null = null.map_err(|e| Trouble::from_cause("cannot open /dev/null", e))?;
    rustix::stdio::dup2_stdout(&null).map_err(|e| Trouble::from_cause("cannot let the server go", e))
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Trouble> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|e| Trouble::from_cause("no pipe", e))
}

pub(crate) fn unshare(namespaces: UnshareFlags) -> Result<(), Trouble> {
    // SAFETY: none of the flags is `FILES`, which is what could change the meaning of descriptors that others hold, and
    // the process has one thread.
    #[allow(unsafe_code)]
    let done = unsafe { rustix::thread::unshare_unsafe(namespaces) };
    done.map_err(|e| Trouble::from_cause(format!("the kernel refuses {namespaces:?}"), e))
}

/// Ends a child whatever it does.
pub(crate) fn end(child: Pid) {
    let _ended_already = rustix::process::kill_process(child, Signal::KILL);
    let _nothing_to_wait_for = waitpid(Some(child), WaitOptions::empty());
}
