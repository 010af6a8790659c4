//! SNS: topics, and those who hear of what is published to them.
//!
//! - `record`: what topics and subscriptions are; `topic`, `subscribe`, `list`, `permission`, `tags` change and show them;
//!   `grounds` tells the door of their policies.
//! - `message` and `filter` are pure: what may be published, what subscribers read, and which of them read it.
//! - `publish` writes a message down for each subscription, `delivery` sees to it that each gets it, `hand_over` is how.
//! - `encryption` lets texts that wait lie under keys of KMS.
//! - `sms` says as whom text messages come.
//! - `signature` signs messages; `pages` are links in messages, and the certificate.
//!
//! What is absent: mobile push, message archives and data protection, delivery to Firehose.

mod delivery;
mod encryption;
mod filter;
mod grounds;
mod hand_over;
mod list;
mod message;
mod ops;
mod pages;
mod permission;
mod publish;
mod record;
mod signature;
mod sms;
mod subscribe;
mod tags;
mod topic;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::sns::SERVICE, ops::ops())
        .with(delivery::Busy::default())
        .with(encryption::DataKeys::default())
        .policies(grounds::grounds)
        .renames(permission::rename)
        .timer(delivery::AGAIN, delivery::again)
        .reconciler(delivery::reconciler())
        .surface(pages::links())
        .surface(pages::certificate())
}
