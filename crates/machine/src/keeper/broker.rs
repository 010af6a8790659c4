//! Mounts of a machine's own volumes. A user namespace may not mount a disk's file system, since that lets anybody feed
//! the kernel a crafted one; on AWS whoever has a volume may. So the machine's mount(2) calls come to the keeper first
//! (seccomp_unotify(2)): it mounts what lies on the machine's own devices, and lets the kernel judge everything else. So do
//! a few calls on volumes that the kernel would refuse (`ioctl`).

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, open, openat2};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, mount, mount_change, move_mount,
};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, WaitOptions, pidfd_getfd, pidfd_open, waitpid};
use rustix::thread::{ThreadNameSpaceType, UnshareFlags, move_into_thread_name_spaces, unshare_unsafe};

use super::ioctl::Ioctl;
use super::{fork, mounts};
use crate::linux::idmap;

/// File systems of disks.
const FILE_SYSTEMS: [&str; 6] = ["ext4", "ext3", "ext2", "xfs", "btrfs", "vfat"];
/// What makes mount(2) something else than a new mount (mount(2)).
const NOT_NEW: u64 = libc::MS_BIND
    | libc::MS_MOVE
    | libc::MS_REMOUNT
    | libc::MS_SHARED
    | libc::MS_PRIVATE
    | libc::MS_SLAVE
    | libc::MS_UNBINDABLE;
/// The longest path (limits.h).
const PATH_MAX: usize = 4096;
/// capability.h.
const CAP_SYS_ADMIN: u64 = 1 << 21;

/// The listener for the calls of a machine that the keeper judges.
pub(super) struct Broker {
    folder: PathBuf,
    listener: OwnedFd,
    users: OwnedFd,
}

/// What a machine asks to be mounted.
struct Wish {
    /// The name of the device inside, and the host's device.
    name: String,
    device: PathBuf,
    target: OwnedFd,
    file_system: String,
    flags: u64,
    options: String,
}

impl Broker {
    /// Takes the listener out of init, which made it as it set its filter.
    pub fn take(folder: &Path, init: &OwnedFd, number: i32, users: &OwnedFd) -> Result<Broker, Trouble> {
        let failed = |e| Trouble::from_cause("cannot hear of the machine's mounts", e);
        let listener = pidfd_getfd(init, number, PidfdGetfdFlags::empty()).map_err(failed)?;
        let users = users.try_clone().map_err(|e| Trouble::from_cause("no descriptor", e))?;
        Ok(Broker { folder: folder.to_owned(), listener, users })
    }

    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Answers one call.
    pub fn serve(&self) {
        let Ok(call) = self.receive() else { return };
        let done = match libc::c_long::from(call.data.nr) {
            libc::SYS_ioctl => self.ioctl_for(&call),
            _ => self.wish(&call).map(|wish| self.grant(&call, &wish)),
        };
        let (error, flags) = match done {
            Some(error) => (error, 0),
            None => (0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        };
        let mut answer = libc::seccomp_notif_resp { id: call.id, val: 0, error, flags };
        let _caller_gone = self.ioctl(libc::SECCOMP_IOCTL_NOTIF_SEND, (&raw mut answer).cast());
    }

    fn receive(&self) -> io::Result<libc::seccomp_notif> {
        // SAFETY: a structure of numbers, for which zero is a value; the kernel wants it zeroed.
        #[allow(unsafe_code)]
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        self.ioctl(libc::SECCOMP_IOCTL_NOTIF_RECV, (&raw mut call).cast())?;
        Ok(call)
    }

    fn ioctl(&self, request: libc::Ioctl, argument: *mut libc::c_void) -> io::Result<()> {
        // SAFETY: each request is given the structure that it takes, which lives through the call.
        #[allow(unsafe_code)]
        let done = unsafe { libc::ioctl(self.listener.as_raw_fd(), request, argument) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Whether the caller still waits: only then is what was read of its memory its own.
    fn still_waits(&self, call: &libc::seccomp_notif) -> bool {
        let mut id = call.id;
        self.ioctl(libc::SECCOMP_IOCTL_NOTIF_ID_VALID, (&raw mut id).cast()).is_ok()
    }

    /// Makes an ioctl on one of the machine's own volumes; `None` if the call is the kernel's to judge.
    fn ioctl_for(&self, call: &libc::seccomp_notif) -> Option<i32> {
        let [fd, request, argument, ..] = call.data.args;
        let ioctl = Ioctl::of(request, |capability| self.has(call.pid, capability))?;
        let own = plugged(&self.folder);
        let is_own = |device| self.still_waits(call) && own.iter().any(|(_, _, number)| *number == device);
        ioctl.perform(call.pid, fd, argument, is_own)
    }

    /// What the call asks of us; `None` if it is the kernel's to judge.
    fn wish(&self, call: &libc::seccomp_notif) -> Option<Wish> {
        let [source, target, file_system, flags, options, _] = call.data.args;
        let pid = call.pid;
        let file_system = text(pid, file_system)?;
        if flags & NOT_NEW != 0 || !FILE_SYSTEMS.contains(&file_system.as_str()) || !self.has(pid, CAP_SYS_ADMIN) {
            return None;
        }
        let root = open(format!("/proc/{pid}/root"), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let device = inside(&root, &text(pid, source)?)?;
        let number = fstat(&device).ok()?.st_rdev;
        let target = inside(&root, &text(pid, target)?)?;
        let (name, device, _) = plugged(&self.folder).into_iter().find(|(_, _, has)| *has == number)?;
        let options = if options == 0 { String::new() } else { text(pid, options)? };
        self.still_waits(call).then_some(Wish { name, device, target, file_system, flags, options })
    }

    /// Whether a caller has the capability that the kernel would ask for, in the machine's own user namespace.
    fn has(&self, pid: u32, capability: u64) -> bool {
        let users = rustix::fs::stat(format!("/proc/{pid}/ns/user")).map(|stat| (stat.st_dev, stat.st_ino));
        let own = fstat(&self.users).map(|stat| (stat.st_dev, stat.st_ino));
        users.is_ok_and(|users| own.is_ok_and(|own| own == users)) && effective(pid) & capability != 0
    }

    /// Mounts it in the caller's mount namespace, by a process that enters it for that. Answers mount(2)'s error, negative.
    fn grant(&self, call: &libc::seccomp_notif, wish: &Wish) -> i32 {
        let Some(caller) = Pid::from_raw(call.pid.cast_signed()) else { return -libc::EPERM };
        match fork() {
            Ok(None) => {
                let code = self.mount(caller, wish).err().map_or(0, |e| e.raw_os_error());
                std::process::exit(code);
            }
            Ok(Some(child)) => match waitpid(Some(child), WaitOptions::empty()) {
                Ok(Some((_, status))) => -status.exit_status().unwrap_or(libc::EIO),
                _ => -libc::EIO,
            },
            Err(_) => -libc::EAGAIN,
        }
    }

    fn mount(&self, caller: Pid, wish: &Wish) -> rustix::io::Result<()> {
        let file_system = fsopen(wish.file_system.as_str(), FsOpenFlags::FSOPEN_CLOEXEC)?;
        let source = named_as_inside(wish).unwrap_or_else(|| wish.device.clone());
        fsconfig_set_string(&file_system, "source", source)?;
        if wish.flags & libc::MS_RDONLY != 0 {
            fsconfig_set_flag(&file_system, "ro")?;
        }
        for option in wish.options.split(',').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some((name, value)) => fsconfig_set_string(&file_system, name, value)?,
                None => fsconfig_set_flag(&file_system, option)?,
            }
        }
        fsconfig_create(&file_system)?;
        let made = fsmount(&file_system, FsMountFlags::FSMOUNT_CLOEXEC, attributes(wish.flags))?;
        idmap::apply(made.as_fd(), self.users.as_fd()).map_err(|_| rustix::io::Errno::INVAL)?;
        let namespaces = pidfd_open(caller, PidfdFlags::empty())?;
        move_into_thread_name_spaces(namespaces.as_fd(), ThreadNameSpaceType::MOUNT)?;
        let whole = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        move_mount(made, "", &wish.target, "", whole)
    }
}

/// The kernel tells everybody (df(1), resize2fs(8)) the name by which a device was mounted: so it is given the name that
/// the device has inside, in a `/dev` that only this process sees.
fn named_as_inside(wish: &Wish) -> Option<PathBuf> {
    let number = fstat(open(&wish.device, OFlags::PATH, Mode::empty()).ok()?).ok()?.st_rdev;
    // SAFETY: this process has one thread, and shares no descriptors or folders by it.
    #[allow(unsafe_code)]
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.ok()?;
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE).ok()?;
    mount("tmpfs", "/dev", "tmpfs", MountFlags::NOSUID, c"size=64k").ok()?;
    let path = Path::new("/dev").join(&wish.name);
    mounts::device_node(&path, FileType::BlockDevice, number, 0o600, 0).ok()?;
    Some(path)
}

/// mount(2)'s flags for one mount point; devices on a volume are never any.
fn attributes(flags: u64) -> MountAttrFlags {
    let pairs = [
        (libc::MS_RDONLY, MountAttrFlags::MOUNT_ATTR_RDONLY),
        (libc::MS_NOSUID, MountAttrFlags::MOUNT_ATTR_NOSUID),
        (libc::MS_NOEXEC, MountAttrFlags::MOUNT_ATTR_NOEXEC),
        (libc::MS_NOATIME, MountAttrFlags::MOUNT_ATTR_NOATIME),
    ];
    let set = pairs.into_iter().filter(|(flag, _)| flags & flag != 0).map(|(_, attribute)| attribute);
    set.fold(MountAttrFlags::MOUNT_ATTR_NODEV, |all, one| all | one)
}

/// A process's effective capabilities (proc_pid_status(5)).
fn effective(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0)
}

/// A path inside, whatever links it goes through.
fn inside(root: &OwnedFd, path: &str) -> Option<OwnedFd> {
    openat2(root, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT).ok()
}

/// A string in the caller's memory.
fn text(pid: u32, at: u64) -> Option<String> {
    if at == 0 {
        return None;
    }
    let memory = fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let mut bytes = Vec::new();
    // Page by page: what follows the string may not be there.
    while bytes.len() < PATH_MAX {
        let from = at.checked_add(bytes.len() as u64)?;
        let mut page = vec![0; PATH_MAX - usize::try_from(from % PATH_MAX as u64).ok()?];
        let count = memory.read_at(&mut page, from).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(page.get(..count)?);
        if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
            bytes.truncate(end);
            return String::from_utf8(bytes).ok();
        }
    }
    None
}

/// The devices that a machine has been given: the name inside, the host's device, its number.
pub(crate) fn plugged(folder: &Path) -> Vec<(String, PathBuf, u64)> {
    let entries = fs::read_dir(folder.join("devices")).map(|entries| entries.flatten().collect::<Vec<_>>());
    let one = |entry: &fs::DirEntry| {
        let device = PathBuf::from(fs::read_to_string(entry.path()).ok()?);
        let number = rustix::fs::stat(&device).ok()?.st_rdev;
        Some((entry.file_name().into_string().ok()?, device, number))
    };
    entries.unwrap_or_default().iter().filter_map(one).collect()
}
