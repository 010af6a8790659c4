//! Copies of folders: root volumes where there are no devices. The folder may be a machine's that runs, whose processes may
//! put a link where a folder was: so everything is reached by descriptors, and no link is followed.

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use kogumo_base::Trouble;
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, XattrFlags, chmodat, chownat, fgetxattr,
    flistxattr, fsetxattr, ioctl_ficlone, mkdirat, mknodat, openat, readlinkat, statat, symlinkat, utimensat,
};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};

/// Folders in folders; nobody has more.
const DEEPEST: usize = 200;
/// An overlay's own scratch folder, beside what it keeps.
const SCRATCH: &CStr = c"work";
const SCRATCH_DEPTH: usize = 1;
/// The longest extended attribute (xattr(7)).
const LONGEST: usize = 64 << 10;

/// Copies everything in a folder into another one: owners, modes, times, and the marks by which an overlay knows what was
/// removed. What vanishes meanwhile is left out.
///
/// # Errors
/// The disk is full, or the folder cannot be read.
pub(super) fn copy(from: &OwnedFd, to: &OwnedFd) -> Result<(), Trouble> {
    folder(from.as_fd(), to.as_fd(), 0).map_err(|e| Trouble::from_cause("cannot copy a folder", e))
}

fn folder(from: BorrowedFd<'_>, to: BorrowedFd<'_>, depth: usize) -> rustix::io::Result<()> {
    for entry in Dir::read_from(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." || (depth == SCRATCH_DEPTH && name == SCRATCH) {
            continue;
        }
        match one(from, to, name, depth) {
            Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => {}
            done => done?,
        }
    }
    Ok(())
}

fn one(from: BorrowedFd<'_>, to: BorrowedFd<'_>, name: &CStr, depth: usize) -> rustix::io::Result<()> {
    let stat = statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let mode = Mode::from(stat.st_mode & 0o7777);
    let open = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory if depth < DEEPEST => {
            let source = openat(from, name, open | OFlags::DIRECTORY, Mode::empty())?;
            mkdirat(to, name, Mode::from(0o700))?;
            let copy = openat(to, name, open | OFlags::DIRECTORY, Mode::empty())?;
            attributes(&source, &copy)?;
            folder(source.as_fd(), copy.as_fd(), depth + 1)?;
        }
        FileType::RegularFile => {
            let source = openat(from, name, open, Mode::empty())?;
            let copy = openat(to, name, open | OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY, Mode::from(0o600))?;
            content(&source, &copy)?;
            attributes(&source, &copy)?;
        }
        FileType::Symlink => symlinkat(&*readlinkat(from, name, Vec::new())?, to, name)?,
        // With the numbers 0 and 0 it means that the file below has been removed; others cannot be made in a user namespace.
        FileType::CharacterDevice if stat.st_rdev == 0 => mknodat(to, name, FileType::CharacterDevice, mode, 0)?,
        FileType::Fifo => mknodat(to, name, FileType::Fifo, mode, 0)?,
        _ => return Ok(()),
    }
    settle(to, name, &stat, mode)
}

/// Owner first: changing it drops the set-user-id bit.
fn settle(to: BorrowedFd<'_>, name: &CStr, stat: &Stat, mode: Mode) -> rustix::io::Result<()> {
    let here = AtFlags::SYMLINK_NOFOLLOW;
    chownat(to, name, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)), here)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        chmodat(to, name, mode, AtFlags::empty())?;
    }
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds as _ };
    let times = Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    };
    utimensat(to, name, &times, here)
}

fn content(source: &OwnedFd, copy: &OwnedFd) -> rustix::io::Result<()> {
    if ioctl_ficlone(copy, source).is_ok() {
        return Ok(());
    }
    let (mut from, mut to) = (File::from(source.try_clone().map_err(io)?), File::from(copy.try_clone().map_err(io)?));
    std::io::copy(&mut from, &mut to).map(drop).map_err(io)
}

fn io(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

/// Extended attributes; a file system that has none loses none.
fn attributes(source: &OwnedFd, copy: &OwnedFd) -> rustix::io::Result<()> {
    let mut names = vec![0; LONGEST];
    let length = match flistxattr(source, &mut names[..]) {
        Err(Errno::NOTSUP) => return Ok(()),
        length => length?,
    };
    let mut value = vec![0; LONGEST];
    for name in names.get(..length).unwrap_or_default().split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let length = fgetxattr(source, name, &mut value[..])?;
        match fsetxattr(copy, name, value.get(..length).unwrap_or_default(), XattrFlags::empty()) {
            // Of security modules: they mark the copy themselves.
            Err(Errno::PERM | Errno::NOTSUP) => {}
            done => done?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_folder_is_copied_as_it_is() {
        let all = std::env::temp_dir().join(format!("kogumo-tree-{}", std::process::id()));
        let (from, to) = (all.join("from"), all.join("to"));
        for folder in ["root/upper/etc", "root/work/work"] {
            std::fs::create_dir_all(from.join(folder)).expect("a folder");
        }
        std::fs::create_dir_all(&to).expect("a folder");
        let file = from.join("root/upper/etc/motd");
        std::fs::write(&file, "hello").expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4751)).expect("a mode");
        symlink("/etc/shadow", from.join("root/upper/link")).expect("a link");
        let open = |path| OwnedFd::from(File::open(path).expect("it is there"));
        copy(&open(&from), &open(&to)).expect("a copy");
        let copied = to.join("root/upper/etc/motd");
        assert_eq!(std::fs::read_to_string(&copied).expect("a file"), "hello");
        assert_eq!(std::fs::metadata(&copied).expect("a file").permissions().mode() & 0o7777, 0o4751);
        assert_eq!(
            std::fs::read_link(to.join("root/upper/link")).expect("a link"),
            std::path::Path::new("/etc/shadow")
        );
        assert!(!to.join("root/work").exists());
        std::fs::remove_dir_all(all).expect("gone");
    }
}
