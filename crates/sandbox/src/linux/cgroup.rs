//! Control groups: memory, processes, share of the processors, freezing. Both versions of the interface, and both at once
//! ("hybrid"): for each power the group that has it is used, version 2 before version 1 (cgroups(7)).

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kogumo_base::Trouble;

use crate::{Limits, Usage};

/// The folder below a hierarchy's root that holds everything of ours.
const OURS: &str = "kogumo";
/// How long a frozen or emptied group may take to settle.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often our folder may be taken away from under a group that is about to be made in it.
const TRIES: u32 = 20;

/// What a control group can do for a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Power {
    Memory,
    Processes,
    Cpu,
    Freeze,
}

const POWERS: [Power; 4] = [Power::Memory, Power::Processes, Power::Cpu, Power::Freeze];

impl Power {
    /// The controller's name. Freezing is not a controller in version 2: every group can.
    fn controller(self) -> &'static str {
        match self {
            Power::Memory => "memory",
            Power::Processes => "pids",
            Power::Cpu => "cpu",
            Power::Freeze => "freezer",
        }
    }
}

/// A mounted hierarchy of control groups that we may make groups in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub version: u8,
    /// Where our groups lie: `<mount>/…/kogumo`.
    pub ours: PathBuf,
    pub powers: Vec<Power>,
}

/// The hierarchies that this server may use; each power appears at most once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hierarchies(pub Vec<Hierarchy>);

impl Hierarchies {
    /// Finds them, and makes our folder in each.
    pub fn find() -> Hierarchies {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mut found = Hierarchies::default();
        let mut mounted = mounted(&mounts);
        mounted.sort_by_key(|mounted| std::cmp::Reverse(mounted.version));
        for mounted in mounted {
            let wanted: Vec<Power> = POWERS.into_iter().filter(|power| !found.has(*power)).collect();
            let own = own_path(&own, &mounted);
            // At the top if we may; else below the group that somebody gave us.
            let places = [mounted.at.clone(), mounted.at.join(own)];
            if let Some(hierarchy) = places.iter().find_map(|place| usable(&mounted, place, &wanted)) {
                found.0.push(hierarchy);
            }
        }
        found
    }

    pub fn has(&self, power: Power) -> bool {
        self.0.iter().any(|hierarchy| hierarchy.powers.contains(&power))
    }
}

/// One line of the mount table that is a cgroup hierarchy.
#[derive(Debug, PartialEq, Eq)]
struct Mounted {
    version: u8,
    at: PathBuf,
    /// Version 1 only: the controllers of this hierarchy.
    controllers: Vec<String>,
}

/// The hierarchies in a text of proc_pid_mountinfo(5).
fn mounted(mounts: &str) -> Vec<Mounted> {
    let one = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let at = PathBuf::from(left.split(' ').nth(4)?);
        let mut right = right.split(' ');
        match (right.next()?, right.nth(1)) {
            ("cgroup2", _) => Some(Mounted { version: 2, at, controllers: Vec::new() }),
            ("cgroup", Some(options)) => {
                Some(Mounted { version: 1, at, controllers: options.split(',').map(str::to_owned).collect() })
            }
            _ => None,
        }
    };
    mounts.lines().filter_map(one).collect()
}

/// The path of the group that this process is in, in that hierarchy, from proc_pid_cgroup(5).
fn own_path<'a>(own: &'a str, mounted: &Mounted) -> &'a str {
    let mut lines = own.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        Some((parts.next()?, parts.next()?))
    });
    let found = lines.find(|(controllers, _)| match mounted.version {
        2 => controllers.is_empty(),
        _ => controllers.split(',').any(|controller| mounted.controllers.iter().any(|c| c == controller)),
    });
    found.map_or("", |(_, path)| path.trim_start_matches('/'))
}

/// Makes our folder at `place` and answers what it can do of what is wanted.
fn usable(mounted: &Mounted, place: &Path, wanted: &[Power]) -> Option<Hierarchy> {
    let ours = place.join(OURS);
    let powers: Vec<Power> = match mounted.version {
        2 => {
            hand_down(place, wanted);
            make(&ours).ok()?;
            hand_down(&ours, wanted);
            let given = fs::read_to_string(ours.join("cgroup.subtree_control")).unwrap_or_default();
            let can = |power: &Power| match power {
                Power::Freeze => true,
                power => given.split_whitespace().any(|controller| controller == power.controller()),
            };
            wanted.iter().copied().filter(can).collect()
        }
        _ => {
            let can = |power: &Power| mounted.controllers.iter().any(|c| c == power.controller());
            wanted.iter().copied().filter(can).collect()
        }
    };
    if powers.is_empty() {
        return None;
    }
    make(&ours).ok()?;
    // Whether groups can be made in it shows only in the making.
    let trial = ours.join(format!("trial-{}", std::process::id()));
    make(&trial).and_then(|()| fs::remove_dir(&trial)).ok()?;
    leave(&ours);
    Some(Hierarchy { version: mounted.version, ours, powers })
}

/// Version 2: lets the groups below `place` have the controllers. Where it can't be done, the controller stays without.
fn hand_down(place: &Path, wanted: &[Power]) {
    for power in wanted.iter().filter(|power| **power != Power::Freeze) {
        let _stays_without = fs::write(place.join("cgroup.subtree_control"), format!("+{}", power.controller()));
    }
}

fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Removes our folder if nothing is in it any more: it is made again when needed.
fn leave(ours: &Path) {
    let _still_used = fs::remove_dir(ours);
}

impl Hierarchy {
    /// Makes a group in our folder, and that folder if it isn't there. Another sandbox that ends may be taking it away.
    fn make_group(&self, folder: &Path) -> io::Result<()> {
        let mut tries = 0;
        loop {
            match fs::create_dir(folder) {
                Err(e) if e.kind() == ErrorKind::NotFound && tries < TRIES => tries += 1,
                Err(e) if e.kind() == ErrorKind::AlreadyExists => return Ok(()),
                other => return other,
            }
            if fs::create_dir(&self.ours).is_ok() && self.version == 2 {
                hand_down(&self.ours, &self.powers);
            }
        }
    }
}

/// The control groups of one sandbox, one in each hierarchy.
#[derive(Debug)]
pub(crate) struct Groups(Vec<Group>);

#[derive(Debug)]
struct Group {
    version: u8,
    folder: PathBuf,
    powers: Vec<Power>,
}

impl Group {
    fn write(&self, file: &str, value: impl ToString) -> Result<(), Trouble> {
        let path = self.folder.join(file);
        fs::write(&path, value.to_string())
            .map_err(|e| Trouble::from_cause(format!("cannot write {}", path.display()), e))
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }

    /// The number behind `name` in a file of names and numbers.
    fn number(&self, file: &str, name: &str) -> u64 {
        let text = self.read(file);
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
        value.unwrap_or(0)
    }

    /// Sets the limits that this group has power over.
    fn limit(&self, limits: &Limits, scratch: u64) -> Result<(), Trouble> {
        // Files in scratch folders are memory too, for the kernel: what is beyond `limits.memory` without them is found
        // out by looking (`usage`); this is the wall behind that.
        let memory = limits.memory.saturating_add(scratch);
        for power in &self.powers {
            match (power, self.version) {
                (Power::Memory, 2) => {
                    self.write("memory.max", memory)?;
                    self.write("memory.oom.group", 1)?;
                    // Without swap in the kernel the file isn't there, and needn't be.
                    let _no_swap = self.write("memory.swap.max", 0);
                }
                (Power::Memory, _) => {
                    self.write("memory.limit_in_bytes", memory)?;
                    self.write("memory.swappiness", 0)?;
                }
                (Power::Processes, _) => self.write("pids.max", limits.processes)?,
                (Power::Cpu, 2) => self.write("cpu.weight", limits.cpu_weight)?,
                // The kernel's own conversion: 100 is 1024 (kernel/sched/core.c, cpu_weight).
                (Power::Cpu, _) => self.write("cpu.shares", (limits.cpu_weight * 1024 / 100).max(2))?,
                (Power::Freeze, _) => {}
            }
        }
        Ok(())
    }
}

impl Groups {
    /// Makes the groups called `name` and sets their limits. On failure nothing is left.
    pub fn make(
        hierarchies: &Hierarchies,
        server: &str,
        name: &str,
        limits: &Limits,
        scratch: u64,
    ) -> Result<Groups, Trouble> {
        let mut groups = Groups(Vec::new());
        for hierarchy in &hierarchies.0 {
            let folder = hierarchy.ours.join(format!("{server}-{name}"));
            let group = Group { version: hierarchy.version, folder, powers: hierarchy.powers.clone() };
            let made = hierarchy
                .make_group(&group.folder)
                .map_err(|e| Trouble::from_cause(format!("cannot make {}", group.folder.display()), e))
                .and_then(|()| group.limit(limits, scratch));
            groups.0.push(group);
            if let Err(trouble) = made {
                groups.remove();
                return Err(trouble);
            }
        }
        Ok(groups)
    }

    /// The files to write a process to, so that it joins.
    pub fn doors(&self) -> Vec<PathBuf> {
        self.0.iter().map(|group| group.folder.join("cgroup.procs")).collect()
    }

    fn with(&self, power: Power) -> Option<&Group> {
        self.0.iter().find(|group| group.powers.contains(&power))
    }

    pub fn can_freeze(&self) -> bool {
        self.with(Power::Freeze).is_some()
    }

    /// Freezes or thaws, and waits until it is so.
    pub fn set_frozen(&self, frozen: bool) -> Result<(), Trouble> {
        let Some(group) = self.with(Power::Freeze) else {
            return Err(Trouble::new("no control group here can freeze"));
        };
        let reached: fn(&Group, bool) -> bool = match group.version {
            2 => |group, frozen| group.number("cgroup.events", "frozen") == u64::from(frozen),
            _ => |group, frozen| group.read("freezer.state").trim() == if frozen { "FROZEN" } else { "THAWED" },
        };
        match group.version {
            2 => group.write("cgroup.freeze", u8::from(frozen))?,
            _ => group.write("freezer.state", if frozen { "FROZEN" } else { "THAWED" })?,
        }
        if frozen && !settles(|| reached(group, frozen)) {
            return Err(Trouble::new(format!("{} does not freeze", group.folder.display())));
        }
        Ok(())
    }

    /// Kills every process in the groups, where the kernel has one call for it (version 2).
    pub fn kill(&self) {
        for group in self.0.iter().filter(|group| group.version == 2) {
            let _older_kernel = group.write("cgroup.kill", 1);
        }
    }

    /// What the groups use now; `None` where memory isn't counted.
    pub fn usage(&self) -> Option<Usage> {
        let group = self.with(Power::Memory)?;
        let memory = match group.version {
            2 => group.number("memory.stat", "anon"),
            _ => group.number("memory.stat", "total_rss"),
        };
        let processes =
            self.with(Power::Processes).map_or(0, |pids| pids.read("pids.current").trim().parse().unwrap_or(0));
        Some(Usage { memory, peak_memory: memory, processes })
    }

    /// An upper bound of `usage().memory` that costs little: everything that is charged.
    pub fn charged(&self) -> Option<u64> {
        let group = self.with(Power::Memory)?;
        let file = if group.version == 2 { "memory.current" } else { "memory.usage_in_bytes" };
        group.read(file).trim().parse().ok()
    }

    /// Whether the kernel has killed in these groups for want of memory.
    pub fn out_of_memory(&self) -> bool {
        let Some(group) = self.with(Power::Memory) else {
            return false;
        };
        let file = if group.version == 2 { "memory.events" } else { "memory.oom_control" };
        group.number(file, "oom_kill") > 0
    }

    /// Removes the groups; their processes must be dead, though the kernel may still be busy with the last of them.
    pub fn remove(&self) -> Vec<Trouble> {
        let troubles = self.0.iter().filter_map(|group| remove_group(&group.folder).err()).collect();
        self.0.iter().filter_map(|group| group.folder.parent()).for_each(leave);
        troubles
    }
}

fn remove_group(folder: &Path) -> Result<(), Trouble> {
    let mut last = None;
    let gone = settles(|| match fs::remove_dir(folder) {
        Ok(()) => true,
        Err(e) if e.kind() == ErrorKind::NotFound => true,
        Err(e) => {
            last = Some(e);
            false
        }
    });
    match (gone, last) {
        (false, Some(e)) => Err(Trouble::from_cause(format!("cannot remove {}", folder.display()), e)),
        _ => Ok(()),
    }
}

/// Asks again and again, for a while, more and more slowly.
fn settles(mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    let mut pause = Duration::from_micros(20);
    while !done() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    true
}

/// Removes groups of servers that live no more, with whatever still runs in them. `lives` knows a server by the name
/// that it gave its groups.
pub(crate) fn sweep(hierarchies: &Hierarchies, lives: impl Fn(&str) -> bool) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for hierarchy in &hierarchies.0 {
        let Ok(entries) = fs::read_dir(&hierarchy.ours) else {
            continue;
        };
        let groups = entries.flatten().filter(|entry| entry.path().is_dir());
        for entry in groups.filter(|entry| !lives(&entry.file_name().to_string_lossy())) {
            let group = Group { version: hierarchy.version, folder: entry.path(), powers: hierarchy.powers.clone() };
            kill_all(&group);
            troubles.extend(remove_group(&group.folder).err());
        }
        leave(&hierarchy.ours);
    }
    troubles
}

fn kill_all(group: &Group) {
    let groups =
        Groups(vec![Group { version: group.version, folder: group.folder.clone(), powers: group.powers.clone() }]);
    groups.kill();
    for pid in group
        .read("cgroup.procs")
        .lines()
        .filter_map(|line| line.parse().ok())
        .filter_map(rustix::process::Pid::from_raw)
    {
        let _ended_already = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    if groups.can_freeze() {
        let _never_frozen = groups.set_frozen(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
31 24 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
34 31 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
35 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
36 31 0:32 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn hierarchies_of_a_mount_table() {
        let found = mounted(HYBRID);
        let seen: Vec<_> = found.iter().map(|m| (m.version, m.at.to_str().unwrap_or(""))).collect();
        let expected = [(1, "/sys/fs/cgroup/memory"), (1, "/sys/fs/cgroup/cpu,cpuacct"), (2, "/sys/fs/cgroup/unified")];
        assert_eq!(seen, expected);
        let own = "8:pids:/\n4:cpu,cpuacct:/a/b\n3:memory:/box/1\n0::/user.slice\n";
        let paths: Vec<_> = found.iter().map(|m| own_path(own, m)).collect();
        assert_eq!(paths, ["box/1", "a/b", "user.slice"]);
    }

    /// Version 2's memory controller can't be had on every machine of ours; which files get which values can be shown.
    #[test]
    fn limits_of_version_2() {
        let folder = std::env::temp_dir().join(format!("kogumo-cgroup-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let powers = vec![Power::Memory, Power::Processes, Power::Cpu, Power::Freeze];
        let group = Group { version: 2, folder: folder.clone(), powers };
        let limits = Limits { memory: 1000, processes: 7, open_files: 9, cpu_weight: 50 };
        group.limit(&limits, 24).expect("limits are written");
        let read = |file| fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert_eq!([read("memory.max"), read("pids.max"), read("cpu.weight")], ["1024", "7", "50"]);
        fs::write(folder.join("memory.stat"), "anon 77\nfile 88\n").expect("written");
        fs::write(folder.join("memory.events"), "oom 1\noom_kill 1\n").expect("written");
        let groups = Groups(vec![group]);
        assert_eq!(groups.usage().map(|usage| usage.memory), Some(77));
        assert!(groups.out_of_memory());
        fs::remove_dir_all(&folder).expect("removed");
    }
}
