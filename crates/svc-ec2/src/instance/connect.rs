//! The interfaces of instances as devices of their machines: `eth0` is the first one. What a machine has is compared with
//! what its instance should have, so that a server that was killed connects what it finds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kogumo_base::{Scope, Trouble};
use kogumo_door::Cloud;
use kogumo_machine::State as Seen;
use kogumo_net::{Guest, Namespace};

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

fn difference(
    cloud: &Cloud,
    scope: &Scope,
    instance: &Instance,
    held: &BTreeMap<String, String>,
) -> Result<Difference, Trouble> {
    let attached = cloud.part::<Network>()?.attached();
    let wanted = network_interface::of_instance(&cloud.store.read(), scope, &instance.id);
    let wanted = wanted.map_err(|fault| Trouble::new(fault.to_string()))?;
    let is_wanted = |id: &String| wanted.iter().any(|one| one.id == *id);
    let surplus = held.iter().filter(|(id, of)| **of == instance.id && !is_wanted(id)).map(|(id, _)| id.clone());
    let surplus = surplus.filter(|id| attached.contains(id)).collect();
    Ok(Difference { surplus, missing: wanted.into_iter().filter(|one| !attached.contains(&one.id)).collect() })
}

/// Whether a machine's interfaces are those that its instance has.
pub fn is_connected(cloud: &Cloud, scope: &Scope, instance: &Instance, held: &BTreeMap<String, String>) -> bool {
    difference(cloud, scope, instance, held).is_ok_and(|found| found.missing.is_empty() && found.surplus.is_empty())
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
    let found = difference(cloud, scope, instance, &lock(held))?;
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
