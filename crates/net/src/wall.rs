//! The wall between what is wanted and what is there.

use kogumo_base::Trouble;
use kogumo_netmodel::Topology;

use crate::Namespace;

/// Where an interface's packets come out: a namespace, and the device's name in it.
#[derive(Debug)]
pub struct Guest {
    pub namespace: Namespace,
    /// `eth0` for the interface with device index 0.
    pub device: String,
    /// Whether it is the way to everywhere: a default route leads over it.
    pub default_route: bool,
}

/// A network that can be made to be like a topology.
pub trait Net: Send + Sync {
    /// Makes the network like that. When it returns, packets feel it.
    ///
    /// # Errors
    /// The kernel refuses a part of it. The rest is done; the next call tries again.
    fn realise(&self, topology: &Topology) -> Result<(), Trouble>;

    /// Gives an interface to whoever is in the namespace: the device appears there, with the interface's addresses, up.
    /// It may be asked for before the topology holds the interface; then it appears with the topology that does.
    ///
    /// # Errors
    /// The kernel refuses.
    fn attach(&self, interface: &str, guest: Guest) -> Result<(), Trouble>;

    /// Takes the interface back. One that is not attached is no error.
    ///
    /// # Errors
    /// The kernel refuses.
    fn detach(&self, interface: &str) -> Result<(), Trouble>;

    /// The interfaces that are attached.
    fn attached(&self) -> Vec<String>;

    /// Takes everything away. Nothing is left of the network afterwards.
    ///
    /// # Errors
    /// Something could not be removed; everything else was.
    fn stop(&self) -> Result<(), Trouble>;
}
