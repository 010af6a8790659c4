//! CreateManagedLoginBranding and its kin.

use kogumo_base::uuid;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};
use serde_json::{Value, json};

use super::managed::{self, Asset, Style};
use super::style;
use crate::client;
use crate::faults::invalid;
use crate::pool::{self, Pool};

/// What a request says of a style.
struct Given {
    provided: bool,
    settings: Option<Value>,
    assets: Option<Vec<AssetType>>,
}

fn asset(given: AssetType) -> Asset {
    Asset {
        category: given.category,
        mode: given.color_mode,
        extension: given.extension,
        bytes: given.bytes.unwrap_or_default().to_vec(),
        resource: given.resource_id,
    }
}

/// Puts what is given into the style's place; what is not given stays.
fn apply(style: &mut Style, given: Given) -> Result<(), Fault> {
    if given.provided && (given.settings.is_some() || given.assets.is_some()) {
        return Err(invalid("Settings and Assets cannot be given together with UseCognitoProvidedValues."));
    }
    if given.settings.as_ref().is_some_and(|settings| !settings.is_object()) {
        return Err(invalid("Settings must be a JSON object."));
    }
    style.provided = given.provided;
    if given.provided {
        style.settings = json!({});
        style.assets.clear();
    }
    if let Some(settings) = given.settings {
        merge(&mut style.settings, settings);
    }
    for new in given.assets.into_iter().flatten().map(asset) {
        style.assets.retain(|old| old.category != new.category || old.mode != new.mode);
        style.assets.push(new);
    }
    Ok(())
}

/// Members of objects are replaced one by one; everything else as a whole.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn shown(pool: &Pool, style: Style, merged: bool) -> ManagedLoginBrandingType {
    let mut settings = if merged || style.provided { style::provided() } else { json!({}) };
    merge(&mut settings, style.settings);
    let asset = |asset: Asset| AssetType {
        category: asset.category,
        color_mode: asset.mode,
        extension: asset.extension,
        bytes: Some(asset.bytes.into()),
        resource_id: asset.resource,
    };
    let has_settings = merged || (!style.provided && settings != json!({}));
    ManagedLoginBrandingType {
        managed_login_branding_id: Some(style.id),
        user_pool_id: Some(pool.id.clone()),
        use_cognito_provided_values: Some(style.provided),
        settings: has_settings.then_some(settings),
        assets: (!style.assets.is_empty()).then(|| style.assets.into_iter().map(asset).collect()),
        creation_date: Some(style.created),
        last_modified_date: Some(style.modified),
    }
}

pub fn create_managed_login_branding(
    w: &mut Writer,
    input: CreateManagedLoginBrandingRequest,
) -> Result<CreateManagedLoginBrandingResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    pool.refuse_lite("Managed login")?;
    client::get(w.store(), &pool, &input.client_id)?;
    if managed::of_client(w.store(), &pool, &input.client_id)?.is_some() {
        let message = format!("Managed login branding already exists for client {}.", input.client_id);
        return Err(MANAGED_LOGIN_BRANDING_EXISTS_EXCEPTION.because(message));
    }
    let mut style = Style {
        id: uuid(),
        client: input.client_id,
        provided: false,
        settings: json!({}),
        assets: Vec::new(),
        created: w.now,
        modified: w.now,
    };
    let provided = input.use_cognito_provided_values.unwrap_or(false);
    apply(&mut style, Given { provided, settings: input.settings, assets: input.assets })?;
    managed::put(w.tx, &pool, &style)?;
    Ok(CreateManagedLoginBrandingResponse { managed_login_branding: Some(shown(&pool, style, false)) })
}

pub fn update_managed_login_branding(
    w: &mut Writer,
    input: UpdateManagedLoginBrandingRequest,
) -> Result<UpdateManagedLoginBrandingResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id.unwrap_or_default())?;
    let mut style = managed::get(w.store(), &pool, &input.managed_login_branding_id.unwrap_or_default())?;
    let provided = input.use_cognito_provided_values.unwrap_or(false);
    apply(&mut style, Given { provided, settings: input.settings, assets: input.assets })?;
    style.modified = w.now;
    managed::put(w.tx, &pool, &style)?;
    Ok(UpdateManagedLoginBrandingResponse { managed_login_branding: Some(shown(&pool, style, false)) })
}

pub fn describe_managed_login_branding(
    r: &Reader,
    input: DescribeManagedLoginBrandingRequest,
) -> Result<DescribeManagedLoginBrandingResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let style = managed::get(r.store, &pool, &input.managed_login_branding_id)?;
    let merged = input.return_merged_resources.unwrap_or(false);
    Ok(DescribeManagedLoginBrandingResponse { managed_login_branding: Some(shown(&pool, style, merged)) })
}

pub fn describe_managed_login_branding_by_client(
    r: &Reader,
    input: DescribeManagedLoginBrandingByClientRequest,
) -> Result<DescribeManagedLoginBrandingByClientResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let style = managed::of_client(r.store, &pool, &input.client_id)?.ok_or_else(managed::missing)?;
    let merged = input.return_merged_resources.unwrap_or(false);
    Ok(DescribeManagedLoginBrandingByClientResponse { managed_login_branding: Some(shown(&pool, style, merged)) })
}

pub fn delete_managed_login_branding(w: &mut Writer, input: DeleteManagedLoginBrandingRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    managed::delete(w.tx, &pool, &input.managed_login_branding_id)?.map(|_| Unit).ok_or_else(managed::missing)
}
