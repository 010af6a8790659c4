//! The ways in: the listen port, and sockets that services open in the networks of the cloud.

use std::net::{IpAddr, TcpListener};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::Cloud;

/// The way that a connection came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Entrance {
    /// The listen port.
    #[default]
    Port,
    /// AWS's public endpoints, on this cloud's internet.
    Internet,
    /// The instance metadata service of a VPC. The peer's address is an interface's private one.
    Metadata { vpc: String },
    /// An interface of an interface endpoint of a VPC.
    Endpoint { vpc: String, interface: String },
}

/// A VPC endpoint that a call came over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViaEndpoint {
    /// `vpce-…`
    pub id: String,
    pub vpc: String,
    /// Who called, in the VPC; none where the endpoint hides it.
    pub source: Option<IpAddr>,
    /// The policy that limits what passes it.
    pub policy: Option<String>,
}

/// Finds the endpoint behind an entrance, the caller's address and the service's name: a part of the cloud, from whoever
/// has the networks.
#[derive(Clone, Copy)]
pub struct EndpointFinder(pub fn(&Cloud, &Entrance, IpAddr, &str) -> Option<ViaEndpoint>);

/// A further socket to serve, until `closed` ends.
#[derive(Debug)]
pub struct Doorway {
    pub listener: TcpListener,
    pub entrance: Entrance,
    /// Ends when whoever opened the socket lets go of the other half: its namespace ends then, and only a socket keeps it.
    pub closed: oneshot::Receiver<()>,
}

/// Where services hand sockets over to whoever serves the port.
pub struct Entrances {
    sender: mpsc::UnboundedSender<Doorway>,
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Doorway>>>,
}

impl Default for Entrances {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Entrances { sender, receiver: Mutex::new(Some(receiver)) }
    }
}

impl Entrances {
    /// Hands a socket over. Where nobody serves (in tests), it is closed at once.
    pub fn open(&self, doorway: Doorway) {
        if self.sender.send(doorway).is_err() {
            tracing::debug!("nobody serves the entrances of this cloud");
        }
    }

    /// The sockets to serve, for the one who does; none for everybody after.
    pub fn take(&self) -> Option<mpsc::UnboundedReceiver<Doorway>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
