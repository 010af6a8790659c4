//! What the door hears of queues: their policies and tags, and to whom a call without a signature may be let.

use std::any::Any;

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Ask, Caller, Cloud, Ground, Grounding};
use kogumo_model::sqs::GetQueueUrlRequest;
use kogumo_wire::{Operation, Structure};

use crate::address::Address;
use crate::queue::look_up;

/// The policy and the tags of the queue that is asked for. Of a queue that is not there the operation tells.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    let Some(at) = Address::of_arn(ask.resource).map(|at| of_owner(at, ask)) else { return Ok(ground) };
    let Some(found) = look_up(grounding.store, at)? else { return Ok(ground) };
    ground.resource = Some(found.at.arn());
    ground.owner = Some(found.at.scope.account.clone());
    ground.holds_services = grounding.caller.source_arn.is_some();
    let policy = found.queue.attributes.policy.as_deref();
    ground.policies.extend(policy.and_then(|text| grounding.cloud.documents.get(text)));
    Ok(if grounding.wants_keys { ground.tagged(&found.queue.tags) } else { ground })
}

/// GetQueueUrl names the account in a member of its own.
fn of_owner(at: Address, ask: &Ask<'_>) -> Address {
    let input = ask.call.and_then(|(_, input)| (input as &dyn Any).downcast_ref::<GetQueueUrlRequest>());
    match input.and_then(|input| input.queue_owner_aws_account_id.clone()) {
        Some(account) => Address { scope: Scope::new(account, at.scope.region), ..at },
        None => at,
    }
}

/// A queue with a policy may let anybody in; its policy decides.
pub fn anonymous(cloud: &Cloud, caller: &Caller, operation: &'static Operation, input: &dyn Structure) -> bool {
    let members = operation.input.layout().members;
    let url = members.iter().position(|member| member.name == "QueueUrl").and_then(|index| input.get(index).as_text());
    let at = url.and_then(|url| Address::of_url(&url, caller.region()).ok());
    let found = at.and_then(|at| look_up(&cloud.store.read(), at).ok().flatten());
    found.is_some_and(|found| found.queue.attributes.policy.is_some())
}
