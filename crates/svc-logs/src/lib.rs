//! CloudWatch Logs: groups, streams, events; reading, filtering and following them; retention by the clock.

mod events;
mod filter;
mod group;
mod live_tail;
mod metric_filter;
mod ops;
mod outbox;
mod page;
mod pattern;
mod record;
mod retention;
mod stream;
mod subscription;
mod tags;

use kogumo_door::Service;

/// The service as the registry holds it. Events whose retention is over are hidden at once and swept once a day; what
/// filters find is delivered from an outbox.
pub fn service() -> Service {
    Service::new(&kogumo_model::logs::SERVICE, ops::ops())
        .timer(retention::SWEEP, retention::sweep)
        .reconciler(outbox::reconciler())
}
