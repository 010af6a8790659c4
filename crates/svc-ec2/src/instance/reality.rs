//! The machines of this cloud: the host that runs them, and how all of them are put away.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use kogumo_base::{Scope, Trouble};
use kogumo_door::Cloud;
use kogumo_machine::{Host, Layer, Linux, State};

use super::connect::{self, Connections};
use super::record::Instance;
use super::storage::Files;

/// How long a machine may take to shut down in order when the cloud stops.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long all of them may; who is not done then is ended.
const PATIENCE_WITH_ALL: Duration = Duration::from_secs(30);
/// So many machines shut down at once: hundreds would only wait for each other.
const AT_ONCE: usize = 16;

/// The part of the cloud that machines belong to.
#[derive(Default)]
pub struct Machines {
    host: OnceLock<Arc<dyn Host>>,
    /// The layers of the host's userland, once they are made.
    userland: OnceLock<Vec<Layer>>,
    /// The interfaces that are connected, and whose machine has them.
    interfaces: Mutex<BTreeMap<String, String>>,
}

impl Machines {
    pub fn host(&self, cloud: &Cloud) -> Arc<dyn Host> {
        let make = || -> Arc<dyn Host> { Arc::new(Linux::new(&Files::below(&cloud.settings.data).machines())) };
        Arc::clone(self.host.get_or_init(make))
    }

    /// The layers of the host's userland; they are made at the first launch.
    ///
    /// # Errors
    /// The data folder cannot be written to.
    pub fn userland(&self, files: &Files) -> Result<Vec<Layer>, Trouble> {
        if let Some(layers) = self.userland.get() {
            return Ok(layers.clone());
        }
        let layers = kogumo_machine::host_userland(&files.userland())?;
        Ok(self.userland.get_or_init(|| layers).clone())
    }

    /// Which interfaces machines have now.
    ///
    /// # Errors
    /// There is no network.
    pub fn connections(&self, cloud: &Cloud) -> Result<Connections, Trouble> {
        Connections::now(cloud, &self.interfaces)
    }

    /// Connects a machine's interfaces to its VPC. It waits.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn connect(&self, cloud: &Arc<Cloud>, scope: &Scope, instance: &Instance, seen: &State) -> Result<(), Trouble> {
        connect::connect(cloud, scope, instance, seen, &self.interfaces)
    }

    /// Takes them back. It waits.
    pub fn disconnect(&self, cloud: &Arc<Cloud>, instance: &str) {
        connect::disconnect(cloud, instance, &self.interfaces);
    }

    /// Puts every machine away: in order if there is time, and then whatever is left.
    fn put_away(&self, cloud: &Arc<Cloud>, in_order: bool) {
        let host = self.host(cloud);
        let files = Files::below(&cloud.settings.data);
        let ids = host.list();
        let begun = Instant::now();
        let next = AtomicUsize::new(0);
        let runtime = tokio::runtime::Handle::current();
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(ids.len()) {
                scope.spawn(|| {
                    let _networks_are_told = runtime.enter();
                    while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if in_order && begun.elapsed() < PATIENCE_WITH_ALL {
                            shut_down(&*host, id);
                        }
                        self.disconnect(cloud, id);
                        host.remove(id).iter().for_each(|trouble| tracing::warn!("{trouble}"));
                    }
                });
            }
        });
        files.detach_all();
        if !in_order {
            files.sweep(&BTreeSet::new());
            crate::image::import::sweep(cloud, &files);
        }
    }
}

/// Shuts a machine down and waits for that, as long as it may take.
fn shut_down(host: &dyn Host, id: &str) {
    let begun = Instant::now();
    host.shut_down(id);
    while begun.elapsed() < PATIENCE && matches!(host.state(id), State::Running { .. }) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The user namespace that machines live in which a server before this one left, below its data folder.
#[must_use]
pub fn users(data: &Path) -> Option<OwnedFd> {
    kogumo_machine::linux::users(&Files::below(data).machines())
}

/// After a reset nothing of the machines is left.
pub async fn forget_all(cloud: Arc<Cloud>) {
    put_away(cloud, false).await;
}

/// When the cloud stops its machines do; their volumes stay, and what ran runs again at the next start.
pub async fn rest(cloud: Arc<Cloud>) {
    put_away(cloud, true).await;
}

async fn put_away(cloud: Arc<Cloud>, in_order: bool) {
    let Ok(machines) = cloud.part::<Machines>() else { return };
    if let Err(error) = tokio::task::spawn_blocking(move || machines.put_away(&cloud, in_order)).await {
        tracing::error!("machines could not be put away: {error}");
    }
}
