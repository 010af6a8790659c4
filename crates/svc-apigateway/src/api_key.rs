//! API keys: values that clients send in `x-api-key`.

use crate::definition::Strings;
use crate::faults::{bad_request, conflict, not_found};
use crate::patch;
use crate::rest_api::unless_empty_map;
use crate::usage_plan;
use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::apigateway as model;
use kogumo_store::{Index, Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: String,
    pub value: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub customer_id: Option<String>,
    pub enabled: bool,
    /// `{api}/{stage}` of keys made the old way, before usage plans.
    pub stage_keys: Vec<String>,
    pub tags: Strings,
    pub created: Timestamp,
    pub updated: Timestamp,
}

static API_KEYS: Table<ApiKey> = Table::indexed(
    "apigateway/api-key",
    &[Index { name: "value", key: |api_key| Some(Key::from(api_key.value.as_str())) }],
);

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The key of that id, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, id: &str) -> Result<ApiKey, Fault> {
    API_KEYS.get(read, scope, id)?.ok_or_else(|| not_found("Invalid API Key identifier specified"))
}

/// The key of that value, if there is one.
pub fn by_value(read: &dyn Read, scope: &Scope, value: &str) -> Result<Option<ApiKey>, Fault> {
    let range = Range::prefix(value);
    let found = API_KEYS.by_index(read, scope, "value", &range).next();
    Ok(found.transpose()?.map(|(_, api_key)| api_key))
}

pub fn put(w: &mut Writer, api_key: &ApiKey) -> Result<(), Fault> {
    let scope = w.scope().clone();
    Ok(API_KEYS.put(w.tx, &scope, api_key.id.as_str(), api_key)?)
}

pub fn create_api_key(w: &mut Writer, input: model::CreateApiKeyRequest) -> Result<model::ApiKey, Fault> {
    let value = match input.value {
        Some(value) if (20..=128).contains(&value.len()) => value,
        Some(_) => return Err(bad_request("API Key value should be at least 20 characters")),
        None => kogumo_base::random_from(ALPHABET, 40),
    };
    if by_value(w.tx, &w.caller.scope, &value)?.is_some() {
        return Err(conflict("API Key already exists"));
    }
    let stage = |key: model::StageKey| {
        format!("{}/{}", key.rest_api_id.unwrap_or_default(), key.stage_name.unwrap_or_default())
    };
    let api_key = ApiKey {
        id: kogumo_base::random_from(b"abcdefghijklmnopqrstuvwxyz0123456789", 10),
        value,
        name: input.name,
        description: input.description,
        customer_id: input.customer_id,
        enabled: input.enabled.unwrap_or(false),
        stage_keys: input.stage_keys.unwrap_or_default().into_iter().map(stage).collect(),
        tags: input.tags.unwrap_or_default(),
        created: w.now,
        updated: w.now,
    };
    put(w, &api_key)?;
    Ok(shape(api_key, true))
}

pub fn get_api_key(r: &Reader, input: model::GetApiKeyRequest) -> Result<model::ApiKey, Fault> {
    load(r.store, r.scope(), &input.api_key).map(|api_key| shape(api_key, input.include_value == Some(true)))
}

pub fn get_api_keys(r: &Reader, input: model::GetApiKeysRequest) -> Result<model::ApiKeys, Fault> {
    let values = input.include_values == Some(true);
    let mut keys = Vec::new();
    for row in API_KEYS.scan(r.store, r.scope(), &Range::all()) {
        let api_key = row?.1;
        let named = input
            .name_query
            .as_ref()
            .is_none_or(|query| api_key.name.as_ref().is_some_and(|name| name.starts_with(query)));
        let customer = input.customer_id.as_ref().is_none_or(|id| api_key.customer_id.as_ref() == Some(id));
        if named && customer {
            keys.push((api_key.id.clone(), shape(api_key, values)));
        }
    }
    let (items, position) = crate::page::page(keys, input.position, input.limit)?;
    Ok(model::ApiKeys { warnings: None, items, position })
}

pub fn update_api_key(w: &mut Writer, input: model::UpdateApiKeyRequest) -> Result<model::ApiKey, Fault> {
    let mut api_key = load(w.tx, &w.caller.scope, &input.api_key)?;
    for patch in patch::read(input.patch_operations)? {
        match patch.parts().as_slice() {
            ["name"] => api_key.name = patch.optional(),
            ["description"] => api_key.description = patch.optional(),
            ["customerId"] => api_key.customer_id = patch.optional(),
            ["enabled"] => api_key.enabled = patch.flag()?,
            ["stages"] => patch.item(&mut api_key.stage_keys, None)?,
            _ => return Err(patch.refused()),
        }
    }
    api_key.updated = w.now;
    put(w, &api_key)?;
    Ok(shape(api_key, false))
}

pub fn delete_api_key(w: &mut Writer, input: model::DeleteApiKeyRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    load(w.tx, &scope, &input.api_key)?;
    usage_plan::forget_key(w, &input.api_key)?;
    API_KEYS.delete(w.tx, &scope, input.api_key.as_str())?;
    Ok(Unit)
}

fn shape(api_key: ApiKey, value: bool) -> model::ApiKey {
    model::ApiKey {
        id: Some(api_key.id),
        value: value.then_some(api_key.value),
        name: api_key.name,
        customer_id: api_key.customer_id,
        description: api_key.description,
        enabled: Some(api_key.enabled),
        created_date: Some(api_key.created),
        last_updated_date: Some(api_key.updated),
        stage_keys: Some(api_key.stage_keys),
        tags: unless_empty_map(api_key.tags),
    }
}
