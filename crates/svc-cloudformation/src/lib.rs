//! AWS CloudFormation: stacks, change sets, and the resources they make through the door.

pub mod capability;
pub mod events;
pub mod exports;
pub mod naming;
pub mod plan;
pub mod record;
pub mod region;
pub mod schema;
pub mod status;
pub mod wanted;
pub mod workflow;
pub mod world;
