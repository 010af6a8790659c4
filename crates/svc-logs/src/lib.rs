//! CloudWatch Logs: groups, streams, events; reading, filtering and following them; retention by the clock.

mod events;
mod filter;
mod group;
mod insights;
mod live_tail;
mod metric_filter;
mod ops;
mod outbox;
mod page;
mod pattern;
mod query_definition;
mod record;
mod resource_policy;
mod retention;
mod stream;
mod subscription;
mod tags;

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding, Service};

/// The service as the registry holds it. Events whose retention is over are hidden at once and swept once a day; what
/// filters find is delivered from an outbox.
pub fn service() -> Service {
    Service::new(&kogumo_model::logs::SERVICE, ops::ops())
        .timer(retention::SWEEP, retention::sweep)
        .reconciler(outbox::reconciler())
        .grounds(grounds)
}

/// The tags of the group that is asked for.
fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let ground = Ground::default();
    let Some(arn) = Arn::parse(ask.resource).filter(|_| grounding.wants_keys) else { return Ok(ground) };
    let Some(name) = arn.resource.strip_prefix("log-group:") else { return Ok(ground) };
    let name = name.split(':').next().unwrap_or(name);
    let group = record::GROUPS.get(grounding.store, &Scope::new(&arn.account, &arn.region), name)?;
    Ok(group.map_or_else(Ground::default, |group| Ground::default().tagged(&group.tags)))
}
