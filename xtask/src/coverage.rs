//! Every operation that is built has a test, or stands in `tests/untested.txt`: a list that may only shrink.
//!
//! A test of `ssm:PutParameter` names it as a client does: `put_parameter` (boto3), `put-parameter` (the AWS CLI), or
//! `PutParameter` in a Rust test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::model;
use crate::names::field;

/// Compares what is untested with the list.
pub fn check(root: &Path) -> Result<(), String> {
    let untested = untested(root)?;
    let listed = listed(root)?;
    let new: Vec<&String> = untested.difference(&listed).collect();
    let gone: Vec<&String> = listed.difference(&untested).collect();
    match (new.as_slice(), gone.as_slice()) {
        ([], []) => Ok(()),
        ([], gone) => Err(format!("tested now, or not built: take these out of tests/untested.txt: {gone:?}")),
        (new, _) => Err(format!("operations without a test: {new:?}")),
    }
}

fn listed(root: &Path) -> Result<BTreeSet<String>, String> {
    let text =
        fs::read_to_string(root.join("tests/untested.txt")).map_err(|error| format!("tests/untested.txt: {error}"))?;
    Ok(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
}

fn untested(root: &Path) -> Result<BTreeSet<String>, String> {
    let mut texts = String::new();
    gather(&root.join("tests"), &["py"], &mut texts);
    gather(&root.join("crates"), &["rs"], &mut texts);
    let mut untested = BTreeSet::new();
    for (service, operations) in model::built_operations(root)? {
        for operation in operations {
            let snake = field(&operation);
            let ways = [
                format!("{snake}("),
                format!("\"{snake}\""),
                format!("\"{}\"", snake.replace('_', "-")),
                format!("call::<{operation}>"),
            ];
            if !ways.iter().any(|way| texts.contains(way.as_str())) {
                untested.insert(format!("{service}:{operation}"));
            }
        }
    }
    Ok(untested)
}

/// Gathers the texts of tests: Python anywhere below `tests/`, and Rust files that hold tests.
fn gather(folder: &Path, endings: &[&str], texts: &mut String) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "node_modules" && name != "model" {
            gather(&path, endings, texts);
        } else if endings.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
            texts.push_str(&tests_of(&path));
        }
    }
}

/// Of a Rust file only what stands in its test module; test files count whole.
fn tests_of(path: &PathBuf) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let is_rust = path.extension().is_some_and(|ending| ending == "rs");
    let is_test_file = path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs");
    match text.find("#[cfg(test)]") {
        _ if !is_rust || is_test_file => text,
        Some(start) => text[start..].to_owned(),
        None => String::new(),
    }
}
