//! Systems Manager's Parameter Store: parameters with versions, labels, hierarchies, secrets and an expiry.

mod describe;
mod filter;
mod get;
mod labels;
mod name;
mod ops;
mod policy;
mod put;
mod record;
mod secret;
mod tags;

use kogumo_door::Service;

/// The service as the registry holds it. Parameters with an expiration policy go when their time comes.
pub fn service() -> Service {
    Service::new(&kogumo_model::ssm::SERVICE, ops::ops()).timer(policy::EXPIRY, policy::expire)
}
