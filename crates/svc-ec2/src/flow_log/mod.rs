//! Flow logs: which packets passed or were refused at which interface, as records in CloudWatch Logs or in S3.
//!
//! The kernel counts (`kogumo_net`), `gather` adds up over intervals, `format` writes records, `deliver` brings them there.

mod create;
mod deliver;
mod format;
mod gather;
mod ops;
mod reconcile;
mod record;

pub use create::create_flow_logs;
pub use ops::*;
pub use reconcile::{FlowLogs, RECONCILER};
pub use record::{FlowLog, covers};
