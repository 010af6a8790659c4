//! Reads zip files without trusting them: sizes, paths and links are what they turn out to be, not what is claimed.
//! Format: PKWARE's APPNOTE 6.3; stored and deflated entries, as deployment packages have them.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use flate2::read::DeflateDecoder;

/// How many entries a package may have: as many as the format counts without its 64-bit extension.
const MOST_ENTRIES: usize = 65_534;
const END_LENGTH: usize = 22;
const CENTRAL_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;
/// The highest byte of "version made by" that means Unix, whose modes are in the external attributes.
const MADE_ON_UNIX: u8 = 3;
const TYPE_MASK: u32 = 0o170_000;
const LINK_TYPE: u32 = 0o120_000;
const FOLDER_TYPE: u32 = 0o040_000;

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It isn't a zip file that can be read.
    Broken(&'static str),
    /// It has nothing in it.
    Empty,
    /// This entry's path or link leads out of the folder.
    ClimbsOut(String),
    /// Unpacked it is larger than the limit.
    TooLarge,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    Link,
}

/// One entry; its contents are still packed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Below the folder it is unpacked in, without `.` and `..`.
    pub path: PathBuf,
    pub kind: Kind,
    /// Unix permissions, if the file tells.
    pub mode: Option<u32>,
    method: u16,
    packed: std::ops::Range<usize>,
}

/// A zip file in memory whose directory has been read.
pub struct Archive<'a> {
    bytes: &'a [u8],
    pub entries: Vec<Entry>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

impl<'a> Archive<'a> {
    /// Reads the directory at the end of the file.
    ///
    /// # Errors
    /// What isn't a zip file, is empty, or has paths that climb out.
    pub fn read(bytes: &'a [u8]) -> Result<Archive<'a>, Refusal> {
        let (start, count) = find_end(bytes).ok_or(Refusal::Broken("no end of a directory"))?;
        if count == 0 {
            return Err(Refusal::Empty);
        }
        if count > MOST_ENTRIES {
            return Err(Refusal::Broken("too many entries"));
        }
        let mut entries = Vec::with_capacity(count.min(4096));
        let mut at = start;
        for _ in 0..count {
            let (entry, next) = read_entry(bytes, at)?;
            entries.push(entry);
            at = next;
        }
        Ok(Archive { bytes, entries })
    }

    /// An entry's contents, as far as `limit` bytes; more is refused.
    ///
    /// # Errors
    /// Contents that can't be unpacked or are larger than the limit.
    pub fn contents(&self, entry: &Entry, limit: u64) -> Result<Vec<u8>, Refusal> {
        let packed =
            self.bytes.get(entry.packed.clone()).ok_or(Refusal::Broken("an entry lies outside of the file"))?;
        let mut contents = Vec::new();
        let read = match entry.method {
            0 => packed.take(limit.saturating_add(1)).read_to_end(&mut contents),
            8 => DeflateDecoder::new(packed).take(limit.saturating_add(1)).read_to_end(&mut contents),
            _ => return Err(Refusal::Broken("an entry is packed in a way that isn't known")),
        };
        read.map_err(|_| Refusal::Broken("an entry can't be unpacked"))?;
        if contents.len() as u64 > limit { Err(Refusal::TooLarge) } else { Ok(contents) }
    }
}

/// Where the directory begins and how many entries it has. The end's record may be followed by a comment.
fn find_end(bytes: &[u8]) -> Option<(usize, usize)> {
    let last = bytes.len().checked_sub(END_LENGTH)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let at = (first..=last).rev().find(|at| bytes[*at..].starts_with(b"PK\x05\x06"))?;
    Some((size_at(bytes, at + 16)?, usize::from(u16_at(bytes, at + 10)?)))
}

fn read_entry(bytes: &[u8], at: usize) -> Result<(Entry, usize), Refusal> {
    const BROKEN: Refusal = Refusal::Broken("the directory can't be read");
    let read = || {
        let header = bytes.get(at..at.checked_add(CENTRAL_LENGTH)?)?;
        if !header.starts_with(b"PK\x01\x02") {
            return None;
        }
        let name_length = usize::from(u16_at(header, 28)?);
        let tail = usize::from(u16_at(header, 30)?) + usize::from(u16_at(header, 32)?);
        let name_at = at + CENTRAL_LENGTH;
        let name = bytes.get(name_at..name_at + name_length)?;
        let local = size_at(header, 42)?;
        let local_header = bytes.get(local..local.checked_add(LOCAL_LENGTH)?)?;
        if !local_header.starts_with(b"PK\x03\x04") {
            return None;
        }
        let skipped = usize::from(u16_at(local_header, 26)?) + usize::from(u16_at(local_header, 28)?);
        let start = local + LOCAL_LENGTH + skipped;
        let packed = start..start.checked_add(size_at(header, 20)?)?;
        Some((header, name, packed, name_at + name_length + tail))
    };
    let (header, name, packed, next) = read().ok_or(BROKEN)?;
    if u16_at(header, 8).unwrap_or(1) & 1 == 1 {
        return Err(Refusal::Broken("an entry is encrypted"));
    }
    let name = String::from_utf8_lossy(name).into_owned();
    let attributes = u32_at(header, 38).unwrap_or(0) >> 16;
    let unix = (header[5] == MADE_ON_UNIX && attributes != 0).then_some(attributes);
    let kind = match unix.map(|mode| mode & TYPE_MASK) {
        Some(LINK_TYPE) => Kind::Link,
        Some(FOLDER_TYPE) => Kind::Folder,
        _ if name.ends_with(['/', '\\']) => Kind::Folder,
        _ => Kind::File,
    };
    let path = safe_path(&name).ok_or_else(|| Refusal::ClimbsOut(name.clone()))?;
    let method = u16_at(header, 10).unwrap_or(u16::MAX);
    Ok((Entry { path, kind, mode: unix.map(|mode| mode & 0o777), method, packed }, next))
}

/// A path that stays below the folder: relative, without `..`. Windows' tools write `\` for `/`.
fn safe_path(name: &str) -> Option<PathBuf> {
    let name = name.replace('\\', "/");
    let has_drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if name.contains('\0') || has_drive {
        return None;
    }
    let mut path = PathBuf::new();
    for part in Path::new(&name).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(path)
}

/// Whether a link at `path` that leads to `to` stays below the folder.
pub fn link_stays(path: &Path, to: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    for part in to.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A zip file of stored entries: name, mode (with the type's bits), contents.
    pub fn zip_of(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for (name, mode, contents) in entries {
            let offset = bytes.len() as u32;
            let (size, length) = ((contents.len() as u32).to_le_bytes(), (name.len() as u16).to_le_bytes());
            bytes.extend([b"PK\x03\x04".as_slice(), &[0; 14], &size, &size, &length, &[0, 0]].concat());
            bytes.extend([name.as_bytes(), contents].concat());
            directory.extend(
                [b"PK\x01\x02".as_slice(), &[20, MADE_ON_UNIX], &[0; 14], &size, &size, &length, &[0; 8]].concat(),
            );
            directory.extend([(mode << 16).to_le_bytes().as_slice(), &offset.to_le_bytes(), name.as_bytes()].concat());
        }
        let (start, count) = (bytes.len() as u32, (entries.len() as u16).to_le_bytes());
        bytes.extend(&directory);
        let end = [
            b"PK\x05\x06".as_slice(),
            &[0; 4],
            &count,
            &count,
            &(directory.len() as u32).to_le_bytes(),
            &start.to_le_bytes(),
        ];
        bytes.extend([end.concat().as_slice(), &[0, 0]].concat());
        bytes
    }

    #[test]
    fn reads_what_is_there() {
        let bytes =
            zip_of(&[("a/b.py", 0o100_644, b"hello"), ("bin/", 0o040_755, b""), ("bin/x", 0o120_777, b"../a/b.py")]);
        let archive = Archive::read(&bytes).expect("a zip file");
        let seen: Vec<_> = archive.entries.iter().map(|e| (e.path.to_str().unwrap_or(""), e.kind, e.mode)).collect();
        let expected = [
            ("a/b.py", Kind::File, Some(0o644)),
            ("bin", Kind::Folder, Some(0o755)),
            ("bin/x", Kind::Link, Some(0o777)),
        ];
        assert_eq!(seen, expected);
        assert_eq!(archive.contents(&archive.entries[0], 100), Ok(b"hello".to_vec()));
        assert_eq!(archive.contents(&archive.entries[0], 4), Err(Refusal::TooLarge));
    }

    #[test]
    fn refuses_paths_that_climb_out() {
        for name in ["../x", "a/../../x", "/etc/passwd", "a\\..\\..\\x", "C:\\x", "\\x", "a/\0"] {
            let bytes = zip_of(&[(name, 0o100_644, b"")]);
            let refused = Archive::read(&bytes).err();
            assert_eq!(refused, Some(Refusal::ClimbsOut(name.to_owned())), "{name}");
        }
    }

    #[test]
    fn links_may_not_lead_out() {
        for (path, to, stays) in [
            ("a", "b", true),
            ("a/b", "../c", true),
            ("a/b", "../../c", false),
            ("a", "/etc/passwd", false),
            ("a/b/c", "../../../x/..", false),
            ("a", "..", false),
        ] {
            assert_eq!(link_stays(Path::new(path), Path::new(to)), stays, "{path} -> {to}");
        }
    }

    #[test]
    fn refuses_what_is_no_zip_file() {
        assert!(matches!(Archive::read(b""), Err(Refusal::Broken(_))));
        assert!(matches!(Archive::read(&[0; 4096]), Err(Refusal::Broken(_))));
        assert_eq!(Archive::read(&zip_of(&[])).err(), Some(Refusal::Empty));
        let whole = zip_of(&[("a", 0o100_644, b"hello")]);
        // Every way of cutting it or changing a byte is an error or a harmless archive; none is a panic.
        for at in 0..whole.len() {
            let _cut = Archive::read(&whole[..at]).map(|archive| archive.entries.len());
            let mut changed = whole.clone();
            for byte in [0, 0x7f, 0xff] {
                changed[at] = byte;
                if let Ok(archive) = Archive::read(&changed) {
                    archive.entries.iter().for_each(|entry| drop(archive.contents(entry, 1000)));
                }
            }
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        use std::io::Write;
        let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; 50_000_000]).expect("packed");
        let packed = packer.finish().expect("packed");
        let bytes = [packed.as_slice(), b"rest"].concat();
        let entry = Entry { path: "bomb".into(), kind: Kind::File, mode: None, method: 8, packed: 0..packed.len() };
        let archive = Archive { bytes: &bytes, entries: vec![entry.clone()] };
        assert_eq!(archive.contents(&entry, 1_000_000), Err(Refusal::TooLarge));
    }
}
