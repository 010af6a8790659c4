//! What this machine can do for sandboxes, what not, and what follows: for `kogumo doctor`, and for choosing a way.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::init::INIT_COMMAND;
use crate::linux::{Hierarchies, Power};

/// How a sandbox is separated from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confinement {
    /// All namespaces, made by root, who then becomes nobody.
    Root,
    /// All namespaces, made inside a user namespace of the server's own user.
    UserNamespace,
    /// A process with resource limits, that sees the whole machine as the server's user does: only for programs that ask
    /// for nothing else to be seen.
    Plain,
}

/// One thing that a machine can or can't do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ability {
    /// What it is about, in a few words.
    pub name: &'static str,
    pub here: bool,
    /// What this means for whoever runs code here.
    pub follows: String,
}

/// What a machine can do for sandboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub confinement: Confinement,
    pub abilities: Vec<Ability>,
}

/// Looks at this machine.
pub fn probe() -> Report {
    report(confinement(Path::new(OWN_BINARY)), &Hierarchies::find())
}

/// The helper, where it is this same binary.
pub(crate) const OWN_BINARY: &str = "/proc/self/exe";

/// The best way that this machine permits. It is tried, by a helper, since no file of the kernel's tells the whole truth.
pub(crate) fn confinement(helper: &Path) -> Confinement {
    let permits = |confinement: Confinement| {
        let tried = Command::new(helper)
            .args([INIT_COMMAND, confinement.name()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    };
    [Confinement::Root, Confinement::UserNamespace].into_iter().find(|way| permits(*way)).unwrap_or(Confinement::Plain)
}

impl Confinement {
    /// A word for it: on the command line of a trial, and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Confinement::Root => "root",
            Confinement::UserNamespace => "user-namespace",
            Confinement::Plain => "plain",
        }
    }
}

/// The report for a confinement and the control groups that there are.
pub(crate) fn report(confinement: Confinement, hierarchies: &Hierarchies) -> Report {
    let separated = confinement != Confinement::Plain;
    let ability =
        |name, here, yes: &str, no: &str| Ability { name, here, follows: if here { yes } else { no }.to_owned() };
    let abilities = vec![
        ability(
            "namespaces",
            separated,
            "a function sees its own code, runtime and /tmp only, and its own processes",
            "functions cannot run: what they see cannot be told from what the machine has",
        ),
        ability(
            "own user",
            confinement == Confinement::Root,
            "each function runs as an unprivileged user of its own",
            "functions run with your user's id; run as root to give each its own",
        ),
        ability(
            "memory limit",
            hierarchies.has(Power::Memory),
            "the kernel kills a function that uses more memory than it may",
            "memory is looked at 50 times a second, so a function may briefly use more than its limit",
        ),
        ability(
            "process limit",
            hierarchies.has(Power::Processes),
            "a function that forks without end stops at its own limit",
            "processes are limited for each user id, by a resource limit",
        ),
        ability(
            "processor share",
            hierarchies.has(Power::Cpu),
            "functions share the processors in proportion to their memory",
            "every function has the same share of the processors",
        ),
        ability(
            "freezer",
            hierarchies.has(Power::Freeze),
            "functions are frozen between invocations",
            "functions are stopped by signal between invocations",
        ),
        ability(
            "network of its own",
            false,
            "",
            "functions share this machine's network, and reach the cloud on loopback as every process here does",
        ),
    ];
    Report { confinement, abilities }
}
