//! What a machine reads of its memory and processors in `/proc`: its type's figures and not this host's. The kernel does
//! not tell control groups apart there, so two files of ours lie over its own (proc_meminfo(5), proc_cpuinfo(5)). The same
//! goes for processors in sysfs (`processors`), and for disks, which the server shows as they come and go
//! (`linux::disks`).

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;

use super::processors;
use crate::Limits;
use crate::linux::cgroup::Used;

/// The folder of the stage that holds them, and the names of the files over which they lie.
pub(crate) const FOLDER: &str = "figures";
pub(crate) const FILES: [&str; 3] = ["meminfo", "cpuinfo", "partitions"];
/// Folders that lie over sysfs's.
const DISKS: [&str; 3] = ["sys/block", "sys/class/block", "sys/dev/block"];
const FOLDERS: [&str; 4] = [DISKS[0], DISKS[1], DISKS[2], processors::FOLDER];

/// The files, kept up to date by the keeper.
pub(super) struct Figures {
    memory: File,
    limits: Limits,
    shown: String,
}

impl Figures {
    /// Makes them in a folder that the machine's init finds.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn make(stage: &Path, limits: &Limits) -> Result<Figures, Trouble> {
        let failed = |e| Trouble::from_cause("cannot make the machine's figures", e);
        let folder = stage.join(FOLDER);
        fs::create_dir_all(&folder).map_err(failed)?;
        let host = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        fs::write(folder.join("cpuinfo"), cpuinfo(&host, limits.vcpus)).map_err(failed)?;
        fs::write(folder.join("partitions"), "major minor  #blocks  name\n\n").map_err(failed)?;
        DISKS.iter().try_for_each(|disks| fs::create_dir_all(folder.join(disks))).map_err(failed)?;
        processors::write(&folder.join(processors::FOLDER), limits.vcpus).map_err(failed)?;
        let memory = File::create(folder.join("meminfo")).map_err(failed)?;
        let mut figures = Figures { memory, limits: *limits, shown: String::new() };
        figures.renew(Used::default());
        Ok(figures)
    }

    /// Writes what is used now.
    pub fn renew(&mut self, used: Used) {
        let text = memory(self.limits.memory, used);
        if text == self.shown {
            return;
        }
        // Of one length always: whoever reads meanwhile sees whole lines.
        let written = self.memory.rewind().and_then(|()| self.memory.write_all(text.as_bytes()));
        if written.is_ok() {
            self.shown = text;
        }
    }
}

/// Where init finds them before it turns to its root.
pub(crate) fn files(root: &Path) -> impl Iterator<Item = (PathBuf, PathBuf)> + '_ {
    let stage = root.parent().unwrap_or(root);
    let files = FILES.iter().map(move |name| (stage.join(FOLDER).join(name), root.join("proc").join(name)));
    files.chain(FOLDERS.iter().map(move |folder| (stage.join(FOLDER).join(folder), root.join(folder))))
}

/// `/proc/meminfo` of a machine with that many bytes.
fn memory(total: u64, used: Used) -> String {
    let free = total.saturating_sub(used.all);
    let lines = [
        ("MemTotal", total),
        ("MemFree", free),
        ("MemAvailable", free.saturating_add(used.cache).min(total)),
        ("Buffers", 0),
        ("Cached", used.cache),
        ("SwapCached", 0),
        ("Active", used.all.saturating_sub(used.cache)),
        ("Inactive", used.cache),
        ("SwapTotal", 0),
        ("SwapFree", 0),
        ("Dirty", 0),
        ("Writeback", 0),
        ("AnonPages", used.all.saturating_sub(used.cache)),
        ("Mapped", 0),
        ("Shmem", used.shared),
        ("Slab", 0),
        ("SReclaimable", 0),
        ("SUnreclaim", 0),
    ];
    lines.iter().map(|(name, bytes)| format!("{:16}{:>12} kB\n", format!("{name}:"), bytes / 1024)).collect()
}

/// `/proc/cpuinfo` with so many processors, each as this host's first one.
fn cpuinfo(host: &str, count: u32) -> String {
    let first = host.split("\n\n").next().unwrap_or_default();
    let one = |number: u32| {
        let lines = first.lines().map(|line| match line.split(':').next().map(str::trim_end) {
            Some(name @ ("processor" | "core id" | "apicid" | "initial apicid")) => format!("{name}\t: {number}\n"),
            Some(name @ ("siblings" | "cpu cores")) => format!("{name}\t: {count}\n"),
            _ => format!("{line}\n"),
        });
        lines.collect::<String>() + "\n"
    };
    (0..count).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_the_types() {
        let used = Used { all: 300 << 20, cache: 100 << 20, shared: 0 };
        let text = memory(1 << 30, used);
        assert!(text.starts_with("MemTotal:            1048576 kB\nMemFree:              741376 kB\n"), "{text}");
        assert!(text.contains("MemAvailable:         843776 kB\n"));
        assert_eq!(text.len(), memory(1 << 40, Used::default()).len());
    }

    #[test]
    fn processors_are_counted() {
        let text = cpuinfo("processor\t: 0\nmodel name\t: X\nsiblings\t: 64\n\nprocessor\t: 1\n", 2);
        assert_eq!(
            text,
            "processor\t: 0\nmodel name\t: X\nsiblings\t: 2\n\nprocessor\t: 1\nmodel name\t: X\nsiblings\t: 2\n\n"
        );
    }
}
