//! VPC peering connections: two VPCs that reach each other, of whichever accounts and regions of this cloud.

mod ops;
mod options;
mod record;

pub use ops::*;
pub use options::*;
pub use record::{Side, VpcPeering};
