//! The operations of IAM that are built.

use kogumo_door::{Op, read};
use kogumo_model::iam::GetRole;

pub fn ops() -> Vec<Op> {
    vec![
        read::<GetRole>(get_role),
    ]
}
