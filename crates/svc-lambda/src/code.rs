//! Code as it is kept: each package once, by its hash, as it came and unpacked, in the server's own folder.
//!
//! ```text
//! <data>/lambda/code/<sha256 in hex>/package.zip
//! <data>/lambda/code/<sha256 in hex>/files/…
//! <data>/lambda/code/<sha256 in hex>/asked-for    written when somebody uploads it again
//! <data>/lambda/layers/<sha256 of the list>/…     several layers laid over each other
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::Trouble;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::zip::{Archive, Entry, Kind, Refusal, link_stays};

/// A function with its layers, unpacked: Lambda's quota.
pub const UNPACKED_LIMIT: u64 = 262_144_000;
/// A package that travels in the request itself: Lambda's quota.
pub const INLINE_LIMIT: usize = 52_428_800;

/// The file in a package's folder that is written whenever the package is asked for.
const ASKED_FOR: &str = "asked-for";

/// A package that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// SHA-256 of the zip file, in Base64 as the API shows it.
    pub sha256: String,
    /// Bytes of the zip file.
    pub size: u64,
    /// Bytes of what is in it.
    pub unpacked: u64,
}

impl Code {
    /// The name of its folder.
    pub fn hex(&self) -> String {
        kogumo_sigv4::hex(&STANDARD.decode(&self.sha256).unwrap_or_default())
    }

    /// What a package would be kept as, without keeping it (`DryRun`).
    ///
    /// # Errors
    /// A package that `CodeStore::keep` would refuse.
    pub fn check(package: &[u8]) -> Result<Code, Refusal> {
        let archive = Archive::read(package)?;
        let mut unpacked = 0;
        for entry in &archive.entries {
            unpacked += archive.contents(entry, UNPACKED_LIMIT - unpacked)?.len() as u64;
        }
        Ok(Code { sha256: STANDARD.encode(digest(&SHA256, package)), size: package.len() as u64, unpacked })
    }
}

/// The folder of all code.
#[derive(Clone, Debug)]
pub struct CodeStore {
    folder: PathBuf,
}

/// Why a package isn't kept.
#[derive(Debug)]
pub enum NotKept {
    Refused(Refusal),
    Trouble(Trouble),
}

impl From<Refusal> for NotKept {
    fn from(refusal: Refusal) -> Self {
        NotKept::Refused(refusal)
    }
}

impl From<Trouble> for NotKept {
    fn from(trouble: Trouble) -> Self {
        NotKept::Trouble(trouble)
    }
}

impl CodeStore {
    pub fn new(data: &Path) -> CodeStore {
        CodeStore { folder: data.join("lambda") }
    }

    /// The unpacked files of a package.
    pub fn files(&self, code: &Code) -> PathBuf {
        self.folder.join("code").join(code.hex()).join("files")
    }

    /// The package as it came.
    pub fn package(&self, hex: &str) -> PathBuf {
        self.folder.join("code").join(hex).join("package.zip")
    }

    /// Keeps a package. One that is there already is not unpacked again.
    ///
    /// # Errors
    /// A package that isn't safe to unpack, or trouble with the disk. Nothing is kept then.
    pub fn keep(&self, package: &[u8]) -> Result<Code, NotKept> {
        let code = Code::check(package)?;
        let home = self.folder.join("code").join(code.hex());
        if home.is_dir() {
            touch(&home)?;
            return Ok(code);
        }
        let failed = |e| Trouble::from_cause("cannot keep a function's code", e);
        // Made aside and moved in whole, so that what is there is always complete.
        let aside = self.folder.join("code").join(format!("new-{}", kogumo_base::hex_id(16)));
        let files = aside.join("files");
        fs::create_dir_all(&files).map_err(failed)?;
        let kept = unpack(package, &files).and_then(|()| {
            fs::write(aside.join("package.zip"), package).map_err(failed)?;
            match fs::rename(&aside, &home) {
                Err(e) if !home.is_dir() => Err(failed(e).into()),
                _ => Ok(code),
            }
        });
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(failed)?;
        }
        kept
    }

    /// A folder with what these layers hold, later ones over earlier ones; `None` if there are none.
    ///
    /// # Errors
    /// Trouble with the disk.
    pub fn layers(&self, layers: &[Code]) -> Result<Option<PathBuf>, Trouble> {
        let (first, rest) = match layers {
            [] => return Ok(None),
            [only] => return Ok(Some(self.files(only))),
            [first, rest @ ..] => (first, rest),
        };
        let home = self.folder.join("layers").join(merged(layers));
        if home.is_dir() {
            return Ok(Some(home));
        }
        let failed = |e| Trouble::from_cause("cannot lay layers over each other", e);
        let aside = home.with_extension(kogumo_base::hex_id(8));
        fs::create_dir_all(&aside).map_err(failed)?;
        for layer in std::iter::once(first).chain(rest) {
            overlay(&self.files(layer), &aside).map_err(failed)?;
        }
        match fs::rename(&aside, &home) {
            Err(e) if !home.is_dir() => Err(failed(e)),
            _ => Ok(Some(home)),
        }
    }

    /// Removes packages and merged layers that nothing uses any more; `used` are the names of their folders. Those that
    /// were asked for less than `age` ago stay: what uses them may be about to be recorded.
    pub fn forget_all_but(&self, used: &BTreeSet<String>, age: Duration) -> Vec<Trouble> {
        let entries = |name: &str| fs::read_dir(self.folder.join(name)).into_iter().flatten().flatten();
        let unused = |entry: &fs::DirEntry| !used.contains(entry.file_name().to_string_lossy().as_ref());
        let gone = entries("code").chain(entries("layers")).filter(unused).filter(|entry| is_older(&entry.path(), age));
        let removed = gone.filter_map(|entry| {
            let failed = |e| Trouble::from_cause(format!("cannot remove {}", entry.path().display()), e);
            fs::remove_dir_all(entry.path()).map_err(failed).err()
        });
        removed.collect()
    }
}

/// Notes that a package was asked for.
fn touch(home: &Path) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot note the use of {}", home.display()), e);
    fs::write(home.join(ASKED_FOR), "").map_err(failed)
}

/// Whether a folder was asked for, or made, longer ago than that.
fn is_older(home: &Path, age: Duration) -> bool {
    let at = fs::metadata(home.join(ASKED_FOR)).or_else(|_| fs::metadata(home)).and_then(|found| found.modified());
    age.is_zero() || at.is_ok_and(|at| at.elapsed().is_ok_and(|since| since > age))
}

/// The name of the folder with these layers laid over each other.
pub fn merged(layers: &[Code]) -> String {
    let list = layers.iter().map(Code::hex).collect::<Vec<_>>().join("+");
    kogumo_sigv4::hex(digest(&SHA256, list.as_bytes()).as_ref())
}

/// Unpacks into an empty folder. Links come last, so that nothing is written through one.
fn unpack(package: &[u8], into: &Path) -> Result<(), NotKept> {
    let archive = Archive::read(package)?;
    let mut left = UNPACKED_LIMIT;
    let (links, others): (Vec<&Entry>, Vec<&Entry>) =
        archive.entries.iter().partition(|entry| entry.kind == Kind::Link);
    for entry in others {
        let path = into.join(&entry.path);
        if entry.kind == Kind::Folder {
            make_folder(&path, entry)?;
            continue;
        }
        let contents = archive.contents(entry, left)?;
        left -= contents.len() as u64;
        write_file(&path, &contents, entry)?;
    }
    for entry in links {
        let to = archive.contents(entry, 4096)?;
        let to = PathBuf::from(String::from_utf8_lossy(&to).into_owned());
        if !link_stays(&entry.path, &to) {
            return Err(Refusal::ClimbsOut(entry.path.display().to_string()).into());
        }
        let path = into.join(&entry.path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| symlink(&to, &path));
        made.map_err(|e| clash(entry, e))?;
    }
    Ok(())
}

fn make_folder(path: &Path, entry: &Entry) -> Result<(), NotKept> {
    fs::create_dir_all(path).map_err(|e| clash(entry, e))
}

/// Everybody may read: what runs the function is a user that owns nothing.
fn write_file(path: &Path, contents: &[u8], entry: &Entry) -> Result<(), NotKept> {
    let mode = entry.mode.unwrap_or(0o644);
    let executable = if mode & 0o111 == 0 { 0 } else { 0o111 };
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, contents))
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o644 | executable)))
        .map_err(|e| clash(entry, e))
}

/// Two entries that can't both be: a file where a folder has to be. Only a full disk is our own trouble.
fn clash(entry: &Entry, error: std::io::Error) -> NotKept {
    use std::io::ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotADirectory};
    match error.kind() {
        AlreadyExists | IsADirectory | NotADirectory | InvalidInput => {
            Refusal::Broken("two entries of one path").into()
        }
        _ => Trouble::from_cause(format!("cannot unpack {}", entry.path.display()), error).into(),
    }
}

/// Lays a folder's files over another's, as hard links: layers don't change.
fn overlay(from: &Path, onto: &Path) -> std::io::Result<()> {
    fs::create_dir_all(onto)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = onto.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() && fs::symlink_metadata(&target).map_or(true, |there| there.is_dir()) {
            overlay(&entry.path(), &target)?;
            continue;
        }
        match fs::symlink_metadata(&target) {
            Ok(there) if there.is_dir() => fs::remove_dir_all(&target)?,
            Ok(_) => fs::remove_file(&target)?,
            Err(_) => {}
        }
        match kind {
            _ if kind.is_symlink() => symlink(fs::read_link(entry.path())?, &target)?,
            _ if kind.is_dir() => overlay(&entry.path(), &target)?,
            _ => fs::hard_link(entry.path(), &target)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::tests::zip_of;

    fn store() -> (CodeStore, PathBuf) {
        let folder = std::env::temp_dir().join(format!("kogumo-code-{}", kogumo_base::hex_id(12)));
        (CodeStore::new(&folder), folder)
    }

    fn refused(entries: &[(&str, u32, &[u8])]) -> Refusal {
        let (store, folder) = store();
        let refusal = match store.keep(&zip_of(entries)) {
            Err(NotKept::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        };
        assert_eq!(fs::read_dir(folder.join("lambda/code")).map(Iterator::count).unwrap_or(0), 0, "something is left");
        let _may_not_be_there = fs::remove_dir_all(folder);
        refusal
    }

    #[test]
    fn keeps_and_forgets() {
        let (store, folder) = store();
        let package = zip_of(&[("a.py", 0o100_600, b"code"), ("run", 0o100_700, b"#!"), ("ln", 0o120_777, b"a.py")]);
        let code = store.keep(&package).expect("kept");
        assert_eq!(store.keep(&package).expect("kept again"), code);
        let files = store.files(&code);
        assert_eq!(fs::read_to_string(files.join("ln")).expect("a link"), "code");
        let mode = |name: &str| fs::metadata(files.join(name)).expect("a file").permissions().mode() & 0o777;
        assert_eq!((mode("a.py"), mode("run")), (0o644, 0o755));
        assert_eq!(fs::read(store.package(&code.hex())).expect("the package"), package);
        assert!(store.forget_all_but(&[code.hex()].into(), Duration::ZERO).is_empty());
        assert!(files.is_dir());
        assert!(store.forget_all_but(&BTreeSet::new(), Duration::from_secs(60)).is_empty());
        assert!(files.is_dir(), "it was asked for a moment ago");
        assert!(store.forget_all_but(&BTreeSet::new(), Duration::ZERO).is_empty());
        assert!(!files.exists());
        fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn refuses_links_that_lead_out() {
        for to in ["/etc/passwd", "../../x", ".."] {
            assert_eq!(refused(&[("ln", 0o120_777, to.as_bytes())]), Refusal::ClimbsOut("ln".to_owned()));
        }
        // A link to a folder, and a file "in" it: the file comes first, whatever the order.
        let clash = refused(&[("d", 0o120_777, b"e"), ("d/x", 0o100_644, b"x")]);
        assert!(matches!(clash, Refusal::Broken(_)));
    }

    #[test]
    fn refuses_entries_that_clash() {
        assert!(matches!(refused(&[("a", 0o100_644, b"x"), ("a/b", 0o100_644, b"y")]), Refusal::Broken(_)));
    }

    #[test]
    fn later_layers_lie_over_earlier_ones() {
        let (store, folder) = store();
        let one = store.keep(&zip_of(&[("python/a", 0o100_644, b"1"), ("python/b", 0o100_644, b"1")])).expect("kept");
        let two = store.keep(&zip_of(&[("python/b", 0o100_644, b"2"), ("bin/c", 0o100_755, b"2")])).expect("kept");
        let merged = store.layers(&[one.clone(), two]).expect("merged").expect("a folder");
        let read = |name: &str| fs::read_to_string(merged.join(name)).expect("a file");
        assert_eq!([read("python/a"), read("python/b"), read("bin/c")], ["1", "2", "2"]);
        assert_eq!(store.layers(std::slice::from_ref(&one)).expect("one"), Some(store.files(&one)));
        assert_eq!(store.layers(&[]).expect("none"), None);
        fs::remove_dir_all(folder).expect("removed");
    }
}
