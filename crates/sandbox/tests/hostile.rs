//! Programs that mean harm hurt only themselves, and leave nothing.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{MIB, finish, linux, shell, start};
use kogumo_sandbox::{Confinement, Exit, Host, Linux, Sandbox};

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

fn close(sandbox: &dyn Sandbox) {
    let troubles: Vec<String> = sandbox.close().iter().map(ToString::to_string).collect();
    assert!(troubles.is_empty(), "closing failed: {troubles:?}");
}

#[test]
fn forks_without_end() {
    for host in separating() {
        let (sandbox, _) =
            start(&host, shell("forks", "f() { f | f & }; f 2>/dev/null; while :; do f 2>/dev/null; done"));
        std::thread::sleep(Duration::from_millis(500));
        let usage = sandbox.usage();
        assert!(usage.processes <= 64, "{usage:?}");
        let outside = Command::new("true").status().expect("the machine still makes processes");
        assert!(outside.success());
        let closing = Instant::now();
        close(&*sandbox);
        assert!(closing.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn fills_its_tmp() {
    for host in separating() {
        let script = "cat /dev/zero > /tmp/full 2>/tmp/why; stat -c %s /tmp/full; \
                      i=0; while [ $i -lt 200000 ] && true > /tmp/f$i; do i=$((i+1)); done 2>/dev/null; echo end";
        let (said, exit) = finish(&host, shell("fills", script));
        assert!(said.ends_with("end\n"), "{said}");
        let written: u64 = said.lines().next().and_then(|n| n.parse().ok()).unwrap_or(0);
        assert!(written > 60 * MIB && written <= 64 * MIB, "{said}");
        assert_eq!(exit, Exit::Code(0));
    }
}

#[test]
fn allocates_without_end() {
    for host in separating() {
        let began = Instant::now();
        let (_, exit) = finish(&host, shell("allocates", "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"));
        assert_eq!(exit, Exit::OutOfMemory);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

/// Files in its own `/tmp` aren't the program's memory, though the kernel counts both as one.
#[test]
fn may_fill_its_tmp_and_still_use_its_memory() {
    for host in separating() {
        let script =
            "head -c 60000000 /dev/zero > /tmp/file && x=$(head -c 8000000 /dev/zero | tr '\\0' a) && echo ${#x}";
        let (said, exit) = finish(&host, shell("both", script));
        assert_eq!((said.as_str(), exit), ("8000000\n", Exit::Code(0)));
    }
}

#[test]
fn uses_more_than_its_memory_but_less_than_with_tmp() {
    for host in separating() {
        let script = "x=$(head -c 50000000 /dev/zero | tr '\\0' a); y=$x; sleep 5; echo ${#y}";
        let (_, exit) = finish(&host, shell("more", script));
        assert_eq!(exit, Exit::OutOfMemory);
    }
}

#[test]
fn never_returns_nor_listens() {
    for host in separating() {
        let (sandbox, _) = start(
            &host,
            shell("never", "trap '' TERM INT HUP; (trap '' TERM; setsid sleep 1000) & while :; do :; done"),
        );
        std::thread::sleep(Duration::from_millis(50));
        close(&*sandbox);
        assert_eq!(sandbox.wait(Duration::ZERO), Some(Exit::Signal(9)));
    }
}

#[test]
fn writes_without_end() {
    for host in separating() {
        let (sandbox, heard) =
            start(&host, shell("writes", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done"));
        std::thread::sleep(Duration::from_millis(200));
        sandbox.freeze().expect("it freezes");
        sandbox.drain();
        let before = heard.text().len();
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(heard.text().len(), before);
        close(&*sandbox);
    }
}

/// A server that is killed takes its sandboxes along; what is left of them goes at the next start.
#[test]
fn server_killed() {
    let Ok(server) = std::env::var("KOGUMO_TEST_SERVER") else {
        return server_killed_from_outside();
    };
    let (sandbox, _) = start(&linux(), shell("orphan", "while :; do sleep 0.1; done"));
    std::fs::write(server, "runs").expect("written");
    std::thread::sleep(Duration::from_secs(60));
    close(&*sandbox);
}

fn server_killed_from_outside() {
    let sign = std::env::temp_dir().join(format!("kogumo-server-{}", std::process::id()));
    let mut server = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "server_killed", "--nocapture"])
        .env("KOGUMO_TEST_SERVER", &sign)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a second server");
    let soon = |what: &str, done: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !done() {
            assert!(began.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    soon("the second server starts a sandbox", &|| sign.exists());
    let groups = groups_of(server.id());
    server.kill().expect("killed");
    server.wait().expect("waited for");
    let runs =
        || groups.iter().any(|group| std::fs::read_to_string(group.join("cgroup.procs")).is_ok_and(|p| !p.is_empty()));
    soon("its sandbox dies with it", &|| !runs());
    let troubles: Vec<String> = linux().sweep().iter().map(ToString::to_string).collect();
    assert!(troubles.is_empty(), "{troubles:?}");
    assert_eq!(groups_of(server.id()), Vec::<std::path::PathBuf>::new());
    std::fs::remove_file(&sign).expect("removed");
}

fn groups_of(server: u32) -> Vec<std::path::PathBuf> {
    let ours = format!("{server}-");
    let entries = ["memory", "pids", "cpu", "freezer", "unified", "."]
        .into_iter()
        .filter_map(|hierarchy| Path::new("/sys/fs/cgroup").join(hierarchy).join("kogumo").read_dir().ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()));
    entries.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&ours))).collect()
}

/// Many at once, closed from many threads.
#[test]
fn many_at_once() {
    let host = Arc::new(linux());
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let host = Arc::clone(&host);
            std::thread::spawn(move || {
                for round in 0..3 {
                    let (said, exit) = finish(&host, shell(&format!("many-{number}-{round}"), "echo done"));
                    assert_eq!((said.as_str(), exit), ("done\n", Exit::Code(0)));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread fails");
    }
}
