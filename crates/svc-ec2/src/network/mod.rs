//! The network of the records: a reconciler makes the kernel's network like them, and opens in it the sockets of the VPCs'
//! resolvers, of the instance metadata service and of AWS's endpoints.

mod outside;
mod reconcile;
mod sockets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use kogumo_base::Trouble;
use kogumo_dns::{Answer, Endpoints, Question, Vantage};
use kogumo_door::Cloud;
use kogumo_net::{Counted, Guest, Linux, Net};
use kogumo_netmodel::Topology;

use crate::public_address::plan;
use crate::topology::topology;
pub use outside::dial;
pub use reconcile::{RECONCILER, felt, stop};
use sockets::{Open, Place};

/// TCP waits longer from try to try, but not as long as this within a minute of silence.
const TAKING_OVER: Duration = Duration::from_secs(60);

/// The network, as a part of the cloud.
pub struct Network {
    linux: Result<Arc<Linux>, Trouble>,
    /// What a trial of everything said, once somebody wants to know.
    lacks: OnceLock<Option<String>>,
    /// As it was made real last.
    topology: RwLock<Arc<Topology>>,
    /// One reconciliation at a time.
    turn: tokio::sync::Mutex<()>,
    sockets: Mutex<BTreeMap<Place, Open>>,
    /// The kernel refused something: it is tried again though nothing has changed.
    unfinished: AtomicBool,
}

impl Network {
    /// The network of this machine, as far as the kernel permits one. Nothing is made before somebody is attached.
    #[must_use]
    pub fn new() -> Self {
        Network {
            linux: Linux::new().map(Arc::new),
            lacks: OnceLock::new(),
            topology: RwLock::default(),
            turn: tokio::sync::Mutex::default(),
            sockets: Mutex::default(),
            unfinished: AtomicBool::new(false),
        }
    }

    /// What keeps this machine from having a network; none where it has one.
    #[must_use]
    pub fn lacks(&self) -> Option<String> {
        match &self.linux {
            Ok(_) => self.lacks.get_or_init(|| Linux::probe().err().map(|trouble| trouble.to_string())).clone(),
            Err(trouble) => Some(trouble.to_string()),
        }
    }

    /// The topology that packets feel.
    #[must_use]
    pub fn topology(&self) -> Arc<Topology> {
        Arc::clone(&self.topology.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives an interface to whoever is in the guest's namespace. When it returns, packets pass by the rules that stand in
    /// the records now, and the resolver and the metadata service listen.
    ///
    /// # Errors
    /// There is no network here, or the kernel refuses.
    pub async fn attach(&self, cloud: &Arc<Cloud>, interface: &str, guest: Guest) -> Result<(), Trouble> {
        self.follow(cloud).await?;
        let _turn = self.turn.lock().await;
        let (linux, interface) = (Arc::clone(self.linux()?), interface.to_owned());
        beside(move || linux.attach(&interface, guest)).await?;
        self.sync_sockets(cloud)
    }

    /// Takes an interface back. One that is not attached is no error.
    ///
    /// # Errors
    /// The kernel refuses.
    pub async fn detach(&self, cloud: &Arc<Cloud>, interface: &str) -> Result<(), Trouble> {
        let _turn = self.turn.lock().await;
        let Ok(linux) = &self.linux else { return Ok(()) };
        let (linux, interface) = (Arc::clone(linux), interface.to_owned());
        beside(move || linux.detach(&interface)).await?;
        self.sync_sockets(cloud)
    }

    /// The VPC whose packets have that address at gateway endpoints.
    #[must_use]
    pub fn vpc_behind(&self, source: IpAddr) -> Option<String> {
        self.linux.as_ref().ok()?.vpc_behind(source)
    }

    /// Lets connections of an interface's VPC go on that began before this server did, for as long as TCP may need to try
    /// again.
    pub fn take_over_connections(&self, interface: &str) {
        let Ok(linux) = &self.linux else { return };
        let Some(vpc) = self.topology().interfaces.get(interface).map(|own| own.vpc.clone()) else { return };
        let set = |linux: &Linux, vpc: &str, may| {
            if let Err(trouble) = linux.take_over_connections(vpc, may) {
                tracing::warn!("connections in {vpc}: {trouble}");
            }
        };
        set(linux, &vpc, true);
        let linux = Arc::clone(linux);
        tokio::spawn(async move {
            tokio::time::sleep(TAKING_OVER).await;
            set(&linux, &vpc, false);
        });
    }

    /// What interfaces that flow logs are about have passed and refused since the last time.
    ///
    /// # Errors
    /// The kernel refuses.
    pub async fn count(&self) -> Result<Vec<Counted>, Trouble> {
        let Ok(linux) = &self.linux else { return Ok(Vec::new()) };
        let linux = Arc::clone(linux);
        beside(move || linux.count()).await
    }

    /// The interfaces that are attached.
    #[must_use]
    pub fn attached(&self) -> Vec<String> {
        self.linux.as_ref().map(|linux| linux.attached()).unwrap_or_default()
    }

    /// What a name has, for whoever asks. Outside, AWS's endpoints are where the cloud listens: the listen port serves every
    /// name, and several clouds of one machine share the addresses that VPCs see.
    #[must_use]
    pub fn look_up(&self, cloud: &Cloud, from: &Vantage, question: &Question) -> Option<Answer> {
        let endpoints = match from {
            Vantage::Vpc(_) => Endpoints::public(plan(cloud)),
            Vantage::Outside => Endpoints::all_at(reachable(cloud.settings.listen.ip())),
        };
        let topology = match self.is_live() {
            true => self.topology(),
            false => Arc::new(topology(&cloud.store.read(), plan(cloud)).unwrap_or_default()),
        };
        kogumo_dns::look_up(&topology, from, endpoints, question)
    }

    /// Whether anything of the network is there.
    fn is_live(&self) -> bool {
        self.linux.as_ref().is_ok_and(|linux| linux.internet().is_some())
    }

    fn linux(&self) -> Result<&Arc<Linux>, Trouble> {
        self.linux.as_ref().map_err(|trouble| Trouble::new(format!("there is no network: {trouble}")))
    }

    fn sockets(&self) -> MutexGuard<'_, BTreeMap<Place, Open>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address at which this machine reaches a cloud that listens there.
fn reachable(listen: IpAddr) -> IpAddr {
    match listen {
        IpAddr::V4(any) if any.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(any) if any.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        listen => listen,
    }
}

/// The kernel's work takes milliseconds: it is done beside the calls.
async fn beside<T: Send + 'static>(act: impl FnOnce() -> Result<T, Trouble> + Send + 'static) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(act).await;
    done.unwrap_or_else(|error| Err(Trouble::from_cause("the network's work broke off", error)))
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}
