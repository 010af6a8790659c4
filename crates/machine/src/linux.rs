//! The real host: keepers, found again through the folders of their machines.

pub mod block;
pub(crate) mod cgroup;
pub mod copy;
mod disks;
pub(crate) mod idmap;
mod probe;
mod processes;
mod still;
pub mod throttle;
mod tree;

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use kogumo_base::Trouble;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::keeper::{KEEPER_COMMAND, Process, READY, Status, console, folder_of, mounts, say_go};
use crate::usage::{self, Usage};
use crate::{Ending, Host, Lack, Spec, State};

/// How long a killed machine may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// This Linux machine.
pub struct Linux {
    /// Each machine's folder lies in it.
    folder: PathBuf,
    keeper: PathBuf,
    lacks: OnceLock<Vec<Lack>>,
    /// Where the kernel counts the time of processors.
    accounting: OnceLock<Option<cgroup::Accounting>>,
    /// Where it does not.
    times: processes::Times,
}

impl Linux {
    /// Machines whose folders lie in `folder`. The keeper is this same binary.
    pub fn new(folder: &Path) -> Linux {
        Linux::with_keeper(folder, "/proc/self/exe")
    }

    /// The same with another binary as the keeper; its `main` has to call [`crate::keeper_main`].
    pub fn with_keeper(folder: &Path, keeper: impl Into<PathBuf>) -> Linux {
        Linux {
            folder: folder.to_owned(),
            keeper: keeper.into(),
            lacks: OnceLock::new(),
            accounting: OnceLock::new(),
            times: processes::Times::default(),
        }
    }

    fn folder(&self, id: &str) -> PathBuf {
        folder_of(&self.folder, id)
    }

    fn status(&self, id: &str) -> Option<Status> {
        Status::read(&self.folder(id))
    }

    /// The root volume is a disk that the machine sees, too.
    fn show_root(&self, spec: &Spec) {
        let device = block::attached_below(&spec.volume).into_iter().next();
        if let Some((device, _)) = device.filter(|_| !spec.root_device.is_empty()) {
            self.refresh(&spec.id, &spec.root_device, &device);
        }
    }

    fn signal(&self, id: &str, signal: Signal) {
        if let Some(status) = self.status(id) {
            send(status.init, signal);
        }
    }

    /// Starts a keeper and waits until its machine waits for its boot.
    fn start_keeper(&self, folder: &Path) -> Result<(), Trouble> {
        let failed = |e| Trouble::from_cause("cannot start a machine's keeper", e);
        let mut launcher = Command::new(&self.keeper)
            .arg0("kogumo")
            .arg(KEEPER_COMMAND)
            .arg(folder)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("keeper.log")).map_err(failed)?)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut words = String::new();
        if let Some(mut line) = launcher.stdout.take() {
            line.read_to_string(&mut words).map_err(failed)?;
        }
        // It leaves the keeper behind and ends at once.
        let _ended = launcher.wait();
        match words.trim() {
            READY => Ok(()),
            "" => Err(Trouble::new("a machine's keeper ended without a word")),
            why => Err(Trouble::new(why)),
        }
    }

    fn wait_until_gone(&self, id: &str) -> Result<(), Trouble> {
        let Some(status) = self.status(id) else { return Ok(()) };
        let begun = Instant::now();
        while status.keeper.lives() || status.init.lives() {
            if begun.elapsed() > PATIENCE {
                return Err(Trouble::new(format!("{id} was killed and does not end")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// The user namespace that the keepers of machines in that folder live in, if there are any and it may be looked at.
#[must_use]
pub fn users(folder: &Path) -> Option<OwnedFd> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let keepers = entries.filter_map(|entry| Status::read(&entry.path())).map(|status| status.keeper);
    let mut living = keepers.filter(|keeper| keeper.lives());
    living.find_map(|keeper| Some(fs::File::open(format!("/proc/{}/ns/user", keeper.pid)).ok()?.into()))
}

/// Sends a signal, if it is still that process.
fn send(process: Process, signal: Signal) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // Looked at once the handle is held: the number cannot become another's from here on.
    if process.lives() {
        let _ended_already = pidfd_send_signal(&handle, signal);
    }
}

impl Host for Linux {
    fn lacks(&self) -> Vec<Lack> {
        self.lacks.get_or_init(|| probe::lacks(&self.folder)).clone()
    }

    fn lacks_devices(&self) -> Option<Lack> {
        probe::lacks_devices()
    }

    fn list(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    fn state(&self, id: &str) -> State {
        let Some(status) = self.status(id) else { return State::Absent };
        let network = PathBuf::from(format!("/proc/{}/ns/net", status.init.pid));
        match status {
            Status { ending: Some(ending), .. } => State::Ended(ending),
            Status { init, .. } if !init.lives() => match status.keeper.lives() {
                // The keeper is about to say how; until then the machine is not gone.
                true => State::Running { network },
                false => State::Ended(Ending::Killed),
            },
            Status { booted: false, .. } => State::Prepared { network },
            _ => State::Running { network },
        }
    }

    fn prepare(&self, spec: &Spec) -> Result<State, Trouble> {
        match self.state(&spec.id) {
            State::Ended(_) => {
                let troubles = self.clear(&spec.id, true);
                if let Some(trouble) = troubles.into_iter().next() {
                    return Err(trouble);
                }
            }
            State::Absent => {}
            there => return Ok(there),
        }
        let folder = self.folder(&spec.id);
        let failed = |e| Trouble::from_cause(format!("cannot make {}", folder.display()), e);
        fs::create_dir_all(&folder).map_err(failed)?;
        spec.write(&folder)?;
        match self.start_keeper(&folder) {
            Ok(()) => {
                self.show_root(spec);
                Ok(self.state(&spec.id))
            }
            Err(trouble) => {
                self.clear(&spec.id, true);
                Err(trouble)
            }
        }
    }

    fn boot(&self, id: &str) -> Result<(), Trouble> {
        say_go(&self.folder(id))
    }

    fn shut_down(&self, id: &str) {
        self.signal(id, Signal::TERM);
    }

    fn kill(&self, id: &str) {
        self.signal(id, Signal::KILL);
    }

    fn remove(&self, id: &str) -> Vec<Trouble> {
        self.clear(id, false)
    }

    fn console(&self, id: &str) -> Vec<u8> {
        console::read(&self.folder(id))
    }

    fn usage(&self, id: &str) -> Option<Usage> {
        let init = self.status(id).map(|status| status.init).filter(|init| init.lives())?;
        let accounting = self.accounting.get_or_init(cgroup::Accounting::find).as_ref();
        let counted = accounting.and_then(|accounting| accounting.of(id));
        let (received, sent) = usage::traffic(&fs::read_to_string(format!("/proc/{}/net/dev", init.pid)).ok()?);
        Some(Usage { processors: counted.or_else(|| self.times.of(id, init))?, received, sent })
    }

    fn while_still(
        &self,
        id: &str,
        volume: &Path,
        work: &mut dyn FnMut() -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let status = self.status(id);
        let processes = status.map_or(Vec::new(), |status| vec![status.keeper.pid, status.init.pid]);
        let _still = still::freeze(volume, &processes);
        work()
    }

    fn plug(&self, id: &str, name: &str, device: &Path) -> Result<(), Trouble> {
        if let Some(lack) = self.lacks_devices() {
            return Err(Trouble::new(lack.why));
        }
        let folder = self.folder(id);
        let status = self.status(id).ok_or_else(|| Trouble::new(format!("there is no machine {id}")))?;
        let failed = |e: std::io::Error| Trouble::from_cause(format!("cannot give {id} the device {name}"), e);
        let devices = folder.join("devices");
        fs::create_dir_all(&devices).map_err(failed)?;
        fs::write(devices.join(name), device.to_string_lossy().as_bytes()).map_err(failed)?;
        let number = rustix::fs::stat(device).map_err(|e| failed(e.into()))?.st_rdev;
        let at = inside(status, name);
        self.refresh(id, name, device);
        if rustix::fs::stat(&at).is_ok_and(|there| there.st_rdev == number) {
            return Ok(());
        }
        let owner = Spec::read(&folder)?.first_id();
        // Another device may have lent it its second name.
        if fs::symlink_metadata(&at).is_ok_and(|there| there.is_symlink()) {
            fs::remove_file(&at).map_err(failed)?;
        }
        mounts::device_node(&at, rustix::fs::FileType::BlockDevice, number, 0o660, owner)?;
        if let Some(other) = other_name(name) {
            let _taken = std::os::unix::fs::symlink(name, inside(status, &other));
        }
        Ok(())
    }

    fn refresh(&self, id: &str, name: &str, device: &Path) {
        if let Some(status) = self.status(id) {
            let _only_for_the_eye = disks::show(&root(status), name, device);
        }
    }

    fn unplug(&self, id: &str, name: &str) -> Result<(), Trouble> {
        let Some(status) = self.status(id) else { return Ok(()) };
        let _not_there = fs::remove_file(self.folder(id).join("devices").join(name));
        disks::hide(&root(status), name);
        if let Some(link) = other_name(name).map(|other| inside(status, &other))
            && fs::read_link(&link).is_ok_and(|to| to.as_os_str() == name)
        {
            let _not_there = fs::remove_file(link);
        }
        match fs::remove_file(inside(status, name)) {
            Err(e) if status.init.lives() && e.kind() != std::io::ErrorKind::NotFound => {
                Err(Trouble::from_cause(format!("cannot take {name} from {id}"), e))
            }
            _ => Ok(()),
        }
    }
}

/// A machine's root, as the host reaches it.
fn root(status: Status) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root", status.init.pid))
}

/// The other name that Amazon Linux shows a device under: what is attached as `/dev/sdf` is `/dev/xvdf`, too.
fn other_name(name: &str) -> Option<String> {
    let from_sd = name.strip_prefix("sd").map(|rest| format!("xvd{rest}"));
    from_sd.or_else(|| name.strip_prefix("xvd").map(|rest| format!("sd{rest}")))
}

/// A device's place in a machine's `/dev`.
fn inside(status: Status, name: &str) -> PathBuf {
    root(status).join("dev").join(name)
}

impl Linux {
    /// Ends a machine and removes what there is of it; the console may stay for the next boot.
    fn clear(&self, id: &str, keep_console: bool) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        self.kill(id);
        if let Err(trouble) = self.wait_until_gone(id) {
            if let Some(status) = self.status(id) {
                send(status.keeper, Signal::KILL);
            }
            troubles.push(trouble);
        }
        cgroup::remove(id);
        let folder = self.folder(id);
        let kept = keep_console.then(|| fs::read(console::path(&folder)).ok()).flatten();
        match fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                troubles.push(Trouble::from_cause(format!("cannot remove {}", folder.display()), e));
            }
            _ => {}
        }
        if let Some(kept) = kept {
            let _lost_output = fs::create_dir_all(&folder).and_then(|()| fs::write(console::path(&folder), kept));
        }
        troubles
    }
}
