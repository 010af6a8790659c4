//! Volumes are as fast as their type, size and credits say, and together no faster than their instance. A reconciler reads what the devices have done, settles the
//! credits by the cloud's clock, moves the kernel's limits, and tells CloudWatch.

mod instances;
mod meter;
mod metrics;
mod tick;

use kogumo_door::Reconciler;
use std::time::Duration;

pub use tick::{Meters, lift_all};

/// How often it looks: a burst lasts this much too long at most.
const EVERY: Duration = Duration::from_millis(500);

pub const RECONCILER: Reconciler =
    Reconciler { name: "ec2/volume-performance", follows: &["ec2"], period: EVERY, run: tick::reconcile };
