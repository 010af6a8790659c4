//! Linking somebody at another provider to a user of the pool.

use kogumo_door::Writer;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::get;
use crate::faults::{invalid, no_user};
use crate::pool;
use crate::user::{self, Identity, find};

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
    if source.provider_attribute_name.as_deref().is_some_and(|name| name != "Cognito_Subject") {
        return Err(crate::faults::unbuilt("Linking by another attribute than Cognito_Subject"));
    }
    if find(w.store(), &pool, &format!("{}_{subject}", provider.name))?.is_some() {
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
    let owner = find(w.store(), &pool, &format!("{provider}_{subject}"))?.ok_or_else(no_user)?;
    user::update(w.tx, &pool, &owner.name, |user| {
        user.identities.retain(|identity| identity.provider != provider || identity.subject != subject);
        Ok(())
    })?;
    Ok(AdminDisableProviderForUserResponse::default())
}
