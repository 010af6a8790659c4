//! Resource servers and their scopes, which clients ask for in tokens.

use kogumo_base::Trouble;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use super::Pool;
use crate::faults::invalid;
use crate::page::page;

/// A resource server. A scope is (name, description).
#[derive(Clone, Serialize, Deserialize)]
struct ResourceServer {
    identifier: String,
    name: String,
    scopes: Vec<(String, String)>,
}

static SERVERS: Table<ResourceServer> = Table::new("cognitoidp/resource-server");

fn key(pool: &str, identifier: &str) -> Key {
    Key::new().str(pool).str(identifier)
}

fn of_pool(read: &dyn Read, pool: &Pool) -> Result<Vec<ResourceServer>, Trouble> {
    SERVERS.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1)).collect()
}

/// All scopes of a pool's resource servers as tokens name them: `identifier/scope`.
pub fn scopes(read: &dyn Read, pool: &Pool) -> Result<Vec<String>, Trouble> {
    let full = |server: &ResourceServer| {
        let names: Vec<String> =
            server.scopes.iter().map(|(name, _)| format!("{}/{name}", server.identifier)).collect();
        names
    };
    Ok(of_pool(read, pool)?.iter().flat_map(full).collect())
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    for server in of_pool(tx, pool)? {
        SERVERS.delete(tx, &pool.scope, key(&pool.id, &server.identifier))?;
    }
    Ok(())
}

fn kept(scopes: Option<Vec<ResourceServerScopeType>>) -> Vec<(String, String)> {
    scopes.unwrap_or_default().into_iter().map(|scope| (scope.scope_name, scope.scope_description)).collect()
}

fn shown(pool: &str, server: &ResourceServer) -> ResourceServerType {
    let scope = |(name, description): &(String, String)| ResourceServerScopeType {
        scope_name: name.clone(),
        scope_description: description.clone(),
    };
    ResourceServerType {
        user_pool_id: Some(pool.to_owned()),
        identifier: Some(server.identifier.clone()),
        name: Some(server.name.clone()),
        scopes: Some(server.scopes.iter().map(scope).collect()),
        ..ResourceServerType::default()
    }
}

fn missing(identifier: &str) -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Resource server {identifier} does not exist."))
}

pub fn create_resource_server(
    w: &mut Writer,
    input: CreateResourceServerRequest,
) -> Result<CreateResourceServerResponse, Fault> {
    let pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    let key = key(&pool.id, &input.identifier);
    if SERVERS.contains(w.tx, &pool.scope, &key)? {
        return Err(invalid(format!("{} already exists in user pool {}.", input.identifier, pool.id)));
    }
    let server = ResourceServer { identifier: input.identifier, name: input.name, scopes: kept(input.scopes) };
    SERVERS.put(w.tx, &pool.scope, key, &server)?;
    Ok(CreateResourceServerResponse { resource_server: shown(&pool.id, &server) })
}

pub fn describe_resource_server(
    r: &Reader,
    input: DescribeResourceServerRequest,
) -> Result<DescribeResourceServerResponse, Fault> {
    let pool = super::get(r.store, r.scope(), &input.user_pool_id)?;
    let server = SERVERS.get(r.store, &pool.scope, key(&pool.id, &input.identifier))?;
    let server = server.ok_or_else(|| missing(&input.identifier))?;
    Ok(DescribeResourceServerResponse { resource_server: shown(&pool.id, &server) })
}

pub fn update_resource_server(
    w: &mut Writer,
    input: UpdateResourceServerRequest,
) -> Result<UpdateResourceServerResponse, Fault> {
    let pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    let key = key(&pool.id, &input.identifier);
    if !SERVERS.contains(w.tx, &pool.scope, &key)? {
        return Err(missing(&input.identifier));
    }
    let server = ResourceServer { identifier: input.identifier, name: input.name, scopes: kept(input.scopes) };
    SERVERS.put(w.tx, &pool.scope, key, &server)?;
    Ok(UpdateResourceServerResponse { resource_server: shown(&pool.id, &server) })
}

pub fn delete_resource_server(w: &mut Writer, input: DeleteResourceServerRequest) -> Result<Unit, Fault> {
    let pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    let gone = SERVERS.delete(w.tx, &pool.scope, key(&pool.id, &input.identifier))?;
    gone.map(|_| Unit).ok_or_else(|| missing(&input.identifier))
}

pub fn list_resource_servers(
    r: &Reader,
    input: ListResourceServersRequest,
) -> Result<ListResourceServersResponse, Fault> {
    let pool = super::get(r.store, r.scope(), &input.user_pool_id)?;
    let (servers, next_token) = page(of_pool(r.store, &pool)?, input.next_token.as_deref(), input.max_results)?;
    let resource_servers = servers.iter().map(|server| shown(&pool.id, server)).collect();
    Ok(ListResourceServersResponse { resource_servers, next_token })
}
