//! Access keys of users and of the root.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Scope, Timestamp, Trouble, random_bytes, random_from};
use kogumo_door::{Credential, Principal, Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Index, Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::entity::{self, Entity, Kind};
use crate::page::page;
use crate::quota;
use crate::user::named_or_calling;

/// By the key's id, in no account's scope: a key is looked up before its account is known.
static KEYS: Table<StoredKey> = Table::indexed(
    "iam/access-key",
    &[Index { name: "owner", key: |key| Some(Key::new().str(&key.account).str(&key.user.to_ascii_lowercase())) }],
);

#[derive(Clone, Serialize, Deserialize)]
pub struct StoredKey {
    pub id: String,
    pub account: String,
    /// Empty for the root's own keys.
    pub user: String,
    pub secret: String,
    pub active: bool,
    pub created: Timestamp,
}

fn keys() -> Scope {
    Scope::new("", "")
}

/// Whom a key stands for.
pub fn credential(read: &dyn Read, access_key: &str) -> Result<Option<Credential>, Trouble> {
    let Some(key) = KEYS.get(read, &keys(), access_key)? else { return Ok(None) };
    let principal = if key.user.is_empty() {
        Principal::Root { account: key.account.clone() }
    } else {
        let scope = Scope::new(&key.account, Scope::GLOBAL);
        let user = entity::find(read, &scope, Kind::User, &key.user).ok().flatten();
        let Some(user) = user else { return Ok(None) };
        Principal::User { account: key.account, name: user.name, path: user.path, id: user.id }
    };
    let (secret, principal, active) = (key.secret.into(), principal.into(), key.active);
    Ok(Some(Credential { secret, session_token: None, expires: None, principal, active, session: None }))
}

/// The keys of a user; of the root where the name is empty.
pub fn of_user(read: &dyn Read, account: &str, user: &str) -> Result<Vec<StoredKey>, Fault> {
    let owner = Range::prefix(Key::new().str(account).str(&user.to_ascii_lowercase()));
    let rows = KEYS.by_index(read, &keys(), "owner", &owner);
    Ok(rows.map(|row| row.map(|(_, key)| key)).collect::<Result<_, _>>()?)
}

/// Keys stay with a user who gets another name.
pub fn follow_rename(w: &mut Writer, old_name: &str, user: &Entity) -> Result<(), Fault> {
    for mut key in of_user(w.store(), w.caller.account(), old_name)? {
        key.user.clone_from(&user.name);
        KEYS.put(w.tx, &keys(), key.id.as_str(), &key)?;
    }
    Ok(())
}

/// Whose keys are meant: the named user's, else the caller's own. The root's name is empty.
fn owner(read: &dyn Read, scope: &Scope, principal: &Principal, name: Option<String>) -> Result<String, Fault> {
    if name.is_none() && matches!(principal, Principal::Root { .. }) {
        return Ok(String::new());
    }
    let name = named_or_calling(principal, name)?;
    Ok(entity::get(read, scope, Kind::User, &name)?.name)
}

pub fn shown_status(active: bool) -> String {
    if active { "Active".into() } else { "Inactive".into() }
}

pub fn create_access_key(w: &mut Writer, input: CreateAccessKeyRequest) -> Result<CreateAccessKeyResponse, Fault> {
    let user = owner(w.store(), w.scope(), &w.caller.principal, input.user_name)?;
    if of_user(w.store(), w.caller.account(), &user)?.len() >= quota::ACCESS_KEYS_PER_USER {
        return Err(quota::exceeded("AccessKeysPerUser", quota::ACCESS_KEYS_PER_USER));
    }
    let key = StoredKey {
        id: format!("AKIA{}", random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        account: w.caller.account().to_owned(),
        user,
        secret: STANDARD.encode(random_bytes::<30>()),
        active: true,
        created: Timestamp::from_seconds(w.now.seconds()),
    };
    KEYS.put(w.tx, &keys(), key.id.as_str(), &key)?;
    let access_key = AccessKey {
        user_name: key.user,
        access_key_id: key.id,
        status: shown_status(true),
        secret_access_key: key.secret,
        create_date: Some(key.created),
    };
    Ok(CreateAccessKeyResponse { access_key })
}

/// A key of that owner.
fn get(w: &Writer, user: &str, id: &str) -> Result<StoredKey, Fault> {
    let key = KEYS.get(w.store(), &keys(), id)?;
    let own = key.filter(|key| key.account == w.caller.account() && key.user == user);
    own.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Fault {
    NO_SUCH_ENTITY_EXCEPTION.because(format!("The Access Key with id {id} cannot be found."))
}

pub fn update_access_key(w: &mut Writer, input: UpdateAccessKeyRequest) -> Result<Unit, Fault> {
    let user = owner(w.store(), w.scope(), &w.caller.principal, input.user_name)?;
    let mut key = get(w, &user, &input.access_key_id)?;
    // The model names a third status, which keys only come to by themselves.
    if input.status == "Expired" {
        return Err(INVALID_INPUT_EXCEPTION.because("Status must be Active or Inactive."));
    }
    key.active = input.status == "Active";
    KEYS.put(w.tx, &keys(), key.id.as_str(), &key)?;
    Ok(Unit)
}

pub fn delete_access_key(w: &mut Writer, input: DeleteAccessKeyRequest) -> Result<Unit, Fault> {
    let user = owner(w.store(), w.scope(), &w.caller.principal, input.user_name)?;
    let key = get(w, &user, &input.access_key_id)?;
    KEYS.delete(w.tx, &keys(), key.id.as_str())?;
    Ok(Unit)
}

/// When and for what a key last signed a request.
pub fn get_access_key_last_used(
    r: &Reader,
    input: GetAccessKeyLastUsedRequest,
) -> Result<GetAccessKeyLastUsedResponse, Fault> {
    let key = KEYS.get(r.store, &keys(), input.access_key_id.as_str())?;
    let key = key.filter(|key| key.account == r.caller.account()).ok_or_else(|| missing(&input.access_key_id))?;
    let last = r.cloud.uses.of_key(r.store, &key.id)?;
    let nothing = || AccessKeyLastUsed { last_used_date: None, service_name: "N/A".into(), region: "N/A".into() };
    let shown = |last: kogumo_door::Use| AccessKeyLastUsed {
        last_used_date: Some(Timestamp::from_seconds(last.time.seconds())),
        service_name: last.service,
        region: last.region,
    };
    Ok(GetAccessKeyLastUsedResponse {
        user_name: Some(key.user),
        access_key_last_used: Some(last.map_or_else(nothing, shown)),
    })
}

pub fn list_access_keys(r: &Reader, input: ListAccessKeysRequest) -> Result<ListAccessKeysResponse, Fault> {
    let user = owner(r.store, r.scope(), &r.caller.principal, input.user_name)?;
    let keys = of_user(r.store, r.caller.account(), &user)?;
    let page = page(keys, input.marker.as_deref(), input.max_items)?;
    let shown = |key: StoredKey| AccessKeyMetadata {
        user_name: Some(key.user),
        access_key_id: Some(key.id),
        status: Some(shown_status(key.active)),
        create_date: Some(key.created),
    };
    Ok(ListAccessKeysResponse {
        access_key_metadata: page.items.into_iter().map(shown).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}
