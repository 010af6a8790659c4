//! How long sandboxes take here: `cargo run --example pace` (it is its own helper).

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kogumo_sandbox::suite::Heard;
use kogumo_sandbox::{Host, Identity, Limits, Linux, Mount, Program, Spec, runtime};

fn main() -> ExitCode {
    if let Some(code) = kogumo_sandbox::init_main(std::env::args_os()) {
        return code;
    }
    let host = Linux::new();
    println!("{:?}", host.report().confinement);
    let spec = || {
        let mut mounts = runtime::system_mounts();
        mounts.extend([Mount::Proc, Mount::Dev, Mount::Scratch { at: "/tmp".into(), bytes: 1 << 29 }]);
        Spec {
            name: "pace".into(),
            hostname: "pace".into(),
            mounts,
            identity: Identity { uid: 993, gid: 990 },
            limits: Limits { memory: 128 << 20, processes: 1024, open_files: 1024, cpu_weight: 100 },
            program: Program { argv: vec!["/bin/sleep".into(), "100".into()], env: vec![], folder: "/".into() },
        }
    };
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (mut starts, mut freezes, mut thaws, mut closes) = (vec![], vec![], vec![], vec![]);
    for _ in 0..40 {
        let at = Instant::now();
        let Ok(sandbox) = host.start(spec(), Arc::new(Heard::default())) else {
            return ExitCode::FAILURE;
        };
        starts.push(at.elapsed());
        std::thread::sleep(Duration::from_millis(5));
        for _ in 0..5 {
            let at = Instant::now();
            let _ = sandbox.freeze();
            freezes.push(at.elapsed());
            let at = Instant::now();
            let _ = sandbox.thaw();
            thaws.push(at.elapsed());
        }
        let at = Instant::now();
        sandbox.close();
        closes.push(at.elapsed());
    }
    println!(
        "start {:?}  freeze {:?}  thaw {:?}  close {:?}",
        median(starts),
        median(freezes),
        median(thaws),
        median(closes)
    );
    ExitCode::SUCCESS
}
