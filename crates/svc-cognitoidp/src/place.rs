//! Where a pool is. Calls of end users carry no account: the id of a client, a pool or a domain leads there.

use kogumo_base::{Scope, Trouble};
use kogumo_store::{Key, Read, Table, Transaction};
use serde::{Deserialize, Serialize};

/// Whose pool it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub scope: Scope,
    pub pool: String,
}

static PLACES: Table<Place> = Table::new("cognitoidp/place");

/// What an id is of.
#[derive(Clone, Copy)]
pub enum Sort {
    Pool,
    Client,
    Domain,
}

pub fn find(read: &dyn Read, sort: Sort, id: &str) -> Result<Option<Place>, Trouble> {
    PLACES.get(read, &everywhere(), key(sort, id))
}

pub fn put(tx: &mut Transaction, sort: Sort, id: &str, place: &Place) -> Result<(), Trouble> {
    PLACES.put(tx, &everywhere(), key(sort, id), place)
}

pub fn delete(tx: &mut Transaction, sort: Sort, id: &str) -> Result<(), Trouble> {
    PLACES.delete(tx, &everywhere(), key(sort, id)).map(drop)
}

fn key(sort: Sort, id: &str) -> Key {
    let sort = match sort {
        Sort::Pool => "pool",
        Sort::Client => "client",
        Sort::Domain => "domain",
    };
    Key::new().str(sort).str(id)
}

fn everywhere() -> Scope {
    Scope::new("", "")
}
