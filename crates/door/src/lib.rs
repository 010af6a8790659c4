//! The door: every call of every operation passes here, whoever makes it.
//!
//! A service registers its operations as an [`Op`] table in a [`Service`]; the [`Cloud`] holds all of them with the
//! store and the clock. A call asks the policy hook, runs the handler, and leaves a line in the audit [`trail`].
//! Services reach each other through a [`Client`], never by their crates.

mod authority;
pub mod authorization_message;
mod caller;
mod client;
mod cloud;
mod context;
mod credentials;
mod documents;
mod entrance;
mod keys;
mod mfa;
mod operation;
mod outbound_federation;
pub mod outbox;
mod parts;
mod principals;
mod remembered;
mod service;
mod session;
pub mod settings;
pub mod trail;
mod uses;

pub use authority::{Ask, Authorizer, Denied, Ground, Grounding, Grounds};
pub use caller::{Caller, Credential, Principal, Signed};
pub use client::Client;
pub use cloud::Cloud;
pub use context::{Context, Reader, Writer};
pub use documents::Documents;
pub use entrance::{Doorway, EndpointFinder, Entrance, Entrances, ViaEndpoint};
pub use keys::{FIRST_ACCOUNT, Key, KeyProblem};
pub use mfa::MfaDevices;
pub use operation::{Answer, Op, Rehearsal, Settled, prepared, read, remembered, task, write};
pub use outbound_federation::OutboundFederation;
pub use principals::{Principals, Renames};
pub use service::{BoxFuture, CrossOrigin, Incoming, Names, Reconciler, Service, Surface, TimerHandler};
pub use session::Session;
pub use settings::Settings;
pub use uses::{Use, Uses};
