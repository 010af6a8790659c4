//! What users hold besides access keys, passwords and devices: by the user's name and an id.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::NO_SUCH_ENTITY_EXCEPTION;
use kogumo_store::{Key, Range, Read, Record, Table};
use kogumo_wire::Fault;

use crate::entity::{self, Kind};
use crate::user::named_or_calling;

/// A table of one sort of them.
pub struct Holdings<R: Record + 'static> {
    table: Table<R>,
    /// As messages name one: `The SSH Public Key with id … cannot be found.`
    noun: &'static str,
}

impl<R: Record + 'static> Holdings<R> {
    pub const fn new(table: Table<R>, noun: &'static str) -> Self {
        Holdings { table, noun }
    }

    fn key(user: &str, id: &str) -> Key {
        Key::new().str(&user.to_ascii_lowercase()).str(id)
    }

    /// # Errors
    /// NoSuchEntity
    pub fn get(&self, read: &dyn Read, scope: &Scope, user: &str, id: &str) -> Result<R, Fault> {
        let found = self.table.get(read, &scope.global(), Self::key(user, id))?;
        found
            .ok_or_else(|| NO_SUCH_ENTITY_EXCEPTION.because(format!("The {} with id {id} cannot be found.", self.noun)))
    }

    /// All that a user holds, in the order of the ids.
    pub fn of_user(&self, read: &dyn Read, scope: &Scope, user: &str) -> Result<Vec<R>, Fault> {
        self.under(read, scope, Key::new().str(&user.to_ascii_lowercase()))
    }

    /// What all users of an account hold.
    pub fn of_all(&self, read: &dyn Read, scope: &Scope) -> Result<Vec<R>, Fault> {
        self.under(read, scope, Key::new())
    }

    fn under(&self, read: &dyn Read, scope: &Scope, prefix: Key) -> Result<Vec<R>, Fault> {
        let rows = self.table.scan(read, &scope.global(), &Range::prefix(prefix));
        Ok(rows.map(|row| row.map(|(_, held)| held)).collect::<Result<_, _>>()?)
    }

    pub fn put(&self, w: &mut Writer, user: &str, id: &str, held: &R) -> Result<(), Fault> {
        let scope = w.scope().global();
        Ok(self.table.put(w.tx, &scope, Self::key(user, id), held)?)
    }

    /// They stay with a user who gets another name; `change` writes it where a record has it.
    pub fn follow_rename(&self, w: &mut Writer, old: &str, new: &str, change: fn(&mut R, &str)) -> Result<(), Fault> {
        let scope = w.scope().global();
        let range = Range::prefix(Key::new().str(&old.to_ascii_lowercase()));
        let rows: Vec<(Key, R)> = self.table.scan(w.store(), &scope, &range).collect::<Result<_, _>>()?;
        for (key, mut held) in rows {
            let mut parts = key.reader();
            let id = parts.str().and_then(|_| parts.str()).unwrap_or_default();
            self.table.delete(w.tx, &scope, Self::key(old, &id))?;
            change(&mut held, new);
            self.table.put(w.tx, &scope, Self::key(new, &id), &held)?;
        }
        Ok(())
    }

    /// # Errors
    /// NoSuchEntity
    pub fn delete(&self, w: &mut Writer, user: &str, id: &str) -> Result<(), Fault> {
        self.get(w.store(), w.scope(), user, id)?;
        let scope = w.scope().global();
        self.table.delete(w.tx, &scope, Self::key(user, id))?;
        Ok(())
    }
}

/// Whose holdings are meant: the named user's, else the caller's own. The name as IAM has it.
pub fn holder(w: &Writer, name: Option<String>) -> Result<String, Fault> {
    holder_in(w.store(), w.scope(), &w.caller.principal, name)
}

/// As [`holder`], where nothing changes.
pub fn holder_read(r: &Reader, name: Option<String>) -> Result<String, Fault> {
    holder_in(r.store, r.scope(), &r.caller.principal, name)
}

fn holder_in(
    read: &dyn Read,
    scope: &Scope,
    principal: &kogumo_door::Principal,
    name: Option<String>,
) -> Result<String, Fault> {
    Ok(entity::get(read, scope, Kind::User, &named_or_calling(principal, name)?)?.name)
}
