//! ECR: repositories with their policies. There are no images in them yet: what would push or pull one is not built.

mod lifecycle;
mod ops;
mod policy;
mod repository;
mod tags;

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding, Service};

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::ecr::SERVICE, ops::ops()).policies(grounds).renames(repository::rename)
}

/// The policy and the tags of the repository that is asked for.
fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let ground = Ground::default();
    let Some(arn) = Arn::parse(ask.resource) else { return Ok(ground) };
    let Some(name) = arn.resource.strip_prefix("repository/") else { return Ok(ground) };
    let scope = Scope::new(&arn.account, &arn.region);
    let Ok(repository) = repository::get(grounding.store, &scope, name) else { return Ok(ground) };
    let policy = repository.policy.as_deref().and_then(|text| grounding.cloud.documents.get(text));
    Ok(Ground { policies: policy.into_iter().collect(), ..ground }.tagged(&repository.tags))
}
