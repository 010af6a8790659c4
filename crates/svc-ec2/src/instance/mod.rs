//! Instances: what is wanted of them is recorded here, and `reconcile` makes machines be like that.

mod attribute;
mod connect;
mod console;
mod decide;
mod describe;
mod interfaces;
mod metadata;
mod meter;
mod monitor;
mod names;
mod reality;
mod reconcile;
mod record;
mod run;
mod shown;
mod state;
mod status;
mod steps;
mod storage;

pub use attribute::*;
pub use console::get_console_output;
pub use describe::describe_instances;
pub use metadata::serve as serve_metadata;
pub use metadata::signature::surface as identity_surface;
pub use meter::{Meters, RECONCILER as METERING};
pub use monitor::*;
pub use names::modify_private_dns_name_options;
pub use reality::{Machines, forget_all, rest, users};
pub use reconcile::reconcile;
pub use record::{Instance, State};
pub use run::run_instances;
pub use state::*;
pub use status::describe_instance_status;
pub use steps::{FORGET, forget};
pub use storage::Files;
