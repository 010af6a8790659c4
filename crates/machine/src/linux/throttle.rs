//! How fast a block device may be, and what it did: the kernel's block control groups (Documentation/admin-guide/
//! cgroup-v1/blkio-controller.rst, cgroup-v2.rst) and its counters (Documentation/admin-guide/iostats.rst).
//!
//! With version 1 a limit is set on a device for the group of whoever uses it. Machines stay in this program's group there,
//! and what the page cache writes back comes from the root group: both get the limit. With version 2 a machine's own group
//! gets it, which page cache and file systems charge for what they write back.

use std::fs;
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use rustix::fs::{major, minor};
use serde::{Deserialize, Serialize};

use super::cgroup;

/// The number of loop devices (Documentation/admin-guide/devices.txt).
const LOOP: u32 = 7;
/// The kernel's sectors, whatever the device's.
const SECTOR: u64 = 512;

/// A device of one volume, as long as it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    pub device: PathBuf,
    /// The volume's file.
    pub file: PathBuf,
    /// Tells this use of the device from those before and after.
    pub sequence: u64,
}

/// What a device has done since this machine started, for whatever volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    pub reads: u64,
    /// Those that became a part of the read before.
    pub reads_merged: u64,
    pub read_bytes: u64,
    pub read_millis: u64,
    pub writes: u64,
    pub writes_merged: u64,
    pub write_bytes: u64,
    pub write_millis: u64,
    /// Milliseconds in which there was anything to do.
    pub busy_millis: u64,
    /// The same, times the requests that there were.
    pub queued_millis: u64,
}

/// A second's worth, of reads or of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// As they come, before any are merged.
    pub ios: u64,
    pub bytes: u64,
}

/// The devices that are made of files below `folder`.
pub fn attached(folder: &Path) -> Vec<Attached> {
    let one = |(device, file): (PathBuf, PathBuf)| {
        let sequence = fs::read_to_string(block(&device).join("diskseq")).ok()?.trim().parse().ok()?;
        Some(Attached { device, file, sequence })
    };
    super::block::attached_below(folder).into_iter().filter_map(one).collect()
}

/// `/sys/block/loop3`
pub(super) fn block(device: &Path) -> PathBuf {
    Path::new("/sys/block").join(device.file_name().unwrap_or_default())
}

/// What a device has done.
pub fn counters(device: &Path) -> Option<Counters> {
    parse(&fs::read_to_string(block(device).join("stat")).ok()?)
}

/// The fields of a stat file: reads, merged, sectors, milliseconds, the same of writes, in flight, busy, queued.
fn parse(stat: &str) -> Option<Counters> {
    let fields: Vec<u64> = stat.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let fields: [u64; 11] = fields.get(..11)?.try_into().ok()?;
    let [reads, reads_merged, read_sectors, read_millis, writes, writes_merged, write_sectors, write_millis, rest @ ..] =
        fields;
    let [_in_flight, busy_millis, queued_millis] = rest;
    Some(Counters {
        reads,
        reads_merged,
        read_bytes: read_sectors.saturating_mul(SECTOR),
        read_millis,
        writes,
        writes_merged,
        write_bytes: write_sectors.saturating_mul(SECTOR),
        write_millis,
        busy_millis,
        queued_millis,
    })
}

/// Lets a device split what is larger than `bytes`, so that it counts as several.
pub fn split(device: &Path, bytes: u64) {
    let file = block(device).join("queue/max_sectors_kb");
    let wanted = (bytes / 1024).to_string();
    if fs::read_to_string(&file).is_ok_and(|now| now.trim() != wanted) {
        let _counts_as_fewer = fs::write(file, wanted);
    }
}

/// Where a limit is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A group of version 1, with a file for each of the four limits.
    Blkio(PathBuf),
    /// A machine's group of version 2.
    Io(PathBuf),
}

/// Where the limits of a machine's devices are written; nowhere if this kernel has no block control groups.
fn places(machine: &str) -> Vec<Place> {
    if let Some(mount) = cgroup::mount_of(1, "blkio") {
        let own = cgroup::own_group("blkio").map(|group| mount.join(group.trim_start_matches('/')));
        let mut groups = vec![mount];
        groups.extend(own.filter(|group| group.is_dir() && !groups.contains(group)));
        return groups.into_iter().map(Place::Blkio).collect();
    }
    cgroup::mount_of(2, "io").map(|mount| Place::Io(cgroup::of_machine(&mount, machine))).into_iter().collect()
}

/// Whether this kernel limits devices at all.
pub fn is_possible() -> bool {
    !places("").is_empty()
}

/// Limits what a machine's device may do. `None` lifts the limit.
///
/// # Errors
/// The device is gone, or the kernel refuses.
pub fn limit(machine: &str, device: &Path, most: Option<(Most, Most)>) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot limit {}", device.display()), e);
    let number = rustix::fs::stat(device).map_err(|e| failed(e.into()))?.st_rdev;
    let number = format!("{}:{}", major(number), minor(number));
    for place in places(machine) {
        for (file, line) in lines(&place, &number, most) {
            match fs::write(&file, line) {
                // The machine's group has gone, and the limit with it.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound && matches!(place, Place::Io(_)) => {}
                done => done.map_err(failed)?,
            }
        }
    }
    Ok(())
}

/// What is written into which file.
fn lines(place: &Place, number: &str, most: Option<(Most, Most)>) -> Vec<(PathBuf, String)> {
    match place {
        Place::Blkio(group) => {
            // Zero is no limit.
            let of = |value: fn(&(Most, Most)) -> u64| most.as_ref().map_or(0, |most| value(most).max(1));
            let files = [
                ("read_iops", of(|(reads, _)| reads.ios)),
                ("read_bps", of(|(reads, _)| reads.bytes)),
                ("write_iops", of(|(_, writes)| writes.ios)),
                ("write_bps", of(|(_, writes)| writes.bytes)),
            ];
            let line =
                |(name, value)| (group.join(format!("blkio.throttle.{name}_device")), format!("{number} {value}"));
            files.into_iter().map(line).collect()
        }
        Place::Io(group) => {
            let line = match most {
                None => format!("{number} rbps=max wbps=max riops=max wiops=max"),
                Some((reads, writes)) => format!(
                    "{number} rbps={} wbps={} riops={} wiops={}",
                    reads.bytes.max(1),
                    writes.bytes.max(1),
                    reads.ios.max(1),
                    writes.ios.max(1)
                ),
            };
            vec![(group.join("io.max"), line)]
        }
    }
}

/// Lifts the limits of loop devices that are nobody's: what a server left that was killed. The next user of such a device
/// would feel them.
pub fn forget_unused() {
    let Some(mount) = cgroup::mount_of(1, "blkio") else { return };
    let limited = fs::read_to_string(mount.join("blkio.throttle.write_iops_device")).unwrap_or_default();
    for line in limited.lines() {
        let number = line.split_whitespace().next().and_then(|number| number.split_once(':'));
        let Some((LOOP, unit)) = number.and_then(|(major, unit)| Some((major.parse().ok()?, unit))) else { continue };
        let device = PathBuf::from(format!("/dev/loop{unit}"));
        if !block(&device).join("loop").exists() {
            let _gone = limit("", &device, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counters_are_read() {
        let stat = "  2181  39  43804  494  25513  2610  3457904  6392  3  4496  8099  8  0  2097160  5  729  1207\n";
        let counters = parse(stat).expect("counters");
        assert_eq!((counters.reads, counters.read_bytes, counters.read_millis), (2181, 43804 * 512, 494));
        assert_eq!((counters.writes, counters.busy_millis, counters.queued_millis), (25513, 4496, 8099));
        assert_eq!(parse("1 2 3"), None);
    }

    #[test]
    fn limits_are_written_as_the_kernel_reads_them() {
        let most = Some((Most { ios: 100, bytes: 1 << 20 }, Most { ios: 0, bytes: 5 }));
        let io = lines(&Place::Io("/c".into()), "7:3", most);
        assert_eq!(io, [(PathBuf::from("/c/io.max"), "7:3 rbps=1048576 wbps=5 riops=100 wiops=1".into())]);
        let blkio = lines(&Place::Blkio("/c".into()), "7:3", most);
        assert_eq!(blkio.len(), 4);
        assert_eq!(blkio[2], (PathBuf::from("/c/blkio.throttle.write_iops_device"), "7:3 1".into()));
        assert_eq!(lines(&Place::Blkio("/c".into()), "7:3", None)[0].1, "7:3 0");
    }
}
