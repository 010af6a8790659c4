//! The network as packets: the topology of `kogumo-netmodel` made real. The wall is [`Net`]; behind it are [`Linux`] and
//! [`Fake`], and one behaviour suite holds for both.
//!
//! On Linux every VPC that has somebody in it is a network namespace that routes. An interface is a pair of virtual
//! Ethernet devices: one end in its owner's namespace, one in the VPC's. There is no bridge: as on AWS, interfaces of one
//! subnet do not share a wire. Every packet, also one to the next address, goes through the VPC's router (which answers
//! for everybody's address, by proxy ARP; in IPv6 guests know of nobody but the router), so that groups, ACLs and the source/destination check are asked in one place.
//! Routing tables are the kernel's, chosen by the mark of the sender's subnet; rules are nftables', changed by
//! transactions. A further namespace is this cloud's internet: it joins the VPCs' internet gateways, AWS's endpoints and
//! this machine.
//!
//! What is ours in the host's own namespace: one device `kogumo…`, with the routes that lead over it. Everything else is
//! in namespaces that have no name and end with this process.
//!
//! `plan` says what the kernel is to hold (pure), `linux` brings it about.

mod fake;
mod family;
mod linux;
mod nft;
mod plan;
#[cfg(test)]
mod suite;
mod wall;

pub use fake::Fake;
pub use kogumo_netmodel::Public;
pub use linux::{Counted, Linux, Namespace};
pub use wall::{Guest, Net};
