//! Placement groups: which instances shall be near each other, and which apart. There is one machine here, so nobody's
//! hardware differs; who may be in which group, how many, and in which partition is as on AWS, and instances are told.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html>

mod ops;
mod record;
mod rules;

pub use ops::*;
pub use record::PlacementGroup;
