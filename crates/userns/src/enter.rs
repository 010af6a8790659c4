//! The way in. It is gone once, at the beginning: a process with more than one thread may not change its user namespace.

use std::fs::{self, File};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kogumo_base::Trouble;
use rustix::process::{Pid, Signal, WaitOptions, getgid, getuid, kill_process, waitpid};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use crate::{IDS, REFUSED, Standing, lent, standing};

/// Makes an ordinary user root of a user namespace: the one that is `there` already, or else a new one. To be called by a
/// process that has one thread. Whoever may do more already stays what they are.
///
/// # Errors
/// What is missing; then nothing has changed. [`crate::why_not`] says it again.
pub fn enter(there: Option<OwnedFd>) -> Result<(), Trouble> {
    if standing() != Standing::Ordinary || rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let entered = match there {
        Some(namespace) => join(&namespace),
        None => make(),
    };
    if let Err(trouble) = &entered {
        let _said_before = REFUSED.set(trouble.to_string());
    }
    entered
}

fn join(namespace: &OwnedFd) -> Result<(), Trouble> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::User))
        .map_err(|e| Trouble::from_cause("cannot enter a user namespace", e))?;
    match standing() {
        Standing::Namespace => Ok(()),
        _ => Err(Trouble::new("the user namespace has not the users that it was given")),
    }
}

/// Makes a namespace by a child that waits in it until it has its users, and goes there. What fails leaves this process as
/// it was.
fn make() -> Result<(), Trouble> {
    let maps = maps()?;
    let (mut word, say) = std::io::pipe().map_err(|e| Trouble::from_cause("cannot make a pipe", e))?;
    let Some(child) = fork()? else {
        drop(word);
        wait_inside(say);
    };
    drop(say);
    let made = write_down(child, &maps, &mut word);
    let _ended_already = kill_process(child, Signal::KILL);
    let _nothing_to_wait_for = waitpid(Some(child), WaitOptions::empty());
    join(&made?)
}

/// The child's whole life.
fn wait_inside(mut say: PipeWriter) -> ! {
    // SAFETY: the flag does not change the meaning of descriptors, and this process has one thread.
    #[allow(unsafe_code)]
    let left = unsafe { unshare_unsafe(UnshareFlags::NEWUSER) };
    let _parent_gone = match left {
        Ok(()) => say.write_all(b"y"),
        Err(error) => write!(say, "{error}"),
    };
    drop(say);
    loop {
        std::thread::park();
    }
}

/// Has the users of the child's namespace written down, and answers the namespace.
fn write_down(child: Pid, maps: &[Map], word: &mut PipeReader) -> Result<OwnedFd, Trouble> {
    let mut said = String::new();
    let heard = word.read_to_string(&mut said);
    if heard.is_err() || said != "y" {
        return Err(Trouble::new(format!(
            "the kernel permits no user namespaces ({said}): see user.max_user_namespaces, kernel.unprivileged_userns_clone and \
             kernel.apparmor_restrict_unprivileged_userns"
        )));
    }
    for Map { program, words } in maps {
        let failed = |why: String| Trouble::new(format!("{} failed: {why}", program.display()));
        let target = child.as_raw_nonzero().to_string();
        let done = Command::new(program).arg(target).args(words).stdin(Stdio::null()).output();
        let done = done.map_err(|e| failed(e.to_string()))?;
        if !done.status.success() {
            return Err(failed(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
        }
    }
    let namespace = File::open(format!("/proc/{}/ns/user", child.as_raw_nonzero()));
    namespace.map(OwnedFd::from).map_err(|e| Trouble::from_cause("cannot open the user namespace", e))
}

/// A program that writes users of a namespace down, and what it is told: three numbers for the user themselves, who is root
/// inside, and three for those who are lent.
struct Map {
    program: PathBuf,
    words: [String; 6],
}

/// The maps of users and of groups.
fn maps() -> Result<[Map; 2], Trouble> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let name = name_of(user);
    let map = |program: &str, file: &str, own: u32| {
        let program = find(program)?;
        let text = fs::read_to_string(file).unwrap_or_default();
        let first = lent::first(file, &text, &name, user).map_err(Trouble::new)?;
        Ok::<_, Trouble>(Map { program, words: [0, own, 1, 1, first, IDS - 1].map(|number| number.to_string()) })
    };
    Ok([map("newuidmap", "/etc/subuid", user)?, map("newgidmap", "/etc/subgid", group)?])
}

/// The name of a user (passwd(5)); nothing where they have none.
fn name_of(user: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let is_theirs = |line: &&str| line.split(':').nth(2).is_some_and(|id| id.parse() == Ok(user));
    passwd.lines().find(is_theirs).and_then(|line| line.split(':').next()).unwrap_or_default().to_owned()
}

fn find(program: &str) -> Result<PathBuf, Trouble> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut places = path.split(':').chain(["/usr/bin", "/bin", "/usr/local/bin"]).filter(|place| !place.is_empty());
    let found = places.find_map(|place| Some(Path::new(place).join(program)).filter(|at| at.is_file()));
    found.ok_or_else(|| {
        Trouble::new(format!("there is no {program}: install uidmap (on Fedora and others: shadow-utils)"))
    })
}

/// A new process, for programs that have no second thread yet: this one before its server starts, and the helpers that
/// it is started as. `None` in that process itself.
///
/// # Errors
/// The kernel has no room for it.
pub fn fork() -> Result<Option<Pid>, Trouble> {
    // SAFETY: whoever calls it is single-threaded, so that the child's memory, allocator and locks are in a consistent
    // state, and it may go on as an ordinary program.
    #[allow(unsafe_code)]
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(Trouble::from_cause("no new process", std::io::Error::last_os_error())),
        0 => Ok(None),
        pid => Ok(Pid::from_raw(pid)),
    }
}
