//! What a program in a sandbox sees of the machine, who it is, and what it may do.

mod common;

use std::fs;

use common::{finish, linux, shell};
use kogumo_sandbox::{Confinement, Exit, Host, Linux, Mount};

/// The ways that separate a program from the machine and that this machine permits.
fn separating() -> Vec<Linux> {
    match linux().report().confinement {
        Confinement::Root => {
            [Confinement::Root, Confinement::UserNamespace].map(|way| linux().confined_by(way, true)).into()
        }
        Confinement::UserNamespace => vec![linux()],
        Confinement::Plain => {
            eprintln!("SKIPPED: this kernel permits no namespaces");
            Vec::new()
        }
    }
}

fn says(script: &str) -> Vec<String> {
    separating().iter().map(|host| finish(host, shell("says", script)).0).collect()
}

#[test]
fn sees_the_system_and_nothing_else() {
    for seen in says("ls -A /") {
        let mut seen: Vec<&str> = seen.split_whitespace().filter(|name| !name.starts_with("lib")).collect();
        seen.sort_unstable();
        assert_eq!(seen, ["bin", "dev", "etc", "proc", "sbin", "tmp", "usr"]);
    }
    for seen in says("ls -A /root /home /var /run /sys /tmp 2>/dev/null; ls -A /tmp | wc -l") {
        assert_eq!(seen.split_whitespace().last(), Some("0"), "{seen}");
    }
    for seen in says("ls /dev | tr '\\n' ' '") {
        assert_eq!(seen, "fd full null random stderr stdin stdout urandom zero ");
    }
}

#[test]
fn sees_its_own_processes_only() {
    for seen in says("ls -d /proc/[0-9]* | wc -l; echo $$") {
        let numbers: Vec<u32> = seen.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        assert!(numbers[0] <= 5 && numbers[1] == 2, "{seen}");
    }
}

#[test]
fn lives_in_namespaces_of_its_own() {
    for kind in ["user", "mnt", "pid", "ipc", "uts"] {
        let hosts = fs::read_link(format!("/proc/self/ns/{kind}")).expect("a namespace");
        for seen in says(&format!("readlink /proc/self/ns/{kind}")) {
            assert_ne!(seen.trim(), hosts.to_string_lossy(), "{kind}");
        }
    }
    for seen in says("cat /proc/sys/kernel/hostname") {
        assert_eq!(seen, "inside\n");
    }
}

#[test]
fn is_nobody_with_no_powers() {
    for seen in says("id -u; id -g; id -un; grep -E 'Cap|NoNew|Seccomp:' /proc/self/status; ulimit -n; ulimit -c") {
        let none = "\t0000000000000000\n";
        for name in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert!(seen.contains(&format!("{name}{none}")), "{name} in {seen}");
        }
        assert!(seen.starts_with("993\n990\nsbx_user1051\n"), "{seen}");
        assert!(seen.contains("NoNewPrivs:\t1"), "{seen}");
        assert!(seen.contains("Seccomp:\t2") || cfg!(not(target_arch = "x86_64")), "{seen}");
        assert!(seen.ends_with("256\n0\n"), "{seen}");
    }
}

#[test]
fn cannot_get_powers_back() {
    let tries = [
        "unshare -rm true",
        "unshare -n true",
        "mount -t tmpfs x /tmp",
        "mount -o remount,rw /usr",
        "umount /tmp",
        "su -c true",
        "/usr/sbin/chroot / true",
        "nsenter -t 1 -m true",
        "{ echo 1 > /proc/sys/kernel/sysrq; }",
        "{ echo 100 > /proc/sys/user/max_user_namespaces; }",
        "{ echo -1000 > /proc/self/oom_score_adj; }",
        "ls /proc/1/root/",
    ];
    for attempt in tries {
        // `kill` of the first process is permitted, and does nothing: the kernel keeps it from its own namespace.
        for seen in says(&format!("{attempt} 2>/tmp/why >/tmp/out && echo done || echo refused; kill -9 1; echo alive"))
        {
            assert_eq!(seen, "refused\nalive\n", "{attempt}");
        }
    }
}

#[test]
fn writes_to_its_tmp_only() {
    let tries = "for f in / /usr /etc /dev /bin /opt /var; do touch $f/kogumo-x 2>/dev/null && echo wrote $f; done; \
                 touch /tmp/kogumo-x && echo wrote /tmp; { echo no > /etc/passwd; } 2>/dev/null && echo changed users; true";
    for seen in says(tries) {
        assert_eq!(seen, "wrote /tmp\n");
    }
    assert!(!fs::exists("/tmp/kogumo-x").unwrap_or(true));
}

#[test]
fn shows_what_it_is_told_to() {
    let code = std::env::temp_dir().join(format!("kogumo code {}", std::process::id()));
    fs::create_dir_all(&code).expect("a folder");
    fs::write(code.join("handler"), "the code").expect("a file");
    for host in separating() {
        let script = "cat /var/task/handler /opt/note /etc/hosts; readlink /var/lang; ls -A /opt/empty; \
                      touch /var/task/x 2>/dev/null || echo read-only; touch /data/x && echo writable";
        let mut spec = shell("shows", script);
        spec.mounts.extend([
            Mount::Bind { from: code.clone(), at: "/var/task".into(), writable: false },
            Mount::Bind { from: code.clone(), at: "/data".into(), writable: true },
            Mount::BindIfThere { from: "/no/such/folder".into(), at: "/nothing".into() },
            Mount::File { at: "/opt/note".into(), contents: " and a note".to_owned() },
            Mount::File { at: "/etc/hosts".into(), contents: " and hosts\n".to_owned() },
            Mount::Empty { at: "/opt/empty".into() },
            Mount::Link { at: "/var/lang".into(), to: "/usr".into() },
        ]);
        let (seen, exit) = finish(&host, spec);
        // Another user's folder can't be written to by nobody; as the server's own user it can.
        let writable = if fs::exists(code.join("x")).unwrap_or(false) { "writable\n" } else { "" };
        assert!(seen.starts_with("the code and a note and hosts\n/usr\nread-only\n"), "{seen}");
        assert!(seen.ends_with(writable), "{seen}");
        assert!(matches!(exit, Exit::Code(_)));
        fs::remove_file(code.join("x")).unwrap_or_default();
    }
    fs::remove_dir_all(&code).expect("removed");
}

/// A link that a mount leads to could point out of the new root, into the host.
#[test]
fn makes_nothing_behind_a_link() {
    for host in separating() {
        let mut spec = shell("link", "true");
        spec.mounts.push(Mount::Link { at: "/out".into(), to: "/tmp".into() });
        spec.mounts.push(Mount::File { at: "/out/kogumo-escaped".into(), contents: String::new() });
        let heard = std::sync::Arc::new(kogumo_sandbox::suite::Heard::default());
        let refused = host.start(spec, heard).err().map(|trouble| trouble.to_string()).unwrap_or_default();
        assert!(refused.contains("isn't a folder"), "{refused}");
        assert!(!fs::exists("/tmp/kogumo-escaped").unwrap_or(true));
    }
}

/// Two sandboxes are different users outside, so neither can touch what belongs to the other.
#[test]
fn each_is_another_user_outside() {
    if linux().report().confinement != Confinement::Root {
        return eprintln!("SKIPPED: not root");
    }
    let host = linux();
    let outside = |name| finish(&host, shell(name, "cat /proc/self/uid_map")).0;
    let (one, two) = (outside("one"), outside("two"));
    assert_ne!(one, two);
    let fields: Vec<u64> = one.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    assert!(fields[0] == 993 && fields[1] >= 1_900_000_000 && fields[2] == 1, "{one}");
}

/// Where nothing can be separated, a program that needs it is refused, not run in the open.
#[test]
fn no_pretence_without_namespaces() {
    let mut spec = shell("plain", "true");
    spec.mounts.push(Mount::Bind { from: "/etc".into(), at: "/var/task".into(), writable: false });
    let heard = std::sync::Arc::new(kogumo_sandbox::suite::Heard::default());
    let refused =
        linux().confined_by(Confinement::Plain, true).start(spec, heard).err().map(|trouble| trouble.to_string());
    assert!(refused.is_some_and(|why| why.contains("no sandbox can have a /var/task of its own")));
}
