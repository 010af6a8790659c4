//! What IAM knows of its own resources: the whole ARN with its path, the tags, and the trust of roles.

use std::sync::Arc;

use kogumo_base::{Arn, Trouble};
use kogumo_door::{Ask, Ground, Grounding, Principal};
use kogumo_policy::Document;

use super::scope_of;
use crate::entity::{self, Kind};

/// Looks up the user, group or role that an ARN names. Nobody named: the caller himself, where he is a user.
pub fn of_entity(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    let Some(arn) = Arn::parse(ask.resource).filter(|arn| arn.service == "iam") else { return Ok(ground) };
    let Some((kind, name)) = arn.resource.split_once('/') else { return Ok(ground) };
    let name = match (name, &grounding.caller.principal) {
        ("*", Principal::User { name, .. }) if kind == "user" && is_about_one(ask) => name.as_str(),
        (path, _) => path.rsplit('/').next().unwrap_or(path),
    };
    let kind = match kind {
        "user" => Kind::User,
        "group" => Kind::Group,
        "role" => Kind::Role,
        _ => return Ok(ground),
    };
    let account = if arn.account.is_empty() { grounding.caller.account() } else { &arn.account };
    let found =
        entity::find(grounding.store, &scope_of(account), kind, name).map_err(|fault| Trouble::new(fault.message))?;
    let asks_trust = ask.action.starts_with("sts:");
    if let Some(found) = found {
        let whole = found.arn(account);
        // A role is meant by its whole ARN only; a name of IAM's own API by itself.
        if asks_trust && whole != ask.resource {
            ground.policies.push(Arc::new(Document::silent()));
            return Ok(ground);
        }
        ground.resource = Some(whole);
        if let Some(role) = found.role.as_ref().filter(|_| asks_trust) {
            ground.policies.extend(grounding.cloud.documents.get(&role.trust));
            ground.holds_services = true;
        }
        if grounding.wants_keys {
            ground = ground.tagged(&found.tags);
        }
    } else if asks_trust {
        // A role that is not there trusts nobody. A service hears from STS what is wrong.
        ground.policies.push(Arc::new(Document::silent()));
    }
    Ok(ground)
}

/// Whether a call that names no user means the one who calls.
fn is_about_one(ask: &Ask<'_>) -> bool {
    !ask.action.starts_with("iam:List")
        || ask.action.starts_with("iam:ListAccessKeys")
        || ask.action.starts_with("iam:ListMFADevices")
}
