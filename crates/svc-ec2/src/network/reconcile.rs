//! Records → topology → kernel.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_door::{BoxFuture, Cloud, Reconciler};
use kogumo_net::Net;

use super::{Network, beside};
use crate::instance::{Instance, State};
use crate::public_address;
use crate::resource::Resource;
use crate::topology::topology;

/// Makes the network like the records, after commits and every few seconds.
pub const RECONCILER: Reconciler =
    Reconciler { name: "ec2/network", follows: &["ec2"], period: Duration::from_secs(10), run };

fn run(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let network = cloud.part::<Network>()?;
        // Most clouds have no instance, and nothing to follow.
        if network.is_live() || (expects(&cloud)? && network.lacks().is_none()) {
            network.follow(&cloud).await
        } else {
            Ok(())
        }
    })
}

/// Whether an instance is about to be attached.
fn expects(cloud: &Cloud) -> Result<bool, Trouble> {
    for row in Instance::TABLE.scan_all_scopes(&cloud.store.read()) {
        if matches!(row?.2.state, State::Pending | State::Running) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Waits until packets feel what has just been recorded: changes of security groups are immediate.
pub fn felt(cloud: Arc<Cloud>) -> BoxFuture<()> {
    Box::pin(async move {
        if let Err(trouble) = run(cloud).await {
            tracing::error!("the network does not follow its records: {trouble}");
        }
    })
}

/// Takes the network away.
pub fn stop(cloud: Arc<Cloud>) -> BoxFuture<()> {
    Box::pin(async move {
        let Ok(network) = cloud.part::<Network>() else { return };
        let _turn = network.turn.lock().await;
        network.sockets().clear();
        if let Ok(linux) = &network.linux
            && let Err(trouble) = linux.stop()
        {
            tracing::error!("a part of the network stays: {trouble}");
        }
    })
}

impl Network {
    /// Makes the network like the records are now.
    pub(super) async fn follow(&self, cloud: &Arc<Cloud>) -> Result<(), Trouble> {
        let _turn = self.turn.lock().await;
        let public = public_address::plan(cloud);
        let wanted = Arc::new(topology(&cloud.store.read(), public)?);
        let changed = wanted != self.topology();
        *self.topology.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&wanted);
        let Ok(linux) = &self.linux else { return Ok(()) };
        let expecting = expects(cloud)?;
        let awaited = Arc::clone(linux);
        beside(move || awaited.expect(expecting, public)).await?;
        let realised = match changed || self.unfinished.load(Ordering::Relaxed) {
            true => {
                let linux = Arc::clone(linux);
                beside(move || linux.realise(&wanted)).await
            }
            false => Ok(()),
        };
        self.unfinished.store(realised.is_err(), Ordering::Relaxed);
        realised.and(self.sync_sockets(cloud))
    }
}
