//! The words every room shares: who and where (`Scope`), which thing (`Arn`), when (`Timestamp`, `Clock`),
//! and the two sorts of error a room may answer with (`Fault` is in `wire`, `Trouble` is here).

mod arn;
mod clock;
mod constant_time;
mod ids;
mod scope;
mod timestamp;
mod trouble;

pub use arn::Arn;
pub use clock::Clock;
pub use constant_time::equal_in_constant_time;
pub use ids::{hex_id, random_bytes, random_from, uuid, uuid_of};
pub use scope::Scope;
pub use timestamp::Timestamp;
pub use trouble::Trouble;
