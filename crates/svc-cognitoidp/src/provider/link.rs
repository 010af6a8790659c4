//! Linking somebody at another provider to a user of the pool.

use std::collections::BTreeMap;

use kogumo_base::Trouble;
use kogumo_door::Writer;
use kogumo_model::cognitoidp::*;
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::{Provider, get};
use crate::faults::{invalid, no_user};
use crate::pool::{self, Pool};
use crate::user::alias::identified;
use crate::user::{self, Identity, User, by_name, find};

/// The attribute's name that means the provider's own name for somebody.
const SUBJECT: &str = "Cognito_Subject";

/// Who somebody at a provider is to be known by: an attribute that the provider's claims are mapped to, or the subject.
fn attribute(provider: &Provider, name: Option<String>) -> Result<Option<String>, Fault> {
    let name = name.filter(|name| name != SUBJECT);
    match name {
        Some(name) if !provider.mapping.contains_key(&name) => Err(invalid(format!(
            "Invalid ProviderAttributeName {name}: it is not in the attribute mapping of the identity provider."
        ))),
        name => Ok(name),
    }
}

/// The pool's user whom a provider vouches for: signed up through it, or linked to it.
///
/// # Errors
/// A store that cannot be read.
pub fn linked(
    read: &dyn Read,
    pool: &Pool,
    provider: &Provider,
    subject: &str,
    attributes: &BTreeMap<String, String>,
) -> Result<Option<User>, Trouble> {
    let own = by_name(read, pool, &format!("{}_{subject}", provider.name))?;
    let own = own.map_or_else(|| identified(read, pool, &provider.name, None, subject), |user| Ok(Some(user)))?;
    if own.is_some() {
        return Ok(own);
    }
    for (name, value) in attributes {
        let found = identified(read, pool, &provider.name, Some(name), value)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

pub fn admin_link_provider_for_user(
    w: &mut Writer,
    input: AdminLinkProviderForUserRequest,
) -> Result<AdminLinkProviderForUserResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let (source, destination) = (input.source_user, input.destination_user);
    let name = destination.provider_attribute_value.unwrap_or_default();
    let owner = find(w.store(), &pool, &name)?.ok_or_else(no_user)?;
    let provider = get(w.store(), &pool, source.provider_name.as_deref().unwrap_or_default())?;
    let subject = source.provider_attribute_value.filter(|subject| !subject.is_empty());
    let subject = subject.ok_or_else(|| invalid("Missing required parameter ProviderAttributeValue."))?;
    let attribute = attribute(&provider, source.provider_attribute_name)?;
    let signed_up = by_name(w.store(), &pool, &format!("{}_{subject}", provider.name))?;
    let linked = identified(w.store(), &pool, &provider.name, attribute.as_deref(), &subject)?;
    if linked.is_some() || (attribute.is_none() && signed_up.is_some()) {
        return Err(invalid(
            "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link",
        ));
    }
    let now = w.now;
    user::update(w.tx, &pool, &owner.name, |user| {
        user.identities.push(Identity {
            provider: provider.name.clone(),
            kind: provider.kind.clone(),
            subject: subject.clone(),
            attribute: attribute.clone(),
            primary: false,
            created: now,
        });
        Ok(())
    })?;
    Ok(AdminLinkProviderForUserResponse::default())
}

pub fn admin_disable_provider_for_user(
    w: &mut Writer,
    input: AdminDisableProviderForUserRequest,
) -> Result<AdminDisableProviderForUserResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let (provider, subject) =
        (input.user.provider_name.unwrap_or_default(), input.user.provider_attribute_value.unwrap_or_default());
    let attribute = input.user.provider_attribute_name.filter(|name| name != SUBJECT);
    let owner = identified(w.store(), &pool, &provider, attribute.as_deref(), &subject)?.ok_or_else(no_user)?;
    user::update(w.tx, &pool, &owner.name, |user| {
        user.identities.retain(|identity| {
            identity.provider != provider || identity.subject != subject || identity.attribute != attribute
        });
        Ok(())
    })?;
    Ok(AdminDisableProviderForUserResponse::default())
}
