//! The room for root file systems that come from outside: a tar (plain, gzip, zstd or xz), or an OCI image as
//! `skopeo` and `docker save` write it, becomes a folder that machines can start from.
//!
//! Whoever sends an archive is not trusted. Every path is resolved inside the folder by the kernel itself (openat2(2),
//! `RESOLVE_IN_ROOT`), so that neither `..`, nor links, nor the order of entries lead out; device files are not made;
//! the number of entries and of bytes is limited, and the disk is not filled up.
//!
//! What is absent: nothing here runs anything of an archive, and nothing knows of EC2. Extended attributes (file
//! capabilities) are not kept.

mod budget;
mod compression;
mod oci;
mod place;
mod unpack;

use std::fs;
use std::io::Read;
use std::path::Path;

use kogumo_base::Trouble;

use budget::Budget;
use place::Place;

/// What was unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub entries: u64,
    pub bytes: u64,
    /// Device files, which were left out: a machine has its own.
    pub devices: u64,
    /// Layers of an OCI image; 0 if it was a plain root file system.
    pub layers: usize,
}

/// Makes a root file system of a stream, in `folder`, which must not be there yet.
///
/// # Errors
/// What is wrong with the archive, or with this machine's disk. Nothing is left behind then.
pub fn unpack(stream: impl Read, folder: &Path) -> Result<Summary, Trouble> {
    let part = folder.with_extension("part");
    let whole = folder.with_extension("whole");
    let made = make(stream, &part, &whole).and_then(|(summary, root)| {
        check(root)?;
        fs::rename(root, folder).map_err(|e| Trouble::from_cause("cannot keep the image", e))?;
        Ok(summary)
    });
    for left in [&part, &whole] {
        let _not_there = fs::remove_dir_all(left);
    }
    made
}

/// Unpacks the stream into `part`, and if that is an OCI image its layers into `whole`. Answers which is the root.
fn make<'a>(stream: impl Read, part: &'a Path, whole: &'a Path) -> Result<(Summary, &'a Path), Trouble> {
    for folder in [part, whole] {
        let _not_there = fs::remove_dir_all(folder);
        // Files of an image may be set-uid: nobody but root comes near them.
        fs::create_dir_all(folder).map_err(|e| Trouble::from_cause("cannot make a folder for the image", e))?;
    }
    let mut budget = Budget::default();
    let place = Place::open(part)?;
    unpack::archive(compression::open(stream)?, &place, &mut budget, unpack::Kind::Whole)?;
    let Some(layers) = oci::layers(&place)? else { return Ok((budget.summary(0), part)) };
    let mut budget = Budget::default();
    let target = Place::open(whole)?;
    for layer in &layers {
        oci::apply(&place, layer, &target, &mut budget)?;
    }
    Ok((budget.summary(layers.len()), whole))
}

/// Whether it looks like a root file system at all.
fn check(root: &Path) -> Result<(), Trouble> {
    let has = |name: &&str| fs::symlink_metadata(root.join(name)).is_ok();
    if ["usr", "bin", "etc"].iter().any(has) {
        return Ok(());
    }
    Err(Trouble::new("this is no root file system and no OCI image: it has neither usr, bin nor etc, nor index.json"))
}

/// What a root file system lacks that people expect of an instance, as sentences.
pub fn lacks(root: &Path) -> Vec<&'static str> {
    let Ok(place) = Place::open(root) else { return Vec::new() };
    let has = |paths: &[&str]| paths.iter().any(|path| place.exists(Path::new(path)));
    [
        (&["bin/sh", "usr/bin/sh"][..], "it has no /bin/sh: user data does not run, and nobody can log in"),
        (&["usr/sbin/sshd", "usr/bin/sshd"], "it has no sshd: its instances cannot be reached by ssh (openssh-server)"),
        (&["usr/bin/sudo", "bin/sudo", "usr/local/bin/sudo"], "it has no sudo: ec2-user and ubuntu cannot become root"),
    ]
    .into_iter()
    .filter(|(paths, _)| !has(paths))
    .map(|(_, what)| what)
    .collect()
}

#[cfg(test)]
mod tests;
