//! What all resources have in common: an id with a prefix, a table, and AWS's words for an id that leads nowhere.

use kogumo_base::{Scope, Trouble, hex_id};
use kogumo_door::Writer;
use kogumo_store::{Range, Read, Record, Table};
use kogumo_wire::Fault;

use crate::tag;

/// A sort of resource, as ids, tags and errors call it.
pub struct Kind {
    /// What its ids begin with, without the dash.
    pub prefix: &'static str,
    /// The `ResourceType` of tags, and the word in its ARNs.
    pub name: &'static str,
    /// The codes of an id that cannot be one, and of one that leads nowhere.
    pub malformed: &'static str,
    pub not_found: &'static str,
    /// AWS's text for the latter; `{}` is the id.
    pub text: &'static str,
}

/// A record of the cloud that has an id.
pub trait Resource: Record + 'static {
    const KIND: &'static Kind;
    /// By id.
    const TABLE: &'static Table<Self>;
    fn id(&self) -> &str;
}

impl Kind {
    /// A new id of this kind: 17 digits, the first of which is still 0, as in AWS.
    pub fn new_id(&self) -> String {
        new_id(self.prefix)
    }

    /// Whether the text could be an id of this kind.
    ///
    /// # Errors
    /// The kind's `Malformed`.
    pub fn check(&self, id: &str) -> Result<(), Fault> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let is_plain = |digits: &str| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if digits.is_some_and(is_plain) {
            return Ok(());
        }
        let message = format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix);
        Err(Fault::coded(self.malformed, 400, message))
    }

    /// The kind's `NotFound`.
    pub fn missing(&self, id: &str) -> Fault {
        Fault::coded(self.not_found, 400, self.text.replace("{}", id))
    }
}

/// An id with that prefix.
pub fn new_id(prefix: &str) -> String {
    format!("{prefix}-0{}", hex_id(16))
}

/// The resource, if there is one.
pub fn find<R: Resource>(read: &dyn Read, scope: &Scope, id: &str) -> Result<Option<R>, Trouble> {
    R::TABLE.get(read, scope, id)
}

/// The resource of that id.
///
/// # Errors
/// The kind's `Malformed` and `NotFound`.
pub fn get<R: Resource>(read: &dyn Read, scope: &Scope, id: &str) -> Result<R, Fault> {
    R::KIND.check(id)?;
    find(read, scope, id)?.ok_or_else(|| R::KIND.missing(id))
}

/// All resources of the scope, in the order of their ids.
pub fn all<R: Resource>(read: &dyn Read, scope: &Scope) -> Result<Vec<R>, Trouble> {
    R::TABLE.scan(read, scope, &Range::all()).map(|row| row.map(|(_, record)| record)).collect()
}

/// The resources of these ids, or all if none is named: what a Describe operation starts from.
///
/// # Errors
/// As of [`get`], for the first id that is wrong.
pub fn chosen<R: Resource>(read: &dyn Read, scope: &Scope, ids: Option<&[String]>) -> Result<Vec<R>, Fault> {
    let ids = ids.unwrap_or_default();
    if ids.is_empty() {
        return Ok(all(read, scope)?);
    }
    ids.iter().try_for_each(|id| R::KIND.check(id))?;
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort();
    ids.dedup();
    ids.into_iter().map(|id| get(read, scope, id)).collect()
}

pub fn put<R: Resource>(w: &mut Writer, record: &R) -> Result<(), Fault> {
    Ok(R::TABLE.put(w.tx, &w.caller.scope, record.id(), record)?)
}

/// Removes a resource and its tags.
pub fn delete<R: Resource>(w: &mut Writer, id: &str) -> Result<(), Fault> {
    R::TABLE.delete(w.tx, &w.caller.scope, id)?;
    Ok(tag::forget(w, id)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind {
        prefix: "vpc",
        name: "vpc",
        malformed: "InvalidVpcID.Malformed",
        not_found: "InvalidVpcID.NotFound",
        text: "The vpc ID '{}' does not exist",
    };

    #[test]
    fn ids_have_seventeen_digits() {
        let id = KIND.new_id();
        assert_eq!(id.len(), 21);
        assert!(KIND.check(&id).is_ok());
    }

    #[test]
    fn an_id_that_cannot_be_one_is_malformed() {
        for wrong in ["", "vpc", "vpc-", "vpc-A", "subnet-0123", "vpc-1-2", "vpc-あ"] {
            assert!(KIND.check(wrong).is_err_and(|fault| fault.message.contains("expecting \"vpc-...\"")), "{wrong}");
        }
        assert_eq!(KIND.missing("vpc-1").message, "The vpc ID 'vpc-1' does not exist");
    }
}
