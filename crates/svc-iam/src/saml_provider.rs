//! SAML providers: companies' own sign-ins that may vouch for callers. STS believes what they sign.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp, random_from};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_saml::Metadata;
use kogumo_store::{Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::page::page;
use crate::{quota, tags};

/// By ARN.
static PROVIDERS: Table<Provider> = Table::new("iam/saml-provider");

/// What says nothing of its end is good for a hundred years.
const CENTURY: i64 = 100 * 365 * 24 * 3600;

#[derive(Clone, Serialize, Deserialize)]
pub struct Provider {
    arn: String,
    id: String,
    metadata: String,
    created: Timestamp,
    valid_until: Timestamp,
    tags: BTreeMap<String, String>,
}

fn get(read: &dyn Read, scope: &Scope, arn: &str) -> Result<Provider, Fault> {
    let missing = || NO_SUCH_ENTITY_EXCEPTION.because(format!("Manifest not found for arn {arn}"));
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

/// Until when metadata may be believed.
fn checked(metadata: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    let read = Metadata::read(metadata).ok_or_else(|| INVALID_INPUT_EXCEPTION.because("Could not parse metadata"))?;
    let until = read.valid_until.unwrap_or_else(|| Timestamp::from_seconds(now.seconds() + CENTURY));
    if until <= now {
        return Err(INVALID_INPUT_EXCEPTION.because("Metadata has expired"));
    }
    Ok(until)
}

/// Encrypted assertions are not built.
fn refuse_encryption(mode: Option<&String>, key: Option<&String>) -> Result<(), Fault> {
    match (mode, key) {
        (None, None) => Ok(()),
        _ => Err(Fault::not_implemented("Encrypted assertions of SAML providers")),
    }
}

pub fn create_saml_provider(
    w: &mut Writer,
    input: CreateSAMLProviderRequest,
) -> Result<CreateSAMLProviderResponse, Fault> {
    refuse_encryption(input.assertion_encryption_mode.as_ref(), input.add_private_key.as_ref())?;
    let arn = Arn::new("iam", "", w.caller.account(), format!("saml-provider/{}", input.name)).to_string();
    if PROVIDERS.contains(w.store(), &w.scope().global(), arn.as_str())? {
        let message = format!("SAMLProvider with name {} already exists.", input.name);
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(message));
    }
    quota::room_for_one("SAMLProvidersPerAccount", count(w.store(), w.scope())?, quota::SAML_PROVIDERS)?;
    let provider = Provider {
        arn,
        id: format!("ASIA{}", random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 18)),
        valid_until: checked(&input.saml_metadata_document, w.now)?,
        metadata: input.saml_metadata_document,
        created: Timestamp::from_seconds(w.now.seconds()),
        tags: tags::made(input.tags)?,
    };
    put(w, &provider)?;
    Ok(CreateSAMLProviderResponse { tags: tags::shown_if_any(&provider.tags), saml_provider_arn: Some(provider.arn) })
}

pub fn get_saml_provider(r: &Reader, input: GetSAMLProviderRequest) -> Result<GetSAMLProviderResponse, Fault> {
    let provider = get(r.store, r.scope(), &input.saml_provider_arn)?;
    Ok(GetSAMLProviderResponse {
        saml_provider_uuid: Some(provider.id),
        saml_metadata_document: Some(provider.metadata),
        create_date: Some(provider.created),
        valid_until: Some(provider.valid_until),
        tags: tags::shown_if_any(&provider.tags),
        ..GetSAMLProviderResponse::default()
    })
}

pub fn list_saml_providers(r: &Reader, _: ListSAMLProvidersRequest) -> Result<ListSAMLProvidersResponse, Fault> {
    let entry = |provider: Provider| SAMLProviderListEntry {
        arn: Some(provider.arn),
        valid_until: Some(provider.valid_until),
        create_date: Some(provider.created),
    };
    let list = all(r.store, r.scope())?.into_iter().map(entry).collect();
    Ok(ListSAMLProvidersResponse { saml_provider_list: Some(list) })
}

pub fn update_saml_provider(
    w: &mut Writer,
    input: UpdateSAMLProviderRequest,
) -> Result<UpdateSAMLProviderResponse, Fault> {
    let key = input.add_private_key.as_ref().or(input.remove_private_key.as_ref());
    refuse_encryption(input.assertion_encryption_mode.as_ref(), key)?;
    let mut provider = get(w.store(), w.scope(), &input.saml_provider_arn)?;
    if let Some(metadata) = input.saml_metadata_document {
        provider.valid_until = checked(&metadata, w.now)?;
        provider.metadata = metadata;
    }
    put(w, &provider)?;
    Ok(UpdateSAMLProviderResponse { saml_provider_arn: Some(provider.arn) })
}

pub fn delete_saml_provider(w: &mut Writer, input: DeleteSAMLProviderRequest) -> Result<Unit, Fault> {
    let provider = get(w.store(), w.scope(), &input.saml_provider_arn)?;
    let scope = w.scope().global();
    PROVIDERS.delete(w.tx, &scope, provider.arn.as_str())?;
    Ok(Unit)
}

pub fn tag_saml_provider(w: &mut Writer, input: TagSAMLProviderRequest) -> Result<Unit, Fault> {
    let mut provider = get(w.store(), w.scope(), &input.saml_provider_arn)?;
    tags::add(&mut provider.tags, input.tags)?;
    put(w, &provider)?;
    Ok(Unit)
}

pub fn untag_saml_provider(w: &mut Writer, input: UntagSAMLProviderRequest) -> Result<Unit, Fault> {
    let mut provider = get(w.store(), w.scope(), &input.saml_provider_arn)?;
    provider.tags.retain(|key, _| !input.tag_keys.contains(key));
    put(w, &provider)?;
    Ok(Unit)
}

pub fn list_saml_provider_tags(
    r: &Reader,
    input: ListSAMLProviderTagsRequest,
) -> Result<ListSAMLProviderTagsResponse, Fault> {
    let provider = get(r.store, r.scope(), &input.saml_provider_arn)?;
    let page = page(tags::shown(&provider.tags), input.marker.as_deref(), input.max_items)?;
    Ok(ListSAMLProviderTagsResponse { tags: page.items, is_truncated: page.is_truncated, marker: page.marker })
}
