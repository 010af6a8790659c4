//! Lambda: functions, their versions, aliases, layers and URLs; and what runs them, in sandboxes of this machine.
//!
//! - Records and operations are one module for each resource; `settings`, `zip`, `name`, `retry`, `statement`, `page` are pure.
//! - `code` keeps packages, each once, unpacked and safe.
//! - `run` holds the warm environments and does invocations; `queue` does asynchronous ones, by the cloud's clock;
//!   `stream` reads streams of DynamoDB for functions, `poll` queues of SQS; `stream_answer` hands on answers that come in pieces.
//! - `url_surface` and `location` are parts of the port that aren't AWS's API: function URLs, and links to packages.
//!
//! What is absent: container images, VPCs, event source mappings but of DynamoDB's streams and SQS, extensions, SnapStart.
//! Asking for them is refused by name.

mod account;
mod alias;
mod code;
mod code_change;
mod concurrency;
mod create;
mod delete;
mod event_invoke;
mod faults;
mod function;
mod invoke;
mod layer;
mod layer_policy;
mod location;
mod mapping;
mod mapping_ops;
mod name;
mod ops;
mod outcome;
mod page;
mod permit;
mod policy;
mod poll;
mod publish;
mod queue;
mod record;
mod retry;
mod run;
mod settings;
mod settings_change;
mod source;
mod statement;
mod stream;
mod stream_answer;
mod sweep;
mod tags;
mod url;
mod url_event;
mod url_surface;
mod view;
mod zip;

use kogumo_door::Service;

/// Lambda on this machine.
pub fn service() -> Service {
    Service::new(&kogumo_model::lambda::SERVICE, ops::ops())
        .with(run::Pool::default())
        .with(sweep::LastSweep::default())
        .with(location::Locations::default())
        .with(queue::Working::default())
        .with(stream::Reading::default())
        .policies(permit::grounds)
        .renames(policy::rename)
        .timer(queue::WAKE, queue::wake)
        .reconciler(queue::reconciler())
        .reconciler(stream::reconciler())
        .reconciler(sweep::reconciler())
        .surface(location::surface())
        .surface(url_surface::surface())
        .on_reset(sweep::everything)
        .on_stop(sweep::environments)
}
