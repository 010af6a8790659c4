//! CreateIdentityProvider and its kin. OpenID Connect, SAML and Google are built; the other kinds say that they are not.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};

use super::{PROVIDERS, Provider, get, google, key, of_pool, saml};
use crate::faults::{invalid, unbuilt};
use crate::page::page;
use crate::pool::{self, Pool};

/// The type of Google's provider, and its only name.
const GOOGLE: &str = "Google";

fn shown(pool: &Pool, provider: &Provider) -> IdentityProviderType {
    IdentityProviderType {
        user_pool_id: Some(pool.id.clone()),
        provider_name: Some(provider.name.clone()),
        provider_type: Some(provider.kind.clone()),
        provider_details: Some(provider.details.clone()),
        attribute_mapping: Some(provider.mapping.clone()),
        idp_identifiers: Some(provider.identifiers.clone()),
        creation_date: Some(provider.created),
        last_modified_date: Some(provider.modified),
        ..IdentityProviderType::default()
    }
}

/// Checks for what OpenID Connect needs, and completes what is known of Google.
fn check(pool: &Pool, provider: &mut Provider) -> Result<(), Fault> {
    let needed = match provider.kind.as_str() {
        GOOGLE => &["client_id", "client_secret", "authorize_scopes"][..],
        saml::KIND => &[],
        _ => &["client_id", "oidc_issuer", "authorize_scopes"],
    };
    let missing = needed.iter().find(|name| provider.details.get(**name).is_none_or(String::is_empty));
    if let Some(name) = missing {
        return Err(invalid(format!("The identity provider details are missing the required key {name}.")));
    }
    match provider.kind.as_str() {
        GOOGLE => google::complete(&mut provider.details),
        saml::KIND => saml::complete(&mut provider.details)?,
        _ => {}
    }
    let unknown = provider.mapping.keys().find(|name| *name != "username" && pool.attribute(name).is_none());
    match unknown {
        Some(name) => Err(invalid(format!("Unable to map attribute {name}: it is not in the user pool's schema."))),
        None => Ok(()),
    }
}

pub fn create_identity_provider(
    w: &mut Writer,
    input: CreateIdentityProviderRequest,
) -> Result<CreateIdentityProviderResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    match input.provider_type.as_str() {
        "OIDC" | saml::KIND => {}
        GOOGLE if input.provider_name == GOOGLE => {}
        GOOGLE => return Err(invalid("The name of a provider of type Google must be Google.")),
        other => return Err(unbuilt(&format!("Federation with providers of type {other}"))),
    }
    if input.acr_mapping.is_some() {
        return Err(unbuilt("AcrMapping of identity providers"));
    }
    if PROVIDERS.contains(w.tx, &pool.scope, key(&pool, &input.provider_name))? {
        return Err(DUPLICATE_PROVIDER_EXCEPTION
            .because(format!("A provider with the name {} already exists in your User Pool.", input.provider_name)));
    }
    let mut mapping = input.attribute_mapping.unwrap_or_default();
    if input.provider_type != saml::KIND {
        mapping.entry("username".into()).or_insert_with(|| "sub".into());
    }
    let mut provider = Provider {
        name: input.provider_name,
        kind: input.provider_type,
        details: input.provider_details,
        mapping,
        identifiers: input.idp_identifiers.unwrap_or_default(),
        created: w.now,
        modified: w.now,
    };
    check(&pool, &mut provider)?;
    PROVIDERS.put(w.tx, &pool.scope, key(&pool, &provider.name), &provider)?;
    Ok(CreateIdentityProviderResponse { identity_provider: shown(&pool, &provider) })
}

pub fn describe_identity_provider(
    r: &Reader,
    input: DescribeIdentityProviderRequest,
) -> Result<DescribeIdentityProviderResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let provider = get(r.store, &pool, &input.provider_name)?;
    Ok(DescribeIdentityProviderResponse { identity_provider: shown(&pool, &provider) })
}

pub fn update_identity_provider(
    w: &mut Writer,
    input: UpdateIdentityProviderRequest,
) -> Result<UpdateIdentityProviderResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let mut provider = get(w.store(), &pool, &input.provider_name)?;
    provider.details = input.provider_details.unwrap_or(provider.details);
    provider.mapping = input.attribute_mapping.unwrap_or(provider.mapping);
    if provider.kind != saml::KIND {
        provider.mapping.entry("username".into()).or_insert_with(|| "sub".into());
    }
    provider.identifiers = input.idp_identifiers.unwrap_or(provider.identifiers);
    provider.modified = w.now;
    check(&pool, &mut provider)?;
    PROVIDERS.put(w.tx, &pool.scope, key(&pool, &provider.name), &provider)?;
    Ok(UpdateIdentityProviderResponse { identity_provider: shown(&pool, &provider) })
}

pub fn delete_identity_provider(w: &mut Writer, input: DeleteIdentityProviderRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let provider = get(w.store(), &pool, &input.provider_name)?;
    PROVIDERS.delete(w.tx, &pool.scope, key(&pool, &provider.name))?;
    Ok(Unit)
}

pub fn list_identity_providers(
    r: &Reader,
    input: ListIdentityProvidersRequest,
) -> Result<ListIdentityProvidersResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let (providers, next_token) = page(of_pool(r.store, &pool)?, input.next_token.as_deref(), input.max_results)?;
    let described = |provider: &Provider| ProviderDescription {
        provider_name: Some(provider.name.clone()),
        provider_type: Some(provider.kind.clone()),
        creation_date: Some(provider.created),
        last_modified_date: Some(provider.modified),
    };
    Ok(ListIdentityProvidersResponse { providers: providers.iter().map(described).collect(), next_token })
}

pub fn get_identity_provider_by_identifier(
    r: &Reader,
    input: GetIdentityProviderByIdentifierRequest,
) -> Result<GetIdentityProviderByIdentifierResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let found =
        of_pool(r.store, &pool)?.into_iter().find(|provider| provider.identifiers.contains(&input.idp_identifier));
    let provider = found.ok_or_else(|| {
        RESOURCE_NOT_FOUND_EXCEPTION
            .because(format!("Identity provider with identifier {} does not exist.", input.idp_identifier))
    })?;
    Ok(GetIdentityProviderByIdentifierResponse { identity_provider: shown(&pool, &provider) })
}
