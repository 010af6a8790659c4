//! The parts of `#cloud-config` that people use most (cloud-init's documentation, "Module reference"): hostname, users,
//! ssh_authorized_keys, write_files, runcmd, bootcmd, packages. Others are named on the console and not applied.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::boot::{run, tell, write};
use super::user_data::run_script;
use super::users::{self, DEFAULTS, User};

/// Keys that are applied, and those that change nothing here.
const KNOWN: [&str; 14] = [
    "hostname",
    "fqdn",
    "preserve_hostname",
    "manage_etc_hosts",
    "users",
    "ssh_authorized_keys",
    "write_files",
    "runcmd",
    "bootcmd",
    "packages",
    "package_update",
    "package_upgrade",
    "timezone",
    "output",
];

/// Applies one document.
pub(super) fn apply(text: &str) {
    let config = match kogumo_template::read(text).map(|document| document.value) {
        Ok(config) => config,
        Err(problem) => {
            println!("[kogumo] #cloud-config cannot be read: {problem}");
            return;
        }
    };
    for key in config.as_object().into_iter().flat_map(|map| map.keys()) {
        if !KNOWN.contains(&key.as_str()) {
            println!("[kogumo] #cloud-config: {key} is not applied here.");
        }
    }
    if let Some(script) = script_of(&config["bootcmd"]) {
        run_script("/var/lib/cloud/instance/scripts/bootcmd", &script);
    }
    if let Some(name) = text_of(&config["hostname"]).or_else(|| text_of(&config["fqdn"])) {
        name_host(&name);
    }
    if let Some(zone) = text_of(&config["timezone"]) {
        set_timezone(&zone);
    }
    list(&config["write_files"]).for_each(write_file);
    let keys: Vec<String> = list(&config["ssh_authorized_keys"]).filter_map(text_of).collect();
    if !keys.is_empty() {
        users::make_defaults(&keys);
    }
    list(&config["users"]).filter_map(user_of).for_each(|user| users::make(&user));
    install(&config);
    if let Some(script) = script_of(&config["runcmd"]) {
        run_script("/var/lib/cloud/instance/scripts/runcmd", &script);
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn name_host(name: &str) {
    let short = name.split('.').next().unwrap_or(name);
    tell("the host name", rustix::system::sethostname(short.as_bytes()).map_err(Into::into));
    write("/etc/hostname", &format!("{short}\n"), 0o644);
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    write("/etc/hosts", &format!("{hosts}127.0.1.1 {name} {short}\n"), 0o644);
}

fn set_timezone(zone: &str) {
    let file = Path::new("/usr/share/zoneinfo").join(zone);
    if zone.contains("..") || !file.is_file() {
        println!("[kogumo] #cloud-config: there is no time zone {zone:?} in this image.");
        return;
    }
    let _not_there = fs::remove_file("/etc/localtime");
    tell("/etc/localtime", std::os::unix::fs::symlink(file, "/etc/localtime"));
}

/// `path`, `content`, and perhaps `encoding`, `permissions`, `owner`, `append`.
fn write_file(entry: &Value) {
    let Some(path) = text_of(&entry["path"]) else {
        println!("[kogumo] #cloud-config: a file without a path is not written.");
        return;
    };
    let content = text_of(&entry["content"]).unwrap_or_default();
    let bytes = match text_of(&entry["encoding"]).as_deref() {
        None | Some("text/plain") => content.into_bytes(),
        Some("b64" | "base64") => match STANDARD.decode(content.split_whitespace().collect::<String>()) {
            Ok(bytes) => bytes,
            Err(error) => return println!("[kogumo] #cloud-config: {path}: {error}"),
        },
        Some(other) => return println!("[kogumo] #cloud-config: {path}: encoding {other} is not known here."),
    };
    let mut whole = if entry["append"] == Value::Bool(true) { fs::read(&path).unwrap_or_default() } else { Vec::new() };
    whole.extend(bytes);
    let folder = Path::new(&path).parent().map_or(Ok(()), fs::create_dir_all);
    tell(&path, folder.and_then(|()| fs::write(&path, whole)));
    let mode =
        text_of(&entry["permissions"]).and_then(|text| u32::from_str_radix(text.trim_start_matches("0o"), 8).ok());
    tell(&path, fs::set_permissions(&path, PermissionsExt::from_mode(mode.unwrap_or(0o644))));
    if let Some(owner) = text_of(&entry["owner"]) {
        run("chown", &["--", &owner, &path]);
    }
}

/// `default` stands for the users that are there anyway.
fn user_of(entry: &Value) -> Option<User> {
    let name = text_of(&entry["name"])?;
    if DEFAULTS.contains(&name.as_str()) && entry.as_object().is_some_and(|map| map.len() == 1) {
        return None;
    }
    let groups = match &entry["groups"] {
        Value::Array(groups) => groups.iter().filter_map(text_of).collect(),
        Value::String(text) => {
            text.split(',').map(|group| group.trim().to_owned()).filter(|group| !group.is_empty()).collect()
        }
        _ => Vec::new(),
    };
    let sudo = match &entry["sudo"] {
        Value::Array(rules) => rules.first().and_then(text_of),
        rule => text_of(rule).filter(|rule| rule != "false"),
    };
    Some(User {
        name,
        comment: text_of(&entry["gecos"]).unwrap_or_default(),
        shell: text_of(&entry["shell"]),
        groups,
        sudo,
        keys: list(&entry["ssh_authorized_keys"]).filter_map(text_of).collect(),
    })
}

/// Packages come from wherever the image's package manager finds them; without a way out that fails, and says so.
fn install(config: &Value) {
    let packages: Vec<String> = list(&config["packages"]).filter_map(text_of).collect();
    let update = config["package_update"] == Value::Bool(true);
    if packages.is_empty() && !update {
        return;
    }
    let manager = ["apt-get", "dnf", "yum", "apk"].into_iter().find(|name| Path::new("/usr/bin").join(name).exists());
    let Some(manager) = manager else {
        println!("[kogumo] #cloud-config: this image has no package manager; {packages:?} are not installed.");
        return;
    };
    if manager == "apt-get" && !run(manager, &["-qq", "update"]) {
        println!("[kogumo] #cloud-config: package lists cannot be fetched; {packages:?} are not installed.");
        return;
    }
    let mut arguments = if manager == "apk" { vec!["add"] } else { vec!["install", "-y"] };
    arguments.extend(packages.iter().map(String::as_str));
    if !packages.is_empty() && !run(manager, &arguments) {
        println!("[kogumo] #cloud-config: {packages:?} could not be installed.");
    }
}

/// Commands as a script: a list is words, a text is a line of shell.
fn script_of(commands: &Value) -> Option<String> {
    let lines: Vec<String> = list(commands).filter_map(line_of).collect();
    (!lines.is_empty()).then(|| format!("#!/bin/sh\n{}\n", lines.join("\n")))
}

fn line_of(command: &Value) -> Option<String> {
    match command {
        Value::Array(words) => {
            Some(words.iter().filter_map(text_of).map(|word| quoted(&word)).collect::<Vec<_>>().join(" "))
        }
        other => text_of(other),
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn commands_are_lines_or_words() {
        let script = script_of(&json!(["echo a > b", ["touch", "it's"]]));
        assert_eq!(script.as_deref(), Some("#!/bin/sh\necho a > b\n'touch' 'it'\\''s'\n"));
        assert_eq!(script_of(&json!([])), None);
    }

    #[test]
    fn users_are_read_as_people_write_them() {
        let user = user_of(&json!({"name": "deploy", "groups": "sudo, docker", "sudo": ["ALL=(ALL) NOPASSWD:ALL"]}));
        let user = user.expect("a user");
        assert_eq!(
            (user.groups, user.sudo.as_deref()),
            (vec!["sudo".into(), "docker".into()], Some("ALL=(ALL) NOPASSWD:ALL"))
        );
        assert_eq!(user_of(&json!("default")), None);
    }
}
