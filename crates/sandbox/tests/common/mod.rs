//! What the tests share: the real host with its helper, and small sandboxes on it.

#![allow(dead_code)]

use std::sync::Arc;
use std::time::Duration;

use kogumo_sandbox::suite::Heard;
use kogumo_sandbox::{Exit, Host, Identity, Limits, Linux, Mount, Program, Sandbox, Spec, Watcher, runtime};

pub const MIB: u64 = 1 << 20;
pub const SOON: Duration = Duration::from_secs(20);

pub fn linux() -> Linux {
    Linux::with_helper(env!("CARGO_BIN_EXE_kogumo-sandbox-init"))
}

/// A sandbox that sees the system's libraries, `/tmp`, `/proc` and `/dev`, and runs a shell script.
pub fn shell(name: &str, script: &str) -> Spec {
    let mut mounts = runtime::system_mounts();
    mounts.extend([Mount::Proc, Mount::Dev, Mount::Scratch { at: "/tmp".into(), bytes: 64 * MIB }]);
    Spec {
        name: name.to_owned(),
        hostname: "inside".to_owned(),
        mounts,
        identity: Identity { uid: 993, gid: 990 },
        limits: Limits { memory: 64 * MIB, processes: 64, open_files: 256, cpu_weight: 100 },
        program: Program {
            argv: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
            env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
            folder: "/".into(),
        },
    }
}

/// Runs it to its end: what it wrote and how it ended.
pub fn finish(host: &Linux, spec: Spec) -> (String, Exit) {
    let heard = Arc::new(Heard::default());
    let sandbox = host.start(spec, Arc::clone(&heard) as Arc<dyn Watcher>).expect("it starts");
    let exit = sandbox.wait(SOON);
    let troubles: Vec<String> = sandbox.close().iter().map(ToString::to_string).collect();
    assert!(troubles.is_empty(), "closing failed: {troubles:?}");
    (heard.text(), exit.expect("it ends"))
}

pub fn start(host: &Linux, spec: Spec) -> (Arc<dyn Sandbox>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let sandbox = host.start(spec, Arc::clone(&heard) as Arc<dyn Watcher>).expect("it starts");
    (sandbox, heard)
}
