//! REST APIs: the record that holds all of one, and how it is found and changed.

mod document;
mod export;
mod ops;

pub use document::{import_rest_api, put_rest_api};
pub use export::get_export;
pub use ops::{create_rest_api, delete_rest_api, get_rest_api, get_rest_apis, update_rest_api};

use crate::definition::{Definition, Strings};
use crate::documentation::Documentation;
use crate::faults::not_found;
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::{Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

/// A REST API as it is worked on; deployments hold copies of its definition.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RestApi {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub created: Timestamp,
    pub version: Option<String>,
    pub endpoint_types: Vec<String>,
    pub vpc_endpoint_ids: Vec<String>,
    pub ip_address_type: Option<String>,
    pub security_policy: Option<String>,
    pub tags: Strings,
    pub definition: Definition,
    #[serde(default)]
    pub documentation: Documentation,
}

pub static REST_APIS: Table<RestApi> = Table::new("apigateway/rest-api");

/// In whose account and region an API lives, for the data plane, which is told the id only.
static HOMES: Table<Scope> = Table::new("apigateway/home");

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// An id of ten characters. Those of REST APIs end in a letter, those of HTTP APIs in a digit, so
/// that the data plane sees from an address which of the two it is for.
fn new_api_id() -> String {
    kogumo_base::random_from(ALPHABET, 9) + &kogumo_base::random_from(LETTERS, 1)
}

/// An id of a resource, deployment, model and so on.
pub fn new_id() -> String {
    kogumo_base::random_from(ALPHABET, 6)
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

/// The account and region of an API.
pub fn home(read: &dyn Read, id: &str) -> Result<Option<Scope>, Trouble> {
    HOMES.get(read, &everywhere(), id)
}

/// The API of that id, or AWS's error.
pub fn load(read: &dyn Read, scope: &Scope, id: &str) -> Result<RestApi, Fault> {
    let found = REST_APIS.get(read, scope, id)?;
    found.ok_or_else(|| not_found(format!("Invalid API identifier specified {}:{id}", scope.account)))
}

/// Changes an API in the writer's transaction.
pub fn edit<R>(w: &mut Writer, id: &str, change: impl FnOnce(&mut RestApi) -> Result<R, Fault>) -> Result<R, Fault> {
    let scope = w.scope().clone();
    let mut api = load(w.tx, &scope, id)?;
    let result = change(&mut api)?;
    REST_APIS.put(w.tx, &scope, id, &api)?;
    Ok(result)
}

/// Puts a new API where it is found by its id.
fn add(w: &mut Writer, api: &RestApi) -> Result<(), Fault> {
    let scope = w.scope().clone();
    REST_APIS.put(w.tx, &scope, api.id.as_str(), api)?;
    HOMES.put(w.tx, &everywhere(), api.id.as_str(), &scope)?;
    Ok(())
}

/// A list that is left out when it is empty, as AWS does.
pub fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    if list.is_empty() { None } else { Some(list) }
}

/// A map that is left out when it is empty.
pub fn unless_empty_map<V>(
    map: std::collections::BTreeMap<String, V>,
) -> Option<std::collections::BTreeMap<String, V>> {
    if map.is_empty() { None } else { Some(map) }
}
