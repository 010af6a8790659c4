//! AWS CloudFormation: stacks, change sets, and the resources they make through the door.

pub mod schema;
