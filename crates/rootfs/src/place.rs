//! A folder that is somebody's whole file system: paths are resolved in it as the kernel does it for a changed root, so
//! that no link in it leads out of it (openat2(2)).

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use kogumo_base::Trouble;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat, mkdirat, open, openat2, statat};
use rustix::io::Errno;

/// Folders in folders; Linux itself has no limit but that of a path's length.
const DEEPEST: usize = 512;
const INSIDE: ResolveFlags = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);

/// Such a folder.
pub struct Place(OwnedFd);

/// A name in a folder.
pub struct Spot {
    pub folder: OwnedFd,
    pub name: OsString,
}

/// Where a path of an archive leads.
pub enum Target {
    /// The folder itself.
    Root,
    At(Spot),
}

impl Place {
    /// # Errors
    /// It is no folder.
    pub fn open(folder: &Path) -> Result<Place, Trouble> {
        let opened = open(folder, OFlags::DIRECTORY | OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        opened.map(Place).map_err(|e| Trouble::from_cause(format!("cannot open {}", folder.display()), e))
    }

    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The spot of a path; the folders on the way are made where they are missing.
    ///
    /// # Errors
    /// The path climbs, or something on the way is no folder.
    pub fn target(&self, path: &Path) -> Result<Target, Trouble> {
        let names = names(path)?;
        let Some((name, above)) = names.split_last() else { return Ok(Target::Root) };
        let folder =
            self.folder(above).map_err(|e| Trouble::from_cause(format!("cannot make {}", path.display()), e))?;
        Ok(Target::At(Spot { folder, name: (*name).to_owned() }))
    }

    /// The spot of something that is there already, links on the way followed.
    ///
    /// # Errors
    /// It is not.
    pub fn existing(&self, path: &Path) -> Result<Spot, Trouble> {
        let names = names(path)?;
        let missing = |e| Trouble::from_cause(format!("there is no {} in the archive", path.display()), e);
        let (name, above) = names.split_last().ok_or_else(|| Trouble::new("a path is empty"))?;
        let above: PathBuf = above.iter().collect();
        let folder = self.look(&above, OFlags::DIRECTORY | OFlags::PATH).map_err(missing)?;
        let spot = Spot { folder, name: (*name).to_owned() };
        spot.stat().map_err(missing)?;
        Ok(spot)
    }

    /// Opens a file to be read, links followed inside.
    ///
    /// # Errors
    /// There is none, or it is no regular file.
    pub fn read(&self, path: &Path) -> Result<File, Trouble> {
        let failed =
            |e: std::io::Error| Trouble::from_cause(format!("cannot read {} in the archive", path.display()), e);
        names(path)?;
        let file = self.look(path, OFlags::RDONLY | OFlags::NONBLOCK).map(File::from).map_err(|e| failed(e.into()))?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Trouble::new(format!("{} in the archive is no file", path.display())));
        }
        Ok(file)
    }

    /// Whether there is something, links followed inside.
    pub fn exists(&self, path: &Path) -> bool {
        self.look(path, OFlags::PATH).is_ok()
    }

    fn look(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        openat2(&self.0, path, flags | OFlags::CLOEXEC, Mode::empty(), INSIDE)
    }

    /// A folder by its names; what is missing is made.
    fn folder(&self, names: &[&OsStr]) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::DIRECTORY | OFlags::PATH;
        let whole: PathBuf = names.iter().collect();
        match self.look(&whole, flags) {
            Err(Errno::NOENT) => {}
            other => return other,
        }
        let mut path = PathBuf::new();
        let mut folder = self.look(&path, flags)?;
        for name in names {
            path.push(name);
            folder = match self.look(&path, flags) {
                Err(Errno::NOENT) => {
                    mkdirat(&folder, *name, Mode::from(0o755))?;
                    self.look(&path, flags)?
                }
                other => other?,
            };
        }
        Ok(folder)
    }
}

/// The names of a path. A leading `/` or `./` means nothing; a `..` is refused.
fn names(path: &Path) -> Result<Vec<&OsStr>, Trouble> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => names.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(Trouble::new(format!("the archive has a path that climbs: {}", path.display())));
            }
        }
    }
    if names.len() > DEEPEST {
        return Err(Trouble::new(format!("the archive has a path of more than {DEEPEST} folders")));
    }
    Ok(names)
}

impl Spot {
    /// What is there, a link itself rather than what it leads to.
    ///
    /// # Errors
    /// Nothing is.
    pub fn stat(&self) -> rustix::io::Result<Stat> {
        statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    pub fn is_folder(&self) -> bool {
        self.stat().is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
    }

    /// Removes what is there, with all that is in it.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn clear(&self) -> std::io::Result<()> {
        if self.stat().is_err() {
            return Ok(());
        }
        let path = self.path();
        if self.is_folder() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
    }

    /// The spot as a path that leads through the open folder, so that nobody can move it away under us.
    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.folder.as_raw_fd())).join(&self.name)
    }

    /// Removes everything that is in the folder of that name.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn empty(&self) -> std::io::Result<()> {
        if !self.is_folder() {
            return Ok(());
        }
        for entry in std::fs::read_dir(self.path())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                std::fs::remove_dir_all(entry.path())?;
            } else {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}
