//! IAM: users, groups, roles, policies, access keys, instance profiles.
//!
//! Policies are kept and checked as documents; who may do what by them is the door's decision.

mod access_key;
mod account;
mod attachment;
mod aws_managed;
mod document;
mod entity;
mod group;
mod inline;
mod instance_profile;
mod ops;
mod page;
mod policy;
mod role;
mod tags;
#[cfg(test)]
mod tests;
mod user;
mod version;

use kogumo_door::Service;

/// The service as the registry holds it. Its keys are the users' access keys.
pub fn service() -> Service {
    Service::new(&kogumo_model::iam::SERVICE, ops::ops()).credentials(access_key::credential)
}
