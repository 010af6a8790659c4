//! The one suite of behaviour, on the fake and on every way of the real host that this machine permits.

mod common;

use std::fs;
use std::time::Duration;

use kogumo_sandbox::suite::{Doing, Subject, run};
use kogumo_sandbox::{Confinement, Fake, Host, Linux, Spec};

struct OnFake(Fake);

impl Subject for OnFake {
    fn host(&self) -> &dyn Host {
        &self.0
    }

    fn spec(&self, name: &str, doing: Doing) -> Spec {
        let mut spec = common::shell(name, "");
        spec.program.argv = vec![format!("{doing:?}")];
        spec
    }

    fn left_over(&self) -> u64 {
        self.0.living()
    }
}

#[test]
fn the_fake() {
    let pause = || std::thread::sleep(Duration::from_millis(2));
    let fake = Fake::new()
        .with_program("Hello", |program| {
            program.print("hello\n");
            3
        })
        .with_program("Dots", move |program| {
            while program.go_on() {
                program.print(".");
                pause();
            }
            0
        })
        .with_program("Hog", move |program| {
            for taken in 1.. {
                program.use_memory(taken * common::MIB);
                if !program.go_on() {
                    break;
                }
            }
            0
        });
    run(&OnFake(fake));
}

struct OnLinux(Linux);

impl Subject for OnLinux {
    fn host(&self) -> &dyn Host {
        &self.0
    }

    fn spec(&self, name: &str, doing: Doing) -> Spec {
        let script = match doing {
            Doing::Hello => "echo hello; exit 3",
            Doing::Dots => "while :; do printf .; sleep 0.005; done",
            Doing::Hog => "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done",
            Doing::Nothing => "",
        };
        let mut spec = common::shell(name, script);
        if doing == Doing::Nothing {
            spec.program.argv = vec!["/no/such/program".to_owned()];
        }
        spec
    }

    fn left_over(&self) -> u64 {
        let ours = format!("{}-", std::process::id());
        let groups = ["memory", "pids", "cpu", "freezer", "unified", "."]
            .into_iter()
            .filter_map(|hierarchy| fs::read_dir(format!("/sys/fs/cgroup/{hierarchy}/kogumo")).ok())
            .flat_map(|entries| entries.flatten())
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours))
            .filter(|entry| entry.path().is_dir());
        groups.count() as u64
    }
}

/// In one test, one after the other: what is left over is counted for the whole process.
#[test]
fn linux() {
    let best = common::linux();
    let ways: &[(Confinement, bool)] = match best.report().confinement {
        Confinement::Root => &[
            (Confinement::Root, true),
            (Confinement::Root, false),
            (Confinement::UserNamespace, true),
            (Confinement::Plain, true),
            (Confinement::Plain, false),
        ],
        Confinement::UserNamespace => {
            eprintln!("SKIPPED as not root: the sandboxes that only root can make");
            &[(Confinement::UserNamespace, false), (Confinement::Plain, false)]
        }
        Confinement::Plain => {
            eprintln!("SKIPPED as this kernel permits no namespaces: all sandboxes but the plain ones");
            &[(Confinement::Plain, false)]
        }
    };
    for (confinement, control_groups) in ways {
        eprintln!("{confinement:?}, control groups: {control_groups}");
        run(&OnLinux(common::linux().confined_by(*confinement, *control_groups)));
    }
}
