//! Volumes and snapshots as files, and as devices of machines. Every function here blocks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use kogumo_machine::linux::{block, copy};
use kogumo_machine::{Host, view};

use crate::encryption::Key;
use crate::snapshot::Snapshot;
use crate::volume::Volume;

const GIB: u64 = 1 << 30;
/// This program, which volumes' views are processes of.
const PROGRAM: &str = "/proc/self/exe";

/// What a copy is read and written with that is encrypted anew.
#[derive(Debug)]
pub struct Keys {
    pub source: Option<Key>,
    pub own: Option<Key>,
}

/// A copy as it is, or under another key.
fn copy_of(from: &Path, to: &Path, keys: Option<&Keys>) -> Result<(), Trouble> {
    let Some(keys) = keys else { return copy::copy(from, to) };
    view::copy(from, keys.source.as_ref().map(Key::bytes), to, keys.own.as_ref().map(Key::bytes))
}

/// Where the files of EC2 lie, below the data folder.
#[derive(Clone, Debug)]
pub struct Files(PathBuf);

impl Files {
    pub fn below(data: &Path) -> Files {
        Files(data.join("ec2"))
    }

    pub fn machines(&self) -> PathBuf {
        self.0.join("machines")
    }

    /// The image of the host's userland.
    pub fn userland(&self) -> PathBuf {
        self.0.join("userland")
    }

    /// A root file system that was imported.
    pub fn imported(&self, name: &str) -> PathBuf {
        self.0.join("images").join(name)
    }

    /// What an instance printed before it stopped.
    pub fn console(&self, instance: &str) -> PathBuf {
        self.0.join("consoles").join(instance)
    }

    pub fn volumes(&self) -> PathBuf {
        self.0.join("volumes")
    }

    pub fn volume(&self, id: &str) -> PathBuf {
        self.volumes().join(format!("{id}.img"))
    }

    pub fn snapshot(&self, id: &str) -> PathBuf {
        self.0.join("snapshots").join(format!("{id}.img"))
    }

    /// How many bytes of a snapshot have been written: its file has holes where none were.
    pub fn written(&self, snapshot: &str) -> u64 {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(self.snapshot(snapshot)).map_or(0, |file| file.blocks() * 512)
    }

    /// Makes a volume's file: a copy of its snapshot, an empty file system for a root, or nothing but room. Where a host has
    /// no devices, a root is a folder.
    ///
    /// # Errors
    /// The disk is full.
    pub fn make(&self, host: &dyn Host, volume: &Volume, keys: Option<&Keys>) -> Result<(), Trouble> {
        let file = self.volume(&volume.id);
        let bytes = u64::try_from(volume.size).unwrap_or_default() * GIB;
        match &volume.snapshot {
            Some(snapshot) => {
                copy_of(&self.snapshot(snapshot), &file, keys)?;
                self.grow(volume)
            }
            None if volume.fresh_root && host.lacks_devices().is_some() => {
                fs::create_dir_all(&file).map_err(|e| Trouble::from_cause(format!("cannot make {}", file.display()), e))
            }
            None if volume.fresh_root => copy_of(&self.blank(bytes, &volume.id)?, &file, keys),
            None => block::create(&file, bytes),
        }
    }

    /// An empty root volume of that size, to be copied: that is quicker than making each one's file system anew.
    fn blank(&self, bytes: u64, maker: &str) -> Result<PathBuf, Trouble> {
        let blank = self.0.join("blank").join(format!("{bytes}.img"));
        if !blank.exists() {
            // Others may be making the same one.
            let part = blank.with_extension(maker);
            block::create(&part, bytes)?;
            block::format(&part)?;
            fs::rename(&part, &blank).map_err(|e| Trouble::from_cause("cannot keep an empty volume", e))?;
        }
        Ok(blank)
    }

    /// Makes a volume's file as large as the volume, and tells whoever has it attached.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub fn grow(&self, volume: &Volume) -> Result<(), Trouble> {
        let path = self.volume(&volume.id);
        let failed = |e| Trouble::from_cause(format!("cannot resize {}", path.display()), e);
        if path.is_dir() {
            return Ok(());
        }
        let bytes = u64::try_from(volume.size).unwrap_or_default() * GIB;
        let file = fs::File::options().write(true).open(&path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() >= bytes {
            return Ok(());
        }
        file.set_len(bytes).map_err(failed)?;
        block::attached_below(&path).iter().try_for_each(|(device, _)| block::grown(device))
    }

    /// Copies a volume into a snapshot, while its file system stands still; or another snapshot.
    ///
    /// # Errors
    /// The disk is full, or the volume is gone.
    pub fn take(
        &self,
        host: &dyn Host,
        snapshot: &Snapshot,
        volume: Option<&Volume>,
        keys: Option<&Keys>,
    ) -> Result<(), Trouble> {
        let to = self.snapshot(&snapshot.id);
        if let Some(source) = &snapshot.copy_of {
            return copy_of(&self.snapshot(source), &to, keys);
        }
        let from = self.volume(&snapshot.volume);
        let instance = volume.and_then(|one| one.attachment.as_ref()).map(|one| one.instance.as_str());
        host.while_still(instance.unwrap_or_default(), &from, &mut || copy::copy(&from, &to))
    }

    /// Makes the file of a snapshot that comes block by block, if there is none: it begins as its parent, or empty.
    ///
    /// # Errors
    /// The disk is full.
    pub fn begin(&self, snapshot: &Snapshot) -> Result<(), Trouble> {
        let file = self.snapshot(&snapshot.id);
        if file.exists() {
            return Ok(());
        }
        let bytes = u64::try_from(snapshot.volume_size).unwrap_or_default() * GIB;
        match &snapshot.parent {
            Some(parent) => {
                copy::copy(&self.snapshot(parent), &file)?;
                let grown = fs::File::options().write(true).open(&file).and_then(|file| file.set_len(bytes));
                grown.map_err(|e| Trouble::from_cause(format!("cannot resize {}", file.display()), e))
            }
            None => block::create(&file, bytes),
        }
    }

    /// The device of a volume that is encrypted: it shows what is in it. One that is there stays.
    ///
    /// # Errors
    /// This machine has no FUSE.
    pub fn unlock(&self, volume: &str, key: &Key) -> Result<PathBuf, Trouble> {
        let there = self.device(volume);
        there.map_or_else(|| view::attach(Path::new(PROGRAM), &self.volume(volume), key.bytes()), Ok)
    }

    /// The device that shows a volume, if there is one.
    pub fn device(&self, volume: &str) -> Option<PathBuf> {
        block::attached_below(&self.volume(volume)).into_iter().next().map(|(device, _)| device)
    }

    /// Gives a volume to a machine as a device. That of an encrypted one has to be there.
    ///
    /// # Errors
    /// There are no devices left, or the machine is gone.
    pub fn plug(&self, host: &dyn Host, volume: &Volume, instance: &str, name: &str) -> Result<(), Trouble> {
        let device = match self.device(&volume.id) {
            Some(device) => device,
            None if volume.encryption.is_some() => return Err(Trouble::new(format!("{} is locked", volume.id))),
            None => block::attach(&self.volume(&volume.id), block::Hold::UntilDetached)?.path().to_owned(),
        };
        host.plug(instance, name, &device)
    }

    /// Shows a machine how large one of its volumes has become.
    pub fn refresh(&self, host: &dyn Host, volume: &str, instance: &str, name: &str) {
        for (device, _) in block::attached_below(&self.volume(volume)) {
            host.refresh(instance, name, &device);
        }
    }

    /// Takes it away again. Where it is still mounted inside, the kernel keeps it until it is not.
    ///
    /// # Errors
    /// The device cannot be let go of.
    pub fn unplug(&self, host: &dyn Host, volume: &str, instance: &str, name: &str) -> Result<(), Trouble> {
        host.unplug(instance, name)?;
        let devices = block::attached_below(&self.volume(volume));
        devices.iter().try_for_each(|(device, _)| block::detach(device))
    }

    /// Takes a volume from one of several machines that have it: the device stays for the others.
    ///
    /// # Errors
    /// The device cannot be taken away.
    pub fn take_from(&self, host: &dyn Host, instance: &str, name: &str) -> Result<(), Trouble> {
        host.unplug(instance, name)
    }

    /// Takes a volume from a machine that goes on using it: the volume is from now on a copy of what was written until now,
    /// and what the machine still writes goes nowhere.
    ///
    /// # Errors
    /// The disk is full.
    pub fn tear_away(&self, host: &dyn Host, volume: &str, instance: &str) -> Result<(), Trouble> {
        let file = self.volume(volume);
        host.while_still(instance, &file, &mut || copy::copy(&file, &file))?;
        // A view has to look to see that its file is another's now.
        block::attached_below(&file).iter().try_for_each(|(device, _)| block::grown(device))
    }

    /// Whether anybody has a device of the volume.
    pub fn is_held(&self, volume: &str) -> bool {
        !block::attached_below(&self.volume(volume)).is_empty()
    }

    /// Removes the files that no record knows, and lets their devices go.
    pub fn sweep(&self, known: &BTreeSet<&str>) {
        for folder in ["volumes", "snapshots", "consoles"] {
            for entry in fs::read_dir(self.0.join(folder)).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let id = name.split('.').next().unwrap_or_default();
                if !known.contains(id) {
                    self.forget(&entry.path());
                }
            }
        }
    }

    fn forget(&self, file: &Path) {
        for (device, _) in block::attached_below(file) {
            if let Err(trouble) = block::detach(&device) {
                tracing::warn!("{trouble}");
            }
        }
        let removed = if file.is_dir() { fs::remove_dir_all(file) } else { fs::remove_file(file) };
        if let Err(error) = removed
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("{} could not be removed: {error}", file.display());
        }
    }

    /// Lets go of every device.
    pub fn detach_all(&self) {
        for (device, _) in block::attached_below(&self.0) {
            if let Err(trouble) = block::detach(&device) {
                tracing::warn!("{trouble}");
            }
        }
    }
}
