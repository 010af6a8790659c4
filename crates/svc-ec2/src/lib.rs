//! EC2: VPCs and what belongs to them. Operations validate and record; `net` and `machine` make the records real.
//!
//! Each resource is a folder: `record.rs` (what is kept), `rules.rs` (pure), `ops.rs` (the operations). What all share:
//! [`resource`] (ids), [`tag`], [`filter`], [`page`], [`client_token`], [`dry_run`].

mod account;
mod address;
mod cidr;
mod client_token;
mod default_vpc;
mod dhcp_options;
mod dry_run;
mod egress_gateway;
mod endpoint;
mod faults;
mod filter;
mod insights;
mod internet_gateway;
mod key_pair;
mod kinds;
mod nat_gateway;
mod network;
mod network_acl;
mod network_interface;
mod ops;
mod page;
mod peering;
mod prefix_list;
mod public_address;
mod region;
mod resource;
mod route_table;
mod security_group;
mod subnet;
mod tag;
#[cfg(test)]
mod tests;
mod topology;
mod trace;
mod vpc;
mod vpc_parts;

use kogumo_door::Service;


pub use network::Network;
pub use topology::topology;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::ec2::SERVICE, ops::ops())
        .prepare(default_vpc::prepare)
        .timer(nat_gateway::FORGET, nat_gateway::forget)
        .surface(trace::surface())
        .with(Network::new())
        .reconciler(network::RECONCILER)
        .on_stop(network::stop)
}
