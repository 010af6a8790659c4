//! Internet gateways: a VPC's door to the internet.

mod ops;
mod record;

pub use ops::*;
pub use record::InternetGateway;
