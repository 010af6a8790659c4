//! AWS CloudFormation: stacks, change sets, and the resources they make through the door.

pub mod capability;
pub mod naming;
pub mod plan;
pub mod record;
pub mod schema;
