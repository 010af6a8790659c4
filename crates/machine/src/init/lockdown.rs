//! The filter over a machine's system calls: a few that no instance needs answer EPERM; mounts, and a few
//! ioctls on volumes, go to the keeper.

use kogumo_base::Trouble;
use std::sync::atomic::{AtomicI32, Ordering};

/// The listener's number in init, until the keeper has it.
static LISTENER: AtomicI32 = AtomicI32::new(-1);

/// Ways into parts of the kernel that know nothing of namespaces. (Capabilities over the host are gone anyway.)
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const FORBIDDEN: [libc::c_long; 17] = [
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register, libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl, libc::SYS_kexec_load,
    libc::SYS_kexec_file_load, libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_swapon,
    libc::SYS_swapoff, libc::SYS_open_by_handle_at,
];

/// The newer way to mount, which a filter cannot look into: mount programs fall back to mount(2) where it is missing.
#[cfg(target_arch = "x86_64")]
const MISSING: [libc::c_long; 4] = [libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount, libc::SYS_fspick];

/// `AUDIT_ARCH_X86_64` of linux/audit.h.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;

/// The filter as the kernel reads it (seccomp(2)). Another architecture's calls answer ENOSYS.
#[cfg(target_arch = "x86_64")]
fn filter() -> Vec<libc::sock_filter> {
    const LOAD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    /// Calls of the x32 interface have this bit and would pass the list by other numbers.
    const X32_BIT: u32 = 0x4000_0000;
    let line = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let error = |errno: i32| line(RETURN, libc::SECCOMP_RET_ERRNO | errno.cast_unsigned(), 0, 0);
    // struct seccomp_data: the call's number at 0, the architecture at 4, the arguments from 16 on.
    let mut lines = vec![line(LOAD, 4, 0, 0), line(JUMP_IF_EQUAL, ARCHITECTURE, 1, 0), error(libc::ENOSYS)];
    lines.extend([line(LOAD, 0, 0, 0), line(JUMP_IF_AT_LEAST, X32_BIT, 0, 1), error(libc::ENOSYS)]);
    let mut rule = |call: libc::c_long, then| {
        lines.extend([line(JUMP_IF_EQUAL, u32::try_from(call).unwrap_or(u32::MAX), 0, 1), then]);
    };
    rule(libc::SYS_mount, line(RETURN, libc::SECCOMP_RET_USER_NOTIF, 0, 0));
    FORBIDDEN.into_iter().for_each(|call| rule(call, error(libc::EPERM)));
    MISSING.into_iter().for_each(|call| rule(call, error(libc::ENOSYS)));
    let ioctls = crate::keeper::ioctl::IOCTLS
        .iter()
        .flat_map(|one| [line(JUMP_IF_EQUAL, one.request, 0, 1), line(RETURN, libc::SECCOMP_RET_USER_NOTIF, 0, 0)]);
    // The lower half of ioctl(2)'s second argument; the kernel takes no more of it.
    let ioctls: Vec<_> = [line(LOAD, 24, 0, 0)].into_iter().chain(ioctls).collect();
    let behind = u8::try_from(ioctls.len()).unwrap_or(u8::MAX);
    lines.push(line(JUMP_IF_EQUAL, u32::try_from(libc::SYS_ioctl).unwrap_or(u32::MAX), 0, behind));
    lines.extend(ioctls);
    lines.push(line(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0));
    lines
}

/// Sets the filter, for init and everything it starts, and answers the descriptor on which calls to be judged arrive.
#[cfg(target_arch = "x86_64")]
pub(super) fn filter_calls() -> Result<i32, Trouble> {
    let mut lines = filter();
    let length = u16::try_from(lines.len()).map_err(|e| Trouble::from_cause("the filter is too long", e))?;
    let program = libc::sock_fprog { len: length, filter: lines.as_mut_ptr() };
    // SAFETY: `program` points at `length` initialised lines that live until the call returns; the kernel copies them.
    #[allow(unsafe_code)]
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    if listener < 0 {
        return Err(Trouble::from_cause("cannot filter system calls", std::io::Error::last_os_error()));
    }
    let listener = i32::try_from(listener).map_err(|e| Trouble::from_cause("not a descriptor", e))?;
    LISTENER.store(listener, Ordering::Relaxed);
    Ok(listener)
}

/// On other processors the filter is yet to be written.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn filter_calls() -> Result<i32, Trouble> {
    Err(Trouble::new("machines run on x86-64 only, for now"))
}

/// The keeper has it: from here on nothing inside can answer for the keeper.
pub(super) fn forget_listener() {
    let listener = LISTENER.swap(-1, Ordering::Relaxed);
    if listener >= 0 {
        // SAFETY: the descriptor is this process's own and nothing else refers to it.
        #[allow(unsafe_code)]
        unsafe {
            libc::close(listener);
        }
    }
}
