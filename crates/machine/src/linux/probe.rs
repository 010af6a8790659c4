//! What this machine lacks for machines. Each is found out by trying, or by the files that say so.

use std::fs;
use std::path::Path;

use kogumo_userns::{Standing, standing};

use super::block;
use crate::Lack;

/// The first kernel that lets those in a user namespace mount overlays.
const OVERLAYS_FOR_EVERYBODY: (u32, u32) = (5, 11);

/// Everything that is missing; looked at once.
pub(super) fn lacks(folder: &Path) -> Vec<Lack> {
    let overlay = ("overlayfs", file_system("overlay"), "the kernel has no overlay file system (CONFIG_OVERLAY_FS)");
    let processor = ("x86-64", cfg!(target_arch = "x86_64"), "the filter over system calls is written for x86-64 only");
    match standing() {
        Standing::Root => {
            let namespaces = (
                "user namespaces",
                user_namespaces(),
                "the kernel permits no user namespaces (user.max_user_namespaces)",
            );
            let devices = (
                "loop devices",
                Path::new("/dev/loop-control").exists(),
                "there is no /dev/loop-control: load the module loop",
            );
            let format = ("mkfs.ext4", block::program("mkfs.ext4").is_ok(), "mkfs.ext4 is missing: install e2fsprogs");
            let mut lacks = missing(&[processor, namespaces, overlay, devices, format]);
            if lacks.is_empty() {
                lacks.extend(not_idmappable(Path::new("/usr")).or_else(|| not_idmappable(folder)));
            }
            lacks
        }
        Standing::Namespace => {
            let kernel = (
                "overlays without root",
                version() >= Some(OVERLAYS_FOR_EVERYBODY),
                "the kernel is older than 5.11 and lets only root mount overlays",
            );
            missing(&[processor, overlay, kernel])
        }
        Standing::Ordinary => {
            let why = kogumo_userns::why_not().unwrap_or("there is none with enough users");
            let why = format!("instances run only where Kogumo runs as root, or in a user namespace of its own: {why}");
            vec![Lack { name: "root", why }]
        }
    }
}

fn missing(checks: &[(&'static str, bool, &str)]) -> Vec<Lack> {
    let missing = checks.iter().filter(|(_, here, _)| !here);
    missing.map(|(name, _, why)| Lack { name, why: (*why).to_owned() }).collect()
}

/// What keeps volumes from being devices.
pub(super) fn lacks_devices() -> Option<Lack> {
    let why =
        "volumes cannot be shown as devices of an instance where Kogumo runs without root: loop devices are root's";
    (standing() != Standing::Root).then(|| Lack { name: "loop devices", why: why.to_owned() })
}

/// The kernel's version, as far as it matters.
fn version() -> Option<(u32, u32)> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn user_namespaces() -> bool {
    let allowed = fs::read_to_string("/proc/sys/user/max_user_namespaces").unwrap_or_default();
    allowed.trim().parse::<u64>().is_ok_and(|count| count > 0)
}

/// proc_filesystems(5). One that is a module not yet loaded is loaded when it is first mounted.
fn file_system(name: &str) -> bool {
    let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let loaded = known.lines().any(|line| line.split_whitespace().last() == Some(name));
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    loaded || Path::new("/lib/modules").join(release).join(format!("kernel/fs/{name}fs")).exists()
}

/// File systems that can be shown with other owners (mount_setattr(2)); overlays, as in many containers, cannot.
fn not_idmappable(path: &Path) -> Option<Lack> {
    const OVERLAY: i64 = 0x794c_7630;
    let existing = path.ancestors().find(|path| path.exists())?;
    let kind = rustix::fs::statfs(existing).ok()?.f_type;
    (kind == OVERLAY).then(|| Lack {
        name: "idmapped mounts",
        why: format!(
            "{} is on an overlay (a container?), whose files cannot be shown with other owners",
            existing.display()
        ),
    })
}
