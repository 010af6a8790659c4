//! The machines of this cloud: the host that runs them, and how all of them are put away.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use kogumo_base::{Scope, Trouble};
use kogumo_door::Cloud;
use kogumo_machine::{Host, Layer, Linux, State};

use super::connect;
use super::record::Instance;
use super::storage::Files;

/// How long all machines together may take to shut down in order when the cloud stops.
const PATIENCE: Duration = Duration::from_secs(6);

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

    /// Whether a machine has the interfaces that its instance has.
    pub fn is_connected(&self, cloud: &Cloud, scope: &Scope, instance: &Instance) -> bool {
        connect::is_connected(cloud, scope, instance, &self.interfaces())
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

    fn interfaces(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.interfaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts every machine away: in order if there is time, and then whatever is left.
    fn put_away(&self, cloud: &Arc<Cloud>, in_order: bool) {
        let host = self.host(cloud);
        let files = Files::below(&cloud.settings.data);
        let ids = host.list();
        if in_order {
            let begun = Instant::now();
            let runs = |id: &String| matches!(host.state(id), State::Running { .. });
            ids.iter().for_each(|id| host.shut_down(id));
            while begun.elapsed() < PATIENCE && ids.iter().any(runs) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        for id in &ids {
            self.disconnect(cloud, id);
            host.remove(id).iter().for_each(|trouble| tracing::warn!("{trouble}"));
        }
        files.detach_all();
        if !in_order {
            files.sweep(&|_| false, &|_| false);
            crate::image::import::sweep(cloud, &files);
        }
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
