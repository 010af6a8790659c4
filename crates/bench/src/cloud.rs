//! The cloud under measurement: a process of its own.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The user and the group `nobody`.
const NOBODY: u32 = 65534;
/// How long a cloud may take to stop; then it is killed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running cloud over a folder of its own: what it acknowledges outlives a `kill -9`. Both end with this value.
pub struct Cloud {
    process: Child,
    folder: PathBuf,
    pub address: SocketAddr,
    /// From the start of the process to its line `ready`.
    pub ready_after: Duration,
}

impl Cloud {
    /// Starts `program up` on a free port.
    pub fn start(program: &str) -> std::io::Result<Self> {
        Cloud::start_in(&format!("kogumo-bench-{}", std::process::id()), Command::new(program))
    }

    /// The same as a user who may do nothing on this machine; as whoever we are, if that is not root.
    pub fn start_as_nobody(program: &str) -> std::io::Result<Self> {
        let name = format!("kogumo-bench-nobody-{}", std::process::id());
        let mut command = Command::new(program);
        if std::fs::metadata("/proc/self")?.uid() == 0 {
            let folder = std::env::temp_dir().join(&name);
            std::fs::create_dir_all(&folder)?;
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY))?;
            command.uid(NOBODY).gid(NOBODY);
        }
        Cloud::start_in(&name, command)
    }

    fn start_in(name: &str, command: Command) -> std::io::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = std::env::temp_dir().join(name);
        let (process, ready_after) = launch(command, address, &folder)?;
        Ok(Cloud { process, folder, address, ready_after })
    }

    /// Ends the cloud and starts it again over what it kept; answers how long that start took.
    pub fn restart(&mut self, program: &str) -> std::io::Result<Duration> {
        self.process.kill()?;
        self.process.wait()?;
        (self.process, self.ready_after) = launch(Command::new(program), self.address, &self.folder)?;
        Ok(self.ready_after)
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Memory in use, in MB (resident, as the kernel counts it).
    pub fn resident_megabytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1000.0
    }
}

fn launch(mut command: Command, address: SocketAddr, folder: &Path) -> std::io::Result<(Child, Duration)> {
    let begin = Instant::now();
    let mut process = command
        .args(["up", "--listen", &address.to_string(), "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = process.stdout.take().ok_or_else(|| std::io::Error::other("no output"))?;
    let mut lines = BufReader::new(output).lines();
    let is_ready = |line: &std::io::Result<String>| line.as_ref().is_ok_and(|line| line.contains("ready"));
    if !lines.any(|line| is_ready(&line)) {
        return Err(std::io::Error::other("the cloud did not get ready"));
    }
    let ready_after = begin.elapsed();
    // Whoever does not read the rest would stop the cloud at its next line.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((process, ready_after))
}

impl Cloud {
    /// Asks the cloud to stop, so that none of its instances is left behind, and waits for that.
    fn stop(&mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
