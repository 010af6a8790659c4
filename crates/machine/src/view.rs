//! Encrypted volumes as block devices. The file of one holds ciphertext; a process of its own, this binary started again as
//! `volume-view FILE`, shows the kernel the same file in the clear, and the loop device sits on that. The key comes on
//! standard input and is nowhere but in that process.
//!
//! ```text
//! instance ──► /dev/xvdf ──► loop device ──► FUSE ──► the view's process: AES-256-XTS ──► volumes/vol-….img (ciphertext)
//! ```
//! The view is a FUSE file system with nothing in it but the file, under the same path as the real one, so that the kernel
//! names the device's file as it names that of any other volume (`block::attached_below`). Nobody else sees it: it is
//! mounted in a mount namespace of its own, and unmounted once the loop device has the file open. From then on the loop
//! device is what keeps it: when that goes, whoever made it go and however long after, the kernel ends the file system,
//! and the process ends with it. It does not depend on the server that started it.

mod fuse;
mod sealed;
mod translate;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use kogumo_base::Trouble;
use kogumo_xts::KEY;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use rustix::thread::UnshareFlags;

use crate::keeper::{end, fork, unshare};
use crate::linux::block;
use fuse::{Answer, Ask, Node, ROOT};
pub(crate) use sealed::Sealed;
pub use translate::copy;

/// The hidden command that starts a view.
pub(crate) const VIEW_COMMAND: &str = "volume-view";

/// linux/prctl.h.
const PR_SET_IO_FLUSHER: libc::c_int = 57;

/// Where the kernel has FUSE.
pub(crate) const FUSE: &str = "/dev/fuse";

/// What keeps this machine from showing encrypted volumes.
pub fn lack() -> Option<String> {
    let opened = File::options().read(true).write(true).open(FUSE).err();
    opened.map(|why| format!("{FUSE} cannot be opened ({why}); load the module fuse, or let this container have it"))
}

/// Makes a block device that shows an encrypted volume in the clear. `program` is this binary, or another whose `main`
/// calls [`crate::keeper_main`].
///
/// # Errors
/// This machine has no FUSE or no loop devices, or the file is not there.
pub fn attach(program: &Path, volume: &Path, key: &[u8]) -> Result<PathBuf, Trouble> {
    let failed = |e| Trouble::from_cause("cannot start a volume's view", e);
    let mut launcher = Command::new(program)
        .arg0("kogumo")
        .arg(VIEW_COMMAND)
        .arg(volume)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    if let Some(mut line) = launcher.stdin.take() {
        line.write_all(key).map_err(failed)?;
    }
    let mut word = String::new();
    if let Some(mut line) = launcher.stdout.take() {
        line.read_to_string(&mut word).map_err(failed)?;
    }
    // It leaves the view behind and ends at once.
    let _ended = launcher.wait();
    match word.trim() {
        device if device.starts_with("/dev/") => Ok(PathBuf::from(device)),
        "" => Err(Trouble::new("a volume's view ended without a word")),
        why => Err(Trouble::new(why)),
    }
}

/// The whole life of the process: it says the device, or why there is none.
pub(crate) fn main(volume: &Path) -> ExitCode {
    let (word, code) = match show(volume) {
        Ok(device) => (device.display().to_string(), ExitCode::SUCCESS),
        Err(trouble) => (trouble.to_string(), ExitCode::FAILURE),
    };
    let _gone = writeln!(io::stdout().lock(), "{word}");
    code
}

fn show(volume: &Path) -> Result<PathBuf, Trouble> {
    let mut key = [0; KEY];
    io::stdin().lock().read_exact(&mut key).map_err(|e| Trouble::from_cause("the volume's key is missing", e))?;
    let volume = volume.canonicalize().map_err(|e| Trouble::from_cause("there is no such volume", e))?;
    let sealed = Sealed::open(&volume, &key)?;
    let names = Names::of(&volume);
    let stage = volume.parent().unwrap_or(Path::new("/"));
    unshare(UnshareFlags::NEWNS)?;
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .map_err(|e| Trouble::from_cause("cannot part from the host's mounts", e))?;
    let kernel = mount_at(stage)?;
    let Some(server) = fork()? else {
        leave_server();
        serve(&kernel, &sealed, &names);
        std::process::exit(0)
    };
    drop(kernel);
    let shown = stage.join(volume.strip_prefix("/").unwrap_or(&volume));
    match block::attach(&shown, block::Hold::UntilDetached) {
        Ok(device) => {
            unmount(stage, UnmountFlags::DETACH).map_err(|e| Trouble::from_cause("cannot hide a volume's view", e))?;
            Ok(device.path().to_owned())
        }
        Err(trouble) => {
            end(server);
            Err(trouble)
        }
    }
}

fn mount_at(stage: &Path) -> Result<File, Trouble> {
    let missing = |e| Trouble::from_cause(format!("encrypted volumes need {FUSE}"), e);
    let kernel = File::options().read(true).write(true).open(FUSE).map_err(missing)?;
    let options = format!("fd={},rootmode=40700,user_id=0,group_id=0", kernel.as_raw_fd());
    let options = std::ffi::CString::new(options).map_err(|e| Trouble::from_cause("not options", e))?;
    mount("kogumo", stage, "fuse", MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOEXEC, options.as_c_str())
        .map_err(|e| Trouble::from_cause("cannot mount a volume's view", e))?;
    Ok(kernel)
}

/// Away from the server's terminal and lines; and the kernel is told that memory is freed through this process, and that
/// nobody may look into its own.
fn leave_server() {
    let _leads_already = rustix::process::setsid();
    if let Ok(null) = File::options().read(true).write(true).open("/dev/null") {
        let _none = rustix::stdio::dup2_stdin(&null);
        let _none = rustix::stdio::dup2_stdout(&null);
        let _none = rustix::stdio::dup2_stderr(&null);
    }
    // SAFETY: both calls take numbers and set a property of this process.
    #[allow(unsafe_code)]
    unsafe {
        libc::prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
}

/// The folders that lead to the file, and the file: the first one is number 2.
struct Names(Vec<Vec<u8>>);

impl Names {
    fn of(path: &Path) -> Names {
        use std::os::unix::ffi::OsStrExt;
        let name = |part: Component| match part {
            Component::Normal(name) => Some(name.as_bytes().to_vec()),
            _ => None,
        };
        Names(path.components().filter_map(name).collect())
    }

    fn file(&self) -> u64 {
        ROOT + self.0.len() as u64
    }

    /// The node below a folder that has that name.
    fn find(&self, folder: u64, name: &[u8]) -> Option<u64> {
        let at = usize::try_from(folder.checked_sub(ROOT)?).ok()?;
        (self.0.get(at)? == name).then_some(folder + 1)
    }

    fn last(&self) -> &[u8] {
        self.0.last().map_or(&[], Vec::as_slice)
    }
}

/// Answers the kernel until it has no more use for the file.
fn serve(mut kernel: &File, sealed: &Sealed, names: &Names) {
    let mut buffer = vec![0; fuse::BUFFER];
    let mut told = false;
    loop {
        let count = match kernel.read(&mut buffer) {
            Ok(count) => count,
            Err(e) if matches!(e.raw_os_error(), Some(libc::EINTR | libc::EAGAIN | libc::ENOENT)) => continue,
            // ENODEV: the last user has gone.
            Err(_) => break,
        };
        let Some(request) = buffer.get(..count).and_then(fuse::parse) else { continue };
        if request.ask == Ask::Silence {
            continue;
        }
        let looked = request.ask == Ask::Attributes;
        let _interrupted = fuse::answer(kernel, request.unique, respond(request.node, request.ask, sealed, names));
        // Torn away from its instance: the file of that name is another, and the kernel shall not call this one so.
        if looked && !told && sealed.is_gone() {
            told = fuse::deleted(kernel, names.file() - 1, names.file(), names.last()).is_ok();
        }
    }
    let _disk_full = sealed.sync();
}

fn respond(node: u64, ask: Ask, sealed: &Sealed, names: &Names) -> Result<Answer, i32> {
    let number = |e: io::Error| e.raw_os_error().unwrap_or(libc::EIO);
    let look = |node: u64| match node.cmp(&names.file()) {
        std::cmp::Ordering::Less => Ok(Node::Folder),
        std::cmp::Ordering::Equal => Ok(Node::File { size: sealed.size().map_err(number)? }),
        std::cmp::Ordering::Greater => Err(libc::ENOENT),
    };
    match ask {
        Ask::Init => Ok(Answer::init()),
        Ask::Lookup(name) => {
            let found = names.find(node, name).ok_or(libc::ENOENT)?;
            Ok(Answer::entry(found, look(found)?))
        }
        Ask::Attributes => Ok(Answer::node(node, look(node)?)),
        Ask::Open => Ok(Answer::open()),
        Ask::Read { at, length } => Ok(Answer::bytes(sealed.read(at, length).map_err(number)?)),
        Ask::Write { at, bytes } => {
            sealed.write(at, bytes).map_err(number)?;
            Ok(Answer::written(bytes.len()))
        }
        Ask::Sync => sealed.sync().map(|()| Answer::default()).map_err(number),
        Ask::Punch { at, length } => sealed.punch(at, length).map(|()| Answer::default()).map_err(number),
        Ask::Nothing | Ask::Silence => Ok(Answer::default()),
        Ask::Other => Err(libc::ENOSYS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_lies_under_its_path() {
        let names = Names::of(Path::new("/data/ec2/vol-1.img"));
        assert_eq!((names.file(), names.last()), (4, b"vol-1.img".as_slice()));
        let found = ["data", "ec2", "vol-1.img"].iter().try_fold(ROOT, |at, name| names.find(at, name.as_bytes()));
        assert_eq!(found, Some(4));
        assert_eq!((names.find(ROOT, b"ec2"), names.find(4, b"x"), names.find(0, b"data")), (None, None, None));
    }
}
