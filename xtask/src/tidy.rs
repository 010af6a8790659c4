//! The laws that a machine can hold: every module says what it is for, files stay short enough to hold in the head,
//! services know neither each other nor HTTP, and nobody but `base` reads the system's clock.

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST: usize = 600;

/// A text that must not stand in some rooms, and why.
struct Ban {
    text: &'static str,
    rooms: fn(&str) -> bool,
    why: &'static str,
}

const BANS: [Ban; 5] = [
    Ban { text: "SystemTime::now", rooms: |room| room != "base", why: "time comes from the cloud's clock (law 7)" },
    Ban { text: "http::StatusCode", rooms: |room| room.starts_with("svc-"), why: "statuses are the wire's (law 8)" },
    Ban { text: "todo!(", rooms: |_| true, why: "what is not built says so to its caller" },
    Ban { text: "unimplemented!(", rooms: |_| true, why: "what is not built says so to its caller" },
    Ban { text: "dbg!(", rooms: |_| true, why: "left lying" },
];

/// Surfaces are HTTP by their nature: pages of a website, stages of an API, URLs of functions, signals to stacks.
const SURFACES: [&str; 5] = ["svc-s3", "svc-apigateway", "svc-lambda", "svc-cloudformation", "svc-cognitoidp"];

/// Reports every breach.
pub fn check(root: &Path) -> Result<(), String> {
    let mut breaches = Vec::new();
    for room in rooms(root)? {
        let name = room.file_name().unwrap_or_default().to_string_lossy().into_owned();
        check_manifest(&room, &name, &mut breaches);
        if name != "model" {
            for file in sources(&room.join("src")) {
                check_file(root, &name, &file, &mut breaches);
            }
        }
    }
    if breaches.is_empty() { Ok(()) } else { Err(format!("{} breaches\n{}", breaches.len(), breaches.join("\n"))) }
}

fn rooms(root: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(root.join("crates")).map_err(|error| format!("crates: {error}"))?;
    let mut rooms: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    rooms.sort();
    Ok(rooms)
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Services do not know each other: Cargo would let them, so we look.
fn check_manifest(room: &Path, name: &str, breaches: &mut Vec<String>) {
    let manifest = fs::read_to_string(room.join("Cargo.toml")).unwrap_or_default();
    let knows_service = manifest.lines().any(|line| line.starts_with("kogumo-svc-"));
    if knows_service && name != "kogumo" {
        breaches.push(format!("crates/{name}/Cargo.toml: only the binary knows services (law 4)"));
    }
}

fn check_file(root: &Path, room: &str, path: &Path, breaches: &mut Vec<String>) {
    let shown = path.strip_prefix(root).unwrap_or(path).display();
    let text = fs::read_to_string(path).unwrap_or_default();
    if !text.lines().take(3).any(|line| line.starts_with("//!")) {
        breaches.push(format!("{shown}: no //! that says what the room is for"));
    }
    let lines = text.lines().count();
    if lines > LONGEST {
        breaches.push(format!("{shown}: {lines} lines; split by meaning past {LONGEST}"));
    }
    for ban in &BANS {
        let excused = ban.text.starts_with("http::") && SURFACES.contains(&room);
        if (ban.rooms)(room) && !excused && text.contains(ban.text) {
            breaches.push(format!("{shown}: {} ({})", ban.text, ban.why));
        }
    }
}
