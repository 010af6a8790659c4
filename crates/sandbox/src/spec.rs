//! What a sandbox is made of, as plain data. The helper process reads it as JSON and acts on it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A whole sandbox: what it sees, who it is, what it may use, and the program that runs in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// A name for messages and control groups: letters, digits and `-`.
    pub name: String,
    /// The host name inside.
    pub hostname: String,
    /// The whole file system of the sandbox, in order. What isn't named here isn't visible.
    pub mounts: Vec<Mount>,
    /// The user inside.
    pub identity: Identity,
    /// What it may use.
    pub limits: Limits,
    /// What runs.
    pub program: Program,
}

/// One piece of a sandbox's file system. Parent folders of `at` are made as needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mount {
    /// A file or folder of the host, with everything below it. It stays whole even if the host's path is hidden.
    Bind { from: PathBuf, at: PathBuf, writable: bool },
    /// The same, if the host has it; nothing if not.
    BindIfThere { from: PathBuf, at: PathBuf },
    /// A folder in memory that the sandbox's user owns, holding at most `bytes`.
    Scratch { at: PathBuf, bytes: u64 },
    /// An empty read-only folder; it hides what an earlier mount shows there.
    Empty { at: PathBuf },
    /// A read-only file with these contents.
    File { at: PathBuf, contents: String },
    /// A symbolic link.
    Link { at: PathBuf, to: PathBuf },
    /// `/proc`, of the sandbox's own processes.
    Proc,
    /// A `/dev` with null, zero, full, random, urandom and the links to standard input and output.
    Dev,
}

/// The user that the program runs as, inside. Outside it is an unprivileged user of no name, one for each sandbox,
/// or the server's own user where the server isn't root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub uid: u32,
    pub gid: u32,
}

/// What a sandbox may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory (without page cache and scratch folders); whoever uses more is killed.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Open files of one process.
    pub open_files: u64,
    /// Share of the processors against other sandboxes: 1 to 10,000, 100 being the usual (cgroup v2's `cpu.weight`).
    pub cpu_weight: u64,
}

/// What runs in a sandbox. Its standard input is empty; output and error go to one pipe, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The program's path inside the sandbox and its arguments.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The working folder inside the sandbox.
    pub folder: PathBuf,
}

impl Spec {
    /// Bytes of all scratch folders: they lie in memory too, but don't count as the program's.
    pub fn scratch_bytes(&self) -> u64 {
        let size = |mount: &Mount| {
            if let Mount::Scratch { bytes, .. } = mount { *bytes } else { 0 }
        };
        self.mounts.iter().map(size).sum()
    }
}
