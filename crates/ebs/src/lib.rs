//! How fast an EBS volume is: the arithmetic of types, sizes and credits, as pure functions. What it says is enforced on
//! devices by `svc-ec2`, and played through for learners by `kogumo ebs simulate`.
//!
//! ```text
//! Volume (type, GiB, provisioned) ──► Performance (baseline, burst, bucket)
//!                                        ├─ limit(balance)            what the volume may do now
//!                                        └─ settle(balance, work, dt) what its balance is afterwards
//! ```
//! What is absent: this room knows nothing of Linux, of EC2's API, of clocks or of the store.
//!
//! Sources: Amazon EBS User Guide, "Amazon EBS volume types", "General Purpose SSD volumes", "Throughput Optimized HDD and
//! Cold HDD volumes", "I/O characteristics and monitoring".

mod chart;
mod credits;
mod debt;
mod divide;
mod performance;
mod share;
mod simulation;
mod table;
mod volume;
mod workload;

pub use chart::chart;
pub use credits::{Bucket, Work};
pub use debt::Debt;
pub use divide::{Claim, divide};
pub use performance::Performance;
pub use share::{Share, share};
pub use simulation::{Moment, Simulation, simulate};
pub use table::{Language, table};
pub use volume::{Volume, VolumeType};
pub use workload::{Access, Demand, Phase, Workload, duration};

/// Bytes.
pub const KIB: f64 = 1024.0;
/// Bytes.
pub const MIB: f64 = 1024.0 * KIB;
/// Bytes.
pub const GIB: f64 = 1024.0 * MIB;
/// Bytes.
pub const TIB: f64 = 1024.0 * GIB;

/// What a volume does, or may do, in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Reads and writes together, each no larger than the type's largest.
    pub iops: f64,
    /// Read and written together.
    pub bytes: f64,
}
