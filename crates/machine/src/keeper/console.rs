//! What a machine prints, kept in a file that does not grow without end.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use rustix::fs::{OFlags, fcntl_setfl};

/// AWS keeps the last 64 KiB.
pub(crate) const KEPT: usize = 64 << 10;
const FILE: &str = "console";

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The last 64 KiB of a machine's output.
pub(crate) fn read(folder: &Path) -> Vec<u8> {
    let mut all = fs::read(path(folder)).unwrap_or_default();
    all.split_off(all.len().saturating_sub(KEPT))
}

/// The reading end, and the file that it goes to.
pub(super) struct Console {
    line: OwnedFd,
    path: PathBuf,
    file: File,
    length: usize,
}

impl Console {
    /// What an earlier boot of the machine printed stays in front.
    pub fn open(folder: &Path, line: OwnedFd) -> Result<Console, Trouble> {
        let failed = |e| Trouble::from_cause("cannot keep the console", e);
        fcntl_setfl(&line, OFlags::NONBLOCK).map_err(|e| failed(e.into()))?;
        let path = path(folder);
        let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
        let length = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
        Ok(Console { line, path, file, length })
    }

    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.line.as_fd()
    }

    /// Takes what there is. A disk that is full loses console output, not the machine.
    pub fn pass_on(&mut self) {
        let mut bytes = [0; 16 << 10];
        while let Ok(count @ 1..) = rustix::io::read(&self.line, &mut bytes) {
            let _disk_full = self.file.write_all(bytes.get(..count).unwrap_or_default());
            self.length = self.length.saturating_add(count);
            if self.length > 4 * KEPT {
                self.shorten();
            }
        }
    }

    fn shorten(&mut self) {
        let all = fs::read(&self.path).unwrap_or_default();
        let kept = all.get(all.len().saturating_sub(KEPT)..).unwrap_or_default();
        if self.file.set_len(0).and_then(|()| self.file.write_all(kept)).is_ok() {
            self.length = kept.len();
        }
    }
}
