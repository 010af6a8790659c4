//! Users, groups, passwords and keys of a `#cloud-config`.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::super::boot::{command, run, write};
use super::super::users::{self, DEFAULTS, User};
use super::{list, text_of};

/// `groups`, `users`, `ssh_authorized_keys`, `password`, `chpasswd`, `ssh_pwauth`.
pub(super) fn apply(config: &Value) {
    let groups: Vec<(String, Vec<String>)> = groups_of(&config["groups"]);
    groups.iter().for_each(|(group, _)| users::make_group(group));
    let keys: Vec<String> = list(&config["ssh_authorized_keys"]).filter_map(text_of).collect();
    if !keys.is_empty() {
        users::make_defaults(&keys);
    }
    for entry in list(&config["users"]) {
        let Some(user) = user_of(entry) else { continue };
        users::make(&user);
        if let Some(password) = text_of(&entry["plain_text_passwd"]) {
            set_password(&user.name, &password, false);
        }
        if let Some(hash) = text_of(&entry["passwd"]).or_else(|| text_of(&entry["hashed_passwd"])) {
            set_password(&user.name, &hash, true);
        }
    }
    for (group, members) in &groups {
        members.iter().for_each(|member| users::join(member, group));
    }
    passwords(config);
    if let Some(allowed) = config["ssh_pwauth"].as_bool() {
        let word = if allowed { "yes" } else { "no" };
        write("/etc/ssh/sshd_config.d/50-cloud-init.conf", &format!("PasswordAuthentication {word}\n"), 0o600);
        run("sh", &["-c", "kill -HUP $(cat /run/sshd.pid)"]);
    }
}

/// `password` is the default users'; `chpasswd` has others'.
fn passwords(config: &Value) {
    if let Some(password) = text_of(&config["password"]) {
        DEFAULTS.iter().for_each(|name| set_password(name, &password, password.starts_with('$')));
    }
    let wanted = &config["chpasswd"];
    for entry in list(&wanted["users"]) {
        if let (Some(name), Some(password)) = (text_of(&entry["name"]), text_of(&entry["password"])) {
            set_password(&name, &password, entry["type"] == "hash");
        }
    }
    let text = text_of(&wanted["list"]).unwrap_or_default();
    let lines = text.lines().map(str::to_owned).chain(list(&wanted["list"]).filter_map(text_of));
    for line in lines {
        if let Some((name, password)) = line.trim().split_once(':') {
            set_password(name, password, password.starts_with('$'));
        }
    }
}

/// chpasswd(8) is given it where nobody can see it.
fn set_password(name: &str, password: &str, hashed: bool) {
    let mut program = command("chpasswd");
    if hashed {
        program.arg("-e");
    }
    let told = program.stdin(Stdio::piped()).spawn().and_then(|mut child| {
        if let Some(input) = &mut child.stdin {
            writeln!(input, "{name}:{password}")?;
        }
        child.wait()
    });
    if !told.is_ok_and(|status| status.success()) {
        println!("[kogumo] #cloud-config: the password of {name} could not be set.");
    }
}

/// Names, or names with their members.
fn groups_of(value: &Value) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let text = text_of(value).unwrap_or_default();
    found.extend(words(&text).map(|name| (name, Vec::new())));
    for entry in list(value) {
        match entry {
            Value::Object(map) => found.extend(map.iter().map(|(name, members)| (name.clone(), names(members)))),
            other => found.extend(text_of(other).map(|name| (name, Vec::new()))),
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty())
}

/// A list of names, or a text with commas.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().filter_map(text_of).collect(),
        other => words(&text_of(other).unwrap_or_default()).collect(),
    }
}

/// `default` stands for the users that are there anyway.
fn user_of(entry: &Value) -> Option<User> {
    let name = text_of(&entry["name"])?;
    if DEFAULTS.contains(&name.as_str()) && entry.as_object().is_some_and(|map| map.len() == 1) {
        return None;
    }
    let sudo = match &entry["sudo"] {
        Value::Array(rules) => rules.iter().filter_map(text_of).collect(),
        rule => text_of(rule).filter(|rule| rule != "false" && rule != "null").into_iter().collect(),
    };
    let is_set = |key: &str| entry[key] == Value::Bool(true);
    let mut groups = names(&entry["groups"]);
    groups.extend(text_of(&entry["primary_group"]).filter(|group| *group != name));
    let mut keys: Vec<String> = list(&entry["ssh_authorized_keys"]).filter_map(text_of).collect();
    keys.extend(list(&entry["ssh-authorized-keys"]).filter_map(text_of));
    Some(User {
        name,
        comment: text_of(&entry["gecos"]).unwrap_or_default(),
        shell: text_of(&entry["shell"]),
        home: text_of(&entry["homedir"]),
        homeless: is_set("no_create_home"),
        system: is_set("system"),
        id: text_of(&entry["uid"]).and_then(|text| text.parse().ok()),
        groups,
        sudo,
        keys,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn users_are_read_as_people_write_them() {
        let user = user_of(
            &json!({"name": "deploy", "groups": "sudo, docker", "sudo": ["ALL=(ALL) NOPASSWD:ALL"], "uid": 1500}),
        );
        let user = user.expect("a user");
        assert_eq!(user.groups, ["sudo", "docker"]);
        assert_eq!((user.sudo, user.id), (vec!["ALL=(ALL) NOPASSWD:ALL".into()], Some(1500)));
        assert_eq!(user_of(&json!("default")), None);
    }

    #[test]
    fn groups_have_members() {
        let groups = groups_of(&json!(["ops", {"web": ["a", "b"]}, {"db": "c"}]));
        assert_eq!(
            groups,
            [("ops".into(), vec![]), ("web".into(), vec!["a".into(), "b".into()]), ("db".into(), vec!["c".into()])]
        );
    }
}
