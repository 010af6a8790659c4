//! AWS CloudFormation: stacks, change sets, and the resources they make through the door.

mod api;
pub mod capability;
pub mod change;
pub mod events;
pub mod exports;
mod fetch;
mod invoke;
mod kinds;
pub mod location;
mod macros;
pub mod naming;
mod ops;
pub mod plan;
mod prepare;
pub mod record;
pub mod region;
pub mod schema;
pub mod stack_policy;
pub mod status;
pub mod wanted;
pub mod workflow;
pub mod world;
mod zip;

use std::sync::Arc;
use std::time::Duration;

use kogumo_door::{Reconciler, Service};

use workflow::{Running, Worlds};

/// The service as the registry holds it.
pub fn service() -> Service {
    service_over(Worlds(kinds::world)).surface(kinds::signal::surface())
}

/// The service over a world of its own (tests).
pub fn service_over(worlds: Worlds) -> Service {
    Service::new(&kogumo_model::cloudformation::SERVICE, ops::ops()).with(Running::default()).with(worlds).reconciler(
        Reconciler {
            name: "cloudformation stacks",
            period: Duration::from_secs(5),
            run: |cloud| Box::pin(async move { workflow::resume(&Arc::clone(&cloud)) }),
        },
    )
}
