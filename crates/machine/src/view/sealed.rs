//! The file of an encrypted volume, read and written in the clear.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use kogumo_base::Trouble;
use kogumo_xts::{Cipher, SECTOR};
use rustix::fs::{FallocateFlags, fallocate};

const SECTOR_BYTES: u64 = SECTOR as u64;

/// A file whose sectors are encrypted, and the cipher for them.
pub(crate) struct Sealed {
    file: File,
    cipher: Cipher,
}

impl Sealed {
    /// # Errors
    /// There is no such file, or that is no key.
    pub fn open(path: &Path, key: &[u8]) -> Result<Sealed, Trouble> {
        let failed = |e| Trouble::from_cause(format!("cannot open {}", path.display()), e);
        let file = File::options().read(true).write(true).open(path).map_err(failed)?;
        Sealed::of(file, key)
    }

    /// # Errors
    /// That is no key.
    pub fn of(file: File, key: &[u8]) -> Result<Sealed, Trouble> {
        let cipher = Cipher::new(key).ok_or_else(|| Trouble::new("a volume's key has 64 bytes"))?;
        Ok(Sealed { file, cipher })
    }

    pub fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Whether it has no name any more: the volume is another file from then on.
    pub fn is_gone(&self) -> bool {
        self.file.metadata().is_ok_and(|meta| meta.nlink() == 0)
    }

    /// Bytes in the clear; fewer where the file ends.
    pub fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let (first, skipped) = (at / SECTOR_BYTES, (at % SECTOR_BYTES) as usize);
        let mut sectors = vec![0; (skipped + length).next_multiple_of(SECTOR)];
        let mut done = 0;
        while let Some(rest) = sectors.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, first * SECTOR_BYTES + done as u64)? {
                0 => break,
                count => done += count,
            }
        }
        sectors.truncate(done - done % SECTOR);
        self.cipher.open(&mut sectors, first);
        sectors.drain(..skipped.min(sectors.len()));
        sectors.truncate(length);
        Ok(sectors)
    }

    /// Writes bytes that are in the clear. Where they begin or end within a sector, what else is in it stays.
    pub fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (first, skipped) = (at / SECTOR_BYTES, (at % SECTOR_BYTES) as usize);
        let whole = (skipped + bytes.len()).next_multiple_of(SECTOR);
        let mut sectors = match skipped == 0 && whole == bytes.len() {
            true => bytes.to_vec(),
            false => {
                let mut around = self.read(first * SECTOR_BYTES, whole)?;
                around.resize(whole, 0);
                if let Some(place) = around.get_mut(skipped..skipped + bytes.len()) {
                    place.copy_from_slice(bytes);
                }
                around
            }
        };
        self.cipher.seal(&mut sectors, first);
        self.file.write_all_at(&sectors, first * SECTOR_BYTES)
    }

    /// Makes a hole, which reads as zeros. Parts of sectors at its ends stay as they are, as a disk may do.
    pub fn punch(&self, at: u64, length: u64) -> io::Result<()> {
        let from = at.next_multiple_of(SECTOR_BYTES);
        let to = at.saturating_add(length) / SECTOR_BYTES * SECTOR_BYTES;
        if to <= from {
            return Ok(());
        }
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        Ok(fallocate(&self.file, flags, from, to - from)?)
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(name: &str) -> (Sealed, File) {
        let path = std::env::temp_dir().join(format!("kogumo-sealed-{name}-{}", std::process::id()));
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path).expect("a file");
        file.set_len(1 << 20).expect("room");
        let key: Vec<u8> = (0..64).collect();
        let sealed = Sealed::open(&path, &key).expect("a volume");
        std::fs::remove_file(path).expect("gone once it is closed");
        (sealed, file)
    }

    #[test]
    fn what_is_written_is_read_and_is_not_in_the_file() {
        let (sealed, raw) = volume("written");
        sealed.write(700, b"hidden").expect("written");
        sealed.write(4096, &[7; 2048]).expect("written");
        assert_eq!(sealed.read(700, 6).expect("read"), b"hidden");
        assert_eq!(sealed.read(698, 10).expect("read"), b"\0\0hidden\0\0");
        assert_eq!(sealed.read(4096 + 100, 1000).expect("read"), [7; 1000]);
        assert_eq!(sealed.read((1 << 20) - 10, 100).expect("read"), [0; 10]);
        let mut whole = vec![0; 8192];
        raw.read_exact_at(&mut whole, 0).expect("read");
        assert!(!whole.windows(6).any(|window| window == b"hidden"));
        assert!(!whole.windows(32).any(|window| window == [7; 32]));
        assert!(sealed.is_gone());
    }

    #[test]
    fn holes_read_as_zeros() {
        let (sealed, _) = volume("holes");
        assert_eq!(sealed.read(0, 4096).expect("read"), [0; 4096]);
        sealed.write(0, &[9; 8192]).expect("written");
        sealed.punch(100, 4096).expect("a hole");
        assert_eq!(sealed.read(0, 512).expect("read"), [9; 512]);
        assert_eq!(sealed.read(512, 3584).expect("read"), [0; 3584]);
        assert_eq!(sealed.read(4096, 4096).expect("read"), [9; 4096]);
    }
}
