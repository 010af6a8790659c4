//! One-time passwords: IAM keeps the devices, STS and the door ask whether a code is right.

use kogumo_wire::Fault;

use crate::{Principal, Writer};

/// The part by which a user's MFA device is asked. IAM brings it.
pub struct MfaDevices {
    /// Whether the device with that serial number belongs to the principal and the code is its current one. A code is
    /// good once.
    pub verify: fn(&mut Writer, &Principal, &str, &str) -> Result<bool, Fault>,
}
