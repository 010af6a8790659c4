//! CreateUserPoolClient and its kin.

use kogumo_base::random_from;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_store::Read;
use kogumo_wire::{Fault, Structure, Unit};
use serde_json::{Map, Value};

use super::record::{Client, delete, get, of_pool, put};
use super::rules;
use crate::document;
use crate::faults::{invalid, no_client};
use crate::page::page;
use crate::pool::{self, Pool, resource_server};
use crate::provider;

pub const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

fn checked(read: &dyn Read, pool: &Pool, input: &dyn Structure) -> Result<Map<String, Value>, Fault> {
    let mut settings = document::of(input);
    settings.retain(|name, _| !["UserPoolId", "ClientId", "GenerateSecret", "ClientSecret"].contains(&name.as_str()));
    let scopes = resource_server::scopes(read, pool)?;
    rules::complete(pool, &scopes, &provider::names(read, pool)?, &mut settings)?;
    Ok(settings)
}

/// Only a program that keeps a secret is believed about its users' addresses.
fn refuse_context_without_secret(settings: &Map<String, Value>, has_secret: bool) -> Result<(), Fault> {
    let wanted = settings.get("EnablePropagateAdditionalUserContextData") == Some(&Value::Bool(true));
    match wanted && !has_secret {
        true => Err(invalid("EnablePropagateAdditionalUserContextData requires a client secret.")),
        false => Ok(()),
    }
}

fn shown(pool: &Pool, client: &Client) -> Result<UserPoolClientType, Fault> {
    Ok(UserPoolClientType {
        user_pool_id: Some(pool.id.clone()),
        client_id: Some(client.id.clone()),
        client_secret: client.secret.clone(),
        creation_date: Some(client.created),
        last_modified_date: Some(client.modified),
        ..document::into(client.settings.clone())?
    })
}

pub fn create_user_pool_client(
    w: &mut Writer,
    input: CreateUserPoolClientRequest,
) -> Result<CreateUserPoolClientResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let settings = checked(w.store(), &pool, &input)?;
    if input.client_secret.is_some() && input.generate_secret == Some(true) {
        return Err(invalid("GenerateSecret and ClientSecret cannot be used together."));
    }
    let generated = (input.generate_secret == Some(true)).then(|| random_from(ALPHABET, 51));
    let secret = input.client_secret.or(generated);
    refuse_context_without_secret(&settings, secret.is_some())?;
    let client = Client {
        id: random_from(ALPHABET, 26),
        secret,
        created: w.now,
        modified: w.now,
        settings,
        secret_created: None,
        second: None,
        sso_minutes: None,
    };
    put(w.tx, &pool, &client)?;
    Ok(CreateUserPoolClientResponse { user_pool_client: Some(shown(&pool, &client)?) })
}

pub fn describe_user_pool_client(
    r: &Reader,
    input: DescribeUserPoolClientRequest,
) -> Result<DescribeUserPoolClientResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let client = get(r.store, &pool, &input.client_id)?;
    Ok(DescribeUserPoolClientResponse { user_pool_client: Some(shown(&pool, &client)?) })
}

pub fn update_user_pool_client(
    w: &mut Writer,
    input: UpdateUserPoolClientRequest,
) -> Result<UpdateUserPoolClientResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let mut client = get(w.store(), &pool, &input.client_id)?;
    let mut settings = checked(w.store(), &pool, &input)?;
    for kept in ["ClientName", "PreventUserExistenceErrors"] {
        if let (false, Some(value)) = (settings.contains_key(kept), client.settings.get(kept)) {
            settings.insert(kept.to_owned(), value.clone());
        }
    }
    refuse_context_without_secret(&settings, client.secret.is_some())?;
    client.settings = settings;
    client.modified = w.now;
    put(w.tx, &pool, &client)?;
    Ok(UpdateUserPoolClientResponse { user_pool_client: Some(shown(&pool, &client)?) })
}

pub fn delete_user_pool_client(w: &mut Writer, input: DeleteUserPoolClientRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    if !delete(w.tx, &pool, &input.client_id)? {
        return Err(no_client(&input.client_id));
    }
    Ok(Unit)
}

pub fn list_user_pool_clients(
    r: &Reader,
    input: ListUserPoolClientsRequest,
) -> Result<ListUserPoolClientsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let (clients, next_token) = page(of_pool(r.store, &pool)?, input.next_token.as_deref(), input.max_results)?;
    let described = |client: &Client| UserPoolClientDescription {
        client_id: Some(client.id.clone()),
        user_pool_id: Some(pool.id.clone()),
        client_name: client.text("ClientName").map(str::to_owned),
    };
    Ok(ListUserPoolClientsResponse { user_pool_clients: Some(clients.iter().map(described).collect()), next_token })
}
