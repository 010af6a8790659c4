//! The control groups of a machine, which hold it to its type's processors and memory (cgroups(7)). Both versions.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kogumo_base::Trouble;

use crate::Limits;

/// The folder below a hierarchy's root that holds the groups of machines.
const OURS: &str = "kogumo-machines";
/// `io` holds a machine to its volumes' limits (see `throttle`); version 1 calls it otherwise and needs no group.
/// `cpuacct` counts in version 1 what `cpu` counts in version 2.
const CONTROLLERS: [&str; 5] = ["memory", "cpu", "cpuacct", "pids", "io"];
/// The kernel's own period for quotas, in microseconds.
const PERIOD: u64 = 100_000;

/// A mounted hierarchy and those of our controllers that it has.
struct Hierarchy {
    version: u8,
    at: PathBuf,
    controllers: Vec<&'static str>,
}

/// Makes the groups of a machine and answers the files through which it joins them.
pub(crate) fn make(id: &str, limits: &Limits) -> Result<Vec<PathBuf>, Trouble> {
    let mut doors = Vec::new();
    for hierarchy in find() {
        let group = hierarchy.at.join(OURS).join(id);
        if fs::create_dir_all(&group).is_err() {
            continue;
        }
        if hierarchy.version == 2 {
            hand_down(&hierarchy.at, &hierarchy.controllers);
            hand_down(&hierarchy.at.join(OURS), &hierarchy.controllers);
        }
        for (file, value) in settings(hierarchy.version, &hierarchy.controllers, limits) {
            match fs::write(group.join(file), value) {
                // A kernel without swap accounting, or a controller that was not handed down.
                Err(e) if e.kind() != ErrorKind::NotFound && e.kind() != ErrorKind::PermissionDenied => {
                    return Err(Trouble::from_cause(format!("cannot set {file} of the machine"), e));
                }
                _ => {}
            }
        }
        doors.push(group.join("cgroup.procs"));
    }
    Ok(doors)
}

/// Bytes of memory that a machine uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub all: u64,
    /// Of these, what can be dropped.
    pub cache: u64,
    pub shared: u64,
}

/// Where a machine's use of memory is told.
pub(crate) struct Memory {
    group: PathBuf,
    usage: &'static str,
}

impl Memory {
    /// `None` where the kernel does not count it.
    pub fn of(id: &str) -> Option<Memory> {
        let hierarchy = find().into_iter().find(|one| one.controllers.contains(&"memory"))?;
        let usage = if hierarchy.version == 2 { "memory.current" } else { "memory.usage_in_bytes" };
        Some(Memory { group: hierarchy.at.join(OURS).join(id), usage })
    }

    pub fn used(&self) -> Used {
        let read = |file: &str| fs::read_to_string(self.group.join(file)).unwrap_or_default();
        let counts = read("memory.stat");
        // Version 1 calls it cache, version 2 file.
        let count = |names: [&str; 2]| {
            let found = counts.lines().filter_map(|line| line.split_once(' ')).find(|(name, _)| names.contains(name));
            found.and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
        };
        Used {
            all: read(self.usage).trim().parse().unwrap_or_default(),
            cache: count(["cache", "file"]),
            shared: count(["shmem", "shmem"]),
        }
    }
}

/// Where the time that machines have had of processors is told.
pub(crate) struct Accounting {
    mount: PathBuf,
    version: u8,
}

impl Accounting {
    /// `None` where the kernel does not count it.
    pub fn find() -> Option<Accounting> {
        let counts = |one: &Hierarchy| one.controllers.contains(if one.version == 2 { &"cpu" } else { &"cpuacct" });
        let hierarchy = find().into_iter().find(counts)?;
        Some(Accounting { mount: hierarchy.at, version: hierarchy.version })
    }

    /// The time of a machine.
    pub fn of(&self, id: &str) -> Option<Duration> {
        let group = of_machine(&self.mount, id);
        if self.version == 1 {
            let text = fs::read_to_string(group.join("cpuacct.usage")).ok()?;
            return text.trim().parse().ok().map(Duration::from_nanos);
        }
        let text = fs::read_to_string(group.join("cpu.stat")).ok()?;
        let micros = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
        micros.parse().ok().map(Duration::from_micros)
    }
}

/// Removes them, once the machine has ended.
pub(crate) fn remove(id: &str) {
    for hierarchy in find() {
        let ours = hierarchy.at.join(OURS);
        let _none_left = fs::remove_dir(ours.join(id));
        let _others_use_it = fs::remove_dir(ours);
    }
}

/// What is written into which file.
fn settings(version: u8, controllers: &[&str], limits: &Limits) -> Vec<(&'static str, String)> {
    let quota = u64::from(limits.vcpus) * PERIOD;
    let mut settings = Vec::new();
    for controller in controllers {
        match (version, *controller) {
            (2, "memory") => {
                settings.push(("memory.max", limits.memory.to_string()));
                // Instances have no swap.
                settings.push(("memory.swap.max", "0".into()));
            }
            (_, "memory") => settings.push(("memory.limit_in_bytes", limits.memory.to_string())),
            (2, "cpu") => settings.push(("cpu.max", format!("{quota} {PERIOD}"))),
            (_, "cpu") => {
                settings.push(("cpu.cfs_period_us", PERIOD.to_string()));
                settings.push(("cpu.cfs_quota_us", quota.to_string()));
            }
            (_, "io" | "cpuacct") => {}
            _ => settings.push(("pids.max", limits.processes.to_string())),
        }
    }
    settings
}

/// Where the hierarchy of a controller is mounted, in that version.
pub(crate) fn mount_of(version: u8, controller: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut found = mounts.lines().filter_map(mount);
    found.find(|(is, _, has)| *is == version && has.split(',').any(|one| one == controller)).map(|(_, at, _)| at)
}

/// The group of this program in the hierarchy of a controller of version 1 (cgroups(7)).
pub(crate) fn own_group(controller: &str) -> Option<String> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mut groups = groups.lines().filter_map(|line| line.splitn(3, ':').nth(1).zip(line.splitn(3, ':').nth(2)));
    groups.find(|(has, _)| has.split(',').any(|one| one == controller)).map(|(_, group)| group.to_owned())
}

/// The group of a machine.
pub(crate) fn of_machine(mount: &Path, id: &str) -> PathBuf {
    mount.join(OURS).join(id)
}

fn hand_down(at: &Path, controllers: &[&str]) {
    for controller in controllers {
        let _stays_without = fs::write(at.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

/// The hierarchies; each controller is used where it is found first, version 1 before 2 since it cannot be in both.
fn find() -> Vec<Hierarchy> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut found: Vec<Hierarchy> = mounts.lines().filter_map(hierarchy).collect();
    found.retain(|hierarchy| !hierarchy.controllers.is_empty());
    found
}

/// One line of proc_pid_mountinfo(5), if it is a hierarchy: its version, its place, all of its controllers.
fn mount(line: &str) -> Option<(u8, PathBuf, String)> {
    let (left, right) = line.split_once(" - ")?;
    let at = PathBuf::from(left.split(' ').nth(4)?);
    let mut right = right.split(' ');
    let (version, has) = match right.next()? {
        "cgroup2" => (2, fs::read_to_string(at.join("cgroup.controllers")).unwrap_or_default().replace(' ', ",")),
        "cgroup" => (1, right.nth(1)?.to_owned()),
        _ => return None,
    };
    Some((version, at, has.trim().to_owned()))
}

/// The same with those of its controllers that are ours.
fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (version, at, has) = mount(line)?;
    let controllers = CONTROLLERS.into_iter().filter(|wanted| has.split(',').any(|c| c == *wanted)).collect();
    Some(Hierarchy { version, at, controllers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_with_two_processors_gets_two_periods() {
        let limits = Limits { vcpus: 2, memory: 1 << 30, processes: 100 };
        assert_eq!(settings(2, &["cpu"], &limits), [("cpu.max", String::from("200000 100000"))]);
        assert_eq!(settings(1, &["memory"], &limits), [("memory.limit_in_bytes", String::from("1073741824"))]);
    }

    #[test]
    fn hierarchies_are_read_from_the_mount_table() {
        let line = "30 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
        let found = hierarchy(line).expect("a hierarchy");
        assert_eq!((found.version, found.controllers), (1, vec!["memory"]));
        assert!(hierarchy("22 1 0:20 / /proc rw - proc proc rw").is_none());
    }
}
