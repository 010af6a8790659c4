//! The host's `/etc` for machines: what every user of the host may read, without what is about this one host.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use kogumo_base::Trouble;

/// About this host, its people and its secrets; or made anew for each machine.
const LEFT_OUT: [&str; 40] = [
    "passwd",
    "passwd-",
    "shadow",
    "shadow-",
    "group",
    "group-",
    "gshadow",
    "gshadow-",
    "subuid",
    "subuid-",
    "subgid",
    "subgid-",
    "hostname",
    "hosts",
    "resolv.conf",
    "mtab",
    "fstab",
    "machine-id",
    "environment",
    "sysctl.conf",
    "sysctl.d",
    "ssh",
    "sudoers.d",
    "sudoers",
    "cron.d",
    "cron.daily",
    "cron.hourly",
    "cron.weekly",
    "cron.monthly",
    "crontab",
    "systemd",
    "init.d",
    "rc0.d",
    "rc1.d",
    "rc2.d",
    "rc3.d",
    "rc4.d",
    "rc5.d",
    "rc6.d",
    "rcS.d",
];
/// Below these, too: keys, logins of registries, networks, clusters.
const SECRET: [&str; 12] = [
    "ssl/private",
    "letsencrypt",
    "docker",
    "kubernetes",
    "rancher",
    "NetworkManager",
    "wireguard",
    "netplan",
    "wpa_supplicant",
    "apt/auth.conf",
    "apt/auth.conf.d",
    "rc.local",
];
/// No file of configuration is larger.
const LARGEST: u64 = 4 << 20;
const DEEPEST: usize = 12;

/// Copies it. A file that vanishes or cannot be read is left out.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Trouble> {
    make(to, 0o755)?;
    copy_folder(from, to, Path::new(""), DEEPEST)
}

fn copy_folder(from: &Path, to: &Path, below: &Path, depth: usize) -> Result<(), Trouble> {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let name = below.join(entry.file_name());
        let Ok(meta) = fs::symlink_metadata(entry.path()) else { continue };
        if is_left_out(&name) || !everybody_reads(&meta) {
            continue;
        }
        let at = to.join(entry.file_name());
        if meta.is_symlink() {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            let _there_already = symlink(target, &at);
        } else if meta.is_dir() && depth > 0 {
            make(&at, meta.mode() & 0o7777)?;
            copy_folder(&entry.path(), &at, &name, depth - 1)?;
        } else if meta.is_file() && meta.len() <= LARGEST {
            let copied = fs::read(entry.path()).and_then(|bytes| fs::write(&at, bytes));
            let mode = fs::Permissions::from_mode(meta.mode() & 0o7777);
            if let Err(error) = copied.and_then(|()| fs::set_permissions(&at, mode)) {
                return Err(Trouble::from_cause(format!("cannot copy {}", entry.path().display()), error));
            }
        }
    }
    Ok(())
}

fn is_left_out(name: &Path) -> bool {
    LEFT_OUT.iter().chain(&SECRET).any(|left_out| name == Path::new(left_out))
}

/// Of a link the target's own mode counts, wherever it is read.
fn everybody_reads(meta: &Metadata) -> bool {
    let needed = if meta.is_dir() { 0o005 } else { 0o004 };
    meta.is_symlink() || meta.mode() & needed == needed
}

pub(super) fn make(folder: &Path, mode: u32) -> Result<(), Trouble> {
    let made = fs::create_dir_all(folder).and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(mode)));
    made.map_err(|e| Trouble::from_cause(format!("cannot make {}", folder.display()), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay() {
        let folder = std::env::temp_dir().join(format!("kogumo-etc-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::create_dir_all(from.join("ssl/private")).expect("a folder");
        for (name, mode) in [("shadow", 0o644), ("secret", 0o600), ("motd", 0o644), ("ssl/private/key", 0o644)] {
            fs::write(from.join(name), name).expect("a file");
            fs::set_permissions(from.join(name), fs::Permissions::from_mode(mode)).expect("a mode");
        }
        copy(&from, &to).expect("a copy");
        let is = |name: &str| to.join(name).exists();
        assert_eq!(
            (is("motd"), is("shadow"), is("secret"), is("ssl"), is("ssl/private")),
            (true, false, false, true, false)
        );
        fs::remove_dir_all(folder).expect("gone");
    }
}
