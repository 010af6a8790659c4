//! File systems that grow while they are mounted. The kernel lets only the host's root ask for it (ext4's and XFS's
//! ioctls want their capability in the first user namespace); on AWS whoever has the volume may. So these ioctls come to
//! the keeper, too, which does them on file systems of the machine's own volumes and lets the kernel refuse the rest.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::thread::CapabilitySet;

/// An ioctl that makes a file system larger.
pub(crate) struct Growth {
    pub request: u32,
    /// Bytes of the structure that it takes.
    argument: usize,
    /// The capability that the kernel asks for (capability.h).
    capability: u64,
}

const CAP_SYS_ADMIN: u64 = 1 << 21;
const CAP_SYS_RESOURCE: u64 = 1 << 24;

pub(crate) const GROWTHS: [Growth; 2] = [
    // EXT4_IOC_RESIZE_FS (linux/ext4.h): how many blocks there shall be. resize2fs(8) asks so.
    Growth { request: 0x4008_6610, argument: 8, capability: CAP_SYS_RESOURCE },
    // XFS_IOC_FSGROWFSDATA (xfs_fs.h), which xfs_growfs(8) asks.
    Growth { request: 0x4010_586e, argument: 16, capability: CAP_SYS_ADMIN },
];

/// Whether this program may do all of it: a container may have taken the right away that ext4 asks for.
pub fn is_possible() -> bool {
    rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_RESOURCE))
}

impl Growth {
    /// The growth that an ioctl(2) asks for, if it is one, and the caller has what the kernel asks for.
    pub fn of(request: u64, has: impl Fn(u64) -> bool) -> Option<&'static Growth> {
        // The kernel takes 32 bits of it.
        let request = request & u64::from(u32::MAX);
        GROWTHS.iter().find(|one| u64::from(one.request) == request && has(one.capability))
    }

    /// Does it for a process: `fd` and `argument` are what it gave. `None` if the descriptor is of no file system that
    /// `is_own` knows by its device, or the argument cannot be read; else the call's error, negative, or 0.
    pub fn perform(&self, pid: u32, fd: u64, argument: u64, is_own: impl Fn(u64) -> bool) -> Option<i32> {
        let fd = u32::try_from(fd).ok()?;
        // Held by its path only until it is known what it is: opening a device or a pipe would have effects.
        let place = open(format!("/proc/{pid}/fd/{fd}"), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let stat = fstat(&place).ok()?;
        let is_file = matches!(FileType::from_raw_mode(stat.st_mode), FileType::Directory | FileType::RegularFile);
        if !is_file || !is_own(stat.st_dev) {
            return None;
        }
        let mut bytes = vec![0_u8; self.argument];
        File::open(format!("/proc/{pid}/mem")).ok()?.read_exact_at(&mut bytes, argument).ok()?;
        let file = File::open(format!("/proc/self/fd/{}", place.as_raw_fd())).ok()?;
        Some(self.ask(&file, &mut bytes))
    }

    fn ask(&self, file: &File, argument: &mut [u8]) -> i32 {
        // SAFETY: the request takes a structure of as many bytes as `argument` has, which lives through the call.
        #[allow(unsafe_code)]
        let done = unsafe { libc::ioctl(file.as_raw_fd(), self.request as libc::Ioctl, argument.as_mut_ptr()) };
        if done >= 0 { 0 } else { -io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growths_are_known_by_their_requests() {
        assert!(Growth::of(0x4008_6610, |capability| capability == CAP_SYS_RESOURCE).is_some());
        assert!(Growth::of(0xffff_ffff_4010_586e, |_| true).is_some());
        assert!(Growth::of(0x4008_6610, |_| false).is_none());
        assert!(Growth::of(0x4008_6611, |_| true).is_none());
    }

    #[test]
    fn strangers_file_systems_are_left_alone() {
        let own = File::open("/proc/self").expect("a folder");
        let fd = u64::try_from(own.as_raw_fd()).expect("a descriptor");
        assert_eq!(GROWTHS[0].perform(std::process::id(), fd, 0, |_| false), None);
        // A descriptor that is not there, and an argument that cannot be read.
        assert_eq!(GROWTHS[0].perform(std::process::id(), 1 << 20, 0, |_| true), None);
        assert_eq!(GROWTHS[0].perform(std::process::id(), fd, 8, |_| true), None);
    }
}
