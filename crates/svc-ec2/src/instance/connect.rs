//! The interfaces of instances as devices of their machines: `eth0` is the first one. What a machine has is compared with
//! what its instance should have, so that a server that was killed connects what it finds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kogumo_base::{Scope, Trouble};
use kogumo_door::Cloud;
use kogumo_machine::State as Seen;
use kogumo_net::{Guest, Namespace};
use kogumo_store::Read;

use super::record::Instance;
use crate::network::Network;
use crate::network_interface::{self, NetworkInterface};

/// Which interfaces are connected, and to whose machine.
pub type Held = Mutex<BTreeMap<String, String>>;

fn lock(held: &Held) -> MutexGuard<'_, BTreeMap<String, String>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The interfaces that an instance has and its machine has not, and those that it has too much, by their ids.
struct Difference {
    missing: Vec<NetworkInterface>,
    surplus: Vec<String>,
}

/// What is connected, seen once for a whole round over instances.
pub struct Connections {
    attached: BTreeSet<String>,
    /// Interfaces by the instance whose machine has them.
    held: BTreeMap<String, Vec<String>>,
}

impl Connections {
    /// # Errors
    /// There is no network.
    pub fn now(cloud: &Cloud, held: &Held) -> Result<Connections, Trouble> {
        let attached = cloud.part::<Network>()?.attached().into_iter().collect();
        let mut by_instance: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (interface, instance) in lock(held).iter() {
            by_instance.entry(instance.clone()).or_default().push(interface.clone());
        }
        Ok(Connections { attached, held: by_instance })
    }

    fn difference(&self, read: &dyn Read, scope: &Scope, instance: &str) -> Result<Difference, Trouble> {
        let wanted = network_interface::of_instance(read, scope, instance);
        let wanted = wanted.map_err(|fault| Trouble::new(fault.to_string()))?;
        let is_wanted = |id: &str| wanted.iter().any(|one| one.id == id);
        let held = self.held.get(instance).into_iter().flatten();
        let surplus = held.filter(|id| !is_wanted(id) && self.attached.contains(*id)).cloned().collect();
        let missing = wanted.into_iter().filter(|one| !self.attached.contains(&one.id)).collect();
        Ok(Difference { missing, surplus })
    }

    /// Whether a machine's interfaces are those that its instance has.
    pub fn are_complete(&self, read: &dyn Read, scope: &Scope, instance: &str) -> bool {
        let found = self.difference(read, scope, instance);
        found.is_ok_and(|found| found.missing.is_empty() && found.surplus.is_empty())
    }
}

/// Connects what is missing and takes back what is too much. It waits: not for threads that answer requests.
///
/// # Errors
/// The kernel refuses, or the machine is gone.
pub fn connect(
    cloud: &Arc<Cloud>,
    scope: &Scope,
    instance: &Instance,
    seen: &Seen,
    held: &Held,
) -> Result<(), Trouble> {
    let network = cloud.part::<Network>()?;
    let (Seen::Prepared { network: path } | Seen::Running { network: path }) = seen else { return Ok(()) };
    let runtime = tokio::runtime::Handle::current();
    let found = Connections::now(cloud, held)?.difference(&cloud.store.read(), scope, &instance.id)?;
    for id in found.surplus {
        runtime.block_on(network.detach(cloud, &id))?;
        lock(held).remove(&id);
    }
    for interface in found.missing {
        let index = interface.attachment.as_ref().map_or(0, |attachment| attachment.device_index);
        let guest = Guest { namespace: namespace(path)?, device: format!("eth{index}"), default_route: index == 0 };
        runtime.block_on(network.attach(cloud, &interface.id, guest))?;
        // Its first interface comes to a machine that runs only when another server had it before.
        if index == 0 && matches!(seen, Seen::Running { .. }) {
            network.take_over_connections(&interface.id);
        }
        lock(held).insert(interface.id, instance.id.clone());
    }
    Ok(())
}

/// The namespace behind `/proc/<pid>/ns/net`.
fn namespace(path: &Path) -> Result<Namespace, Trouble> {
    let pid = path.components().nth(2).and_then(|part| part.as_os_str().to_str()?.parse().ok());
    Namespace::of_process(pid.ok_or_else(|| Trouble::new("a machine's network has no path"))?)
}

/// Takes everything back that an instance's machine had.
pub fn disconnect(cloud: &Arc<Cloud>, instance: &str, held: &Held) {
    let Ok(network) = cloud.part::<Network>() else { return };
    let runtime = tokio::runtime::Handle::current();
    let own: Vec<String> = lock(held).iter().filter(|(_, of)| *of == instance).map(|(id, _)| id.clone()).collect();
    for id in own {
        if let Err(trouble) = runtime.block_on(network.detach(cloud, &id)) {
            tracing::warn!("{trouble}");
        }
        lock(held).remove(&id);
    }
}
