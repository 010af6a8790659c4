//! File systems that stand still for a moment, so that a copy of their volume is whole (ioctl_fifreeze).

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use super::block;

const FIFREEZE: libc::c_ulong = 0xC004_5877;
const FITHAW: libc::c_ulong = 0xC004_5878;

/// A file system that is frozen until this is dropped.
pub(super) struct Still(File);

impl Drop for Still {
    fn drop(&mut self) {
        call(&self.0, FITHAW);
    }
}

fn call(folder: &File, request: libc::c_ulong) -> bool {
    // SAFETY: both requests ignore their argument.
    #[allow(unsafe_code)]
    unsafe {
        libc::ioctl(folder.as_raw_fd(), request as libc::Ioctl, 0) == 0
    }
}

/// Freezes the file system on a volume, if one of these processes sees it mounted.
pub(super) fn freeze(volume: &Path, processes: &[i32]) -> Option<Still> {
    let device = block::attached_below(volume).into_iter().next()?.0;
    let number = rustix::fs::stat(&device).ok()?.st_rdev;
    let wanted = format!("{}:{}", rustix::fs::major(number), rustix::fs::minor(number));
    let place = processes.iter().find_map(|pid| mounted_at(*pid, &wanted))?;
    let folder = File::open(place).ok()?;
    call(&folder, FIFREEZE).then_some(Still(folder))
}

/// Where a process sees the device mounted, as this one reaches it.
fn mounted_at(pid: i32, device: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo")).ok()?;
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(device))?;
    // Blanks in a path are written in octal; folders of ours have none.
    let at = line.split(' ').nth(4)?;
    Some(PathBuf::from(format!("/proc/{pid}/root{at}")))
}
