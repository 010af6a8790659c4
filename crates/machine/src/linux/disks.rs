//! The disks that a machine sees: its own volumes under the names that they have there, and not this host's. Programs such
//! as lsblk(8) read them in `/sys/block` and `/proc/partitions`, which the kernel shows to everybody alike: folders and a
//! file of ours lie over those (see `keeper::figures`), in which this room writes what sysfs would say.

use std::fmt::Write;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{major, minor};

use super::throttle::block;

/// What is shown of a device as the host's sysfs says it.
const SAME: [&str; 5] = ["size", "ro", "removable", "queue/logical_block_size", "queue/physical_block_size"];

/// Shows a disk to the machine whose root that is; one that is shown already is shown as it is now.
///
/// # Errors
/// The device or the machine has gone.
pub(super) fn show(root: &Path, name: &str, device: &Path) -> io::Result<()> {
    let number = rustix::fs::stat(device)?.st_rdev;
    let number = format!("{}:{}", major(number), minor(number));
    let own = disks(root).join(name);
    fs::create_dir_all(own.join("queue"))?;
    for file in SAME {
        fs::write(own.join(file), fs::read_to_string(block(device).join(file))?)?;
    }
    fs::write(own.join("queue/rotational"), "0\n")?;
    fs::write(own.join("dev"), format!("{number}\n"))?;
    link(name, &root.join("sys/class/block").join(name))?;
    link(name, &root.join("sys/dev/block").join(number))?;
    write_partitions(root)
}

/// Shows it no more. What is not shown is no error.
pub(super) fn hide(root: &Path, name: &str) {
    let number = fs::read_to_string(disks(root).join(name).join("dev")).unwrap_or_default();
    let _not_shown = fs::remove_file(root.join("sys/class/block").join(name));
    if !number.is_empty() {
        let _not_shown = fs::remove_file(root.join("sys/dev/block").join(number.trim()));
    }
    let _not_shown = fs::remove_dir_all(disks(root).join(name));
    let _machine_gone = write_partitions(root);
}

fn disks(root: &Path) -> PathBuf {
    root.join("sys/block")
}

fn link(name: &str, at: &Path) -> io::Result<()> {
    match symlink(Path::new("../../block").join(name), at) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

/// `/proc/partitions` (proc_partitions(5)): written over in place, as it is a mount.
fn write_partitions(root: &Path) -> io::Result<()> {
    let mut text = String::from("major minor  #blocks  name\n\n");
    let mut names: Vec<_> = fs::read_dir(disks(root))?.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let read = |file: &str| fs::read_to_string(disks(root).join(&name).join(file)).unwrap_or_default();
        let sectors: u64 = read("size").trim().parse().unwrap_or_default();
        let dev = read("dev");
        let (major, minor) = dev.trim().split_once(':').unwrap_or_default();
        // Writing into a string does not fail.
        let _ = writeln!(text, "{major:>4} {minor:>8} {:>10} {}", sectors / 2, name.to_string_lossy());
    }
    fs::write(root.join("proc/partitions"), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_come_and_go() {
        let root = std::env::temp_dir().join(format!("kogumo-disks-{}", std::process::id()));
        for folder in ["sys/block/xvdf", "sys/class/block", "sys/dev/block", "proc"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        fs::write(root.join("sys/block/xvdf/size"), "2097152\n").expect("a file");
        fs::write(root.join("sys/block/xvdf/dev"), "7:3\n").expect("a file");
        link("xvdf", &root.join("sys/dev/block/7:3")).expect("a link");
        write_partitions(&root).expect("partitions");
        let text = fs::read_to_string(root.join("proc/partitions")).expect("partitions");
        assert_eq!(text.lines().last(), Some("   7        3    1048576 xvdf"));
        hide(&root, "xvdf");
        assert_eq!(fs::read_to_string(root.join("proc/partitions")).expect("partitions").lines().count(), 2);
        assert!(!root.join("sys/dev/block/7:3").is_symlink());
        fs::remove_dir_all(root).expect("gone");
    }
}
