//! Copies of volumes: by reference where the file system can, else of what is in them and not of their holes. A volume that
//! is a folder is copied file by file.

use std::fs::{self, File};
use std::path::Path;

use kogumo_base::Trouble;
use rustix::fs::{SeekFrom, copy_file_range, ioctl_ficlone, seek};
use rustix::io::Errno;

use super::tree;

/// Copies a volume. The copy appears whole or not at all.
///
/// # Errors
/// The disk is full, or the volume cannot be read.
pub fn copy(from: &Path, to: &Path) -> Result<(), Trouble> {
    let failed = |e: std::io::Error| Trouble::from_cause(format!("cannot copy {}", from.display()), e);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let part = to.with_extension("part");
    let source = File::open(from).map_err(failed)?;
    if source.metadata().map_err(failed)?.is_dir() {
        let _left_by_a_server_that_was_killed = fs::remove_dir_all(&part);
        fs::create_dir(&part).map_err(failed)?;
        tree::copy(&source.into(), &File::open(&part).map_err(failed)?.into())?;
        return fs::rename(&part, to).map_err(failed);
    }
    let copy = File::options().create(true).write(true).truncate(true).open(&part).map_err(failed)?;
    if ioctl_ficlone(&copy, &source).is_err() {
        let length = source.metadata().map_err(failed)?.len();
        copy.set_len(length).and_then(|()| copy_data(&source, &copy).map_err(Into::into)).map_err(failed)?;
    }
    fs::rename(&part, to).map_err(failed)
}

/// Where data begins that is not a hole, at `at` or behind it; `None` if none is.
///
/// # Errors
/// The file cannot be read.
pub fn next_data(file: &File, at: u64) -> rustix::io::Result<Option<u64>> {
    match seek(file, SeekFrom::Data(at)) {
        Ok(start) => Ok(Some(start)),
        // Nothing but a hole up to the end, or the end itself.
        Err(Errno::NXIO) => Ok(None),
        Err(error) => Err(error),
    }
}

fn copy_data(source: &File, copy: &File) -> rustix::io::Result<()> {
    let mut at = 0;
    while let Some(start) = next_data(source, at)? {
        let end = seek(source, SeekFrom::Hole(start))?;
        let (mut from, mut to) = (start, start);
        while from < end {
            let left = usize::try_from(end - from).unwrap_or(usize::MAX);
            if copy_file_range(source, Some(&mut from), copy, Some(&mut to), left)? == 0 {
                return Ok(());
            }
        }
        at = end;
    }
    Ok(())
}
