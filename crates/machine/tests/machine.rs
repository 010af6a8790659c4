//! The real host against the suite, and what only it can show: a machine's world from inside.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kogumo_machine::linux::block;
use kogumo_machine::suite::{self, Subject};
use kogumo_machine::{Fake, Host, Layer, Limits, Linux, Seed, Spec, State, host_userland};

struct Real {
    host: Linux,
    folder: PathBuf,
    layers: Vec<Layer>,
}

impl Real {
    /// None where machines cannot run; it says so.
    fn new(name: &str) -> Option<Real> {
        let folder = std::env::temp_dir().join(format!("kogumo-machine-{name}-{}", std::process::id()));
        // As private as the server's own data folder is.
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
            .create(&folder)
            .expect("a folder");
        let host = Linux::with_keeper(&folder.join("machines"), env!("CARGO_BIN_EXE_kogumo-machine-keeper"));
        let lacks = host.lacks();
        if !lacks.is_empty() {
            eprintln!("SKIPPED: no machines here: {lacks:?}");
            return None;
        }
        let layers = host_userland(&folder.join("image")).expect("an image");
        Some(Real { host, folder, layers })
    }

    fn spec_with(&self, id: &str, user_data: &str) -> Spec {
        let volume = self.folder.join(format!("{id}.img"));
        if !volume.exists() {
            block::create(&volume, 1 << 30).expect("a volume");
            block::format(&volume).expect("a file system");
        }
        let seed = Seed {
            hostname: "ip-10-0-0-5.ap-northeast-1.compute.internal".into(),
            user_data: user_data.into(),
            ..Seed::default()
        };
        let limits = Limits { vcpus: 1, memory: 256 << 20, processes: 200 };
        Spec {
            id: id.to_owned(),
            layers: self.layers.clone(),
            volume,
            device: None,
            root_device: String::from("xvda"),
            limits,
            seed,
        }
    }

    fn start(&self, spec: &Spec) {
        let begun = Instant::now();
        self.host.prepare(spec).expect("it is prepared");
        println!("{} is prepared after {:?}", spec.id, begun.elapsed());
        let begun = Instant::now();
        self.host.boot(&spec.id).expect("it boots");
        self.console_until(&spec.id, "listening on ::");
        println!("{} listens after {:?}", spec.id, begun.elapsed());
    }

    fn console_until(&self, id: &str, end: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = String::from_utf8_lossy(&self.host.console(id)).into_owned();
            if text.contains(end) {
                return text;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "no {end:?} in:\n{text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Subject for Real {
    fn host(&self) -> &dyn Host {
        &self.host
    }

    fn spec(&self, id: &str) -> Spec {
        self.spec_with(id, "")
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        for id in self.host.list() {
            self.host.remove(&id);
        }
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

struct Imagined(Fake);

impl Subject for Imagined {
    fn host(&self) -> &dyn Host {
        &self.0
    }

    fn spec(&self, id: &str) -> Spec {
        let limits = Limits { vcpus: 1, memory: 1 << 30, processes: 100 };
        Spec {
            id: id.to_owned(),
            layers: Vec::new(),
            volume: PathBuf::new(),
            device: None,
            root_device: String::new(),
            limits,
            seed: Seed::default(),
        }
    }
}

#[test]
fn the_fake_behaves() {
    suite::run(&Imagined(Fake::new()));
}

#[test]
fn linux_behaves_and_leaves_nothing() {
    let Some(real) = Real::new("suite") else { return };
    suite::run(&real);
    let folder = real.folder.clone();
    assert_eq!(block::attached_below(&folder), Vec::new());
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    assert!(!mounts.contains(&folder.display().to_string()), "a mount is left");
    assert!(!Path::new("/sys/fs/cgroup/memory/kogumo-machines/i-0000000000000000a").exists());
}

/// What a learner does on an instance works; what would reach the host does not.
#[test]
fn the_world_inside() {
    let Some(real) = Real::new("inside") else { return };
    let script = r#"#!/bin/sh
say() { echo "RESULT $*"; }
say uid $(id -u)
say host $(hostname)
say one $(cat /proc/1/comm)
say usr $(touch /usr/bin/mine && rm /usr/bin/mine && echo writable)
say forward $(sysctl -n -w net.ipv4.ip_forward=1)
say nat $(iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE && iptables -t nat -S | grep -c MASQUERADE)
say core $(echo x 2>/dev/null > /proc/sys/kernel/core_pattern && echo written || echo refused)
say mknod $(mknod /root/disk b 254 0 2>/dev/null && echo made || echo refused)
say module $(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(313, -1, b"", 0))')
say tmpfs $(mount -t tmpfs none /mnt && echo mounted)
umount /mnt
say disks $(ls /dev | grep -c -E '^(vd|sd|nvme|loop)')
say home $(ls /home | tr '\n' ' ')
say processes $(ls /proc | grep -c '^[0-9]')
say sudo $(su ec2-user -s /bin/sh -c 'sudo -n id -u')
say hostfiles $(ls /work /root/.cargo 2>/dev/null | wc -l)
say done
"#;
    let spec = real.spec_with("i-0000000000000000d", script);
    real.start(&spec);
    let console = real.console_until(&spec.id, "RESULT done");
    println!("{console}");
    let result = |what: &str| {
        let line = console.lines().find_map(|line| line.strip_prefix(&format!("RESULT {what} ")));
        line.unwrap_or_default().trim().to_owned()
    };
    assert_eq!(result("uid"), "0");
    assert_eq!(result("host"), "ip-10-0-0-5");
    assert_eq!(result("one"), "init");
    assert_eq!(result("usr"), "writable");
    assert_eq!(result("forward"), "1");
    if block::format(Path::new("/nonexistent")).is_err() && Path::new("/usr/sbin/iptables").exists() {
        assert_eq!(result("nat"), "1");
    }
    assert_eq!(
        (result("core").as_str(), result("mknod").as_str(), result("module").as_str()),
        ("refused", "refused", "-1")
    );
    assert_eq!(result("tmpfs"), "mounted");
    assert_eq!(result("disks"), "0");
    assert_eq!(result("home"), "ec2-user ubuntu");
    assert_eq!(result("sudo"), "0");
    assert_eq!(result("hostfiles"), "0");
    assert!(result("processes").parse::<u32>().expect("a number") < 20);
}

/// A volume is a device of this machine only; it is formatted and mounted inside, and holds its data for another one.
#[test]
fn a_volume_moves_between_machines() {
    let Some(real) = Real::new("volume") else { return };
    let volume = real.folder.join("vol.img");
    block::create(&volume, 256 << 20).expect("a volume");
    let device = block::attach(&volume, block::Hold::UntilDetached).expect("a device");
    let wait = "for i in $(seq 300); do [ -b /dev/xvdf ] && break; sleep 0.02; done\n";
    let write = format!(
        "#!/bin/sh\n{wait}mkfs.ext4 -q /dev/xvdf && mkdir /data && mount /dev/xvdf /data && echo kept > /data/f && df /data && ls -ln /data && umount /data && echo WRITTEN"
    );
    let read = format!(
        "#!/bin/sh\n{wait}mount -o ro /dev/xvdf /mnt && echo \"READ $(cat /mnt/f)\"; touch /mnt/x || echo READONLY"
    );
    for (id, script, end) in [("i-0000000000000000e", write, "\nWRITTEN"), ("i-0000000000000000f", read, "\nREADONLY")]
    {
        let spec = real.spec_with(id, &script);
        real.start(&spec);
        real.host.plug(id, "xvdf", device.path()).expect("it is plugged");
        let console = real.console_until(id, end);
        println!("{console}");
        assert!(end == "\nWRITTEN" || console.contains("READ kept"), "{console}");
        real.host.unplug(id, "xvdf").expect("it is unplugged");
        real.host.remove(id);
    }
    block::detach(device.path()).expect("it is detached");
    drop(device);
    let begun = Instant::now();
    while !block::attached_below(&real.folder).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "a device is left");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What runs in a machine goes on when the server that started it is gone: another one finds it.
#[test]
fn a_machine_outlives_its_server() {
    let Some(real) = Real::new("outlives") else { return };
    let spec = real.spec_with("i-00000000000000010", "#!/bin/sh\necho UP\nsleep 1000");
    real.start(&spec);
    real.console_until(&spec.id, "UP");
    let other = Linux::with_keeper(&real.folder.join("machines"), env!("CARGO_BIN_EXE_kogumo-machine-keeper"));
    assert!(matches!(other.state(&spec.id), State::Running { .. }));
    other.remove(&spec.id);
    assert_eq!(real.host.state(&spec.id), State::Absent);
}
