//! VPC endpoints: a VPC's own way to AWS's services, without the internet.

mod ops;
mod record;
mod service;
mod shown;
mod via;

pub use ops::*;
pub use record::{Kind, VpcEndpoint};
pub use service::*;
pub use via::FINDER;
