//! CloudTrail: the event history, which is the door's audit trail. Trails that deliver to buckets are not built.

mod document;
mod lookup;
mod ops;
mod resources;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::cloudtrail::SERVICE, ops::ops())
}
