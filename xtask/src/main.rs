//! The project's own tools: `cargo xtask facts|model|dictionary|tidy`.
//!
//! `facts` makes `facts/*.facts` from a pinned botocore; `model` makes `crates/model/src/*.rs` from the facts and from
//! the `ops.rs` tables of the service crates; `--check` compares instead of writing. `tidy` holds the house's laws,
//! and that every built operation has a test.
//! `dictionary` makes the translation engine's data.

mod authorization;
mod botocore;
mod cloudformation;
mod coverage;
mod dictionary;
mod facts;
mod model;
mod names;
mod patch;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["facts"] => botocore::write_all(&root())
            .and_then(|()| cloudformation::write_all(&root()))
            .and_then(|()| authorization::write_all(&root())),
        ["facts", "--check"] => botocore::check_all(&root())
            .and_then(|()| cloudformation::check_all(&root()))
            .and_then(|()| authorization::check_all(&root())),
        ["dictionary", sources @ ..] => dictionary::run(sources).map_err(|error| error.to_string()),
        ["model"] => model::write_all(&root()),
        ["model", "--check"] => model::check_all(&root()),
        ["tidy"] => tidy::check(&root()).and_then(|()| coverage::check(&root())),
        _ => Err("usage: cargo xtask facts [--check] | model [--check] | dictionary [EDICT IPADIC] | tidy".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout that this xtask was built from.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Writes the file if its text is another.
fn write(path: &Path, text: &str) -> Result<(), String> {
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Fails if the file's text is another.
fn compare(path: &Path, text: &str) -> Result<(), String> {
    match std::fs::read_to_string(path) {
        Ok(old) if old == text => Ok(()),
        _ => Err(format!(
            "{} is not what would be generated; run `cargo xtask facts` and `cargo xtask model`",
            path.display()
        )),
    }
}
