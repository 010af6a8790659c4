//! Attributes as clients send them: checked against the schema and the client's rights.

use std::collections::BTreeMap;

use kogumo_model::cognitoidp::AttributeType;
use kogumo_wire::Fault;

use super::User;
use crate::client::Client;
use crate::faults::{invalid, not_authorized};
use crate::pool::Pool;

/// Who writes.
#[derive(Clone, Copy)]
pub enum Writer<'a> {
    Admin,
    /// A user through a client, which may write some attributes only.
    Client(&'a Client),
}

/// What was sent, by name.
pub fn sent(list: Option<Vec<AttributeType>>) -> BTreeMap<String, String> {
    list.unwrap_or_default()
        .into_iter()
        .map(|attribute| (attribute.name, attribute.value.unwrap_or_default()))
        .collect()
}

pub fn shown(attributes: &BTreeMap<String, String>) -> Vec<AttributeType> {
    let one = |(name, value): (&String, &String)| AttributeType { name: name.clone(), value: Some(value.clone()) };
    attributes.iter().map(one).collect()
}

/// Checks attributes that are to be written; `user` is none for one that is being made.
///
/// # Errors
/// Unknown attributes, values against the schema, attributes that cannot be changed or that the client may not write.
pub fn check(pool: &Pool, writer: Writer, user: Option<&User>, new: &BTreeMap<String, String>) -> Result<(), Fault> {
    let schema = |what: String| invalid(format!("Attributes did not conform to the schema: {what}"));
    for (name, value) in new {
        let Some(attribute) = pool.attribute(name) else {
            return Err(match user {
                Some(_) => invalid(format!("user.{name}: Attribute does not exist in the schema.\n")),
                None => schema(format!("Type for attribute {{{name}}} could not be determined")),
            });
        };
        if name == "sub" {
            return Err(invalid("Cannot modify the non-mutable attribute sub"));
        }
        if let Writer::Client(client) = writer {
            let verified = name.strip_suffix("_verified").is_some();
            if verified || attribute.developer_only || !client.may_write(name) {
                return Err(not_authorized("A client attempted to write unauthorized attribute"));
            }
        }
        if let Some(user) = user
            && !attribute.mutable
            && user.attribute(name).is_some_and(|old| old != value)
        {
            return Err(invalid(format!("user.{name}: Attribute cannot be updated.")));
        }
        if let Some(objection) = attribute.objection(value) {
            return Err(schema(objection));
        }
        check_address(name, value)?;
    }
    Ok(())
}

/// The attributes that the schema requires and that are not there.
pub fn missing<'p>(pool: &'p Pool, all: &BTreeMap<String, String>) -> Vec<&'p str> {
    let missing = pool.schema.iter().filter(|attribute| {
        attribute.required && attribute.name != "sub" && all.get(&attribute.name).is_none_or(String::is_empty)
    });
    missing.map(|attribute| attribute.name.as_str()).collect()
}

/// Whether all that the schema requires is there.
///
/// # Errors
/// The attributes that are not.
pub fn check_required(pool: &Pool, all: &BTreeMap<String, String>) -> Result<(), Fault> {
    let missing: Vec<String> =
        missing(pool, all).iter().map(|name| format!("{name}: The attribute is required")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(invalid(format!("Attributes did not conform to the schema: {}\n", missing.join("\n"))))
}

/// E-mail addresses and phone numbers have forms of their own.
pub fn check_address(name: &str, value: &str) -> Result<(), Fault> {
    if value.is_empty() {
        return Ok(());
    }
    match name {
        "email" if !is_email(value) => Err(invalid("Invalid email address format.")),
        "phone_number" if !is_phone(value) => Err(invalid("Invalid phone number format.")),
        _ => Ok(()),
    }
}

pub fn is_email(value: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    value.chars().all(plain)
        && value.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !local.contains('@')
                && !domain.is_empty()
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        })
}

/// E.164.
pub fn is_phone(value: &str) -> bool {
    value
        .strip_prefix('+')
        .is_some_and(|digits| (2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The name that a new user is given, and the attribute that it stands for where users are named by attributes.
///
/// # Errors
/// A name that the pool's way of naming does not take.
pub fn check_name(pool: &Pool, name: &str, attributes: &mut BTreeMap<String, String>) -> Result<(), Fault> {
    let by = pool.texts("/UsernameAttributes");
    if !by.is_empty() {
        let (email, phone) = (by.contains(&"email"), by.contains(&"phone_number"));
        let sort = match (email && is_email(name), phone && is_phone(name)) {
            (true, _) => "email",
            (_, true) => "phone_number",
            _ => {
                return Err(invalid(match (email, phone) {
                    (true, true) => "Username should be either an email or a phone number.",
                    (true, false) => "Username should be an email.",
                    _ => "Username should be a phone number.",
                }));
            }
        };
        let known = attributes.entry(sort.to_owned()).or_insert_with(|| name.to_owned());
        if pool.folded(known) != pool.folded(name) {
            return Err(invalid(format!("User's {sort} and username should match.")));
        }
        return Ok(());
    }
    let aliases = pool.texts("/AliasAttributes");
    if aliases.contains(&"email") && is_email(name) {
        return Err(invalid("Username cannot be of email format, since user pool is configured for email alias."));
    }
    if aliases.contains(&"phone_number") && is_phone(name) {
        return Err(invalid(
            "Username cannot be of phone number format, since user pool is configured for phone number alias.",
        ));
    }
    Ok(())
}

/// Writes attributes. An address that changes is no longer proved; an empty value takes the attribute away.
pub fn apply(user: &mut User, new: &BTreeMap<String, String>) {
    for (name, value) in new {
        let changed = user.attribute(name) != Some(value);
        if changed && matches!(name.as_str(), "email" | "phone_number") {
            let flag = format!("{name}_verified");
            if !new.contains_key(&flag) {
                user.attributes.insert(flag, "false".into());
            }
        }
        if value.is_empty() {
            user.attributes.remove(name);
        } else {
            user.attributes.insert(name.clone(), value.clone());
        }
    }
}
