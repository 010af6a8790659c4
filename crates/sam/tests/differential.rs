//! The transform against the oracle: every template of the corpus, and what aws-sam-translator
//! makes of it (`oracle.py` writes `expected/`). Compared up to the order of keys, and of lists
//! whose order the oracle leaves to chance.

use kogumo_sam::{Context, transform};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Templates on which the transform is known to differ. This list may only shrink.
const KNOWN_DIFFERENCES: &[&str] = &[];

/// Seconds since 1970, to the oracle as well.
const NOW: i64 = 1_700_000_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn stems(name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(name)).unwrap();
    let mut stems: Vec<String> =
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    stems.sort();
    stems
}

/// Lists of dependencies and of alternatives are sets.
fn normalized(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(normalized).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, member)| match (key.as_str(), normalized(member)) {
                ("DependsOn" | "Fn::Or", Value::Array(mut items)) => {
                    items.sort_by_key(Value::to_string);
                    (key, Value::Array(items))
                }
                (_, member) => (key, member),
            })
            .collect(),
        other => other,
    }
}

/// Where two values differ.
fn differences(path: &str, expected: &Value, actual: &Value, out: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let path = format!("{path}/{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differences(&path, a, b, out),
                    (Some(a), None) => out.push(format!("{path}: missing {a}")),
                    (None, Some(b)) => out.push(format!("{path}: surplus {b}")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}/{at}"), a, b, out);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{path}: expected {a}, got {b}")),
    }
}

fn difference(stem: &str) -> Option<String> {
    let text = fs::read_to_string(folder("expected").join(format!("{stem}.json"))).unwrap();
    let mut case: Value = serde_json::from_str(&text).unwrap();
    let parameters: BTreeMap<String, Value> = serde_json::from_value(case["parameters"].take()).unwrap();
    let mut context = Context::new(case["region"].as_str().unwrap());
    context.now = NOW;
    let mut out = Vec::new();
    match transform(case["template"].take(), &parameters, &context) {
        Ok(actual) if case.get("output").is_some() => {
            differences("", &normalized(case["output"].take()), &normalized(actual), &mut out);
        }
        Ok(_) => out.push(format!("expected errors {}", case["errors"])),
        Err(error) => differences("errors", &case["errors"], &error.causes().to_vec().into(), &mut out),
    }
    (!out.is_empty()).then(|| format!("{stem}:\n    {}", out.join("\n    ")))
}

#[test]
fn every_template_comes_out_as_the_oracle_says() {
    let stems = stems("corpus");
    let different: Vec<(&String, String)> = stems.iter().filter_map(|stem| Some((stem, difference(stem)?))).collect();
    let surprises: Vec<&str> = different
        .iter()
        .filter(|(stem, _)| !KNOWN_DIFFERENCES.contains(&stem.as_str()))
        .map(|(_, text)| text.as_str())
        .collect();
    println!("{} of {} templates are equal", stems.len() - different.len(), stems.len());
    assert!(surprises.is_empty(), "{} of {} templates differ:\n{}", surprises.len(), stems.len(), surprises.join("\n"));
    for known in KNOWN_DIFFERENCES {
        assert!(different.iter().any(|(stem, _)| stem == known), "{known} is equal by now: strike it off the list");
    }
}

#[test]
fn every_template_has_its_expectation() {
    assert_eq!(stems("corpus"), stems("expected"), "run tests/oracle.py");
    assert!(stems("corpus").len() >= 150 || cfg!(debug_assertions), "the corpus has shrunk");
}
