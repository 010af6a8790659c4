//! DescribeKey, ListKeys, UpdateKeyDescription.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::kms::{
    DescribeKeyRequest, DescribeKeyResponse, KeyListEntry, KeyMetadata, ListKeysRequest, ListKeysResponse,
    UpdateKeyDescriptionRequest,
};
use kogumo_wire::{Fault, Unit};

use super::{KEYS, Key, Origin, import};
use crate::grant::check_tokens;
use crate::page::Page;
use crate::spec::Usage;
use crate::target::{self, Aliases};

pub fn describe_key(r: &Reader, input: DescribeKeyRequest) -> Result<DescribeKeyResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = target::read(r, &input.key_id, Aliases::Taken)?;
    Ok(DescribeKeyResponse { key_metadata: Some(metadata(&target.scope, &target.key)) })
}

pub fn list_keys(r: &Reader, input: ListKeysRequest) -> Result<ListKeysResponse, Fault> {
    let mut page = Page::new(input.limit, 100, 1000, input.marker.as_deref())?;
    for row in KEYS.scan(r.store, r.scope(), &page.range()) {
        let (place, key) = row?;
        let entry = KeyListEntry { key_arn: Some(key.arn(r.scope())), key_id: Some(key.id) };
        if !page.push(place, entry) {
            break;
        }
    }
    let (keys, next_marker, truncated) = page.finish();
    Ok(ListKeysResponse { keys: Some(keys), next_marker, truncated: Some(truncated) })
}

pub fn update_key_description(w: &mut Writer, input: UpdateKeyDescriptionRequest) -> Result<Unit, Fault> {
    let mut target = target::write(w, &input.key_id)?;
    target.refuse_managed()?;
    target.check_alive()?;
    target.key.description = input.description;
    target.put(w)?;
    Ok(Unit)
}

/// What AWS tells of a key.
pub fn metadata(scope: &Scope, key: &Key) -> KeyMetadata {
    let algorithms = || Some(key.spec.algorithms(key.usage).iter().map(|name| (*name).to_owned()).collect());
    let of = |usage| if key.usage == usage { algorithms() } else { None };
    let state = key.state();
    KeyMetadata {
        aws_account_id: Some(scope.account.clone()),
        key_id: key.id.clone(),
        arn: Some(key.arn(scope)),
        creation_date: Some(key.created),
        enabled: Some(state.is_enabled()),
        description: Some(key.description.clone()),
        key_usage: Some(key.usage.name().into()),
        key_state: Some(state.name().into()),
        deletion_date: key.deletion,
        valid_to: key.current().and_then(|material| material.valid_to),
        expiration_model: key
            .current()
            .filter(|_| key.origin == Origin::External)
            .map(|material| import::expiration_model(material).into()),
        origin: Some(key.origin.name().into()),
        key_manager: Some(if key.is_managed_by_aws() { "AWS" } else { "CUSTOMER" }.into()),
        customer_master_key_spec: Some(key.spec.name().into()),
        key_spec: Some(key.spec.name().into()),
        encryption_algorithms: of(Usage::EncryptDecrypt),
        signing_algorithms: of(Usage::SignVerify),
        mac_algorithms: of(Usage::GenerateVerifyMac),
        multi_region: Some(key.regions.is_some()),
        multi_region_configuration: key.regions.as_ref().map(|regions| regions.configuration(scope, &key.id)),
        pending_deletion_window_in_days: key.waiting_days,
        current_key_material_id: key.current().filter(|_| key.spec.is_symmetric()).map(|material| material.id.clone()),
        ..KeyMetadata::default()
    }
}
