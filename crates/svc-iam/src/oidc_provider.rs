//! OpenID Connect providers: who else may vouch for callers.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::page::page;
use crate::{quota, tags};

/// By ARN.
static PROVIDERS: Table<Provider> = Table::new("iam/oidc-provider");

const MOST_CLIENTS: usize = 100;
const MOST_THUMBPRINTS: usize = 5;

#[derive(Clone, Serialize, Deserialize)]
pub struct Provider {
    arn: String,
    /// Without `https://`: `accounts.google.com`.
    url: String,
    clients: Vec<String>,
    thumbprints: Vec<String>,
    created: Timestamp,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// The issuer without its scheme, as ARNs and condition keys name it. AWS wants `https`; an issuer on this machine may do
/// without, as it needs no certificate there.
fn without_scheme(url: &str) -> Option<&str> {
    if let Some(rest) = url.strip_prefix("https://") {
        return Some(rest);
    }
    let rest = url.strip_prefix("http://")?;
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let local = host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.");
    local.then_some(rest)
}

fn get(read: &dyn Read, scope: &Scope, arn: &str) -> Result<Provider, Fault> {
    let missing = || NO_SUCH_ENTITY_EXCEPTION.because(format!("OpenIDConnect Provider not found for arn {arn}"));
    PROVIDERS.get(read, &scope.global(), arn)?.ok_or_else(missing)
}

fn put(w: &mut Writer, provider: &Provider) -> Result<(), Fault> {
    let scope = w.scope().global();
    Ok(PROVIDERS.put(w.tx, &scope, provider.arn.as_str(), provider)?)
}

fn all(read: &dyn Read, scope: &Scope) -> Result<Vec<Provider>, Fault> {
    let rows = PROVIDERS.scan(read, &scope.global(), &Range::all());
    Ok(rows.map(|row| row.map(|(_, provider)| provider)).collect::<Result<_, _>>()?)
}

pub fn count(read: &dyn Read, scope: &Scope) -> Result<usize, Fault> {
    all(read, scope).map(|providers| providers.len())
}

fn checked_thumbprints(thumbprints: Vec<String>) -> Result<Vec<String>, Fault> {
    if thumbprints.len() > MOST_THUMBPRINTS {
        return Err(INVALID_INPUT_EXCEPTION.because("Thumbprint list must contain fewer than 5 entries."));
    }
    if thumbprints.iter().any(|thumbprint| !thumbprint.bytes().all(|letter| letter.is_ascii_hexdigit())) {
        return Err(INVALID_INPUT_EXCEPTION.because("Thumbprint must be hexadecimal."));
    }
    Ok(thumbprints)
}

pub fn create_open_id_connect_provider(
    w: &mut Writer,
    input: CreateOpenIDConnectProviderRequest,
) -> Result<CreateOpenIDConnectProviderResponse, Fault> {
    let Some(url) = without_scheme(&input.url).filter(|url| !url.is_empty() && !url.contains(['?', '#', ' '])) else {
        return Err(INVALID_INPUT_EXCEPTION.because("Invalid Open ID Connect Provider URL"));
    };
    let url = url.trim_end_matches('/').to_owned();
    let arn = Arn::new("iam", "", w.caller.account(), format!("oidc-provider/{url}")).to_string();
    if PROVIDERS.contains(w.store(), &w.scope().global(), arn.as_str())? {
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(format!("Provider with url {} already exists.", input.url)));
    }
    quota::room_for_one("OpenIdConnectProvidersPerAccount", count(w.store(), w.scope())?, quota::OIDC_PROVIDERS)?;
    let clients = input.client_id_list.unwrap_or_default();
    if clients.len() > MOST_CLIENTS {
        return Err(quota::exceeded("ClientIdsPerOpenIdConnectProvider", MOST_CLIENTS));
    }
    let provider = Provider {
        arn,
        url,
        clients,
        thumbprints: checked_thumbprints(input.thumbprint_list.unwrap_or_default())?,
        created: Timestamp::from_seconds(w.now.seconds()),
        tags: tags::made(input.tags)?,
    };
    put(w, &provider)?;
    Ok(CreateOpenIDConnectProviderResponse {
        tags: tags::shown_if_any(&provider.tags),
        open_id_connect_provider_arn: Some(provider.arn),
    })
}

pub fn get_open_id_connect_provider(
    r: &Reader,
    input: GetOpenIDConnectProviderRequest,
) -> Result<GetOpenIDConnectProviderResponse, Fault> {
    let provider = get(r.store, r.scope(), &input.open_id_connect_provider_arn)?;
    Ok(GetOpenIDConnectProviderResponse {
        url: Some(provider.url),
        client_id_list: Some(provider.clients),
        thumbprint_list: Some(provider.thumbprints),
        create_date: Some(provider.created),
        tags: Some(tags::shown(&provider.tags)),
    })
}

/// Deleting one that is not there is no error.
pub fn delete_open_id_connect_provider(
    w: &mut Writer,
    input: DeleteOpenIDConnectProviderRequest,
) -> Result<Unit, Fault> {
    let scope = w.scope().global();
    PROVIDERS.delete(w.tx, &scope, input.open_id_connect_provider_arn.as_str())?;
    Ok(Unit)
}

pub fn list_open_id_connect_providers(
    r: &Reader,
    _: ListOpenIDConnectProvidersRequest,
) -> Result<ListOpenIDConnectProvidersResponse, Fault> {
    let entry = |provider: Provider| OpenIDConnectProviderListEntry { arn: Some(provider.arn) };
    let list = all(r.store, r.scope())?.into_iter().map(entry).collect();
    Ok(ListOpenIDConnectProvidersResponse { open_id_connect_provider_list: Some(list) })
}

/// Adding a client that is there already changes nothing.
pub fn add_client_id_to_open_id_connect_provider(
    w: &mut Writer,
    input: AddClientIDToOpenIDConnectProviderRequest,
) -> Result<Unit, Fault> {
    let mut provider = get(w.store(), w.scope(), &input.open_id_connect_provider_arn)?;
    if !provider.clients.contains(&input.client_id) {
        quota::room_for_one("ClientIdsPerOpenIdConnectProvider", provider.clients.len(), MOST_CLIENTS)?;
        provider.clients.push(input.client_id);
        put(w, &provider)?;
    }
    Ok(Unit)
}

pub fn remove_client_id_from_open_id_connect_provider(
    w: &mut Writer,
    input: RemoveClientIDFromOpenIDConnectProviderRequest,
) -> Result<Unit, Fault> {
    let mut provider = get(w.store(), w.scope(), &input.open_id_connect_provider_arn)?;
    provider.clients.retain(|client| *client != input.client_id);
    put(w, &provider)?;
    Ok(Unit)
}

pub fn update_open_id_connect_provider_thumbprint(
    w: &mut Writer,
    input: UpdateOpenIDConnectProviderThumbprintRequest,
) -> Result<Unit, Fault> {
    let mut provider = get(w.store(), w.scope(), &input.open_id_connect_provider_arn)?;
    provider.thumbprints = checked_thumbprints(input.thumbprint_list)?;
    put(w, &provider)?;
    Ok(Unit)
}

pub fn tag_open_id_connect_provider(w: &mut Writer, input: TagOpenIDConnectProviderRequest) -> Result<Unit, Fault> {
    let mut provider = get(w.store(), w.scope(), &input.open_id_connect_provider_arn)?;
    tags::add(&mut provider.tags, input.tags)?;
    put(w, &provider)?;
    Ok(Unit)
}

pub fn untag_open_id_connect_provider(w: &mut Writer, input: UntagOpenIDConnectProviderRequest) -> Result<Unit, Fault> {
    let mut provider = get(w.store(), w.scope(), &input.open_id_connect_provider_arn)?;
    provider.tags.retain(|key, _| !input.tag_keys.contains(key));
    put(w, &provider)?;
    Ok(Unit)
}

pub fn list_open_id_connect_provider_tags(
    r: &Reader,
    input: ListOpenIDConnectProviderTagsRequest,
) -> Result<ListOpenIDConnectProviderTagsResponse, Fault> {
    let provider = get(r.store, r.scope(), &input.open_id_connect_provider_arn)?;
    let page = page(tags::shown(&provider.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListOpenIDConnectProviderTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}
