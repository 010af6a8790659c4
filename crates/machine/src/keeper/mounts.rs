//! The file system of a machine: overlays of its image's folders, whose changes go to its root volume.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use kogumo_userns::{Standing, standing};
use rustix::fs::CWD;
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind_recursive,
    mount_change, move_mount, open_tree, unmount,
};

use super::userns;
use crate::Spec;
use crate::linux::block;
use crate::linux::idmap;
use crate::spec::Layer;

/// The devices that every machine has: name, major and minor number (the kernel's admin-guide/devices.txt), and the host's
/// name of that one.
const DEVICES: [(&str, u32, u32, &str); 7] = [
    ("null", 1, 3, "/dev/null"),
    ("zero", 1, 5, "/dev/zero"),
    ("full", 1, 7, "/dev/full"),
    ("random", 1, 8, "/dev/random"),
    ("urandom", 1, 9, "/dev/urandom"),
    ("tty", 5, 0, "/dev/tty"),
    ("kmsg", 1, 3, "/dev/null"),
];
const LINKS: [(&str, &str); 6] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
    ("core", "/proc/kcore"),
];

/// Where the pieces are put together, which only the keeper and the machine see: the first of these folders that holds
/// nothing that is needed. The machine's root has to be able to go there, which it is not in the server's own folders.
const STAGES: [&str; 4] = ["/mnt", "/media", "/srv", "/opt"];

fn stage(folder: &Path, spec: &Spec) -> Result<PathBuf, Trouble> {
    let needed = || spec.layers.iter().map(|layer| layer.from.as_path()).chain([folder, spec.volume.as_path()]);
    let is_free = |place: &&&str| Path::new(place).is_dir() && !needed().any(|path| path.starts_with(place));
    let place =
        STAGES.iter().find(is_free).ok_or_else(|| Trouble::new(format!("none of {} is there", STAGES.join(", "))))?;
    Ok(PathBuf::from(place))
}

/// Lays the whole root, and answers where.
pub(super) fn lay(folder: &Path, spec: &Spec, users: &OwnedFd) -> Result<PathBuf, Trouble> {
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .map_err(|e| Trouble::from_cause("cannot part from the host's mounts", e))?;
    let stage = stage(folder, spec)?;
    in_memory(&stage, c"mode=755,size=4m")?;
    let volume = stage.join("volume");
    make(&volume)?;
    mount_volume(spec, &volume)?;
    for layer in &spec.layers {
        for part in ["upper", "work"] {
            let made = fs::create_dir_all(volume.join(layer.name()).join(part));
            made.map_err(|e| Trouble::from_cause("cannot write to the root volume", e))?;
        }
    }
    let changes = stage.join("changes");
    show_as(&volume, &changes, users)?;
    let root = stage.join("root");
    make(&root)?;
    for layer in &spec.layers {
        overlay(spec, layer, &stage, &root, users)?;
    }
    devices(&root.join("dev"), userns::first_id(spec))?;
    Ok(root)
}

/// A file with a file system in it, by a device; a folder as it is.
fn mount_volume(spec: &Spec, at: &Path) -> Result<(), Trouble> {
    match (spec.volume.is_dir(), standing()) {
        (false, Standing::Root) => {
            let device = match &spec.device {
                Some(device) => block::open(device)?,
                None => block::attach(&spec.volume, block::Hold::WhileUsed)?,
            };
            mount(device.path(), at, "ext4", MountFlags::NODEV | MountFlags::NOATIME, None)
                .map_err(|e| Trouble::from_cause("cannot mount the root volume", e))
        }
        (true, Standing::Root) => Err(Trouble::new(
            "the root volume is a folder, as a cloud without root makes it: only such a cloud can start it",
        )),
        (true, _) => bind(&spec.volume, at),
        (false, _) => Err(Trouble::new("the root volume has a file system of its own, which only root may mount")),
    }
}

fn overlay(spec: &Spec, layer: &Layer, stage: &Path, root: &Path, users: &OwnedFd) -> Result<(), Trouble> {
    let name = layer.name();
    let lower = stage.join(format!("lower-{name}"));
    show_as(&layer.from, &lower, users)?;
    let changes = stage.join("changes").join(&name);
    let (lower, changes) = (lower.display(), changes.display());
    let mut options = format!("lowerdir={lower},upperdir={changes}/upper,workdir={changes}/work");
    if standing() != Standing::Root {
        // The host's files belong to nobody here; what the image has at that place lies over them, and is root's.
        let own = layer.below(&stage.join("lower-root"));
        let own = if layer.at == Path::new("/") { String::new() } else { format!("{}:", own.display()) };
        options = format!("lowerdir={own}{lower},upperdir={changes}/upper,workdir={changes}/work,userxattr");
    }
    let options = std::ffi::CString::new(options).map_err(|e| Trouble::from_cause("not a path", e))?;
    let at = layer.below(root);
    let mounted = userns::as_owner(userns::first_id(spec), || {
        mount("kogumo", &at, "overlay", MountFlags::NODEV | MountFlags::NOATIME, options.as_c_str())
    })?;
    mounted.map_err(|e| Trouble::from_cause(format!("cannot lay the image's {}", layer.at.display()), e))
}

/// Shows a folder of the host elsewhere, its owners as the machine's. Without root they stay who they are: only whoever owns
/// a file system may show it with others.
fn show_as(from: &Path, at: &Path, users: &OwnedFd) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot show {}", from.display()), e);
    make(at)?;
    if standing() != Standing::Root {
        return bind(from, at);
    }
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(CWD, from, flags).map_err(failed)?;
    idmap::apply(tree.as_fd(), users.as_fd())?;
    move_mount(tree, "", CWD, at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).map_err(failed)
}

/// With everything that is mounted below: the kernel does not let those in a user namespace look under mounts.
fn bind(from: &Path, at: &Path) -> Result<(), Trouble> {
    mount_bind_recursive(from, at).map_err(|e| Trouble::from_cause(format!("cannot show {}", from.display()), e))
}

/// A `/dev` with nothing in it that leads to the host. A user namespace cannot make devices, so there will be no others; where
/// this is one already, the host's own are shown.
fn devices(dev: &Path, first: u32) -> Result<(), Trouble> {
    let options = std::ffi::CString::new(format!("mode=755,size=64k,uid={first},gid={first}"));
    in_memory(dev, &options.map_err(|e| Trouble::from_cause("not options", e))?)?;
    for (name, major, minor, of_host) in DEVICES {
        let at = dev.join(name);
        if standing() == Standing::Root {
            let number = rustix::fs::makedev(major, minor);
            device_node(&at, rustix::fs::FileType::CharacterDevice, number, 0o666, first)?;
        } else {
            fs::File::create(&at).map_err(|e| Trouble::from_cause(format!("cannot make {}", at.display()), e))?;
            bind(Path::new(of_host), &at)?;
        }
    }
    for (name, to) in LINKS {
        std::os::unix::fs::symlink(to, dev.join(name))
            .map_err(|e| Trouble::from_cause(format!("cannot link {name}"), e))?;
    }
    for name in ["pts", "shm", "mqueue"] {
        make(&dev.join(name))?;
    }
    Ok(())
}

/// A device file that belongs to the machine's root.
pub(crate) fn device_node(
    at: &Path,
    kind: rustix::fs::FileType,
    device: rustix::fs::Dev,
    mode: u32,
    owner: u32,
) -> Result<(), Trouble> {
    let failed = |e: std::io::Error| Trouble::from_cause(format!("cannot make {}", at.display()), e);
    let mode = rustix::fs::Mode::from(mode);
    rustix::fs::mknodat(CWD, at, kind, mode, device).map_err(|e| failed(e.into()))?;
    rustix::fs::chmodat(CWD, at, mode, rustix::fs::AtFlags::empty()).map_err(|e| failed(e.into()))?;
    std::os::unix::fs::lchown(at, Some(owner), Some(owner)).map_err(failed)
}

/// Lets go of everything, so that the root volume is written out and free when the machine's end is told.
pub(super) fn take_down(folder: &Path, spec: &Spec) {
    if let Ok(stage) = stage(folder, spec) {
        let _goes_with_the_namespace = unmount(stage, UnmountFlags::DETACH);
    }
}

fn in_memory(at: &Path, options: &std::ffi::CStr) -> Result<(), Trouble> {
    mount("tmpfs", at, "tmpfs", MountFlags::NOSUID, options)
        .map_err(|e| Trouble::from_cause(format!("cannot mount memory at {}", at.display()), e))
}

fn make(folder: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(folder).map_err(|e| Trouble::from_cause(format!("cannot make {}", folder.display()), e))
}
