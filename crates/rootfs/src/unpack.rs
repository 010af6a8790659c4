//! A tar as files in a place (tar(5)): folders, files, links and pipes, with their owners, modes and times.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use kogumo_base::Trouble;
use kogumo_userns::{Standing, standing};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, chmodat, chownat, linkat, mkdirat, mknodat,
    openat, symlinkat, utimensat,
};
use tar::{Archive, Entry, EntryType, PaxExtensions};

use crate::budget::Budget;
use crate::place::{Place, Spot, Target};

/// A long name, or the attributes of one file; no path is longer than 4 KiB.
const LONGEST_HEAD: u64 = 1 << 20;
/// What marks, in a layer, something of the layers below as gone (OCI image specification, "Whiteouts").
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";
/// What some tools keep beside whiteouts, for themselves.
const KEPT_ASIDE: &str = ".wh..wh.";

/// Whether files can be given to others.
static MAY_GIVE_AWAY: LazyLock<bool> = LazyLock::new(|| standing() != Standing::Ordinary);

/// What of a tar is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All of it; nothing is a whiteout.
    Whole,
    /// A layer's whiteouts. They mean the layers below, wherever in the layer they stand; so they go first.
    Whiteouts,
    /// A layer's files.
    Files,
}

/// An entry's attributes, with what came before it for those that have no room in its own header.
#[derive(Default)]
struct Head {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    user: Option<u32>,
    group: Option<u32>,
}

/// Unpacks a tar.
///
/// # Errors
/// What is wrong with it, or with the disk.
pub fn archive(stream: impl Read, place: &Place, budget: &mut Budget, kind: Kind) -> Result<(), Trouble> {
    let broken = |e| Trouble::from_cause("the archive cannot be read", e);
    let mut archive = Archive::new(stream);
    // Raw: long names and attributes are entries of their own, whose size is theirs to claim and ours to limit.
    let entries = archive.entries().map_err(broken)?.raw(true);
    let mut head = Head::default();
    let mut seen = false;
    for entry in entries {
        let mut entry = entry.map_err(broken)?;
        seen = true;
        match entry.header().entry_type() {
            EntryType::GNULongName => head.path = Some(text(&mut entry)?),
            EntryType::GNULongLink => head.link = Some(text(&mut entry)?),
            EntryType::XHeader => extended(&mut entry, &mut head)?,
            EntryType::XGlobalHeader => {}
            _ => {
                budget.entry()?;
                let path = path_of(&entry, head.path.take())?;
                let head = std::mem::take(&mut head);
                one(&mut entry, &path, head, place, budget, kind)
                    .map_err(|e| Trouble::from_cause(format!("{} cannot be unpacked", path.display()), e))?;
            }
        }
    }
    // A layer may well change nothing.
    if seen || kind != Kind::Whole { Ok(()) } else { Err(Trouble::new("the archive is empty, or no tar")) }
}

/// A small entry as a whole.
fn whole<R: Read>(entry: &mut Entry<'_, R>) -> Result<Vec<u8>, Trouble> {
    if entry.size() > LONGEST_HEAD {
        return Err(Trouble::new("the archive has a name or attributes of more than 1 MiB"));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|e| Trouble::from_cause("the archive cannot be read", e))?;
    Ok(bytes)
}

/// A name, which ends at its zero.
fn text<R: Read>(entry: &mut Entry<'_, R>) -> Result<Vec<u8>, Trouble> {
    let mut bytes = whole(entry)?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    Ok(bytes)
}

/// Attributes as POSIX.1-2001 writes them (pax(1)).
fn extended<R: Read>(entry: &mut Entry<'_, R>, head: &mut Head) -> Result<(), Trouble> {
    let bytes = whole(entry)?;
    for extension in PaxExtensions::new(&bytes) {
        let extension = extension.map_err(|e| Trouble::from_cause("the archive has attributes that are none", e))?;
        let value = extension.value_bytes();
        let number = || std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        match extension.key_bytes() {
            b"path" => head.path = Some(value.to_owned()),
            b"linkpath" => head.link = Some(value.to_owned()),
            b"uid" => head.user = number(),
            b"gid" => head.group = number(),
            b"size" => return Err(Trouble::new("the archive has a file of more than 8 GiB")),
            key if key.starts_with(b"GNU.sparse") => return Err(sparse()),
            _ => {}
        }
    }
    Ok(())
}

fn sparse() -> Trouble {
    Trouble::new("the archive has sparse files: make it without them (tar without --sparse)")
}

fn path_of<R: Read>(entry: &Entry<'_, R>, long: Option<Vec<u8>>) -> Result<PathBuf, Trouble> {
    let path = long.unwrap_or_else(|| entry.header().path_bytes().into_owned());
    if path.contains(&0) {
        return Err(Trouble::new("the archive has a name with a zero in it"));
    }
    Ok(PathBuf::from(OsStr::from_bytes(&path)))
}

/// One entry.
fn one<R: Read>(
    entry: &mut Entry<'_, R>,
    path: &Path,
    head: Head,
    place: &Place,
    budget: &mut Budget,
    kind: Kind,
) -> Result<(), Trouble> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_whiteout = kind != Kind::Whole && name.starts_with(WHITEOUT);
    match kind {
        Kind::Whiteouts if is_whiteout => return white_out(place, path, &name),
        Kind::Whiteouts => return Ok(()),
        Kind::Files if is_whiteout => return Ok(()),
        Kind::Files | Kind::Whole => {}
    }
    let spot = match place.target(path)? {
        Target::At(spot) => spot,
        Target::Root => return Ok(()),
    };
    let failed = |e: io::Error| Trouble::from_cause("it cannot be made", e);
    let of = |e: rustix::io::Errno| failed(e.into());
    let mode = Mode::from(entry.header().mode().unwrap_or(0o644) & 0o7777);
    let mut is_link = false;
    match entry.header().entry_type() {
        EntryType::Directory => {
            if !spot.is_folder() {
                spot.clear().map_err(failed)?;
                mkdirat(&spot.folder, &spot.name, Mode::from(0o755)).map_err(of)?;
            }
        }
        EntryType::Regular | EntryType::Continuous => {
            spot.clear().map_err(failed)?;
            file(entry, &spot, place, budget)?;
        }
        EntryType::Symlink => {
            is_link = true;
            let target = link_of(entry, head.link)?;
            spot.clear().map_err(failed)?;
            symlinkat(&target, &spot.folder, &spot.name).map_err(of)?;
        }
        EntryType::Link => {
            let target = place.existing(&link_of(entry, head.link)?)?;
            spot.clear().map_err(failed)?;
            // The other name has its owner and mode already.
            return linkat(&target.folder, &target.name, &spot.folder, &spot.name, AtFlags::empty()).map_err(of);
        }
        EntryType::Fifo => {
            spot.clear().map_err(failed)?;
            mknodat(&spot.folder, &spot.name, FileType::Fifo, Mode::from(0o600), 0).map_err(of)?;
        }
        EntryType::Char | EntryType::Block => {
            budget.device();
            return Ok(());
        }
        EntryType::GNUSparse => return Err(sparse()),
        other => return Err(Trouble::new(format!("an entry of the kind {other:?} is not known"))),
    }
    let owner = (
        head.user.unwrap_or_else(|| small(entry.header().uid())),
        head.group.unwrap_or_else(|| small(entry.header().gid())),
    );
    let time = i64::try_from(entry.header().mtime().unwrap_or_default()).unwrap_or_default();
    settle(&spot, owner, mode, time, is_link)
}

/// A user id; one that Linux cannot have is nobody's.
fn small(id: io::Result<u64>) -> u32 {
    const NOBODY: u32 = 65534;
    id.ok().and_then(|id| u32::try_from(id).ok()).unwrap_or(NOBODY)
}

/// Owner first: changing it drops the set-user-id bit.
fn settle(spot: &Spot, (user, group): (u32, u32), mode: Mode, time: i64, is_link: bool) -> Result<(), Trouble> {
    let failed = |e: rustix::io::Errno| Trouble::from_cause("its owner and mode cannot be set", e);
    let here = AtFlags::SYMLINK_NOFOLLOW;
    if *MAY_GIVE_AWAY {
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        chownat(&spot.folder, &spot.name, Some(user), Some(group), here).map_err(failed)?;
    }
    if !is_link {
        chmodat(&spot.folder, &spot.name, mode, AtFlags::empty()).map_err(failed)?;
    }
    let time = Timespec { tv_sec: time, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(&spot.folder, &spot.name, &times, here).map_err(failed)
}

fn link_of<R: Read>(entry: &Entry<'_, R>, long: Option<Vec<u8>>) -> Result<PathBuf, Trouble> {
    let target = long.or_else(|| entry.header().link_name_bytes().map(|name| name.into_owned()));
    match target {
        Some(target) if !target.is_empty() && !target.contains(&0) => Ok(PathBuf::from(OsStr::from_bytes(&target))),
        _ => Err(Trouble::new("it is a link to nothing")),
    }
}

/// The content of a file, as far as the budget goes.
fn file<R: Read>(entry: &mut Entry<'_, R>, spot: &Spot, place: &Place, budget: &mut Budget) -> Result<(), Trouble> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = openat(&spot.folder, &spot.name, flags, Mode::from(0o600));
    let mut file = made.map(File::from).map_err(|e| Trouble::from_cause("it cannot be made", e))?;
    let mut buffer = vec![0; 128 << 10];
    let mut left = entry.size();
    while left > 0 {
        let count = entry.read(&mut buffer).map_err(|e| Trouble::from_cause("the archive broke off", e))?;
        if count == 0 {
            return Err(Trouble::new("the archive broke off"));
        }
        left = left.saturating_sub(count as u64);
        budget.bytes(count, place.as_fd())?;
        let part = buffer.get(..count).unwrap_or_default();
        file.write_all(part).map_err(|e| Trouble::from_cause("it cannot be written", e))?;
    }
    Ok(())
}

/// Removes what a layer says is gone.
fn white_out(place: &Place, path: &Path, name: &str) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause("what a layer removes cannot be removed", e);
    let folder = path.parent().unwrap_or(Path::new(""));
    if name == OPAQUE {
        return match place.existing(folder) {
            Ok(spot) => spot.empty().map_err(failed),
            Err(_) => Ok(()),
        };
    }
    if name.starts_with(KEPT_ASIDE) {
        return Ok(());
    }
    let gone = name.strip_prefix(WHITEOUT).filter(|gone| !matches!(*gone, "" | "." | ".."));
    let gone = gone.ok_or_else(|| Trouble::new("it removes nothing"))?;
    match place.existing(&folder.join(gone)) {
        Ok(spot) => spot.clear().map_err(failed),
        Err(_) => Ok(()),
    }
}
