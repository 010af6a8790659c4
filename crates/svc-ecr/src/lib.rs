//! ECR: repositories with their policies. There are no images in them yet: what would push or pull one is not built.

mod lifecycle;
mod ops;
mod policy;
mod repository;
mod tags;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::ecr::SERVICE, ops::ops())
}
