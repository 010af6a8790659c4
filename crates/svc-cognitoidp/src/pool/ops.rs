//! CreateUserPool and its kin.

use kogumo_base::{Timestamp, random_from};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_store::Read;
use kogumo_wire::{Fault, Structure, Unit};
use serde_json::{Map, Value};

use super::{Pool, keys, rules, schema};
use crate::faults::invalid;
use crate::page::page;
use crate::trigger::sender;
use crate::user_session::settings::Tracking;
use crate::{auth_event, branding, client, document, group, import, provider, terms, token, user};

/// Members of the requests that are not settings.
const NOT_SETTINGS: [&str; 5] = ["PoolName", "UserPoolId", "UserPoolTags", "Schema", "Name"];
/// What cannot be changed once the pool is there.
const FIXED: [&str; 3] = ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration"];

fn settings(input: &dyn Structure) -> Map<String, Value> {
    let mut members = document::of(input);
    members.retain(|name, _| !NOT_SETTINGS.contains(&name.as_str()));
    members
}

pub async fn create_user_pool(cx: Context, input: CreateUserPoolRequest) -> Result<CreateUserPoolResponse, Fault> {
    let mut settings = settings(&input);
    rules::complete(&mut settings)?;
    let schema = schema::schema(input.schema.as_deref().unwrap_or_default())?;
    let kept = tokio::task::spawn_blocking(keys::Kept::generate).await;
    let kept = kept.map_err(|error| kogumo_base::Trouble::from_cause("no keys were made", error))??;
    let now = cx.now();
    let scope = cx.scope().clone();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let pool = Pool {
        id: format!("{}_{}", scope.region, random_from(alphabet, 9)),
        name: input.pool_name,
        created: now,
        modified: now,
        settings,
        mfa: Map::new(),
        schema,
        tags: input.user_pool_tags.unwrap_or_default(),
        domain: None,
        custom_domain: None,
        login_version: 0,
        log_configurations: Vec::new(),
        tracking: Tracking::default(),
        device_group: format!("-{}", random_from(alphabet, 8)),
        scope,
    };
    sender::grant(&cx, &pool).await?;
    cx.write(|w| {
        super::put(w.tx, &pool)?;
        keys::put(w.tx, &pool.scope, &pool.id, &kept)
    })?;
    Ok(CreateUserPoolResponse { user_pool: Some(shown(&pool, 0)?) })
}

fn shown(pool: &Pool, users: usize) -> Result<UserPoolType, Fault> {
    let sent = document::into::<UserPoolType>(pool.settings.clone())?;
    Ok(UserPoolType {
        id: Some(pool.id.clone()),
        name: Some(pool.name.clone()),
        arn: Some(pool.arn()),
        creation_date: Some(pool.created),
        last_modified_date: Some(pool.modified),
        schema_attributes: Some(pool.schema.iter().map(schema::shown).collect()),
        user_pool_tags: Some(pool.tags.clone()),
        estimated_number_of_users: Some(i32::try_from(users).unwrap_or(i32::MAX)),
        domain: pool.domain.clone(),
        custom_domain: pool.custom_domain.as_ref().map(|domain| domain.name.clone()),
        ..sent
    })
}

pub fn describe_user_pool(r: &Reader, input: DescribeUserPoolRequest) -> Result<DescribeUserPoolResponse, Fault> {
    let pool = super::get(r.store, r.scope(), &input.user_pool_id)?;
    let users = user::count(r.store, &pool)?;
    Ok(DescribeUserPoolResponse { user_pool: Some(shown(&pool, users)?) })
}

pub async fn update_user_pool(cx: Context, input: UpdateUserPoolRequest) -> Result<UpdateUserPoolResponse, Fault> {
    let updated = |read: &dyn Read| updated(super::get(read, cx.scope(), &input.user_pool_id)?, &input);
    sender::grant(&cx, &updated(&cx.snapshot())?).await?;
    cx.write(|w| {
        let pool = Pool { modified: w.now, ..updated(w.store())? };
        super::put(w.tx, &pool)?;
        Ok(UpdateUserPoolResponse::default())
    })
}

/// The pool as an update makes it.
fn updated(mut pool: Pool, input: &UpdateUserPoolRequest) -> Result<Pool, Fault> {
    let mut new = settings(input);
    for name in FIXED {
        if let Some(value) = pool.settings.get(name) {
            new.insert(name.to_owned(), value.clone());
        }
    }
    // The factors are SetUserPoolMfaConfig's; the mode alone can be turned here.
    let mode = new.get("MfaConfiguration").cloned();
    let has_factors = pool.mfa.keys().any(|name| name.ends_with("MfaConfiguration"));
    if has_factors {
        new.remove("MfaConfiguration");
    }
    rules::complete(&mut new)?;
    if let (true, Some(mode)) = (has_factors, mode) {
        new.insert("MfaConfiguration".into(), mode);
    }
    pool.settings = new;
    pool.name = input.pool_name.clone().unwrap_or(pool.name);
    pool.tags = input.user_pool_tags.clone().unwrap_or(pool.tags);
    Ok(pool)
}

pub fn delete_user_pool(w: &mut Writer, input: DeleteUserPoolRequest) -> Result<Unit, Fault> {
    let pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    if pool.text("/DeletionProtection") == Some("ACTIVE") {
        return Err(invalid(
            "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.",
        ));
    }
    if pool.domain.is_some() || pool.custom_domain.is_some() {
        return Err(invalid("User pool cannot be deleted. It has a domain configured that should be deleted first."));
    }
    client::delete_all(w.tx, &pool)?;
    user::delete_all(w.tx, &pool)?;
    group::delete_all(w.tx, &pool)?;
    provider::delete_all(w.tx, &pool)?;
    import::delete_all(w.tx, &pool)?;
    branding::delete_all(w.tx, &pool)?;
    terms::delete_all(w.tx, &pool)?;
    auth_event::risk::delete_all(w.tx, &pool)?;
    super::resource_server::delete_all(w.tx, &pool)?;
    token::grant::delete_all(w.tx, &pool)?;
    keys::delete(w.tx, &pool.scope, &pool.id)?;
    super::delete(w.tx, &pool)?;
    Ok(Unit)
}

pub fn list_user_pools(r: &Reader, input: ListUserPoolsRequest) -> Result<ListUserPoolsResponse, Fault> {
    let pools = super::listed(r.store, r.scope())?;
    let (pools, next_token) = page(pools, input.next_token.as_deref(), Some(input.max_results))?;
    let described = |pool: &Pool| {
        let lambda = pool.at("/LambdaConfig").and_then(Value::as_object).cloned().unwrap_or_default();
        let (created, modified): (Timestamp, Timestamp) = (pool.created, pool.modified);
        Ok(UserPoolDescriptionType {
            id: Some(pool.id.clone()),
            name: Some(pool.name.clone()),
            lambda_config: Some(document::into(lambda)?),
            creation_date: Some(created),
            last_modified_date: Some(modified),
            ..UserPoolDescriptionType::default()
        })
    };
    let user_pools: Result<Vec<_>, Fault> = pools.iter().map(described).collect();
    Ok(ListUserPoolsResponse { user_pools: Some(user_pools?), next_token })
}
