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
pub mod ebs;
mod egress_gateway;
mod encryption;
mod endpoint;
mod faults;
mod filter;
mod flow_log;
mod grounds;
mod image;
mod insights;
mod instance;
mod instance_requirements;
mod instance_type;
mod internet_gateway;
mod key_pair;
mod kinds;
mod launch_template;
mod metrics;
mod nat_gateway;
mod network;
mod network_acl;
mod network_interface;
mod ops;
mod page;
mod peering;
mod placement_group;
mod prefix_list;
mod public_address;
mod region;
mod resource;
mod route_table;
mod security_group;
mod snapshot;
mod subnet;
mod tag;
#[cfg(test)]
mod tests;
mod topology;
mod trace;
mod volume;
mod vpc;
mod vpc_parts;
mod vpn_gateway;

use std::sync::Arc;
use std::time::Duration;

use kogumo_door::{Cloud, Reconciler, Service};

pub use network::Network;
pub use topology::topology;

/// A machine that ends by itself is noticed within this time.
const EVERY: Duration = Duration::from_millis(500);

pub use instance::users;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::ec2::SERVICE, ops::ops())
        .prepare(default_vpc::prepare)
        .grounds(grounds::grounds)
        .timer(nat_gateway::FORGET, nat_gateway::forget)
        .timer(instance::FORGET, instance::forget)
        .timer(peering::FORGET, peering::forget)
        .surface(trace::surface())
        .surface(image::import::surface())
        .surface(instance::identity_surface())
        .with(image::import::Imports::default())
        .with(Network::new())
        .with(endpoint::FINDER)
        .internet(network::dial)
        .reconciler(network::RECONCILER)
        .reconciler(Reconciler {
            name: "ec2/instances",
            follows: &["ec2", "ebs"],
            period: EVERY,
            run: instance::reconcile,
        })
        .with(flow_log::FlowLogs::default())
        .with(snapshot::Imports::default())
        .reconciler(snapshot::IMPORTING)
        .reconciler(flow_log::RECONCILER)
        .reconciler(volume::performance::RECONCILER)
        .reconciler(instance::METERING)
        .with(instance::Machines::default())
        .with(instance::Meters::default())
        .with(volume::performance::Meters::default())
        .on_reset(|cloud| Box::pin(instance::forget_all(cloud)))
        .on_stop(|cloud| Box::pin(stop(cloud)))
}

/// Machines first, no slower than this machine, then the network that they are in.
async fn stop(cloud: Arc<Cloud>) {
    if let Err(trouble) = volume::performance::lift_all(&cloud) {
        tracing::warn!("{trouble}");
    }
    instance::rest(Arc::clone(&cloud)).await;
    network::stop(cloud).await;
}
