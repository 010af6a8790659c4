//! Systems Manager's Parameter Store: parameters with versions, labels, hierarchies, secrets and an expiry.

mod describe;
mod filter;
mod get;
mod labels;
mod name;
mod ops;
mod policy;
mod public;
mod put;
mod record;
mod secret;
mod tags;

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding, Service};

/// The service as the registry holds it. Parameters with an expiration policy go when their time comes.
pub fn service() -> Service {
    Service::new(&kogumo_model::ssm::SERVICE, ops::ops()).timer(policy::EXPIRY, policy::expire).grounds(grounds)
}

/// The tags of the parameter that is asked for. Its name may have been written without the slash before it.
fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let ground = Ground::default();
    let Some(arn) = Arn::parse(ask.resource).filter(|_| grounding.wants_keys) else { return Ok(ground) };
    let Some(name) = arn.resource.strip_prefix("parameter/") else { return Ok(ground) };
    let scope = Scope::new(&arn.account, &arn.region);
    let find = |name: &str| record::PARAMETERS.get(grounding.store, &scope, name);
    let found = match find(name)? {
        Some(found) => Some(found),
        None => find(&format!("/{name}"))?,
    };
    Ok(found.map_or_else(Ground::default, |found| Ground::default().tagged(&found.tags)))
}
