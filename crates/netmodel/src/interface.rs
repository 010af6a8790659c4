//! A network interface: its addresses, its groups, and whose it is.

use std::net::IpAddr;

use crate::Id;

#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    pub vpc: Id,
    pub subnet: Id,
    /// `02:…`, six bytes.
    pub mac: [u8; 6],
    /// The primary address first. IPv6 addresses stand here, too.
    pub addresses: Vec<Address>,
    /// Its security groups; none for interfaces that have no groups at all, such as a NAT gateway's.
    pub groups: Vec<Id>,
    /// `SourceDestCheck`: it neither sends nor accepts what is not its own.
    pub source_dest_check: bool,
    pub owner: Owner,
    /// What is known of the guest behind it: whether it passes on what is not meant for itself.
    pub forwarding: Forwarding,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    pub private: IpAddr,
    /// The public IPv4 address that internet gateways translate it to: an Elastic IP or an automatic one.
    pub public: Option<IpAddr>,
}

/// What an interface is attached to.
#[derive(Debug, Clone, PartialEq)]
pub enum Owner {
    /// `available`: packets to it go nowhere.
    Nobody,
    /// An instance, and the interface's index at it. A stopped one is not running.
    Instance {
        id: Id,
        device_index: u16,
        running: bool,
    },
    NatGateway(Id),
    /// An interface endpoint, `vpce-…`.
    Endpoint(Id),
    /// A function's name or ARN.
    Lambda(Id),
    /// A part of the cloud itself, by its name: a load balancer, a database.
    Service(Id),
}

/// What a guest does with packets that are not for it. Nobody knows this of an instance for sure: it is the guest's own
/// `ip_forward` and `iptables`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Forwarding {
    #[default]
    None,
    /// It sends them on by its own route table, with its own primary address as the source, as a NAT instance does.
    Masquerade,
    /// It sends them on by its own route table as they are, as a firewall does.
    Route,
}

impl Interface {
    /// Whether there is anybody who could receive.
    #[must_use]
    pub fn is_up(&self) -> bool {
        match &self.owner {
            Owner::Nobody => false,
            Owner::Instance { running, .. } => *running,
            _ => true,
        }
    }

    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|own| own.private == address)
    }

    /// The first address of the family.
    #[must_use]
    pub fn primary(&self, v4: bool) -> Option<IpAddr> {
        self.addresses.iter().map(|own| own.private).find(|private| private.is_ipv4() == v4)
    }

    /// What the internet knows the private address as: its public mapping, or an IPv6 address itself.
    #[must_use]
    pub fn public_of(&self, private: IpAddr) -> Option<IpAddr> {
        let own = self.addresses.iter().find(|own| own.private == private)?;
        if own.private.is_ipv6() { Some(own.private) } else { own.public }
    }
}
