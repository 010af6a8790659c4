//! IAM: users, groups, roles, policies, access keys, passwords, MFA devices, identity providers, instance profiles.
//!
//! Policies are kept and checked as documents; who may do what by them is the door's decision.

mod access_key;
mod account;
mod attachment;
mod authorization_details;
mod authorize;
mod aws_managed;
mod certificate;
mod credential_report;
mod document;
mod entity;
mod exclusion;
mod group;
mod holding;
mod inline;
mod instance_profile;
mod last_accessed;
mod login_profile;
mod mfa;
mod oidc_provider;
mod ops;
mod outbound_federation;
mod page;
mod password;
mod policy;
mod principals;
mod qr;
mod quota;
mod role;
mod rsa_key;
mod saml_provider;
mod server_certificate;
mod service_credential;
mod service_linked;
mod signing_certificate;
mod simulate;
mod spans;
mod ssh_public_key;
mod tags;
#[cfg(test)]
mod tests;
mod totp;
mod user;
mod version;

use kogumo_door::{MfaDevices, OutboundFederation, Principals, Service};

/// The service as the registry holds it. Its keys are the users' access keys.
pub fn service() -> Service {
    Service::new(&kogumo_model::iam::SERVICE, ops::ops())
        .credentials(access_key::credential)
        .renames(principals::rename)
        .authorizer(authorize::AUTHORIZER)
        .surface(authorize::surface())
        .with(authorize::Identities::default())
        .with(MfaDevices { verify: mfa::verify })
        .with(OutboundFederation {
            issuer_of: outbound_federation::issuer_of,
            is_issuer: outbound_federation::is_issuer,
        })
        .with(Principals { stranger: principals::stranger })
}
