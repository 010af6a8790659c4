//! What may be asked of a machine's own volumes and their file systems that the kernel grants only to the host's root:
//! to grow while they are mounted, and the block size that mkfs.xfs(8) sets. On AWS whoever has the volume may. So these
//! ioctls come to the keeper, too, which makes them on the machine's own volumes and lets the kernel refuse the rest.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::thread::CapabilitySet;

/// An ioctl that the keeper makes for a machine.
pub(crate) struct Ioctl {
    pub request: u32,
    /// What its descriptor has to be of.
    on: On,
    /// Bytes of the structure that it takes.
    argument: usize,
    /// The capability that the kernel asks for (capability.h).
    capability: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    /// A file or folder of a file system that lies on a volume.
    FileSystem,
    /// A volume's device.
    Device,
}

const CAP_SYS_ADMIN: u64 = 1 << 21;
const CAP_SYS_RESOURCE: u64 = 1 << 24;

pub(crate) const IOCTLS: [Ioctl; 3] = [
    // EXT4_IOC_RESIZE_FS (linux/ext4.h): how many blocks there shall be. resize2fs(8) asks so.
    Ioctl { request: 0x4008_6610, on: On::FileSystem, argument: 8, capability: CAP_SYS_RESOURCE },
    // XFS_IOC_FSGROWFSDATA (xfs_fs.h), which xfs_growfs(8) asks.
    Ioctl { request: 0x4010_586e, on: On::FileSystem, argument: 16, capability: CAP_SYS_ADMIN },
    // BLKBSZSET (linux/fs.h).
    Ioctl { request: 0x4008_1271, on: On::Device, argument: 8, capability: CAP_SYS_ADMIN },
];

/// Whether this program may let all file systems grow: a container may have taken the right away that ext4 asks for.
pub fn is_possible() -> bool {
    rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_RESOURCE))
}

impl Ioctl {
    /// The one that a machine asks for, if the keeper makes it and the caller has what the kernel asks for.
    pub fn of(request: u64, has: impl Fn(u64) -> bool) -> Option<&'static Ioctl> {
        // The kernel takes 32 bits of it.
        let request = request & u64::from(u32::MAX);
        IOCTLS.iter().find(|one| u64::from(one.request) == request && has(one.capability))
    }

    /// Does it for a process: `fd` and `argument` are what it gave. `None` if the descriptor is of nothing that
    /// `is_own` knows by its device, or the argument cannot be read; else the call's error, negative, or 0.
    pub fn perform(&self, pid: u32, fd: u64, argument: u64, is_own: impl Fn(u64) -> bool) -> Option<i32> {
        let fd = u32::try_from(fd).ok()?;
        // Held by its path only until it is known what it is: opening a device or a pipe would have effects.
        let place = open(format!("/proc/{pid}/fd/{fd}"), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let stat = fstat(&place).ok()?;
        let device = match (self.on, FileType::from_raw_mode(stat.st_mode)) {
            (On::FileSystem, FileType::Directory | FileType::RegularFile) => stat.st_dev,
            (On::Device, FileType::BlockDevice) => stat.st_rdev,
            _ => return None,
        };
        if !is_own(device) {
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
    fn they_are_known_by_their_requests() {
        assert!(Ioctl::of(0x4008_6610, |capability| capability == CAP_SYS_RESOURCE).is_some());
        assert!(Ioctl::of(0xffff_ffff_4010_586e, |_| true).is_some());
        assert!(Ioctl::of(0x4008_6610, |_| false).is_none());
        assert!(Ioctl::of(0x4008_6611, |_| true).is_none());
    }

    #[test]
    fn strangers_file_systems_are_left_alone() {
        let own = File::open("/proc/self").expect("a folder");
        let fd = u64::try_from(own.as_raw_fd()).expect("a descriptor");
        assert_eq!(IOCTLS[0].perform(std::process::id(), fd, 0, |_| false), None);
        // A descriptor that is not there, and an argument that cannot be read.
        assert_eq!(IOCTLS[0].perform(std::process::id(), 1 << 20, 0, |_| true), None);
        assert_eq!(IOCTLS[0].perform(std::process::id(), fd, 8, |_| true), None);
    }
}
