//! What IAM knows of its own resources: the whole ARN with its path, the tags, and the trust of roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogumo_base::{Arn, Trouble};
use kogumo_door::{Ask, Ground, Grounding, Principal};
use kogumo_policy::Document;

use super::scope_of;
use crate::entity::{self, Kind};
use crate::{instance_profile, policy};

/// Looks up the user, group or role that an ARN names. Nobody named: the caller himself, where he is a user.
pub fn of_entity(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    let Some(arn) = Arn::parse(ask.resource).filter(|arn| arn.service == "iam") else { return Ok(ground) };
    let Some((kind, name)) = arn.resource.split_once('/') else { return Ok(ground) };
    let name = match (name, &*grounding.caller.principal) {
        ("*", Principal::User { name, .. }) if kind == "user" && is_about_one(ask) => name.as_str(),
        (path, _) => path.rsplit('/').next().unwrap_or(path),
    };
    let kind = match kind {
        "user" => Kind::User,
        "group" => Kind::Group,
        "role" => Kind::Role,
        _ => return of_other(grounding, kind, ask.resource, name),
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
            ground = of_tags(ground, &found.tags);
            // The boundary that there is; where one is given, the request says which.
            let gives = ask.action.starts_with("iam:Put") && ask.action.ends_with("PermissionsBoundary");
            ground.keys.extend(
                found.boundary.filter(|_| !gives).map(|boundary| ("iam:PermissionsBoundary".into(), vec![boundary])),
            );
        }
    } else if asks_trust {
        // A role that is not there trusts nobody. A service hears from STS what is wrong.
        ground.policies.push(Arc::new(Document::silent()));
    }
    Ok(ground)
}

/// Policies and instance profiles: their tags, and an instance profile's whole ARN.
fn of_other(grounding: &Grounding<'_>, kind: &str, arn: &str, name: &str) -> Result<Ground, Trouble> {
    let scope = scope_of(grounding.caller.account());
    let told = match kind {
        "policy" => policy::get(grounding.store, &scope, arn).ok().map(|policy| (policy.arn, policy.tags)),
        "instance-profile" => instance_profile::told(grounding.store, &scope, name)?,
        _ => None,
    };
    let Some((whole, tags)) = told else { return Ok(Ground::default()) };
    Ok(of_tags(Ground { resource: Some(whole), ..Ground::default() }, &tags))
}

/// Tags as condition keys: IAM knows them by its own name, too.
fn of_tags(mut ground: Ground, tags: &BTreeMap<String, String>) -> Ground {
    let own = tags.iter().map(|(key, value)| (format!("iam:ResourceTag/{key}").into(), vec![value.clone()]));
    ground.keys.extend(own);
    ground.tagged(tags)
}

/// Whether a call that names no user means the one who calls.
fn is_about_one(ask: &Ask<'_>) -> bool {
    !ask.action.starts_with("iam:List")
        || ask.action.starts_with("iam:ListAccessKeys")
        || ask.action.starts_with("iam:ListMFADevices")
}
