//! The room for machines: an EC2 instance as processes of this kernel, with a root file system, users, a network stack
//! and devices of its own.
//!
//! A wall (`Host`) with two sides: `Linux`, and `Fake` for tests of whoever asks for machines; one behaviour suite holds
//! for both. A machine outlives the server that started it: everything a server needs to find it again lies in the
//! machine's folder.
//!
//! ```text
//! server ── starts ──► keeper (host's namespaces, holds the console, mounts what the machine asks for)
//!                         └── init (pid 1 of the machine: user, pid, mount, uts, ipc, cgroup and net namespaces of its own)
//!                               └── sshd, user data, whatever runs in the machine
//! ```
//! What a machine is isolated from: other machines' and the host's processes, users (root inside is an unprivileged user
//! of no name outside), files (the host's userland is below an overlay and never written to), mounts, host name, IPC,
//! network, devices (there are no others in its `/dev`, and a user namespace cannot make any), kernel settings outside
//! its own network; processor time and memory are limited by control groups. What it is not isolated from: the one
//! kernel, its bugs, its clock and its load; the host's file systems fill up as its volumes do; and it can read the
//! files of the host's `/usr` where its image is made of the host's userland.
//!
//! What is absent: this room knows nothing of EC2's API, of VPCs (who connects a machine's network namespace to
//! anything does so from outside), or of the store.

mod fake;
mod host;
mod image;
mod init;
mod keeper;
pub mod linux;
mod spec;
pub mod suite;
mod usage;
pub mod view;

pub use fake::Fake;
pub use host::{Ending, Host, Lack, State};
pub use image::{Source, host_userland};
pub use keeper::ioctl::is_possible as grows_while_mounted;
pub use keeper::{KEEPER_COMMAND, keeper_main};
pub use linux::Linux;
pub use spec::{HostKey, Layer, Limits, Seed, Spec};
pub use usage::{Traffic, Usage};
