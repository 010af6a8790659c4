//! The network as a decision: a VPC's topology as plain data (`Topology`), and one function that takes a packet and
//! answers where it goes and why (`decide`).
//!
//! It is what the Reachability Analyzer's operations and `kogumo net trace` answer with, and what the kernel's network is
//! compared with, packet by packet. Each resource has a file of its own: what is known of it, and the rule that it decides.
//!
//! What is absent: this room knows nothing of Linux, of the store and of AWS's API; it does no I/O and reads no clock.
//! Identifiers are AWS's, as strings.

mod cause;
mod cidr;
mod decide;
mod endpoint;
mod gateway;
mod interface;
mod network_acl;
mod packet;
mod peering;
mod prefix_list;
mod public;
mod route_table;
mod security_group;
mod step;
mod subnet;
mod topology;
mod vpc;

pub use cause::Cause;
pub use cidr::Cidr;
pub use decide::{Path, Place, Verdict, decide};
pub use endpoint::{Endpoint, EndpointKind};
pub use gateway::{InternetGateway, NatGateway};
pub use interface::{Address, Forwarding, Interface, Owner};
pub use network_acl::{AclEntry, NetworkAcl};
pub use packet::{Header, IcmpRange, Origin, Packet, PortRange, Protocol, Traffic};
pub use peering::Peering;
pub use prefix_list::PrefixList;
pub use public::Public;
pub use route_table::{Destination, Route, RouteTable, Target};
pub use security_group::{Peer, SecurityGroup, SecurityGroupRule};
pub use step::{Step, What};
pub use subnet::Subnet;
pub use topology::{Id, ResourceNames, Topology};
pub use vpc::{DhcpOptions, Vpc};
