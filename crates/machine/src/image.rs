//! Root file systems to start machines from: one made of the host's own userland, and those that are imported.

mod etc;
mod owned;
mod skeleton;

use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use kogumo_userns::{Standing, standing};

use crate::Layer;
pub(crate) use skeleton::power_scripts;

/// Where an image's files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The host's own userland, with a root of its own around it.
    Host,
    /// A folder that holds a whole root file system.
    Folder(PathBuf),
}

/// Makes (or renews) the image that is made of the host's userland, in `folder`, and answers its layers. Nothing is
/// copied but `/etc`, and of that only what every user of the host may read; `/usr` and its kin are shown read-only.
/// `/home`, `/root`, `/opt`, `/srv`, `/var` and everything else of the host are not in it.
///
/// # Errors
/// The folder cannot be written to.
pub fn host_userland(folder: &Path) -> Result<Vec<Layer>, Trouble> {
    skeleton::make(folder)?;
    etc::copy(Path::new("/etc"), &folder.join("etc"))?;
    skeleton::finish(folder)?;
    if standing() != Standing::Root {
        owned::make(folder)?;
    }
    let root = Layer { at: "/".into(), from: folder.to_owned() };
    let shown = skeleton::shown().into_iter().map(|at| Layer { from: at.clone(), at });
    Ok(std::iter::once(root).chain(shown).collect())
}

impl Source {
    /// The layers of a machine's root file system; `folder` is where the host's image is kept.
    ///
    /// # Errors
    /// Those of [`host_userland`].
    pub fn layers(&self, folder: &Path) -> Result<Vec<Layer>, Trouble> {
        match self {
            Source::Host => host_userland(folder),
            Source::Folder(root) => Ok(vec![Layer { at: "/".into(), from: root.clone() }]),
        }
    }
}
