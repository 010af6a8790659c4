//! Steps that take power away: limits, namespaces, capabilities, system calls.

use std::io::ErrorKind;

use kogumo_base::Trouble;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set,
};
use rustix::thread::{set_capabilities, set_no_new_privs};

use super::Order;
use crate::Confinement;

/// Limits that the kernel keeps for each process (getrlimit(2)).
pub(super) fn limit(order: &Order) -> Result<(), Trouble> {
    let limits = &order.spec.limits;
    let set = |resource, at_most| {
        setrlimit(resource, Rlimit { current: Some(at_most), maximum: Some(at_most) })
            .map_err(|e| Trouble::from_cause(format!("cannot limit {resource:?}"), e))
    };
    set(Resource::Core, 0)?;
    set(Resource::Nofile, limits.open_files)?;
    if !order.processes_counted {
        set(Resource::Nproc, limits.processes)?;
    }
    Ok(())
}

/// A user namespace of one's own gives, inside, powers over parts of the kernel that are no business of the program.
pub(super) fn forbid_user_namespaces(order: &Order) -> Result<(), Trouble> {
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    match std::fs::write("/proc/sys/user/max_user_namespaces", "0") {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Trouble::from_cause("cannot write the limit", e)),
        _ => Ok(()),
    }
}

/// No capability now, and none to be had by running a program that gives some.
pub(super) fn give_up_privileges(order: &Order) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause("cannot drop capabilities", e);
    set_no_new_privs(true).map_err(|e| Trouble::from_cause("cannot forbid new privileges", e))?;
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    // The program is the same user as pid 1, and shall not look into it; running a program undoes this.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|e| Trouble::from_cause("cannot keep others from looking in", e))?;
    for number in 0..64 {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // The first number that this kernel doesn't know.
            Err(rustix::io::Errno::INVAL) => break,
            Err(e) => return Err(failed(e)),
        }
    }
    clear_ambient_capability_set().map_err(failed)?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none }).map_err(failed)
}

/// Calls that ask the kernel for what no function needs, and through whose code most escapes went. They answer EPERM.
/// (Names and reasons as in seccomp profiles of container engines; the list is short because capabilities are gone.)
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const FORBIDDEN: [libc::c_long; 31] = [
    libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root, libc::SYS_chroot, libc::SYS_setns, libc::SYS_unshare,
    libc::SYS_open_tree, libc::SYS_move_mount, libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount, libc::SYS_fspick,
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register, libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl, libc::SYS_kexec_load,
    libc::SYS_kexec_file_load, libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_reboot,
    libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_open_by_handle_at, libc::SYS_quotactl,
];

/// `AUDIT_ARCH_X86_64` of linux/audit.h.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;

/// The filter as the kernel reads it (seccomp(2)): another architecture's calls, and the forbidden ones, answer EPERM.
#[cfg(target_arch = "x86_64")]
fn filter() -> Vec<libc::sock_filter> {
    const LOAD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    /// Calls of the x32 interface have this bit and would pass the list by other numbers.
    const X32_BIT: u32 = 0x4000_0000;
    let line = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let refuse = line(RETURN, libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned(), 0, 0);
    // struct seccomp_data: the call's number at 0, the architecture at 4.
    let mut lines = vec![line(LOAD, 4, 0, 0), line(JUMP_IF_EQUAL, ARCHITECTURE, 1, 0), refuse, line(LOAD, 0, 0, 0)];
    lines.extend([line(JUMP_IF_AT_LEAST, X32_BIT, 0, 1), refuse]);
    for call in FORBIDDEN {
        let number = u32::try_from(call).unwrap_or(u32::MAX);
        lines.extend([line(JUMP_IF_EQUAL, number, 0, 1), refuse]);
    }
    lines.push(line(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0));
    lines
}

/// Filters the system calls. It comes last: the steps before it need some of them.
#[cfg(target_arch = "x86_64")]
pub(super) fn filter_calls(order: &Order) -> Result<(), Trouble> {
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    let mut lines = filter();
    let length = u16::try_from(lines.len()).map_err(|e| Trouble::from_cause("the filter is too long", e))?;
    let program = libc::sock_fprog { len: length, filter: lines.as_mut_ptr() };
    // SAFETY: `program` points at `length` initialised lines that live until the call returns; the kernel copies them.
    #[allow(unsafe_code)]
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    if done == 0 {
        return Ok(());
    }
    let error = std::io::Error::last_os_error();
    if error.raw_os_error() == Some(libc::EINVAL) {
        // A kernel without filters (CONFIG_SECCOMP_FILTER): the report says so.
        return Ok(());
    }
    Err(Trouble::from_cause("cannot set the filter", error))
}

/// On other processors the filter is yet to be written; capabilities and namespaces hold there too.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn filter_calls(_order: &Order) -> Result<(), Trouble> {
    Ok(())
}
