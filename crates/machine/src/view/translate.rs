//! Copies of volumes under another key, or from the clear into the encrypted.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use kogumo_base::Trouble;

use super::Sealed;
use crate::linux::copy::next_data;

/// So much is in memory at once.
const CHUNK: usize = 1 << 20;
/// So much stays a hole, or is written.
const PIECE: usize = 64 << 10;

/// Copies a volume that is encrypted with one key, or not, into one that is with another. Holes stay holes, and so does what
/// is all zeros. The copy appears whole or not at all.
///
/// # Errors
/// The disk is full, or the volume cannot be read.
pub fn copy(from: &Path, key: Option<&[u8]>, to: &Path, new_key: Option<&[u8]>) -> Result<(), Trouble> {
    let failed = |e: std::io::Error| Trouble::from_cause(format!("cannot copy {}", from.display()), e);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let part = to.with_extension("part");
    let raw = File::open(from).map_err(failed)?;
    let length = raw.metadata().map_err(failed)?.len();
    let source = Store::of(raw.try_clone().map_err(failed)?, key)?;
    let made = File::options().create(true).read(true).write(true).truncate(true).open(&part).map_err(failed)?;
    made.set_len(length).map_err(failed)?;
    let copy = Store::of(made, new_key)?;
    let mut at = 0;
    while let Some(start) = next_data(&raw, at).map_err(|e| failed(e.into()))? {
        // Where data begins lies within the chunk; chunks begin at whole ones.
        at = start - start % CHUNK as u64;
        let bytes = source.read(at, CHUNK).map_err(failed)?;
        for piece in bytes.chunks(PIECE) {
            if piece.iter().any(|byte| *byte != 0) {
                copy.write(at, piece).map_err(failed)?;
            }
            at += PIECE as u64;
        }
    }
    fs::rename(&part, to).map_err(failed)
}

/// A volume's file, encrypted or not.
enum Store {
    Plain(File),
    Sealed(Sealed),
}

impl Store {
    fn of(file: File, key: Option<&[u8]>) -> Result<Store, Trouble> {
        match key {
            Some(key) => Ok(Store::Sealed(Sealed::of(file, key)?)),
            None => Ok(Store::Plain(file)),
        }
    }

    fn read(&self, at: u64, length: usize) -> std::io::Result<Vec<u8>> {
        match self {
            Store::Sealed(sealed) => sealed.read(at, length),
            Store::Plain(file) => {
                let left = file.metadata()?.len().saturating_sub(at);
                let mut bytes = vec![0; length.min(usize::try_from(left).unwrap_or(length))];
                file.read_exact_at(&mut bytes, at)?;
                Ok(bytes)
            }
        }
    }

    fn write(&self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Store::Sealed(sealed) => sealed.write(at, bytes),
            Store::Plain(file) => file.write_all_at(bytes, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_says_the_same_under_another_key() {
        let folder = std::env::temp_dir().join(format!("kogumo-translate-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = |name: &str| folder.join(name);
        let plain = File::create(path("plain")).expect("a file");
        plain.set_len(8 << 20).expect("room");
        plain.write_all_at(b"in the middle", 3 << 20).expect("written");
        // The halves of a key differ.
        let key = |first: u8| std::array::from_fn::<u8, 64, _>(|at| first + at as u8);
        let (one, other) = (key(1), key(100));
        copy(&path("plain"), None, &path("one"), Some(&one)).expect("encrypted");
        copy(&path("one"), Some(&one), &path("other"), Some(&other)).expect("encrypted anew");
        copy(&path("other"), Some(&other), &path("again"), None).expect("decrypted");
        let read = |name: &str| fs::read(path(name)).expect("a file");
        assert_eq!(read("again"), read("plain"));
        assert!(read("one") != read("other") && !read("one").windows(13).any(|window| window == b"in the middle"));
        fs::remove_dir_all(folder).expect("gone");
    }
}
