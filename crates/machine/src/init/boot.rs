//! What a machine does when it boots: names, users, keys, user data, ssh.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{sysctl, unblock_signals, user_data, users};
use crate::Spec;
use crate::image::power_scripts;
use crate::keeper::fork;

/// Which instance this root volume was last booted for, as cloud-init keeps it.
const INSTANCE: &str = "/var/lib/cloud/data/instance-id";

/// The environment of everything that init starts.
pub(super) const PATH: &str = "/opt/kogumo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Boots. What fails is told on the console; a machine boots as far as it can.
pub(super) fn boot(spec: &Spec) {
    println!("[kogumo] Booting {} as {}.", spec.id, spec.seed.hostname);
    let first = fs::read_to_string(INSTANCE).unwrap_or_default().trim() != spec.id;
    names(spec, first);
    sysctl::apply();
    trust(&spec.seed.authority);
    environment(&spec.seed.environment);
    for folder in ["/run/sshd", "/run/lock", "/run/user"] {
        tell(folder, fs::create_dir_all(folder));
    }
    if first {
        users::make_defaults(&spec.seed.authorized_keys);
        renew_host_keys(spec);
        come_to_terms();
    }
    start_sshd();
    start_local();
    start_enabled();
    if !spec.seed.user_data.is_empty() {
        in_background(|| user_data::run(&spec.seed.user_data, first));
    }
    write(INSTANCE, &spec.id, 0o644);
}

/// The host name, and whom to ask for others'. What people have changed stays as they left it.
fn names(spec: &Spec, first: bool) {
    let seed = &spec.seed;
    let short = seed.hostname.split('.').next().unwrap_or_default();
    let kept = fs::read_to_string("/etc/hostname").unwrap_or_default();
    if first || kept.trim().is_empty() {
        write("/etc/hostname", &format!("{short}\n"), 0o644);
        // Its own name is the VPC's DNS's to know, as on AWS.
        own_name(None);
    } else {
        tell("the host name", rustix::system::sethostname(kept.trim().as_bytes()).map_err(Into::into));
    }
    let mut resolver: String = seed.nameservers.iter().map(|server| format!("nameserver {server}\n")).collect();
    if !seed.search.is_empty() {
        resolver.push_str(&format!("search {}\n", seed.search));
    }
    // In many images it is a link to what a service writes that does not run here.
    let _not_there = fs::remove_file("/etc/resolv.conf");
    write("/etc/resolv.conf", &resolver, 0o644);
}

/// Puts a name of the machine's own into `/etc/hosts`, in the place of the one that was there, beside the loopback's.
pub(super) fn own_name(name: Option<&str>) {
    const OWN: &str = "127.0.1.1";
    let before = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let mut lines: Vec<&str> = before.lines().filter(|line| line.split_whitespace().next() != Some(OWN)).collect();
    for usual in ["127.0.0.1 localhost localhost.localdomain", "::1 localhost ip6-localhost ip6-loopback"] {
        let address = usual.split_whitespace().next();
        if !lines.iter().any(|line| line.split_whitespace().next() == address) {
            lines.push(usual);
        }
    }
    let own = name.map_or(String::new(), |name| format!("{OWN} {name}\n"));
    write("/etc/hosts", &format!("{}\n{own}", lines.join("\n")), 0o644);
}

/// Adds the cloud's authority to those that programs trust.
fn trust(authority: &str) {
    if authority.is_empty() {
        return;
    }
    write("/usr/local/share/ca-certificates/kogumo.crt", authority, 0o644);
    for bundle in ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"] {
        let Ok(all) = fs::read_to_string(bundle) else { continue };
        if !all.contains(authority.trim()) {
            write(bundle, &format!("{}\n{}\n", all.trim_end(), authority.trim()), 0o644);
        }
    }
}

/// `/etc/environment`, which logins read.
fn environment(variables: &[(String, String)]) {
    let mut lines = format!("PATH=\"{PATH}\"\n");
    for (name, value) in variables {
        lines.push_str(&format!("{name}=\"{value}\"\n"));
    }
    write("/etc/environment", &lines, 0o644);
}

/// Host keys are a machine's own: two machines of one image have different ones.
fn renew_host_keys(spec: &Spec) {
    let keys = fs::read_dir("/etc/ssh").into_iter().flatten().flatten();
    for key in keys.filter(|key| key.file_name().to_string_lossy().starts_with("ssh_host_")) {
        tell("a host key", fs::remove_file(key.path()));
    }
    let Some(key) = &spec.seed.host_key else { return };
    let file = "/etc/ssh/ssh_host_ed25519_key";
    let who = format!("root@{}", spec.seed.hostname.split('.').next().unwrap_or_default());
    write(file, &key.private, 0o600);
    write(&format!("{file}.pub"), &format!("{} {who}\n", key.public), 0o644);
    // As cloud-init prints them, so that people can compare what their client shows.
    println!("-----BEGIN SSH HOST KEY FINGERPRINTS-----");
    println!("256 SHA256:{} {who} (ED25519)", key.fingerprint.trim_end_matches('='));
    println!("-----END SSH HOST KEY FINGERPRINTS-----");
    println!("-----BEGIN SSH HOST KEY KEYS-----\n{} {who}\n-----END SSH HOST KEY KEYS-----", key.public);
}

/// What an image that was made elsewhere does not know of this init, and what people will miss in it.
fn come_to_terms() {
    let has = |paths: &[&str]| paths.iter().any(|path| Path::new(path).exists());
    if !has(&["/opt/kogumo/bin/poweroff"]) {
        // Its own ones speak to systemd, which does not run here; sudo looks into this folder first.
        for (name, script) in power_scripts() {
            write(&format!("/usr/local/sbin/{name}"), &script, 0o755);
        }
    }
    if !has(&["/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo", "/opt/kogumo/bin/sudo"]) {
        println!("[kogumo] This image has no sudo: ec2-user and ubuntu cannot become root. Install it in the image.");
    }
}

fn start_sshd() {
    let Some(sshd) = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|path| Path::new(path).is_file()) else {
        println!(
            "[kogumo] This image has no sshd: nobody can log in. Install openssh-server on the host, or in the image."
        );
        return;
    };
    let file = "/etc/ssh/ssh_host_ed25519_key";
    if !Path::new(file).exists() && !run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]) {
        println!("[kogumo] There is no host key: sshd will not start.");
    }
    // It stays in the foreground, so that it is init's child and its words reach the console.
    start(sshd, &["-D", "-e"]);
}

/// What an image wants to be run at every boot.
fn start_local() {
    let script = "/etc/rc.local";
    if fs::metadata(script).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0) {
        start(script, &[]);
    }
}

/// The services that somebody enabled, as `systemctl enable` marks them.
fn start_enabled() {
    let systemctl = "/opt/kogumo/bin/systemctl";
    let wanted = fs::read_dir("/etc/systemd/system/multi-user.target.wants").into_iter().flatten().flatten();
    let mut units: Vec<String> = wanted.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    units.sort();
    if Path::new(systemctl).exists() && !units.is_empty() {
        let words: Vec<&str> = std::iter::once("start").chain(units.iter().map(String::as_str)).collect();
        start(systemctl, &words);
    }
}

/// A command with init's environment.
pub(super) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH).env("HOME", "/root").env("USER", "root").env("LOGNAME", "root");
    command.env("LANG", "C.UTF-8").env("SHELL", "/bin/sh").current_dir("/").stdin(Stdio::null());
    unblock_signals(&mut command);
    command
}

/// Starts a program that goes on by itself.
fn start(program: &str, arguments: &[&str]) {
    tell(program, command(program).args(arguments).spawn().map(drop));
}

/// Runs a program to its end; whether it went well.
pub(super) fn run(program: &str, arguments: &[&str]) -> bool {
    match command(program).args(arguments).status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("[kogumo] {program}: {error}");
            false
        }
    }
}

/// What a program prints.
pub(super) fn output(program: &str, arguments: &[&str]) -> String {
    let done = command(program).args(arguments).output();
    done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default()
}

/// Does something in a process of its own.
pub(super) fn in_background(work: impl FnOnce()) {
    match fork() {
        Ok(None) => {
            work();
            std::process::exit(0);
        }
        Ok(Some(_)) => {}
        Err(trouble) => println!("[kogumo] {trouble}"),
    }
}

/// Writes a file, with its folder.
pub(super) fn write(path: &str, text: &str, mode: u32) {
    let path = Path::new(path);
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let done = folder
        .and_then(|()| fs::write(path, text))
        .and_then(|()| fs::set_permissions(path, PermissionsExt::from_mode(mode)));
    tell(&path.to_string_lossy(), done);
}

/// Tells on the console what went wrong.
pub(super) fn tell(what: &str, done: std::io::Result<()>) {
    if let Err(error) = done {
        println!("[kogumo] {what}: {error}");
    }
}
