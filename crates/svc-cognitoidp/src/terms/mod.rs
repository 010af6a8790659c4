//! Terms documents: the links that a client's sign-up page shows, by language.

pub mod ops;

use std::collections::BTreeMap;

use kogumo_base::{Timestamp, Trouble};
use kogumo_model::cognitoidp::RESOURCE_NOT_FOUND_EXCEPTION;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::pool::Pool;

/// A document of one sort, in as many languages as there are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Terms {
    pub id: String,
    pub client: String,
    pub name: String,
    /// `cognito:default`, `cognito:japanese`, … → the document's address.
    pub links: BTreeMap<String, String>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

static TERMS: Table<Terms> = Table::new("cognitoidp/terms");

/// The two sorts; names begin with one of them.
pub const SORTS: [&str; 2] = ["terms-of-use", "privacy-policy"];

fn key(pool: &Pool, id: &str) -> Key {
    Key::new().str(&pool.id).str(id)
}

fn of_pool(read: &dyn Read, pool: &Pool) -> Result<Vec<Terms>, Trouble> {
    TERMS.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1)).collect()
}

fn get(read: &dyn Read, pool: &Pool, id: &str) -> Result<Terms, Fault> {
    TERMS.get(read, &pool.scope, key(pool, id))?.ok_or_else(missing)
}

fn missing() -> Fault {
    RESOURCE_NOT_FOUND_EXCEPTION.because("Terms document does not exist.")
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    for terms in of_pool(tx, pool)? {
        TERMS.delete(tx, &pool.scope, key(pool, &terms.id))?;
    }
    Ok(())
}

impl Terms {
    fn sort(&self) -> Option<&'static str> {
        SORTS.into_iter().find(|sort| self.name.starts_with(sort))
    }

    fn link(&self, language: &str) -> Option<String> {
        self.links.get(language).or_else(|| self.links.get("cognito:default")).cloned()
    }
}

/// The links of a client in a language, terms of use first. Only both together are shown.
///
/// # Errors
/// A store that cannot be read.
pub fn links(read: &dyn Read, pool: &Pool, client: &str, language: &str) -> Result<Option<[String; 2]>, Trouble> {
    let own: Vec<Terms> = of_pool(read, pool)?.into_iter().filter(|terms| terms.client == client).collect();
    let of = |sort: &str| own.iter().find(|terms| terms.sort() == Some(sort)).and_then(|terms| terms.link(language));
    let [uses, privacy] = SORTS.map(of);
    Ok(uses.zip(privacy).map(|(uses, privacy)| [uses, privacy]))
}
