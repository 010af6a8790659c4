//! The parts of `#cloud-config` that people use most (cloud-init's documentation, "Module reference"): hostname, users,
//! ssh_authorized_keys, write_files, runcmd, bootcmd, packages, passwords, power_state. Others are named on the console and
//! not applied.

mod accounts;
mod files;

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::boot::{run, tell, write};
use super::user_data::run_script;

/// Keys that are applied, and those that change nothing here.
const KNOWN: [&str; 23] = [
    "hostname",
    "fqdn",
    "preserve_hostname",
    "manage_etc_hosts",
    "groups",
    "users",
    "ssh_authorized_keys",
    "ssh_pwauth",
    "password",
    "chpasswd",
    "write_files",
    "runcmd",
    "bootcmd",
    "packages",
    "package_update",
    "package_upgrade",
    "timezone",
    "output",
    "power_state",
    "final_message",
    // Every configuration's lists are applied.
    "merge_how",
    "merge_type",
    "cloud_final_modules",
];

/// One document.
pub(super) struct Config(Value);

impl Config {
    /// `None`, and a word on the console, if it cannot be read.
    pub(super) fn read(text: &str) -> Option<Config> {
        match kogumo_template::read(text) {
            Ok(document) => Some(Config(document.value)),
            Err(problem) => {
                println!("[kogumo] #cloud-config cannot be read: {problem}");
                None
            }
        }
    }

    /// What is done early at every boot.
    pub(super) fn at_each_boot(&self) {
        if let Some(script) = script_of(&self.0["bootcmd"]) {
            run_script("/var/lib/cloud/instance/scripts/bootcmd", &script);
        }
    }

    /// Whether scripts run at every boot: `cloud_final_modules: [[scripts-user, always]]`.
    pub(super) fn repeats_scripts(&self) -> bool {
        list(&self.0["cloud_final_modules"]).any(|module| module[0] == "scripts-user" && module[1] == "always")
    }

    /// What is done once in an instance's life.
    pub(super) fn apply(&self) {
        let config = &self.0;
        for key in config.as_object().into_iter().flat_map(|map| map.keys()) {
            if !KNOWN.contains(&key.as_str()) {
                println!("[kogumo] #cloud-config: {key} is not applied here.");
            }
        }
        let (short, long) = (text_of(&config["hostname"]), text_of(&config["fqdn"]));
        if let Some(name) = short.clone().or_else(|| long.clone()) {
            name_host(&name, long.as_deref().unwrap_or(&name));
        }
        if let Some(zone) = text_of(&config["timezone"]) {
            set_timezone(&zone);
        }
        let (late, early): (Vec<_>, Vec<_>) =
            list(&config["write_files"]).partition(|file| file["defer"] == Value::Bool(true));
        early.into_iter().for_each(files::write_file);
        accounts::apply(config);
        install(config);
        late.into_iter().for_each(files::write_file);
        if let Some(script) = script_of(&config["runcmd"]) {
            run_script("/var/lib/cloud/instance/scripts/runcmd", &script);
        }
    }

    /// What is done when everything else has been.
    pub(super) fn end(&self) {
        if let Some(message) = text_of(&self.0["final_message"]) {
            println!("{}", filled_in(&message));
        }
        turn_off(&self.0["power_state"]);
    }
}

/// The names that a final message may hold.
fn filled_in(message: &str) -> String {
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let uptime = uptime.split_whitespace().next().unwrap_or("0");
    let now = super::boot::output("date", &["-R"]);
    let known = [("uptime", uptime), ("timestamp", now.trim()), ("datasource", "DataSourceEc2"), ("version", "kogumo")];
    known.into_iter().fold(message.to_owned(), |text, (name, value)| {
        text.replace(&format!("${name}"), value).replace(&format!("${}", name.to_uppercase()), value)
    })
}

/// `mode`, `delay` (`now` or `+` and minutes), `condition` (a truth, or a command that ends well).
fn turn_off(wanted: &Value) {
    let Some(mode) = text_of(&wanted["mode"]) else { return };
    let program = match mode.as_str() {
        "poweroff" | "halt" => "poweroff",
        "reboot" => "reboot",
        other => return println!("[kogumo] #cloud-config: power_state's mode {other} is not known."),
    };
    let holds = match &wanted["condition"] {
        Value::Null => true,
        Value::Bool(truth) => *truth,
        command => line_of(command).is_some_and(|line| run("sh", &["-c", &line])),
    };
    if !holds {
        return;
    }
    let minutes: u64 =
        text_of(&wanted["delay"]).and_then(|text| text.trim_start_matches('+').parse().ok()).unwrap_or(0);
    std::thread::sleep(Duration::from_secs(minutes * 60));
    run(program, &[]);
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

fn name_host(name: &str, long: &str) {
    let short = name.split('.').next().unwrap_or(name);
    tell("the host name", rustix::system::sethostname(short.as_bytes()).map_err(Into::into));
    write("/etc/hostname", &format!("{short}\n"), 0o644);
    let own = if long == short { short.to_owned() } else { format!("{long} {short}") };
    super::boot::own_name(Some(&own));
}

fn set_timezone(zone: &str) {
    let file = Path::new("/usr/share/zoneinfo").join(zone);
    if zone.contains("..") || !file.is_file() {
        println!("[kogumo] #cloud-config: there is no time zone {zone:?} in this image.");
        return;
    }
    let _not_there = fs::remove_file("/etc/localtime");
    tell("/etc/localtime", std::os::unix::fs::symlink(file, "/etc/localtime"));
    write("/etc/timezone", &format!("{zone}\n"), 0o644);
}

/// Packages come from wherever the image's package manager finds them; without a way out that fails, and says so.
fn install(config: &Value) {
    let packages: Vec<String> = list(&config["packages"]).filter_map(package).collect();
    let is_set = |key: &str| config[key] == Value::Bool(true);
    let upgrade = is_set("package_upgrade");
    if packages.is_empty() && !upgrade && !is_set("package_update") {
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
    if upgrade && !run(manager, &["-y", "upgrade"]) {
        println!("[kogumo] #cloud-config: packages could not be upgraded.");
    }
    let mut arguments = if manager == "apk" { vec!["add"] } else { vec!["install", "-y"] };
    arguments.extend(packages.iter().map(String::as_str));
    if !packages.is_empty() && !run(manager, &arguments) {
        println!("[kogumo] #cloud-config: {packages:?} could not be installed.");
    }
}

/// A name, or a name and a version.
fn package(entry: &Value) -> Option<String> {
    match entry {
        Value::Array(words) => {
            Some(words.iter().filter_map(text_of).collect::<Vec<_>>().join("=")).filter(|text| !text.is_empty())
        }
        other => text_of(other),
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
}
