//! The users of a machine: the default ones that people log in as, with their keys and with sudo, and those of user data.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::boot::{tell, write};

/// Amazon Linux calls its user ec2-user, Ubuntu ubuntu; people try both.
pub(super) const DEFAULTS: [&str; 2] = ["ec2-user", "ubuntu"];
const FIRST_UID: u32 = 1000;
/// As login.defs(5) has it.
const FIRST_SYSTEM_UID: u32 = 201;

/// A user to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct User {
    pub name: String,
    pub comment: String,
    pub shell: Option<String>,
    /// `/home/` and the name, if nothing else is said.
    pub home: Option<String>,
    /// The home folder is not made.
    pub homeless: bool,
    /// An id below those of people.
    pub system: bool,
    pub id: Option<u32>,
    pub groups: Vec<String>,
    /// Lines of sudoers without the name: `ALL=(ALL) NOPASSWD:ALL`.
    pub sudo: Vec<String>,
    pub keys: Vec<String>,
}

/// The default users, who may log in with these keys and do everything.
pub(super) fn make_defaults(keys: &[String]) {
    for name in DEFAULTS {
        make(&User {
            name: name.to_owned(),
            comment: String::from("EC2 Default User"),
            sudo: vec![String::from("ALL=(ALL) NOPASSWD:ALL")],
            keys: keys.to_vec(),
            ..User::default()
        });
    }
}

/// Makes a user, unless there is one of that name, and gives them keys and sudo.
pub(super) fn make(user: &User) {
    if !is_name(&user.name) {
        println!("[kogumo] {:?} is no name for a user", user.name);
        return;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let (id, home) = match find(&passwd, &user.name) {
        Some(found) => found,
        None => add(user, &passwd),
    };
    for group in &user.groups {
        join(&user.name, group);
    }
    if !user.sudo.is_empty() {
        let rules: String = user.sudo.iter().map(|rule| format!("{} {rule}\n", user.name)).collect();
        write(&format!("/etc/sudoers.d/90-{}", user.name), &rules, 0o440);
    }
    authorize(&home, id, &user.keys);
}

/// A name that needs no quoting anywhere (useradd(8)).
fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    name.len() <= 32
        && name.starts_with(first)
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c))
}

/// The user's id and home folder.
fn find(passwd: &str, name: &str) -> Option<(u32, PathBuf)> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, PathBuf::from(fields.nth(2)?)))
}

/// The first id from there on that nobody has.
fn free_id(passwd: &str, group: &str, first: u32) -> u32 {
    let lines = passwd.lines().chain(group.lines());
    let taken: Vec<u32> = lines.filter_map(|line| line.split(':').nth(2)?.parse().ok()).collect();
    (first..).find(|id| !taken.contains(id)).unwrap_or(first)
}

fn add(user: &User, passwd: &str) -> (u32, PathBuf) {
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    let first = if user.system { FIRST_SYSTEM_UID } else { FIRST_UID };
    let id = user.id.unwrap_or_else(|| free_id(passwd, &group, first));
    let name = &user.name;
    let home = PathBuf::from(user.home.clone().unwrap_or_else(|| format!("/home/{name}")));
    let usual = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let shell = user.shell.as_deref().unwrap_or(usual);
    let comment = user.comment.replace([':', '\n'], " ");
    append("/etc/passwd", &format!("{name}:x:{id}:{id}:{comment}:{}:{shell}\n", home.display()), 0o644);
    append("/etc/group", &format!("{name}:x:{id}:\n"), 0o644);
    append("/etc/shadow", &format!("{name}:*:19000:0:99999:7:::\n"), 0o640);
    if user.homeless {
        return (id, home);
    }
    let made = fs::create_dir_all(&home).and_then(|()| copy_skeleton(&home, id)).and_then(|()| {
        chown(&home, Some(id), Some(id))?;
        fs::set_permissions(&home, PermissionsExt::from_mode(0o755))
    });
    tell(&home.to_string_lossy(), made);
    (id, home)
}

fn copy_skeleton(home: &Path, id: u32) -> std::io::Result<()> {
    for entry in fs::read_dir("/etc/skel").into_iter().flatten().flatten() {
        if entry.file_type()?.is_file() {
            let copy = home.join(entry.file_name());
            fs::copy(entry.path(), &copy)?;
            chown(&copy, Some(id), Some(id))?;
        }
    }
    Ok(())
}

/// Makes a group, unless there is one of that name.
pub(super) fn make_group(group: &str) {
    let all = fs::read_to_string("/etc/group").unwrap_or_default();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if is_name(group) && !all.lines().any(|line| line.split(':').next() == Some(group)) {
        append("/etc/group", &format!("{group}:x:{}:\n", free_id(&passwd, &all, FIRST_UID)), 0o644);
    }
}

/// Adds a user to a group, which is made if it is not there.
pub(super) fn join(name: &str, group: &str) {
    let all = fs::read_to_string("/etc/group").unwrap_or_default();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut there = false;
    let mut lines: Vec<String> = Vec::new();
    for line in all.lines() {
        if line.split(':').next() == Some(group) {
            there = true;
            let comma = if line.ends_with(':') { "" } else { "," };
            lines.push(format!("{line}{comma}{name}"));
        } else {
            lines.push(line.to_owned());
        }
    }
    if !there && is_name(group) {
        lines.push(format!("{group}:x:{}:{name}", free_id(&passwd, &all, FIRST_UID)));
    }
    write("/etc/group", &(lines.join("\n") + "\n"), 0o644);
}

fn append(path: &str, line: &str, mode: u32) {
    let before = fs::read_to_string(path).unwrap_or_default();
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    write(path, &format!("{before}{end}{line}"), mode);
}

/// Lets whoever has one of the keys in. Keys that are there stay.
fn authorize(home: &Path, id: u32, keys: &[String]) {
    if keys.is_empty() {
        return;
    }
    let folder = home.join(".ssh");
    let file = folder.join("authorized_keys");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let mut lines: Vec<&str> = before.lines().collect();
    lines.extend(keys.iter().map(|key| key.trim()).filter(|key| !before.lines().any(|line| line.trim() == *key)));
    let done = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, lines.join("\n") + "\n"))
        .and_then(|()| fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)))
        .and_then(|()| fs::set_permissions(&file, PermissionsExt::from_mode(0o600)))
        .and_then(|()| chown(&folder, Some(id), Some(id)))
        .and_then(|()| chown(&file, Some(id), Some(id)));
    tell(&file.to_string_lossy(), done);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_and_ids_are_free() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nec2-user:x:1000:1000::/home/ec2-user:/bin/sh\n";
        assert_eq!(find(passwd, "ec2-user"), Some((1000, "/home/ec2-user".into())));
        assert_eq!(find(passwd, "ec2"), None);
        assert_eq!(free_id(passwd, "docker:x:1001:\n", FIRST_UID), 1002);
    }

    #[test]
    fn names_need_no_quoting() {
        assert!(is_name("deploy_1"));
        for odd in ["", "Root", "a:b", "../x", "a\nb", "1a"] {
            assert!(!is_name(odd), "{odd:?}");
        }
    }
}
