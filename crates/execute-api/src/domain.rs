//! Custom domain names, and which API each path below them belongs to. REST and HTTP APIs share them: what is made
//! with one of the two services is seen with the other, as on AWS.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Cloud, Incoming, Writer};
use kogumo_store::{Key, Range, Read, Table};
use serde::{Deserialize, Serialize};

use crate::address::Address;

/// A domain name of a customer's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Domain {
    /// `api.example.com`, in lower case.
    pub name: String,
    /// `EDGE` or `REGIONAL`.
    pub endpoint: String,
    /// The label of the name that AWS gives the domain: `d-` and ten letters.
    pub label: String,
    pub certificate_arn: Option<String>,
    pub certificate_name: Option<String>,
    /// `TLS_1_2` and its like.
    pub security_policy: String,
    pub tags: BTreeMap<String, String>,
    pub created: Timestamp,
}

/// A path below a domain name that leads to an API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    pub id: String,
    /// `v1` or `v1/orders`; empty for the whole domain.
    pub path: String,
    pub api_id: String,
    /// Empty where the path names the stage.
    pub stage: String,
}

/// By name, in the owner's account and region.
static DOMAINS: Table<Domain> = Table::new("execute-api/domain");
/// By name: whose it is.
static HOMES: Table<Scope> = Table::new("execute-api/domain-home");
/// By domain name and id.
static MAPPINGS: Table<Mapping> = Table::new("execute-api/mapping");

/// The hosted zone of a region's names, for aliases of DNS: made of the region's name, the same every time.
pub fn hosted_zone(region: &str) -> String {
    let letters = region.bytes().filter(u8::is_ascii_alphanumeric).map(|b| char::from(b.to_ascii_uppercase()));
    format!("Z{:X<13}", letters.take(13).collect::<String>())
}

fn everywhere() -> Scope {
    Scope::new("", "")
}

/// A domain of that account and region.
pub fn find(read: &dyn Read, scope: &Scope, name: &str) -> Result<Option<Domain>, Trouble> {
    DOMAINS.get(read, scope, name)
}

/// The domains of an account in a region, by name.
pub fn all(read: &dyn Read, scope: &Scope) -> Result<Vec<Domain>, Trouble> {
    DOMAINS.scan(read, scope, &Range::all()).map(|row| row.map(|row| row.1)).collect()
}

/// Whether anybody has a domain of that name.
pub fn is_taken(read: &dyn Read, name: &str) -> Result<bool, Trouble> {
    Ok(HOMES.get(read, &everywhere(), name)?.is_some())
}

/// Puts a domain.
pub fn put(w: &mut Writer, domain: &Domain) -> Result<(), Trouble> {
    let scope = w.scope().clone();
    HOMES.put(w.tx, &everywhere(), domain.name.as_str(), &scope)?;
    DOMAINS.put(w.tx, &scope, domain.name.as_str(), domain)
}

/// Removes a domain with its mappings.
pub fn delete(w: &mut Writer, name: &str) -> Result<(), Trouble> {
    let scope = w.scope().clone();
    for mapping in mappings(w.tx, &scope, name)? {
        unmap(w, name, &mapping.id)?;
    }
    HOMES.delete(w.tx, &everywhere(), name)?;
    DOMAINS.delete(w.tx, &scope, name).map(drop)
}

fn key(domain: &str, id: &str) -> Key {
    Key::new().str(domain).str(id)
}

/// The mappings of a domain.
pub fn mappings(read: &dyn Read, scope: &Scope, domain: &str) -> Result<Vec<Mapping>, Trouble> {
    MAPPINGS.scan(read, scope, &Range::prefix(domain)).map(|row| row.map(|row| row.1)).collect()
}

/// Puts a mapping.
pub fn map(w: &mut Writer, domain: &str, mapping: &Mapping) -> Result<(), Trouble> {
    let scope = w.scope().clone();
    MAPPINGS.put(w.tx, &scope, key(domain, &mapping.id), mapping)
}

/// Removes a mapping.
pub fn unmap(w: &mut Writer, domain: &str, id: &str) -> Result<(), Trouble> {
    let scope = w.scope().clone();
    MAPPINGS.delete(w.tx, &scope, key(domain, id)).map(drop)
}

/// Where a request to a domain name leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Way {
    /// No domain of ours.
    Foreign,
    /// A domain of ours, and no mapping for the path.
    Nowhere,
    To(Address),
}

/// Finds the API behind a request by its host and path.
pub fn way(cloud: &Cloud, incoming: &Incoming) -> Way {
    let store = cloud.store.read();
    let found = || -> Result<Option<Vec<Mapping>>, Trouble> {
        let Some(scope) = HOMES.get(&store, &everywhere(), incoming.host.as_str())? else { return Ok(None) };
        mappings(&store, &scope, &incoming.host).map(Some)
    };
    match found() {
        Ok(None) => Way::Foreign,
        Ok(Some(mappings)) => resolve(&mappings, &incoming.request.path).map_or(Way::Nowhere, Way::To),
        Err(trouble) => {
            tracing::error!("{trouble}");
            Way::Foreign
        }
    }
}

/// Whether a host name is somebody's domain name here.
pub fn has(cloud: &Cloud, host: &str) -> bool {
    is_taken(&cloud.store.read(), host).unwrap_or(false)
}

/// The longest mapping that the path begins with, segment by segment.
fn resolve(mappings: &[Mapping], path: &str) -> Option<Address> {
    let path = path.trim_start_matches('/');
    let rest = |mapping: &Mapping| match (mapping.path.as_str(), path.strip_prefix(&mapping.path)?) {
        ("", rest) => Some(rest.to_owned()),
        (_, "") => Some(String::new()),
        (_, rest) => rest.strip_prefix('/').map(str::to_owned),
    };
    let fitting = mappings.iter().filter_map(|mapping| Some((mapping, rest(mapping)?)));
    let (mapping, rest) = fitting.max_by_key(|(mapping, _)| mapping.path.len())?;
    let mut front = if mapping.path.is_empty() { String::new() } else { format!("/{}", mapping.path) };
    let (stage, path) = match mapping.stage.as_str() {
        "" => rest.split_once('/').unwrap_or((&rest, "")),
        stage => (stage, rest.as_str()),
    };
    if mapping.stage.is_empty() {
        front = format!("{front}/{stage}");
    }
    Some(Address {
        api_id: mapping.api_id.clone(),
        stage: stage.to_owned(),
        path: format!("/{path}"),
        by_host: true,
        front: Some(front),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(path: &str, api: &str, stage: &str) -> Mapping {
        Mapping { id: api.into(), path: path.into(), api_id: api.into(), stage: stage.into() }
    }

    #[test]
    fn the_longest_path_wins_and_ends_at_a_slash() {
        let mappings = [mapping("v1", "a", "dev"), mapping("v1/orders", "b", "dev"), mapping("free", "c", "")];
        let case = |path: &str| {
            resolve(&mappings, path).map(|to| format!("{} {} {} {}", to.api_id, to.stage, to.path, to.full_path()))
        };
        assert_eq!(case("/v1").as_deref(), Some("a dev / /v1"));
        assert_eq!(case("/v1/items/1").as_deref(), Some("a dev /items/1 /v1/items/1"));
        assert_eq!(case("/v1/orders/7").as_deref(), Some("b dev /7 /v1/orders/7"));
        assert_eq!(case("/v1/ordersx").as_deref(), Some("a dev /ordersx /v1/ordersx"));
        assert_eq!(case("/free/prod/x").as_deref(), Some("c prod /x /free/prod/x"));
        assert_eq!(case("/v2"), None);
    }

    #[test]
    fn an_empty_path_catches_the_rest() {
        let mappings = [mapping("", "a", "dev"), mapping("v1", "b", "$default")];
        let case = |path: &str| resolve(&mappings, path).map(|to| format!("{} {}", to.api_id, to.full_path()));
        assert_eq!(case("/x/y").as_deref(), Some("a /x/y"));
        assert_eq!(case("/").as_deref(), Some("a /"));
        assert_eq!(case("/v1/y").as_deref(), Some("b /v1/y"));
    }
}
