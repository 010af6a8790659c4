//! Python: any identifier runs on the interpreter that is there, the one of that very version if there is one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kogumo_base::Trouble;
use serde::Deserialize;

use super::{Runtime, bins_below, home, is_system, keep, programs};
use crate::Mount;

const BOOTSTRAP: &str = include_str!("bootstrap.py");
const PROBE: &str = include_str!("probe.py");

/// What an interpreter says about itself (`probe.py`).
#[derive(Debug, Deserialize)]
struct Interpreter {
    executable: PathBuf,
    version: Vec<u32>,
    prefixes: Vec<PathBuf>,
    /// Its folders of installed packages: hidden, since Lambda has none of them.
    libraries: Vec<PathBuf>,
    /// The packages that Lambda does bring, and where they are here.
    sdk: BTreeMap<String, PathBuf>,
    bootstrap: PathBuf,
}

/// The interpreter for `identifier`, ready to run: of that version if it has boto3, else any that has, since most
/// functions import it; else of that version, else any.
pub(super) fn find(identifier: &str, folder: &Path) -> Result<Runtime, Trouble> {
    let folder = folder.join("python");
    keep(&folder.join("bootstrap.py"), BOOTSTRAP)?;
    keep(&folder.join("probe.py"), PROBE)?;
    let mut best: Option<Interpreter> = None;
    for program in candidates(identifier) {
        let Some(found) = ask(&program, &folder).filter(|found| !exposes_home(&found.prefixes)) else {
            continue;
        };
        let has_sdk = found.has_sdk();
        if best.is_none() || has_sdk {
            best = Some(found);
        }
        if has_sdk {
            break;
        }
    }
    let best = best.ok_or_else(|| Trouble::new(format!("no Python 3 is on this machine to run {identifier}")))?;
    Ok(runtime(identifier, &best))
}

impl Interpreter {
    fn has_sdk(&self) -> bool {
        self.sdk.contains_key("boto3")
    }
}

/// Programs to try: the identifier's own version wherever it is, then the usual Python, then any.
fn candidates(identifier: &str) -> Vec<PathBuf> {
    let managers = [".pyenv/versions", ".local/share/uv/python", ".asdf/installs/python"];
    let mut elsewhere: Vec<PathBuf> = managers.iter().flat_map(|base| bins_below(&home().join(base))).collect();
    elsewhere.extend(["/usr/local/bin", "/usr/bin", "/opt/python/bin"].map(PathBuf::from));
    programs(&[identifier.to_owned(), "python3".to_owned()], &elsewhere)
}

/// Asks an interpreter about itself; `None` if it isn't one that works.
fn ask(program: &Path, folder: &Path) -> Option<Interpreter> {
    let output = Command::new(program)
        .args(["-s", "-B"])
        .args([folder.join("probe.py"), folder.join("bootstrap.py"), folder.to_path_buf()])
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    serde_json::from_str(text.lines().last()?).ok().filter(|found: &Interpreter| found.version.first() == Some(&3))
}

/// An interpreter whose own folder holds the home folder can't be shown without showing that.
fn exposes_home(prefixes: &[PathBuf]) -> bool {
    prefixes.iter().any(|prefix| !is_system(prefix) && home().starts_with(prefix))
}

fn runtime(identifier: &str, interpreter: &Interpreter) -> Runtime {
    let same_place = |path: &PathBuf| Mount::Bind { from: path.clone(), at: path.clone(), writable: false };
    let mut mounts: Vec<Mount> =
        interpreter.prefixes.iter().filter(|prefix| !is_system(prefix)).map(same_place).collect();
    let seen = |path: &&PathBuf| is_system(path) || interpreter.prefixes.iter().any(|prefix| path.starts_with(prefix));
    mounts.extend(interpreter.libraries.iter().filter(seen).map(|library| Mount::Empty { at: library.clone() }));
    let show = |from: &Path, name: &str| Mount::Bind {
        from: from.into(),
        at: Path::new("/var/runtime").join(name),
        writable: false,
    };
    mounts.push(show(&interpreter.bootstrap, "bootstrap.pyc"));
    let named = |(name, place): (&String, &PathBuf)| match place.is_dir() {
        true => show(place, name),
        false => show(place, &format!("{name}.py")),
    };
    mounts.extend(interpreter.sdk.iter().map(named));
    let version = interpreter.version.iter().map(u32::to_string).collect::<Vec<_>>();
    let description = format!("Python {} ({})", version.join("."), interpreter.executable.display());
    Runtime {
        mounts,
        argv: vec![
            interpreter.executable.display().to_string(),
            "-u".into(),
            "-s".into(),
            "/var/runtime/bootstrap.pyc".into(),
        ],
        env: vec![("PYTHONPATH".into(), "/var/runtime".into())],
        notes: notes(identifier, interpreter, &description),
        description,
    }
}

fn notes(identifier: &str, interpreter: &Interpreter, description: &str) -> Vec<String> {
    let own = interpreter.version.iter().take(2).map(u32::to_string).collect::<Vec<_>>().join(".");
    let mut notes = Vec::new();
    if identifier != format!("python{own}") {
        notes.push(format!("{identifier} is not on this machine: its functions run on {description}"));
    }
    if !interpreter.has_sdk() {
        notes.push(format!("no Python here has boto3: {identifier} functions that import it need it in their package"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Interpreter {
        let text = r#"{"executable": "/home/me/.pyenv/versions/3.11.7/bin/python3.11", "version": [3, 11, 7],
            "prefixes": ["/home/me/.pyenv/versions/3.11.7"], "libraries": ["/home/me/.pyenv/versions/3.11.7/lib/site"],
            "sdk": {"six": "/elsewhere/six.py"}, "bootstrap": "/data/bootstrap-cpython-311.pyc"}"#;
        serde_json::from_str(text).expect("an interpreter")
    }

    #[test]
    fn shows_the_prefix_and_hides_the_packages() {
        let runtime = runtime("python3.11", &example());
        let prefix = PathBuf::from("/home/me/.pyenv/versions/3.11.7");
        assert_eq!(runtime.mounts[0], Mount::Bind { from: prefix.clone(), at: prefix.clone(), writable: false });
        assert_eq!(runtime.mounts[1], Mount::Empty { at: prefix.join("lib/site") });
        assert_eq!(runtime.argv[0], prefix.join("bin/python3.11").display().to_string());
        assert_eq!(runtime.notes.len(), 1, "boto3 is missing: {:?}", runtime.notes);
    }

    #[test]
    fn says_that_the_version_is_another() {
        let mut interpreter = example();
        interpreter.sdk.insert("boto3".into(), "/elsewhere/boto3".into());
        let said = runtime("python3.7", &interpreter).notes;
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("python3.7 is not on this machine: its functions run on Python 3.11.7 (/home"));
    }
}
