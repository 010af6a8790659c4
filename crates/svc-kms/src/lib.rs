//! KMS: keys that never leave the cloud, what is encrypted under them, and who may use them.
//!
//! What protects the keys: on AWS hardware does; here they are records of the store like all others, and whoever may read
//! the data folder can read them. Its permissions are the protection (the folder is its owner's), so an emulated KMS keeps
//! secrets from the cloud's own users, not from the machine's root.

mod alias;
mod ciphertext;
mod data_key;
mod encrypt;
mod encryption_context;
mod faults;
mod grant;
mod grounds;
mod key;
mod key_pair;
mod mac;
mod managed;
mod ops;
mod page;
mod pair;
mod policy;
mod random;
mod request;
mod secret;
mod sign;
mod spec;
mod tags;
mod target;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::kms::SERVICE, ops::ops())
        .policies(grounds::grounds)
        .renames(policy::rename)
        .timer(key::DELETION, key::delete)
        .timer(key::ROTATION, key::rotate_due)
        .timer(key::EXPIRY, key::expire)
}
