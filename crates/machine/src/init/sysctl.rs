//! The kernel's settings of the machine's own network, as `/etc/sysctl.conf` and `/etc/sysctl.d` want them (sysctl.d(5)).

use std::fs;
use std::path::{Path, PathBuf};

use super::boot::tell;

/// Applies them, in the order of their names; `/etc/sysctl.conf` comes last.
pub(super) fn apply() {
    let folder = fs::read_dir("/etc/sysctl.d").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = folder.filter(|path| path.extension().is_some_and(|end| end == "conf")).collect();
    files.sort();
    files.push("/etc/sysctl.conf".into());
    for text in files.iter().filter_map(|file| fs::read_to_string(file).ok()) {
        for (name, value) in settings(&text) {
            let path = Path::new("/proc/sys").join(name.replace('.', "/"));
            // What this kernel does not have is no error.
            if path.exists() {
                tell(name, fs::write(&path, value));
            }
        }
    }
}

/// The settings of a file that are the network's: everything else is the host's.
fn settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let pairs = lines.filter_map(|line| line.trim_start_matches('-').split_once('='));
    let pairs = pairs.map(|(name, value)| (name.trim(), value.trim()));
    pairs.filter(|(name, _)| name.starts_with("net.") && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_network_are_read() {
        let text =
            "# net.ipv4.a = 1\n; b\nkernel.panic = 1\nnet.ipv4.ip_forward=1\n -net.ipv6.c = 2 \nnet.ipv4.x/../../y=1\n";
        assert_eq!(settings(text).collect::<Vec<_>>(), [("net.ipv4.ip_forward", "1"), ("net.ipv6.c", "2")]);
    }
}
