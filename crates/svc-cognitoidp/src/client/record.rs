//! What is kept of a client, and how its settings are asked.

use std::sync::Arc;

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Context;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::faults::no_client;
use crate::place::{self, Place, Sort};
use crate::pool::keys::{self, Keys};
use crate::pool::{self, Pool};

/// An app client.
#[derive(Clone, Serialize, Deserialize)]
pub struct Client {
    pub id: String,
    pub secret: Option<String>,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// AWS's members by AWS's names.
    pub settings: Map<String, Value>,
    /// When the secret was made, if not with the client.
    #[serde(default)]
    pub secret_created: Option<Timestamp>,
    /// Another secret that is as good, while programs change over.
    #[serde(default)]
    pub second: Option<Secret>,
    /// How long a browser's session lets its user in without a question.
    #[serde(default)]
    pub sso_minutes: Option<i32>,
}

/// A secret of a client.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secret {
    pub value: String,
    pub created: Timestamp,
}

static CLIENTS: Table<Client> = Table::new("cognitoidp/client");

fn key(pool: &str, id: &str) -> Key {
    Key::new().str(pool).str(id)
}

pub fn get(read: &dyn Read, pool: &Pool, id: &str) -> Result<Client, Fault> {
    CLIENTS.get(read, &pool.scope, key(&pool.id, id))?.ok_or_else(|| no_client(id))
}

pub fn put(tx: &mut Transaction, pool: &Pool, client: &Client) -> Result<(), Trouble> {
    CLIENTS.put(tx, &pool.scope, key(&pool.id, &client.id), client)?;
    place::put(tx, Sort::Client, &client.id, &Place { scope: pool.scope.clone(), pool: pool.id.clone() })
}

pub fn delete(tx: &mut Transaction, pool: &Pool, id: &str) -> Result<bool, Trouble> {
    place::delete(tx, Sort::Client, id)?;
    Ok(CLIENTS.delete(tx, &pool.scope, key(&pool.id, id))?.is_some())
}

pub fn of_pool(read: &dyn Read, pool: &Pool) -> Result<Vec<Client>, Trouble> {
    CLIENTS.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1)).collect()
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    for client in of_pool(tx, pool)? {
        delete(tx, pool, &client.id)?;
    }
    Ok(())
}

/// A client with the pool it belongs to: where a flow happens.
#[derive(Clone)]
pub struct Site {
    pub pool: Arc<Pool>,
    pub client: Arc<Client>,
    pub keys: Arc<Keys>,
}

impl Site {
    /// The site of a client's id, wherever its pool is.
    ///
    /// # Errors
    /// No such client.
    pub fn of_client(cx: &Context, id: &str) -> Result<Self, Fault> {
        let read = cx.snapshot();
        let place = place::find(&read, Sort::Client, id)?.ok_or_else(|| no_client(id))?;
        let pool = pool::get(&read, &place.scope, &place.pool)?;
        Site::load(cx, &read, pool, id)
    }

    /// The site of a client in the caller's own pool.
    ///
    /// # Errors
    /// No such pool there, or no such client in it.
    pub fn of_pool(cx: &Context, pool: &str, client: &str) -> Result<Self, Fault> {
        let read = cx.snapshot();
        let pool = pool::get(&read, cx.scope(), pool)?;
        Site::load(cx, &read, pool, client)
    }

    fn load(cx: &Context, read: &dyn Read, pool: Pool, client: &str) -> Result<Self, Fault> {
        let client = get(read, &pool, client)?;
        let keys = keys::of(&cx.cloud, read, &pool)?;
        Ok(Site { pool: Arc::new(pool), client: Arc::new(client), keys })
    }
}

impl Client {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.settings.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.settings.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).collect()
    }

    /// Its secrets, the oldest first.
    pub fn secrets(&self) -> Vec<Secret> {
        let created = self.secret_created.unwrap_or(self.created);
        let first = self.secret.iter().map(|value| Secret { value: value.clone(), created });
        first.chain(self.second.clone()).collect()
    }

    /// Whether it lets nobody know who exists.
    pub fn hides_users(&self) -> bool {
        self.text("PreventUserExistenceErrors") == Some("ENABLED")
    }

    /// Whether what it says of its users' addresses counts (EnablePropagateAdditionalUserContextData).
    pub fn is_believed_about_users(&self) -> bool {
        self.secret.is_some() && self.flag("EnablePropagateAdditionalUserContextData")
    }

    /// Seconds that a token of that kind lives: `AccessToken`, `IdToken`, `RefreshToken`.
    pub fn lifetime(&self, token: &str) -> i64 {
        let (default, default_unit) = if token == "RefreshToken" { (30, "days") } else { (1, "hours") };
        let value = self.settings.get(&format!("{token}Validity")).and_then(Value::as_i64).filter(|value| *value > 0);
        let unit = self.settings.get("TokenValidityUnits").and_then(|units| units.get(token)).and_then(Value::as_str);
        let unit = match unit.unwrap_or(default_unit) {
            "seconds" => 1,
            "minutes" => 60,
            "hours" => 3600,
            _ => 86400,
        };
        match value {
            Some(value) => value.saturating_mul(unit),
            None if token == "RefreshToken" => default * 86400,
            None => default * 3600,
        }
    }

    /// Seconds that a client has for the next step of a sign-in.
    pub fn session_lifetime(&self) -> i64 {
        self.settings.get("AuthSessionValidity").and_then(Value::as_i64).unwrap_or(3) * 60
    }

    /// Whether tokens can be revoked: they then carry what it takes to know.
    pub fn revokes(&self) -> bool {
        self.settings.get("EnableTokenRevocation").and_then(Value::as_bool).unwrap_or(true)
    }

    /// With rotation each refresh token is good once; the seconds are those in which it may be used again.
    pub fn rotation(&self) -> Option<i64> {
        let setting = self.settings.get("RefreshTokenRotation")?;
        let enabled = setting.get("Feature").and_then(Value::as_str) == Some("ENABLED");
        enabled.then(|| setting.get("RetryGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0))
    }

    /// Whether the client may see an attribute (in tokens and GetUser).
    pub fn may_read(&self, attribute: &str) -> bool {
        self.may("ReadAttributes", attribute)
    }

    pub fn may_write(&self, attribute: &str) -> bool {
        self.may("WriteAttributes", attribute)
    }

    fn may(&self, list: &str, attribute: &str) -> bool {
        if attribute.starts_with("dev:") {
            return false;
        }
        let list = self.texts(list);
        list.is_empty() || attribute == "sub" || list.contains(&attribute)
    }
}
