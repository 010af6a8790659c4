//! AWS CloudFormation: stacks, change sets, and the resources they make through the door.

mod api;
pub mod capability;
pub mod change;
pub mod events;
pub mod exports;
mod fetch;
mod invoke;
mod kinds;
pub mod location;
mod macros;
pub mod naming;
mod ops;
pub mod plan;
mod prepare;
pub mod record;
pub mod region;
pub mod schema;
pub mod stack_policy;
pub mod status;
pub mod wanted;
pub mod workflow;
pub mod world;
mod zip;

use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding, Reconciler, Service};

use workflow::{Running, Worlds};

/// The service as the registry holds it.
pub fn service() -> Service {
    service_over(Worlds(kinds::world)).surface(kinds::signal::surface())
}

/// The service over a world of its own (tests).
pub fn service_over(worlds: Worlds) -> Service {
    Service::new(&kogumo_model::cloudformation::SERVICE, ops::ops())
        .grounds(grounds)
        .with(Running::default())
        .with(worlds)
        .reconciler(Reconciler {
            name: "cloudformation stacks",
            follows: &["cloudformation"],
            period: Duration::from_secs(5),
            run: |cloud| Box::pin(async move { workflow::resume(&Arc::clone(&cloud)) }),
        })
}

/// The whole ARN and the tags of the stack that is asked for.
fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let Some(arn) = Arn::parse(ask.resource) else { return Ok(Ground::default()) };
    let Some(path) = arn.resource.strip_prefix("stack/") else { return Ok(Ground::default()) };
    // A name stands before `/*`; an ARN is whole already.
    let name = path.strip_suffix("/*").unwrap_or(ask.resource);
    let scope = Scope::new(&arn.account, &arn.region);
    Ok(match api::find::stack(grounding.store, &scope, name)? {
        Some(stack) => {
            let ground = Ground { resource: Some(stack.id.clone()), ..Ground::default() };
            ground.tagged(&stack.version.tags)
        }
        None => Ground::default(),
    })
}
