//! API keys of usage plans.

use super::{PLANS, all, load};
use crate::api_key::{self, ApiKey};
use crate::faults::{bad_request, conflict, not_found};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_wire::{Fault, Unit};

pub fn create_usage_plan_key(
    w: &mut Writer,
    input: model::CreateUsagePlanKeyRequest,
) -> Result<model::UsagePlanKey, Fault> {
    if input.key_type != "API_KEY" {
        return Err(bad_request("Invalid key type specified. Must be API_KEY"));
    }
    let scope = w.scope().clone();
    let mut plan = load(w.tx, &scope, &input.usage_plan_id)?;
    let api_key = api_key::load(w.tx, &scope, &input.key_id)?;
    if !plan.keys.insert(input.key_id.clone()) {
        return Err(conflict("Usage Plan already has this API Key"));
    }
    for other in all(w.tx, &scope)?.iter().filter(|other| other.id != plan.id && other.keys.contains(&input.key_id)) {
        let shared =
            plan.stages.iter().find(|own| other.stages.iter().any(|o| o.api_id == own.api_id && o.stage == own.stage));
        if let Some(own) = shared {
            return Err(conflict(format!(
                "Cannot add key {} to the usage plan: it is already in {} for {}:{}",
                input.key_id, other.id, own.api_id, own.stage
            )));
        }
    }
    PLANS.put(w.tx, &scope, plan.id.as_str(), &plan)?;
    Ok(shape(api_key))
}

fn none() -> Fault {
    not_found("Invalid Usage Plan Key identifier specified")
}

pub fn get_usage_plan_key(r: &Reader, input: model::GetUsagePlanKeyRequest) -> Result<model::UsagePlanKey, Fault> {
    let plan = load(r.store, r.scope(), &input.usage_plan_id)?;
    if !plan.keys.contains(&input.key_id) {
        return Err(none());
    }
    api_key::load(r.store, r.scope(), &input.key_id).map(shape)
}

pub fn get_usage_plan_keys(r: &Reader, input: model::GetUsagePlanKeysRequest) -> Result<model::UsagePlanKeys, Fault> {
    let plan = load(r.store, r.scope(), &input.usage_plan_id)?;
    let mut keys = Vec::new();
    for id in plan.keys {
        let key = shape(api_key::load(r.store, r.scope(), &id)?);
        let named =
            input.name_query.as_ref().is_none_or(|query| key.name.as_ref().is_some_and(|name| name.starts_with(query)));
        if named {
            keys.push((id, key));
        }
    }
    let (items, position) = crate::page::page(keys, input.position, input.limit)?;
    Ok(model::UsagePlanKeys { items, position })
}

pub fn delete_usage_plan_key(w: &mut Writer, input: model::DeleteUsagePlanKeyRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let mut plan = load(w.tx, &scope, &input.usage_plan_id)?;
    if !plan.keys.remove(&input.key_id) {
        return Err(none());
    }
    PLANS.put(w.tx, &scope, plan.id.as_str(), &plan)?;
    Ok(Unit)
}

/// Takes a key that goes out of every plan.
pub fn forget_key(w: &mut Writer, key: &str) -> Result<(), Fault> {
    let scope = w.scope().clone();
    for mut plan in all(w.tx, &scope)? {
        if plan.keys.remove(key) {
            PLANS.put(w.tx, &scope, plan.id.as_str(), &plan)?;
        }
    }
    Ok(())
}

fn shape(api_key: ApiKey) -> model::UsagePlanKey {
    model::UsagePlanKey {
        id: Some(api_key.id),
        type_: Some("API_KEY".into()),
        value: Some(api_key.value),
        name: api_key.name,
    }
}
