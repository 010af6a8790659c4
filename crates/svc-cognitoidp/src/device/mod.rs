//! Devices that users sign in with, remembered so that they prove themselves instead of a second factor.

pub mod ops;

use kogumo_base::uuid;
use kogumo_model::cognitoidp::{NewDeviceMetadataType, RESOURCE_NOT_FOUND_EXCEPTION};
use kogumo_wire::Fault;

use crate::pool::Pool;
use crate::user::{Device, User};

/// The key of a device that nobody knows yet.
pub fn new_key(pool: &Pool) -> String {
    format!("{}_{}", pool.scope.region, uuid())
}

/// What a client is told about itself so that it can confirm the device.
pub fn metadata(pool: &Pool, key: &str) -> NewDeviceMetadataType {
    NewDeviceMetadataType { device_key: Some(key.to_owned()), device_group_key: Some(pool.device_group.clone()) }
}

/// The confirmed device of that key.
pub fn confirmed<'a>(user: &'a User, key: Option<&str>) -> Option<&'a Device> {
    user.devices.get(key?).filter(|device| device.verifier.is_some())
}

pub fn missing() -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because("Device does not exist.")
}
