//! The processors that a machine sees in sysfs: its type's, two threads to a core, and not this host's. lscpu(1) and
//! sysconf(3) look there.
//! <https://www.kernel.org/doc/html/latest/admin-guide/cputopology.html>

use std::fs;
use std::io;
use std::path::Path;

/// The folder of sysfs that ours lies over.
pub(super) const FOLDER: &str = "sys/devices/system/cpu";

/// Writes the folder for so many processors.
pub(super) fn write(folder: &Path, count: u32) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for name in ["online", "possible", "present"] {
        fs::write(folder.join(name), line(&list(0, count)))?;
    }
    fs::write(folder.join("offline"), "\n")?;
    fs::write(folder.join("kernel_max"), line(&(count.max(1) - 1).to_string()))?;
    for number in 0..count {
        let topology = folder.join(format!("cpu{number}/topology"));
        fs::create_dir_all(&topology)?;
        for (name, text) in topology_of(number, count) {
            fs::write(topology.join(name), line(&text))?;
        }
    }
    Ok(())
}

/// One socket; its cores have two threads each, as AWS's have.
fn topology_of(number: u32, count: u32) -> Vec<(&'static str, String)> {
    let threads = if count.is_multiple_of(2) { 2 } else { 1 };
    let core = number / threads;
    let (own, all) = ((core * threads, threads), (0, count));
    vec![
        ("physical_package_id", "0".into()),
        ("core_id", core.to_string()),
        ("core_cpus", mask(own.0, own.1, count)),
        ("core_cpus_list", list(own.0, own.1)),
        ("thread_siblings", mask(own.0, own.1, count)),
        ("thread_siblings_list", list(own.0, own.1)),
        ("package_cpus", mask(all.0, all.1, count)),
        ("package_cpus_list", list(all.0, all.1)),
        ("core_siblings", mask(all.0, all.1, count)),
        ("core_siblings_list", list(all.0, all.1)),
    ]
}

fn line(text: &str) -> String {
    format!("{text}\n")
}

/// `0-3`, or `0` for one.
fn list(first: u32, count: u32) -> String {
    match count {
        0 | 1 => first.to_string(),
        _ => format!("{first}-{}", first + count - 1),
    }
}

/// A bit for each processor, in groups of eight hexadecimal digits as wide as all processors need; the highest first.
fn mask(first: u32, count: u32, all: u32) -> String {
    let bit = |number: u32| number >= first && number < first + count;
    let group = |group: u32| {
        let bits = (0..32).filter(|at| bit(group * 32 + at)).fold(0u32, |bits, at| bits | 1 << at);
        format!("{bits:08x}")
    };
    (0..all.div_ceil(32).max(1)).rev().map(group).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_to_a_core() {
        let of = |number, count, name| {
            let found = topology_of(number, count).into_iter().find(|(known, _)| *known == name);
            found.map(|(_, text)| text).unwrap_or_default()
        };
        assert_eq!(of(3, 4, "core_id"), "1");
        assert_eq!((of(3, 4, "core_cpus_list"), of(3, 4, "core_cpus")), ("2-3".into(), "0000000c".into()));
        assert_eq!((of(0, 1, "core_cpus_list"), of(0, 1, "package_cpus")), ("0".into(), "00000001".into()));
        assert_eq!(of(40, 48, "core_cpus"), "00000300,00000000");
    }
}
