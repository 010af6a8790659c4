//! The EBS direct APIs: snapshots read and written block by block, without a volume. A service of its own beside EC2, in
//! EC2's room because the snapshots are EC2's. Source: Amazon EBS direct APIs Reference; Amazon EBS User Guide, "Use EBS
//! direct APIs to access the contents of an EBS snapshot".
//!
//! ```text
//! StartSnapshot ──► a file as large as the volume, the parent's blocks in it
//! PutSnapshotBlock ──► 512 KiB into the file, the checksum into a row
//! CompleteSnapshot ──► rows counted and checked; a snapshot like any other
//! ```

pub(crate) mod blocks;
mod faults;
mod lineage;
mod ops;
mod read;
mod token;
mod write;

use kogumo_door::Service;

pub use write::{abandon, forget};

/// The size of a block, in bytes.
const BLOCK: u64 = 512 << 10;
const BLOCKS_PER_GIB: u64 = (1 << 30) / BLOCK;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::ebs::SERVICE, ops::ops())
        .with(write::Beginnings::default())
        .timer(write::EXPIRE, abandon)
}
