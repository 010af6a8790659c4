//! The real host: namespaces, control groups, and a helper process for each sandbox.

mod cgroup;
mod helper;
mod identity;
mod running;
mod tree;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kogumo_base::Trouble;

use crate::init::{Order, Word};
use crate::{Confinement, Host, Mount, Report, Sandbox, Spec, Watcher, probe};
use cgroup::Groups;
pub(crate) use cgroup::{Hierarchies, Power};
use helper::Helper;
use identity::Server;
use running::{Handle, Running};

/// How long a sandbox may take to be made.
const SETUP_PATIENCE: Duration = Duration::from_secs(20);

/// Sandboxes made by this process, to tell their control groups apart.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// This Linux machine.
pub struct Linux {
    hierarchies: Hierarchies,
    /// Found out when it is first asked for: that takes a process.
    confinement: OnceLock<Confinement>,
    server: Server,
    helper: helper::Source,
    next_identity: AtomicU32,
}

impl Linux {
    /// Looks at the machine, and makes our folders in its control groups. The helper is this same binary.
    pub fn new() -> Linux {
        Linux::with_helper(probe::OWN_BINARY)
    }

    /// The same with another binary as the helper; its `main` has to call [`crate::init_main`].
    pub fn with_helper(program: impl Into<std::path::PathBuf>) -> Linux {
        Linux {
            hierarchies: Hierarchies::find(),
            confinement: OnceLock::new(),
            server: Server::this(),
            helper: helper::Source::new(program.into()),
            next_identity: AtomicU32::new(0),
        }
    }

    /// The same, held back to less than the machine can do: to test what happens where it can't.
    pub fn confined_by(mut self, confinement: Confinement, control_groups: bool) -> Linux {
        self.confinement = OnceLock::from(confinement);
        if !control_groups {
            self.hierarchies = Hierarchies::default();
        }
        self
    }

    /// Without namespaces nothing can be shown at another place than its own.
    fn check_plain(&self, spec: &Spec) -> Result<(), Trouble> {
        let moved = spec.mounts.iter().find_map(|mount| match mount {
            Mount::Bind { from, at, .. } if from != at => Some(at),
            _ => None,
        });
        match moved {
            Some(at) if self.confinement() == Confinement::Plain => {
                let at = at.display();
                Err(Trouble::new(format!(
                    "this machine permits no namespaces, so no sandbox can have a {at} of its own"
                )))
            }
            _ => Ok(()),
        }
    }

    fn confinement(&self) -> Confinement {
        *self.confinement.get_or_init(|| probe::confinement(self.helper.program()))
    }

    fn order(&self, spec: Spec, groups: &Groups) -> Order {
        let (outer_uid, outer_gid) = match self.confinement() {
            Confinement::Root => {
                let id = self.server.outer_id(self.next_identity.fetch_add(1, Ordering::Relaxed));
                (id, id)
            }
            _ => (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw()),
        };
        Order {
            spec,
            confinement: self.confinement(),
            groups: groups.doors(),
            outer_uid,
            outer_gid,
            processes_counted: self.hierarchies.has(Power::Processes),
        }
    }
}

impl Default for Linux {
    fn default() -> Linux {
        Linux::new()
    }
}

impl Host for Linux {
    fn report(&self) -> Report {
        probe::report(self.confinement(), &self.hierarchies)
    }

    fn start(&self, spec: Spec, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Sandbox>, Trouble> {
        self.check_plain(&spec)?;
        let limits = spec.limits;
        // Not the spec's name alone: one that is being removed may still have a name that is asked for again.
        let name = format!("{}-{}", COUNT.fetch_add(1, Ordering::Relaxed), spec.name);
        let groups = Groups::make(&self.hierarchies, &self.server.name, &name, &limits, spec.scratch_bytes())?;
        let order = self.order(spec, &groups);
        let user = (order.confinement == Confinement::Root).then_some(order.outer_uid);
        match self.obey(&order) {
            Ok(helper) => Ok(Arc::new(Handle::new(Running::attend(helper, groups, limits, user, watcher)?))),
            Err(trouble) => {
                groups.kill();
                groups.remove();
                Err(trouble)
            }
        }
    }

    fn sweep(&self) -> Vec<Trouble> {
        cgroup::sweep(&self.hierarchies, identity::lives)
    }
}

impl Linux {
    /// A helper that has made the sandbox and started the program.
    fn obey(&self, order: &Order) -> Result<Helper, Trouble> {
        let mut helper = self.helper.take()?;
        let heard = helper.send(order).and_then(|()| helper.hear(SETUP_PATIENCE));
        match heard {
            Ok(Word::Started) => Ok(helper),
            other => {
                helper.end();
                Err(match other {
                    Ok(Word::Failed { step, why }) => Trouble::new(format!("cannot make a sandbox: {step}: {why}")),
                    Ok(word) => Trouble::new(format!("cannot make a sandbox: its helper said {word:?}")),
                    Err(trouble) => trouble,
                })
            }
        }
    }
}
