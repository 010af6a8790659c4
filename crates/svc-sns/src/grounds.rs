//! What the door hears of topics: their policies and tags.

use kogumo_base::Trouble;
use kogumo_door::{Ask, Ground, Grounding, Principal};

use crate::record::{Address, TOPICS, place};
use crate::topic::usual_policy;

/// Services that publish for resources of the topic's account, as the policy that topics begin with lets them.
const OWNERS_SERVICES: [&str; 1] = ["cloudwatch.amazonaws.com"];

/// The policy and the tags of the topic that is asked for; a subscription is its topic's.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    let at = Address::parse(ask.resource).or_else(|_| place(ask.resource).map(|(at, _)| at));
    let Ok(at) = at else { return Ok(ground) };
    let Some(topic) = TOPICS.get(grounding.store, &at.scope, at.name.as_str())? else { return Ok(ground) };
    ground.owner = Some(at.scope.account.clone());
    ground.holds_services = grounding.caller.source_arn.is_some();
    let policy = topic.policy.clone().unwrap_or_else(|| usual_policy(&at));
    ground.policies.extend(grounding.cloud.documents.get(&policy));
    if matches!(&*grounding.caller.principal, Principal::Service(name) if OWNERS_SERVICES.contains(&name.as_str())) {
        ground.keys.push(("aws:SourceOwner".into(), vec![grounding.caller.account().to_owned()]));
    }
    Ok(if grounding.wants_keys { ground.tagged(&topic.tags) } else { ground })
}
