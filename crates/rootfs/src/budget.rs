//! How much an archive may become: a small one that unpacks to more than the disk holds is stopped in time.

use std::os::fd::BorrowedFd;

use kogumo_base::Trouble;

use crate::Summary;

/// A root file system has some hundred thousand files.
const MOST_ENTRIES: u64 = 4_000_000;
const MOST_BYTES: u64 = 64 << 30;
/// So much of the disk stays free.
const SPARE: u64 = 512 << 20;
/// The disk is looked at whenever so much more was written.
const LOOK_EVERY: u64 = 64 << 20;

/// What has been unpacked, and what still may be.
#[derive(Debug, Default)]
pub struct Budget {
    entries: u64,
    bytes: u64,
    devices: u64,
    looked_at: u64,
}

impl Budget {
    /// One entry more.
    ///
    /// # Errors
    /// There are too many.
    pub fn entry(&mut self) -> Result<(), Trouble> {
        self.entries += 1;
        if self.entries > MOST_ENTRIES {
            return Err(Trouble::new(format!("the archive has more than {MOST_ENTRIES} files")));
        }
        Ok(())
    }

    /// A device file, which is not made.
    pub fn device(&mut self) {
        self.devices += 1;
    }

    /// So many bytes more, which go to the file system of that folder.
    ///
    /// # Errors
    /// There are too many, or the disk is about to be full.
    pub fn bytes(&mut self, count: usize, folder: BorrowedFd<'_>) -> Result<(), Trouble> {
        self.bytes = self.bytes.saturating_add(count as u64);
        if self.bytes > MOST_BYTES {
            return Err(Trouble::new(format!("the archive unpacks to more than {} GiB", MOST_BYTES >> 30)));
        }
        if self.looked_at == 0 || self.bytes - self.looked_at > LOOK_EVERY {
            self.looked_at = self.bytes.max(1);
            let disk = rustix::fs::fstatvfs(folder).map_err(|e| Trouble::from_cause("cannot look at the disk", e))?;
            if disk.f_bavail.saturating_mul(disk.f_frsize) < SPARE {
                return Err(Trouble::new("the disk is full"));
            }
        }
        Ok(())
    }

    pub fn summary(&self, layers: usize) -> Summary {
        Summary { entries: self.entries, bytes: self.bytes, devices: self.devices, layers }
    }
}
