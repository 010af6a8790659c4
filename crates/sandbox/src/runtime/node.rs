//! Node.js: any identifier runs on the `node` that is there, the one of that very major version if there is one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kogumo_base::Trouble;

use super::{Runtime, bins_below, home, is_system, keep, programs};
use crate::Mount;

const BOOTSTRAP: &str = include_str!("bootstrap.mjs");

/// The packages of the SDK within a folder of packages. What they need lies beside them.
const SDK: &str = "@aws-sdk";

/// The interpreter for `identifier`, ready to run.
pub(super) fn find(identifier: &str, folder: &Path) -> Result<Runtime, Trouble> {
    let bootstrap = folder.join("node/bootstrap.mjs");
    keep(&bootstrap, BOOTSTRAP)?;
    let found: Vec<(String, PathBuf)> = candidates().iter().filter_map(|program| ask(program)).collect();
    let wanted = major(identifier.trim_start_matches("nodejs"));
    let exact = found.iter().find(|(version, _)| major(version) == wanted);
    let (version, executable) = exact
        .or(found.first())
        .ok_or_else(|| Trouble::new(format!("no Node.js is on this machine to run {identifier}")))?;
    let mut notes = Vec::new();
    let description = format!("Node.js {version} ({})", executable.display());
    if exact.is_none() {
        notes.push(format!("{identifier} is not on this machine: its functions run on {description}"));
    }
    let mut mounts = vec![show(&bootstrap, "/var/runtime/bootstrap.mjs")];
    if !is_system(executable) {
        mounts.push(show(executable, &executable.display().to_string()));
    }
    match sdk(executable) {
        Some(modules) => mounts.push(show(&modules, "/var/runtime/node_modules")),
        None => notes.push(format!(
            "no AWS SDK for JavaScript is here: {identifier} functions need it in their package, or where NODE_PATH leads"
        )),
    }
    let modules =
        format!("/opt/nodejs/node{}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules", major(version));
    Ok(Runtime {
        mounts,
        argv: vec![executable.display().to_string(), "/var/runtime/bootstrap.mjs".to_owned()],
        env: vec![("NODE_PATH".to_owned(), modules)],
        description,
        notes,
    })
}

fn candidates() -> Vec<PathBuf> {
    let mut elsewhere = bins_below(&home().join(".nvm/versions/node"));
    elsewhere.extend(["/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    programs(&["node".to_owned(), "nodejs".to_owned()], &elsewhere)
}

/// The version and the real path of a `node`.
fn ask(program: &Path) -> Option<(String, PathBuf)> {
    let output = Command::new(program)
        .args(["-p", "process.versions.node + ' ' + process.execPath"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (version, path) = text.trim().split_once(' ')?;
    Some((version.to_owned(), PathBuf::from(path)))
}

/// `20` of `20.1.0` and of `20.x`.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// The folder of packages that holds the SDK: out of NODE_PATH, or where npm installs for all.
fn sdk(executable: &Path) -> Option<PathBuf> {
    let told = std::env::var_os("NODE_PATH");
    let mut folders: Vec<PathBuf> = told.iter().flat_map(std::env::split_paths).collect();
    folders.extend(executable.parent().and_then(Path::parent).map(|prefix| prefix.join("lib/node_modules")));
    folders.extend(["/usr/local/lib/node_modules", "/usr/share/node_modules"].map(PathBuf::from));
    folders.into_iter().find(|folder| folder.is_absolute() && folder.join(SDK).is_dir())
}

/// Whether functions in JavaScript find the AWS SDK without bringing it.
pub(super) fn has_sdk() -> bool {
    candidates().iter().filter_map(|program| ask(program)).any(|(_, executable)| sdk(&executable).is_some())
}

fn show(from: &Path, at: &str) -> Mount {
    Mount::Bind { from: from.into(), at: at.into(), writable: false }
}
