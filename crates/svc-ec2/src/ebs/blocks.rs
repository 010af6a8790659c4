//! The blocks of a snapshot's file. What was never written is a hole in it, and no block. Every function here blocks.

use std::fs::File;
use std::os::unix::fs::FileExt;

use kogumo_base::Trouble;
use kogumo_machine::linux::copy;
use kogumo_xts::{Cipher, SECTOR};

use super::BLOCK;

pub const BLOCK_BYTES: usize = BLOCK as usize;
/// One call compares so many blocks at most; what it has not come to is on the next page.
const COMPARED: usize = 2048;

/// A block that two snapshots do not have alike, and whether the first one has it at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    pub block: u32,
    pub in_first: bool,
}

/// A part of a list, and the block with which the rest begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<T> {
    pub items: Vec<T>,
    pub next: Option<u32>,
}

/// The first block from `from` on that holds data.
fn next(file: &File, from: u32) -> Result<Option<u32>, Trouble> {
    let data = copy::next_data(file, u64::from(from) * BLOCK);
    let data = data.map_err(|e| Trouble::from_cause("cannot look for a snapshot's blocks", e))?;
    Ok(data.and_then(|at| u32::try_from(at / BLOCK).ok()))
}

/// Up to `most` blocks that hold data, from `from` on.
///
/// # Errors
/// The file cannot be read.
pub fn list(file: &File, from: u32, most: usize) -> Result<Part<u32>, Trouble> {
    let mut items = Vec::new();
    let mut found = next(file, from)?;
    while let Some(block) = found {
        if items.len() == most {
            return Ok(Part { items, next: Some(block) });
        }
        items.push(block);
        found = next(file, block.saturating_add(1))?;
    }
    Ok(Part { items, next: None })
}

/// Up to `most` blocks in which the files differ, from `from` on. Snapshots of one line have one data key, so what is
/// encrypted is compared as it is.
///
/// # Errors
/// A file cannot be read.
pub fn compare(first: &File, second: &File, from: u32, most: usize) -> Result<Part<Changed>, Trouble> {
    let mut items = Vec::new();
    let (mut of_first, mut of_second) = (next(first, from)?, next(second, from)?);
    for _ in 0..COMPARED {
        let Some(block) = [of_first, of_second].into_iter().flatten().min() else {
            return Ok(Part { items, next: None });
        };
        if items.len() == most {
            return Ok(Part { items, next: Some(block) });
        }
        let (in_first, in_second) = (of_first == Some(block), of_second == Some(block));
        let same = in_first && in_second && raw(first, block)? == raw(second, block)?;
        if !same {
            items.push(Changed { block, in_first });
        }
        let after = block.saturating_add(1);
        (of_first, of_second) = (
            if in_first { next(first, after)? } else { of_first },
            if in_second { next(second, after)? } else { of_second },
        );
    }
    let rest = [of_first, of_second].into_iter().flatten().min();
    Ok(Part { items, next: rest })
}

/// A block's bytes in the clear.
///
/// # Errors
/// The file cannot be read.
pub fn read(file: &File, block: u32, cipher: Option<&Cipher>) -> Result<Vec<u8>, Trouble> {
    let mut bytes = raw(file, block)?;
    if let Some(cipher) = cipher {
        cipher.open(&mut bytes, first_sector(block));
    }
    Ok(bytes)
}

fn first_sector(block: u32) -> u64 {
    u64::from(block) * (BLOCK / SECTOR as u64)
}

/// A block's bytes as they are in the file; zeros where it has ended.
fn raw(file: &File, block: u32) -> Result<Vec<u8>, Trouble> {
    let mut bytes = vec![0; BLOCK_BYTES];
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let at = u64::from(block) * BLOCK + done as u64;
        match file.read_at(rest, at).map_err(|e| Trouble::from_cause("cannot read a snapshot's block", e))? {
            0 => break,
            count => done += count,
        }
    }
    Ok(bytes)
}

/// Writes a block.
///
/// # Errors
/// The disk is full.
pub fn write(file: &File, block: u32, bytes: &[u8], cipher: Option<&Cipher>) -> Result<(), Trouble> {
    let mut bytes = bytes.to_vec();
    if let Some(cipher) = cipher {
        cipher.seal(&mut bytes, first_sector(block));
    }
    let written = file.write_all_at(&bytes, u64::from(block) * BLOCK);
    written.map_err(|e| Trouble::from_cause("cannot write a snapshot's block", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, written: &[(u32, u8)]) -> File {
        let path = std::env::temp_dir().join(format!("kogumo-blocks-{name}-{}", std::process::id()));
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path).expect("a file");
        std::fs::remove_file(path).expect("gone once it is closed");
        file.set_len(64 * BLOCK).expect("room");
        for (block, byte) in written {
            write(&file, *block, &vec![*byte; BLOCK_BYTES], None).expect("a block");
        }
        file
    }

    #[test]
    fn holes_are_no_blocks() {
        let file = file("holes", &[(2, 1), (3, 1), (40, 9)]);
        assert_eq!(list(&file, 0, 10).expect("a list"), Part { items: vec![2, 3, 40], next: None });
        assert_eq!(list(&file, 0, 2).expect("a list"), Part { items: vec![2, 3], next: Some(40) });
        assert_eq!(list(&file, 40, 2).expect("a list"), Part { items: vec![40], next: None });
        assert_eq!(list(&file, 41, 2).expect("a list"), Part { items: Vec::new(), next: None });
        assert_eq!((read(&file, 40, None).expect("a block")[7], read(&file, 64, None).expect("a block")[7]), (9, 0));
    }

    #[test]
    fn what_differs_is_found() {
        let first = file("first", &[(2, 1), (3, 1), (5, 5)]);
        let second = file("second", &[(2, 1), (3, 2), (40, 9)]);
        let changed = |block, in_first| Changed { block, in_first };
        let all = compare(&first, &second, 0, 10).expect("a comparison");
        assert_eq!(all.items, [changed(3, true), changed(5, true), changed(40, false)]);
        let part = compare(&first, &second, 0, 1).expect("a comparison");
        assert_eq!((part.items, part.next), (vec![changed(3, true)], Some(5)));
        assert_eq!(compare(&first, &first, 0, 1).expect("a comparison"), Part { items: Vec::new(), next: None });
    }
}
