//! CloudWatch: metrics that are put, listed and read back. Alarms, metric math and dashboards are not built.

mod list;
mod metric;
mod ops;
mod put;
mod query;
mod statistics;

use kogumo_door::Service;

/// The service as the registry holds it. Data points are kept for 455 days.
pub fn service() -> Service {
    Service::new(&kogumo_model::cloudwatch::SERVICE, ops::ops()).timer(metric::EXPIRY, metric::expire)
}
