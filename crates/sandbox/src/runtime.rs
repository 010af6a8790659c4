//! What programs need to run at all: the system's libraries, and the interpreters of this machine.

mod node;
mod python;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kogumo_base::Trouble;

use crate::Mount;

/// Folders of programs and libraries that every sandbox sees, read-only.
const SYSTEM: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32", "/nix/store"];

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

/// Whether functions in JavaScript find the AWS SDK on this machine, as Lambda's own runtimes have it.
pub fn has_javascript_sdk() -> bool {
    node::has_sdk()
}

/// The system's programs, libraries and settings, and a user list of the sandbox's own: no home, no root, no data.
pub fn system_mounts() -> Vec<Mount> {
    let shown = SYSTEM.iter().chain(&SETTINGS).map(Path::new).filter_map(show);
    let users = "root:x:0:0:root:/:/sbin/nologin\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n";
    let groups = "root:x:0:\nsbx_user1051:x:990:\n";
    let own = [("/etc/passwd", users), ("/etc/group", groups)];
    let own = own.map(|(at, contents)| Mount::File { at: at.into(), contents: contents.to_owned() });
    shown.chain(own).collect()
}

/// How a path of the host is shown at the same place: a folder that is only a link (`/bin` to `usr/bin`) as a link.
fn show(path: &Path) -> Option<Mount> {
    let at = PathBuf::from(path);
    match path.read_link() {
        Ok(to) if SYSTEM.contains(&path.to_str()?) => Some(Mount::Link { at, to }),
        _ if path.exists() => Some(Mount::Bind { from: at.clone(), at, writable: false }),
        _ => None,
    }
}

/// Whether every sandbox sees this path anyway.
fn is_system(path: &Path) -> bool {
    SYSTEM.iter().any(|folder| path.starts_with(folder))
}

/// What runs the functions of one runtime identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// What the program sees beside `system_mounts`.
    pub mounts: Vec<Mount>,
    /// The program and its arguments; the function's settings are in the environment (`_HANDLER` and others).
    pub argv: Vec<String>,
    /// Environment variables that belong to this runtime.
    pub env: Vec<(String, String)>,
    /// What really runs: `Python 3.11.7 (/usr/bin/python3.11)`.
    pub description: String,
    /// What a user should know once: another version than the identifier names, or an SDK that isn't there.
    pub notes: Vec<String>,
}

/// The kinds of runtime that are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Python,
    Node,
    /// The function brings a `bootstrap` of its own.
    Provided,
}

impl Kind {
    /// The kind behind an identifier such as `python3.12`, `nodejs22.x`, `provided.al2023`; `None` for others.
    pub fn of(identifier: &str) -> Option<Kind> {
        match identifier {
            _ if identifier.starts_with("python3") => Some(Kind::Python),
            _ if identifier.starts_with("nodejs") && !identifier.ends_with("-edge") => Some(Kind::Node),
            "provided" | "provided.al2" | "provided.al2023" => Some(Kind::Provided),
            _ => None,
        }
    }
}

/// The interpreters of this machine, looked for when first needed and then remembered.
pub struct Runtimes {
    /// Where prepared bootstraps are kept.
    folder: PathBuf,
    known: Mutex<BTreeMap<String, Arc<Runtime>>>,
}

impl Runtimes {
    /// `folder` is the server's own, for what is prepared once and used often; it is made when needed.
    pub fn new(folder: impl Into<PathBuf>) -> Runtimes {
        Runtimes { folder: folder.into(), known: Mutex::default() }
    }

    /// What runs that identifier here. The first time takes as long as an interpreter takes to start.
    ///
    /// # Errors
    /// If no interpreter of that kind is on this machine, or the kind isn't built; the message says which.
    pub fn get(&self, identifier: &str) -> Result<Arc<Runtime>, Trouble> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = known.get(identifier) {
            return Ok(Arc::clone(runtime));
        }
        let runtime = match Kind::of(identifier) {
            Some(Kind::Python) => python::find(identifier, &self.folder)?,
            Some(Kind::Node) => node::find(identifier, &self.folder)?,
            Some(Kind::Provided) => provided(),
            None => {
                return Err(Trouble::new(format!("the runtime {identifier} is not implemented")));
            }
        };
        let runtime = Arc::new(runtime);
        known.insert(identifier.to_owned(), Arc::clone(&runtime));
        Ok(runtime)
    }
}

/// A function that brings its own bootstrap, in its code or in a layer: whichever is there, in that order.
fn provided() -> Runtime {
    let choose = "for b in /var/runtime/bootstrap /var/task/bootstrap /opt/bootstrap; do [ -x $b ] && exec $b; done; \
                  echo \"Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]\" >&2; exit 127";
    Runtime {
        mounts: Vec::new(),
        argv: ["/bin/sh", "-c", choose].map(str::to_owned).to_vec(),
        env: Vec::new(),
        description: "the function's own bootstrap".to_owned(),
        notes: Vec::new(),
    }
}

/// A program of these names, from `PATH` and then from other usual places.
fn programs(names: &[String], elsewhere: &[PathBuf]) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).chain(elsewhere.iter().cloned()).collect();
    let mut found = Vec::new();
    for name in names {
        found.extend(folders.iter().map(|folder| folder.join(name)).filter(|program| program.is_file()));
    }
    found
}

/// The folders `<base>/<anything>/bin`, newest-looking names first: how version managers lay interpreters out.
fn bins_below(base: &Path) -> Vec<PathBuf> {
    let Ok(entries) = base.read_dir() else {
        return Vec::new();
    };
    let mut bins: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path().join("bin")).filter(|bin| bin.is_dir()).collect();
    bins.sort_unstable_by(|a, b| b.cmp(a));
    bins
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map(PathBuf::from).unwrap_or_else(|| PathBuf::from("/"))
}

/// Writes a file whole or not at all, unless it is there already with these contents.
fn keep(path: &Path, contents: &str) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot write {}", path.display()), e);
    if std::fs::read_to_string(path).is_ok_and(|there| there == contents) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let temporary = path.with_extension(format!("new-{}", std::process::id()));
    std::fs::write(&temporary, contents).and_then(|()| std::fs::rename(&temporary, path)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        assert_eq!(Kind::of("python3.7"), Some(Kind::Python));
        assert_eq!(Kind::of("nodejs24.x"), Some(Kind::Node));
        assert_eq!(Kind::of("provided.al2023"), Some(Kind::Provided));
        for other in ["python2.7", "java21", "nodejs4.3-edge", "", "provided.al"] {
            assert_eq!(Kind::of(other), None, "{other}");
        }
    }

    #[test]
    fn what_cannot_run_says_so() {
        let refused = Runtimes::new("/nowhere").get("cobol85").map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(refused, Err("the runtime cobol85 is not implemented".to_owned()));
    }
}
