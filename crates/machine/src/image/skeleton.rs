//! What is around the host's userland in its image: the folders of a root file system, users, ssh and sudo.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;

use super::etc;

/// The folders of the root, with their modes (hier(7)).
const FOLDERS: [(&str, u32); 25] = [
    ("boot", 0o755),
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("media", 0o755),
    ("mnt", 0o755),
    ("opt", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("srv", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/lib/cloud", 0o755),
    ("var/log", 0o755),
    ("var/mail", 0o755),
    ("var/spool", 0o755),
    ("var/tmp", 0o1777),
    ("var/www", 0o755),
    ("etc/ssh", 0o755),
    ("etc/sudoers.d", 0o750),
    ("etc/systemd/system", 0o755),
];

/// What is shown of the host, where it has it: programs and libraries, and the package manager's own records, so that
/// packages can be installed on top.
const SHOWN: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/var/lib/dpkg", "/var/lib/apt"];

/// Login by key only, without the host's PAM modules; SFTP without a program of its own.
const SSHD_CONFIG: &str = "\
# Made by Kogumo for the image of this host's userland.
Include /etc/ssh/sshd_config.d/*.conf
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
X11Forwarding no
PrintMotd no
AcceptEnv LANG LC_*
SetEnv PATH=/opt/kogumo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
Subsystem sftp internal-sftp
";

const SUDOERS: &str = "\
Defaults env_reset
Defaults !fqdn
Defaults secure_path=\"/opt/kogumo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"
root ALL=(ALL:ALL) ALL
%sudo ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
";

/// Users that every program expects; the host's own people stay out.
const NOBODY: u32 = 65534;
const FIRST_PERSON: u32 = 1000;

/// A host without sudo: its image gets one for the default users, out of su, whose PAM trusts the group wheel.
const SUDO: &str = include_str!("sudo.sh");
/// In the place of systemd's, which does not run here.
const SYSTEMCTL: &str = include_str!("systemctl.sh");
/// Logins as root find these programs first, too.
const PROFILE: &str =
    "case \":$PATH:\" in *:/opt/kogumo/bin:*) ;; *) PATH=/opt/kogumo/bin:$PATH ;; esac\nexport PATH\n";
const PAM_SU: &str = "auth sufficient pam_rootok.so\nauth sufficient pam_wheel.so trust group=wheel\nauth required pam_deny.so\n\
                      account sufficient pam_permit.so\nsession sufficient pam_permit.so\n";

/// Programs that speak to systemd, which does not run here, speak to init by signals instead.
const POWER: [(&str, &str); 4] = [("poweroff", "PWR"), ("halt", "PWR"), ("shutdown", "PWR"), ("reboot", "INT")];

/// The host's folders that are shown as they are: not those that are links into another.
pub(super) fn shown() -> Vec<PathBuf> {
    let real = |path: &&&str| fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
    SHOWN.iter().filter(real).map(PathBuf::from).collect()
}

/// Makes the folders, and the links of a host whose `/bin` is `/usr/bin`.
pub(super) fn make(folder: &Path) -> Result<(), Trouble> {
    for (name, mode) in FOLDERS {
        etc::make(&folder.join(name), mode)?;
    }
    for shown in SHOWN {
        let at = folder.join(shown.trim_start_matches('/'));
        match fs::read_link(shown) {
            Ok(target) => {
                let _there_already = symlink(target, &at);
            }
            Err(_) if Path::new(shown).is_dir() => etc::make(&at, 0o755)?,
            Err(_) => {}
        }
    }
    let _there_already = symlink("/run", folder.join("var/run"));
    let _there_already = symlink("/run/lock", folder.join("var/lock"));
    Ok(())
}

/// Writes what is not the host's: users, ssh, sudo.
pub(super) fn finish(folder: &Path) -> Result<(), Trouble> {
    let host = |name: &str| fs::read_to_string(Path::new("/etc").join(name)).unwrap_or_default();
    let passwd = system_lines(&host("passwd"));
    let shadow: String = passwd
        .lines()
        .filter_map(|line| line.split(':').next())
        .map(|name| format!("{name}:*:19000:0:99999:7:::\n"))
        .collect();
    let wheel = if host("group").contains("\nwheel:") { "" } else { "wheel:x:989:\n" };
    let wheel = wheel.replace(":\n", ":ec2-user,ubuntu\n");
    // Where only root may read it, the image of somebody else has none.
    let has_sudo = fs::File::open("/usr/bin/sudo").is_ok();
    write(&folder.join("etc/passwd"), &passwd, 0o644)?;
    write(&folder.join("etc/shadow"), &shadow, 0o640)?;
    write(&folder.join("etc/group"), &(system_lines(&host("group")) + &wheel), 0o644)?;
    write(&folder.join("etc/ssh/sshd_config"), SSHD_CONFIG, 0o644)?;
    write(&folder.join("etc/sudoers"), SUDOERS, 0o440)?;
    write(&folder.join("etc/resolv.conf"), "", 0o644)?;
    write(&folder.join("etc/hosts"), "127.0.0.1 localhost\n", 0o644)?;
    write(&folder.join("etc/fstab"), "", 0o644)?;
    write(
        &folder.join("etc/sysctl.conf"),
        "# Settings of the network, such as net.ipv4.ip_forward=1: see sysctl.conf(5).\n",
        0o644,
    )?;
    etc::make(&folder.join("etc/sysctl.d"), 0o755)?;
    let _none_there = fs::copy("/etc/ssh/ssh_config", folder.join("etc/ssh/ssh_config"));
    etc::make(&folder.join("etc/ssh/sshd_config.d"), 0o755)?;
    let local = folder.join("opt/kogumo/bin");
    etc::make(&local, 0o755)?;
    for (name, script) in power_scripts() {
        write(&local.join(name), &script, 0o755)?;
    }
    write(&local.join("systemctl"), SYSTEMCTL, 0o755)?;
    write(&folder.join("etc/profile.d/kogumo.sh"), PROFILE, 0o644)?;
    if !has_sudo {
        write(&local.join("sudo"), SUDO, 0o755)?;
        write(&folder.join("etc/pam.d/su"), PAM_SU, 0o644)?;
        write(&folder.join("etc/pam.d/su-l"), PAM_SU, 0o644)?;
    }
    Ok(())
}

/// The programs that speak to init, by name.
pub(crate) fn power_scripts() -> impl Iterator<Item = (&'static str, String)> {
    POWER.iter().map(|(name, signal)| (*name, power_script(signal)))
}

fn power_script(signal: &str) -> String {
    format!(
        r#"#!/bin/sh
# Tells the machine's init. `shutdown -r` restarts; `+MINUTES` and `HH:MM` are waited for, and `shutdown -c` calls that off.
signal={signal}
seconds=0
kept=/run/shutdown.pid
for word in "$@"; do
  case "$word" in
  -r | --reboot) signal=INT ;;
  -c) [ -f $kept ] && kill "$(cat $kept)"; rm -f $kept; exit 0 ;;
  -k) exit 0 ;;
  +[0-9]*) seconds=$((${{word#+}} * 60)) ;;
  [0-9]*:[0-9]*) seconds=$((($(date -d "$word" +%s) - $(date +%s) + 86400) % 86400)) ;;
  esac
done
if [ $seconds -eq 0 ]; then exec kill -$signal 1; fi
[ "$(id -u)" -eq 0 ] || {{ echo "only root may shut down" >&2; exit 1; }}
setsid sh -c "sleep $seconds; exec kill -$signal 1" </dev/null >/dev/null 2>&1 &
echo $! >$kept
echo "Shutdown scheduled for $(date -d "+$seconds seconds"), use 'shutdown -c' to cancel."
"#
    )
}

/// The lines of system users or groups, of which there are those below 1000 and nobody.
fn system_lines(text: &str) -> String {
    let is_system = |line: &&str| {
        let id = line.split(':').nth(2).and_then(|id| id.parse::<u32>().ok());
        id.is_some_and(|id| id < FIRST_PERSON || id == NOBODY)
    };
    text.lines().filter(is_system).map(|line| format!("{line}\n")).collect()
}

fn write(at: &Path, text: &str, mode: u32) -> Result<(), Trouble> {
    let parent = at.parent().map_or(Ok(()), fs::create_dir_all);
    let done = parent
        .and_then(|()| fs::write(at, text))
        .and_then(|()| fs::set_permissions(at, fs::Permissions::from_mode(mode)));
    done.map_err(|e| Trouble::from_cause(format!("cannot write {}", at.display()), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_stay_out() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
        assert_eq!(system_lines(passwd).lines().count(), 2);
        assert!(!system_lines(passwd).contains("me:"));
    }
}
