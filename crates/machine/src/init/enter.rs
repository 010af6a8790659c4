//! Init's first steps, before anything runs: its own mounts, its root, its name, its loopback.

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use kogumo_base::Trouble;
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, unmount};

use crate::Spec;
use crate::keeper::figures;

/// The kernel lets a user namespace mount sysfs where one is seen already (`mount_too_revealing`), and `ip netns exec` takes
/// /sys off first. Nothing in it is the machine's to write to, but what belongs to its network.
const SEEN_SYS: &str = "run/kogumo/sys";

/// What init mounts: the file system, where, how, and with which options.
const MOUNTS: [(&CStr, &str, MountFlags, &CStr); 8] = [
    (c"proc", "proc", MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC), c""),
    (c"tmpfs", "run", MountFlags::NOSUID.union(MountFlags::NODEV), c"mode=755"),
    (c"sysfs", SEEN_SYS, MountFlags::NOSUID.union(MountFlags::NODEV), c""),
    (c"sysfs", "sys", MountFlags::RDONLY.union(MountFlags::NOSUID).union(MountFlags::NODEV), c""),
    (c"devpts", "dev/pts", MountFlags::NOSUID.union(MountFlags::NOEXEC), c"newinstance,ptmxmode=666,mode=620,gid=5"),
    (c"tmpfs", "dev/shm", MountFlags::NOSUID.union(MountFlags::NODEV), c"mode=1777"),
    (c"mqueue", "dev/mqueue", MountFlags::NOSUID.union(MountFlags::NODEV), c""),
    (c"tmpfs", "tmp", MountFlags::NOSUID.union(MountFlags::NODEV), c"mode=1777"),
];

/// Goes through them.
pub(super) fn enter(spec: &Spec, root: &Path) -> Result<(), Trouble> {
    let _name_is_cosmetic = rustix::thread::set_name(c"init");
    lay(root)?;
    turn(root)?;
    let name = spec.seed.hostname.split('.').next().unwrap_or_default();
    rustix::system::sethostname(name.as_bytes()).map_err(|e| Trouble::from_cause("cannot set the host name", e))?;
    raise_loopback()?;
    settle_on_processors(spec);
    // As on every distribution: whoever is logged in may ping.
    let _old_kernel = fs::write("/proc/sys/net/ipv4/ping_group_range", "0 65535");
    Ok(())
}

fn lay(root: &Path) -> Result<(), Trouble> {
    let failed = |what: &str| {
        let what = format!("cannot mount {what} in the machine");
        move |e: rustix::io::Errno| Trouble::from_cause(what, e)
    };
    // What came along from the host's side of the wall is locked; a mount of its own is not (mount_namespaces(7)).
    mount_bind_recursive(root, root).map_err(failed("the root"))?;
    for (kind, name, flags, options) in MOUNTS {
        let at = root.join(name);
        fs::create_dir_all(&at).map_err(|e| Trouble::from_cause(format!("cannot make {}", at.display()), e))?;
        match mount(kind, &at, kind, flags, options) {
            // A kernel without message queues.
            Err(rustix::io::Errno::NODEV) if kind == c"mqueue" => {}
            // Where the host's own is read-only.
            Err(rustix::io::Errno::PERM) if Path::new(SEEN_SYS) == Path::new(name) => {}
            other => other.map_err(failed(&at.display().to_string()))?,
        }
    }
    for (from, at) in figures::files(root) {
        mount_bind(&from, &at).map_err(failed(&at.display().to_string()))?;
    }
    Ok(())
}

fn turn(root: &Path) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause("cannot turn to the machine's root", e);
    rustix::process::chdir(root).map_err(failed)?;
    // Both names the same: the old root then lies on top of the new one, to be taken off (pivot_root(2), "NOTES").
    rustix::process::pivot_root(".", ".").map_err(failed)?;
    unmount(".", UnmountFlags::DETACH).map_err(failed)?;
    rustix::process::chdir("/").map_err(failed)
}

/// A type with fewer processors than this host sees no more than it has (nproc(1)); which of them is a matter of chance.
fn settle_on_processors(spec: &Spec) {
    let Ok(all) = rustix::thread::sched_getaffinity(None) else { return };
    let here: Vec<usize> = (0..rustix::thread::CpuSet::MAX_CPU).filter(|number| all.is_set(*number)).collect();
    let count = usize::try_from(spec.limits.vcpus).unwrap_or(usize::MAX);
    if count < here.len() {
        let first = spec.first_id() as usize;
        let mut own = rustix::thread::CpuSet::new();
        (0..count)
            .filter_map(|step| here.get((first / 65_536 + step) % here.len()))
            .for_each(|number| own.set(*number));
        let _sees_all_of_them = rustix::thread::sched_setaffinity(None, &own);
    }
}

/// Sets the loopback interface up (netdevice(7)).
fn raise_loopback() -> Result<(), Trouble> {
    let failed = || Trouble::from_cause("cannot raise the loopback interface", std::io::Error::last_os_error());
    // SAFETY: `request` is a structure of plain bytes for which zero is a value; it lives through the calls, and the
    // socket is closed here.
    #[allow(unsafe_code)]
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if socket < 0 {
            return Err(failed());
        }
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
            *to = from.cast_signed();
        }
        request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or_default();
        let done = libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request);
        libc::close(socket);
        if done == 0 { Ok(()) } else { Err(failed()) }
    }
}
