//! Idmapped mounts (mount_setattr(2)): the owners of a file system's files shown as other users.

use std::os::fd::{AsRawFd, BorrowedFd};

use kogumo_base::Trouble;

/// `struct mount_attr` of linux/mount.h.
#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    users: u64,
}

const MOUNT_ATTR_IDMAP: u64 = 0x0010_0000;

/// Shows a detached mount's files with the owners that this user namespace gives them.
///
/// # Errors
/// The kernel is older than 5.19, or the file system cannot (an overlay, as in many containers).
pub(crate) fn apply(tree: BorrowedFd<'_>, users: BorrowedFd<'_>) -> Result<(), Trouble> {
    let users = u64::try_from(users.as_raw_fd()).map_err(|e| Trouble::from_cause("not a descriptor", e))?;
    let attr = MountAttr { set: MOUNT_ATTR_IDMAP, clear: 0, propagation: 0, users };
    // SAFETY: the path is a C string, and `attr` lives through the call and is as large as told.
    #[allow(unsafe_code)]
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    if done == 0 {
        return Ok(());
    }
    let error = std::io::Error::last_os_error();
    Err(Trouble::from_cause("the file system cannot show its files with other owners (idmapped mounts)", error))
}
