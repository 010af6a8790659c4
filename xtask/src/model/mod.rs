//! Makes `crates/model/src` of the facts: facts of every operation, types of those that are built.
//!
//! Which operations are built, the `OPS` tables of the service crates say: a line `read::<GetParameter>(get_parameter)`
//! in `crates/svc-ssm/src/ops.rs` is all it takes.

mod operations;
mod reach;
mod shapes;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::facts::Service;
use crate::patch;

pub fn write_all(root: &Path) -> Result<(), String> {
    for (path, text) in all(root)? {
        crate::write(&path, &text)?;
    }
    Ok(())
}

pub fn check_all(root: &Path) -> Result<(), String> {
    all(root)?.iter().try_for_each(|(path, text)| crate::compare(path, text))
}

fn all(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let built = built_operations(root)?;
    let out = root.join("crates/model/src");
    let mut files = Vec::new();
    let mut modules = Vec::new();
    for service in load_services(root)? {
        let operations = built.get(&service.name).map_or(&[][..], Vec::as_slice);
        for operation in operations {
            if !service.operations.contains_key(operation) {
                return Err(format!("{} has no operation {operation}", service.name));
            }
        }
        let text = format(&service_module(&service, operations))?;
        files.push((out.join(format!("{}.rs", service.name)), text));
        modules.push(service.name);
    }
    files.push((out.join("lib.rs"), format(&library(&modules))?));
    Ok(files)
}

/// The services of `facts/`, patched, by name.
fn load_services(root: &Path) -> Result<Vec<Service>, String> {
    let facts = root.join("facts");
    let entries = fs::read_dir(&facts).map_err(|error| format!("{}: {error}", facts.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "facts"))
        .collect();
    paths.sort();
    paths.iter().map(|path| load_service(path)).collect()
}

fn load_service(path: &Path) -> Result<Service, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut service = Service::from_text(&text).map_err(|why| format!("{}: {why}", path.display()))?;
    let patch = path.with_file_name("patches").join(format!("{}.patch", service.name));
    if let Ok(patch) = fs::read_to_string(patch) {
        patch::apply(&mut service, &patch)?;
    }
    Ok(service)
}

/// The operations that stand in the tables of the service crates, by service. A crate may hold a second service beside
/// its own, in a folder of that service's name: `svc-ec2/src/ebs/ops.rs`.
pub fn built_operations(root: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut built: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let crates = fs::read_dir(root.join("crates")).map_err(|error| format!("crates: {error}"))?;
    for entry in crates.filter_map(Result::ok) {
        let folder = entry.file_name().to_string_lossy().into_owned();
        let Some(service) = folder.strip_prefix("svc-") else { continue };
        let source = entry.path().join("src");
        let rooms = fs::read_dir(&source).map_err(|error| format!("{}: {error}", source.display()))?;
        let rooms = rooms.filter_map(|room| room.ok()?.file_name().into_string().ok());
        let guests = rooms.filter(|room| root.join(format!("facts/{room}.facts")).is_file());
        let tables = guests.map(|guest| (source.join(&guest).join("ops.rs"), guest));
        for (table, service) in tables.chain([(source.join("ops.rs"), service.to_owned())]) {
            let Ok(table) = fs::read_to_string(table) else { continue };
            let names = built.entry(service).or_default();
            names.extend(table.lines().filter_map(operation_of_line).map(str::to_owned));
            names.sort();
            names.dedup();
        }
    }
    Ok(built)
}

/// `read::<GetParameter>(get_parameter),` names `GetParameter`; a module path before the type is dropped.
fn operation_of_line(line: &str) -> Option<&str> {
    let line = line.trim();
    let kinds = ["read::<", "remembered::<", "write::<", "prepared::<", "task::<"];
    let behind = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    behind.split(['>', ',']).next()?.rsplit("::").next()
}

fn service_module(service: &Service, built: &[String]) -> String {
    let reached = reach::reachable(service, built);
    let mut out = String::from(GENERATED);
    out.push_str(&format!(
        "//! {}: facts of its operations, types of those that are built.\n\n",
        service.about("sdk-id")
    ));
    out.push_str("#![allow(non_upper_case_globals, clippy::all, unused_imports)]\n\n");
    out.push_str("use std::collections::BTreeMap;\n\nuse kogumo_wire::schema::*;\nuse kogumo_wire::*;\n\n");
    out.push_str(&operations::service(service));
    out.push_str(&operations::operations(service, built));
    out.push_str(&operations::errors(service));
    out.push_str(&shapes::statics(service, &reached));
    out.push_str(&types::structures(service, &reached));
    out
}

fn library(modules: &[String]) -> String {
    let mut out = String::from(GENERATED);
    out.push_str("//! AWS's services as their models describe them. Made by `cargo xtask model`.\n\n");
    for module in modules {
        out.push_str(&format!("pub mod {module};\n"));
    }
    out.push_str("\n/// All services whose facts are known, in the order of their names.\npub static SERVICES: &[&kogumo_wire::Service] = &[\n");
    for module in modules {
        out.push_str(&format!("    &{module}::SERVICE,\n"));
    }
    out.push_str("];\n");
    out
}

const GENERATED: &str = "// @generated by `cargo xtask model` from facts/; do not edit.\n";

/// Formats with rustfmt, which comes with the toolchain, as `rustfmt.toml` of the folder above says.
fn format(source: &str) -> Result<String, String> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config", "newline_style=Unix"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("rustfmt has no input")?;
    let text = source.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(|error| format!("rustfmt: {error}"))?;
    let written = writer.join().map_err(|_| "rustfmt's input broke")?;
    written.map_err(|error| format!("rustfmt: {error}"))?;
    if !output.status.success() {
        return Err("rustfmt refused generated code".into());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
