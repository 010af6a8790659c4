//! The operations of the EBS direct APIs: all of them.

use kogumo_door::{Op, task};
use kogumo_model::ebs::*;

use super::{read, write};

pub fn ops() -> Vec<Op> {
    vec![
        task::<StartSnapshot, _>(write::start_snapshot),
        task::<PutSnapshotBlock, _>(write::put_snapshot_block),
        task::<CompleteSnapshot, _>(write::complete_snapshot),
        task::<ListSnapshotBlocks, _>(read::list_snapshot_blocks),
        task::<ListChangedBlocks, _>(read::list_changed_blocks),
        task::<GetSnapshotBlock, _>(read::get_snapshot_block),
    ]
}
