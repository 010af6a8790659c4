//! Second names: subs, and e-mail addresses, phone numbers and preferred names where the pool lets people sign in by them.

use std::collections::BTreeSet;

use kogumo_base::Trouble;
use kogumo_model::cognitoidp::{ALIAS_EXISTS_EXCEPTION, USERNAME_EXISTS_EXCEPTION};
use kogumo_store::{Key, Read, Table, Transaction};
use kogumo_wire::Fault;

use super::{User, by_name};
use crate::pool::Pool;

/// Alias → the user's name.
static ALIASES: Table<String> = Table::new("cognitoidp/alias");

/// An alias: of which sort, and its value as it is compared.
type Alias = (String, String);

fn key(pool: &Pool, alias: &Alias) -> Key {
    Key::new().str(&pool.id).str(&alias.0).str(&alias.1)
}

/// The aliases that a user has now.
fn of(pool: &Pool, user: &User) -> BTreeSet<Alias> {
    let mut aliases = BTreeSet::from([("sub".to_owned(), user.sub.clone())]);
    let mut add = |name: &str| {
        if let Some(value) = user.attribute(name).filter(|value| !value.is_empty()) {
            aliases.insert((name.to_owned(), pool.folded(value)));
        }
    };
    for name in pool.texts("/UsernameAttributes") {
        add(name);
    }
    for name in pool.texts("/AliasAttributes") {
        // An address is nobody's until it is proved.
        if name == "preferred_username" || user.is_verified(name) {
            add(name);
        }
    }
    for identity in &user.identities {
        let place = format!("{}_{}", identity.provider, identity.subject);
        aliases.insert((identity_sort(identity.attribute.as_deref()), place));
    }
    aliases
}

/// The sort of aliases by which somebody at another provider is known: by subject, or by an attribute.
fn identity_sort(attribute: Option<&str>) -> String {
    attribute.map_or_else(|| "identity".into(), |name| format!("identity:{name}"))
}

/// The user who somebody at another provider is, known by the attribute's value, or else by the subject.
pub fn identified(
    read: &dyn Read,
    pool: &Pool,
    provider: &str,
    attribute: Option<&str>,
    value: &str,
) -> Result<Option<User>, Trouble> {
    let alias = (identity_sort(attribute), format!("{provider}_{value}"));
    match ALIASES.get(read, &pool.scope, key(pool, &alias))? {
        Some(owner) => by_name(read, pool, &owner),
        None => Ok(None),
    }
}

/// Whose name it is.
pub fn find(read: &dyn Read, pool: &Pool, name: &str) -> Result<Option<String>, Trouble> {
    let folded = pool.folded(name);
    let looks: &[&str] = if name.contains('@') {
        &["email", "preferred_username"]
    } else if name.starts_with('+') {
        &["phone_number", "preferred_username"]
    } else {
        &["preferred_username", "sub", "identity"]
    };
    for sort in looks {
        let value = if matches!(*sort, "sub" | "identity") { name.to_owned() } else { folded.clone() };
        if let Some(owner) = ALIASES.get(read, &pool.scope, key(pool, &((*sort).to_owned(), value)))? {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

/// Who an e-mail address or a phone number leads to, if the pool has it as an alias.
pub fn owner(read: &dyn Read, pool: &Pool, sort: &str, value: &str) -> Result<Option<String>, Trouble> {
    ALIASES.get(read, &pool.scope, key(pool, &(sort.to_owned(), pool.folded(value))))
}

/// Makes the aliases follow a change of the user. With `force` an alias is taken from whoever has it, and no longer counts
/// as proved there.
///
/// # Errors
/// Somebody else has an alias that the user is to have.
pub fn change(
    tx: &mut Transaction,
    pool: &Pool,
    old: Option<&User>,
    new: Option<&User>,
    force: bool,
) -> Result<(), Fault> {
    let before = old.map(|user| of(pool, user)).unwrap_or_default();
    let after = new.map(|user| of(pool, user)).unwrap_or_default();
    let owner = new.or(old).map(|user| user.name.as_str()).unwrap_or_default();
    for alias in after.difference(&before) {
        let key = key(pool, alias);
        if let Some(other) = ALIASES.get(tx, &pool.scope, &key)?.filter(|other| other != owner) {
            let is_address = alias.0 == "email" || alias.0 == "phone_number";
            if !force || !is_address {
                return Err(taken(pool, &alias.0));
            }
            unprove(tx, pool, &other, &alias.0)?;
        }
        ALIASES.put(tx, &pool.scope, key, &owner.to_owned())?;
    }
    for alias in before.difference(&after) {
        if ALIASES.get(tx, &pool.scope, key(pool, alias))?.is_some_and(|holder| holder == owner) {
            ALIASES.delete(tx, &pool.scope, key(pool, alias))?;
        }
    }
    Ok(())
}

fn unprove(tx: &mut Transaction, pool: &Pool, other: &str, sort: &str) -> Result<(), Fault> {
    if by_name(tx, pool, other)?.is_none() {
        return Ok(());
    }
    super::update(tx, pool, other, |user| {
        user.attributes.insert(format!("{sort}_verified"), "false".into());
        Ok(())
    })
}

fn taken(pool: &Pool, what: &str) -> Fault {
    if pool.names_by_attribute() {
        return USERNAME_EXISTS_EXCEPTION.because(format!("An account with the given {what} already exists."));
    }
    ALIAS_EXISTS_EXCEPTION.because(format!("An account with the {what} already exists."))
}
