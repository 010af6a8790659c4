//! What programs need to run at all: the system's libraries, and the interpreters of this machine.

use std::path::{Path, PathBuf};

use crate::Mount;

/// Folders of programs and libraries that every sandbox sees, read-only.
const SYSTEM: [&str; 8] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/lib32",
    "/libx32",
    "/nix/store",
];

/// What of `/etc` a program needs to find libraries, names, certificates and the time.
const SETTINGS: [&str; 13] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/localtime",
    "/etc/protocols",
    "/etc/services",
];

/// The system's programs, libraries and settings, and a user list of the sandbox's own: no home, no root, no data.
pub fn system_mounts() -> Vec<Mount> {
    let shown = SYSTEM
        .iter()
        .chain(&SETTINGS)
        .map(Path::new)
        .filter_map(show);
    let users = "root:x:0:0:root:/:/sbin/nologin\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n";
    let groups = "root:x:0:\nsbx_user1051:x:990:\n";
    let own = [("/etc/passwd", users), ("/etc/group", groups)];
    let own = own.map(|(at, contents)| Mount::File {
        at: at.into(),
        contents: contents.to_owned(),
    });
    shown.chain(own).collect()
}

/// How a path of the host is shown at the same place: a link as a link where it leads to what is shown too.
fn show(path: &Path) -> Option<Mount> {
    let at = PathBuf::from(path);
    match path.read_link() {
        Ok(to) if SYSTEM.contains(&path.to_str()?) => Some(Mount::Link { at, to }),
        _ if path.exists() => Some(Mount::Bind {
            from: at.clone(),
            at,
            writable: false,
        }),
        _ => None,
    }
}
