//! The step that mounts what a sandbox sees, one function for each sort of `Mount`.

use std::ffi::CString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use kogumo_base::Trouble;
use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::mount::{MountFlags, mount, mount_bind, mount_bind_recursive, mount_remount};

use super::{Order, root};
use crate::{Confinement, Mount};

/// The devices that a program may expect. Links for the standard streams are made beside them.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
const DEVICE_LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// A scratch folder holds one file for so many bytes, as a disk would (mke2fs's usual ratio): empty ones take memory too.
const BYTES_PER_FILE: u64 = 16384;

/// Mounts everything that the order names, below the new root.
pub(super) fn mount_all(order: &Order) -> Result<(), Trouble> {
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    let new_root = root::place()?;
    let below = submounts()?;
    let tree = Tree { new_root, below, owner: scratch_owner(order) };
    order.spec.mounts.iter().try_for_each(|mount| tree.add(mount))
}

/// Who owns scratch folders, as the namespace that mounts them names him.
fn scratch_owner(order: &Order) -> (u32, u32) {
    match order.confinement {
        Confinement::Root => (order.outer_uid, order.outer_gid),
        _ => (order.spec.identity.uid, order.spec.identity.gid),
    }
}

/// A root under construction.
struct Tree {
    new_root: PathBuf,
    /// Every mount point of the host: a bind brings those below it along.
    below: Vec<PathBuf>,
    owner: (u32, u32),
}

impl Tree {
    fn add(&self, mount: &Mount) -> Result<(), Trouble> {
        match mount {
            Mount::Bind { from, at, writable } => self.bind(from, at, *writable),
            Mount::BindIfThere { from, at } if from.exists() => self.bind(from, at, false),
            Mount::BindIfThere { .. } => Ok(()),
            Mount::Scratch { at, bytes } => {
                let (uid, gid) = self.owner;
                let files = bytes / BYTES_PER_FILE;
                let options = format!("size={bytes},nr_inodes={files},mode=700,uid={uid},gid={gid}");
                root::in_memory(&self.folder(at)?, &options, MountFlags::empty())
            }
            Mount::Empty { at } => root::in_memory(&self.folder(at)?, "size=4k,mode=755", MountFlags::RDONLY),
            Mount::File { at, contents } => self.file(at, contents),
            Mount::Link { at, to } => {
                let link = self.new_root.join(self.parent(at)?);
                symlink(to, &link).map_err(|e| Trouble::from_cause(format!("cannot link {}", at.display()), e))
            }
            Mount::Proc => self.proc(),
            Mount::Dev => self.devices(),
        }
    }

    /// Shows a file or folder of the host. It is closed to writing at once, so that no later mount writes to the host.
    fn bind(&self, from: &Path, at: &Path, writable: bool) -> Result<(), Trouble> {
        let failed = |e| Trouble::from_cause(format!("cannot show {} at {}", from.display(), at.display()), e);
        let real = from.canonicalize().map_err(failed)?;
        let target = if real.is_dir() { self.folder(at)? } else { self.empty_file(at)? };
        mount_bind_recursive(&real, &target).map_err(|e| failed(e.into()))?;
        if writable {
            return Ok(());
        }
        close_to_writing(&target)?;
        for inner in self.below.iter().filter_map(|point| point.strip_prefix(&real).ok()) {
            // The point itself is not below; and a later mount of the host's may hide an earlier one: then it's unreachable.
            if inner.as_os_str().is_empty() || !target.join(inner).exists() {
                continue;
            }
            close_to_writing(&target.join(inner))?;
        }
        Ok(())
    }

    fn file(&self, at: &Path, contents: &str) -> Result<(), Trouble> {
        let failed = |e| Trouble::from_cause(format!("cannot make {}", at.display()), e);
        let target = self.parent(at)?;
        if !target.exists() {
            fs::write(&target, contents).map_err(failed)?;
            return fs::set_permissions(&target, fs::Permissions::from_mode(0o444)).map_err(failed);
        }
        // Over a file that an earlier mount shows: lay it aside, and cover that file with it.
        let aside = self.new_root.join(".covers");
        fs::create_dir_all(&aside).map_err(failed)?;
        let cover = aside.join(at.to_string_lossy().replace('/', "_"));
        fs::write(&cover, contents).map_err(failed)?;
        mount_bind(&cover, &target).map_err(|e| failed(e.into()))?;
        close_to_writing(&target)
    }

    fn proc(&self) -> Result<(), Trouble> {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        mount("proc", self.folder(Path::new("/proc"))?, "proc", flags, None)
            .map_err(|e| Trouble::from_cause("cannot mount /proc", e))
    }

    fn devices(&self) -> Result<(), Trouble> {
        for name in DEVICES {
            let device = Path::new("/dev").join(name);
            let target = self.empty_file(&device)?;
            mount_bind(&device, &target).map_err(|e| Trouble::from_cause(format!("cannot show /dev/{name}"), e))?;
        }
        for (name, to) in DEVICE_LINKS {
            let link = self.parent(&Path::new("/dev").join(name))?;
            symlink(to, link).map_err(|e| Trouble::from_cause(format!("cannot link /dev/{name}"), e))?;
        }
        Ok(())
    }

    /// The folder `at` below the new root, made if it isn't there. No link is followed on the way: it would lead out.
    fn folder(&self, at: &Path) -> Result<PathBuf, Trouble> {
        let mut path = self.new_root.clone();
        for part in at.components() {
            match part {
                Component::RootDir => continue,
                Component::Normal(name) => path.push(name),
                _ => {
                    return Err(Trouble::new(format!("{} is not a plain absolute path", at.display())));
                }
            }
            let failed = |e| Trouble::from_cause(format!("cannot make the folder {}", at.display()), e);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    return Err(Trouble::new(format!("{} leads over something that isn't a folder", at.display())));
                }
                Err(e) if e.kind() == ErrorKind::NotFound => fs::create_dir(&path).map_err(failed)?,
                Err(e) => return Err(failed(e)),
            }
        }
        Ok(path)
    }

    /// The path of `at` below the new root, its parent folder made if it isn't there.
    fn parent(&self, at: &Path) -> Result<PathBuf, Trouble> {
        let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else {
            return Err(Trouble::new(format!("{} has no name", at.display())));
        };
        Ok(self.folder(parent)?.join(name))
    }

    /// A file at `at` to mount another one over.
    fn empty_file(&self, at: &Path) -> Result<PathBuf, Trouble> {
        let path = self.parent(at)?;
        if !path.exists() {
            fs::write(&path, "").map_err(|e| Trouble::from_cause(format!("cannot make {}", at.display()), e))?;
        }
        Ok(path)
    }
}

/// Makes one mount read-only. Flags that a namespace above has set must stay as they are, or the kernel refuses.
fn close_to_writing(at: &Path) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot close {} to writing", at.display()), e);
    let found = statvfs(at).map_err(failed)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    for (there, kept) in [
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ] {
        if found.contains(there) {
            flags |= kept;
        }
    }
    mount_remount(at, flags, "").map_err(failed)
}

/// The mount points that this mount namespace has (proc_pid_mountinfo(5)).
fn submounts() -> Result<Vec<PathBuf>, Trouble> {
    let text =
        fs::read_to_string("/proc/self/mountinfo").map_err(|e| Trouble::from_cause("cannot read the mounts", e))?;
    Ok(text.lines().filter_map(|line| line.split(' ').nth(4)).map(unescape).collect())
}

/// Octal escapes of mountinfo: `\040` is a space.
fn unescape(field: &str) -> PathBuf {
    let mut parts = field.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (code, part.get(3..)) {
            (Some(code), Some(rest)) => text.extend([char::from(code)].into_iter().chain(rest.chars())),
            _ => text.push_str(part),
        }
    }
    PathBuf::from(text)
}

pub(super) fn c_string(text: &str) -> Result<CString, Trouble> {
    CString::new(text).map_err(|e| Trouble::from_cause("a zero byte in mount options", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_mountinfo() {
        assert_eq!(unescape("/mnt/a\\040b"), PathBuf::from("/mnt/a b"));
        assert_eq!(unescape("/plain"), PathBuf::from("/plain"));
        assert_eq!(unescape("/odd\\9"), PathBuf::from("/odd9"));
    }
}
