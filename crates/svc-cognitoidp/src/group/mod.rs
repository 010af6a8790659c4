//! Groups: users' roles, with a precedence among them.

pub mod member;
pub mod ops;

use kogumo_base::{Timestamp, Trouble};
use kogumo_model::cognitoidp::RESOURCE_NOT_FOUND_EXCEPTION;
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::pool::Pool;
use crate::trigger::tokens::Groups;
use crate::user::User;

/// A group.
#[derive(Clone, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub description: Option<String>,
    pub role: Option<String>,
    /// The lowest wins; a group without one comes last.
    pub precedence: Option<i32>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

static GROUPS: Table<Group> = Table::new("cognitoidp/group");
/// (pool, group, user).
static MEMBERS: Table<()> = Table::new("cognitoidp/group-member");

fn key(pool: &Pool, name: &str) -> Key {
    Key::new().str(&pool.id).str(name)
}

pub fn get(read: &dyn Read, pool: &Pool, name: &str) -> Result<Group, Fault> {
    let group = GROUPS.get(read, &pool.scope, key(pool, name))?;
    group.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("Group not found."))
}

fn of_pool(read: &dyn Read, pool: &Pool) -> Result<Vec<Group>, Trouble> {
    GROUPS.scan(read, &pool.scope, &Range::prefix(&pool.id)).map(|row| Ok(row?.1)).collect()
}

/// A group's members by name.
fn members(read: &dyn Read, pool: &Pool, name: &str) -> Result<Vec<String>, Trouble> {
    let rows = MEMBERS.scan(read, &pool.scope, &Range::prefix(key(pool, name)));
    let member = |key: Key| {
        let mut parts = key.reader();
        parts.str()?;
        parts.str()?;
        parts.str()
    };
    rows.map(|row| member(row?.0).ok_or_else(|| Trouble::new("a member's key cannot be read"))).collect()
}

fn join(tx: &mut Transaction, pool: &Pool, group: &str, user: &str) -> Result<(), Trouble> {
    MEMBERS.put(tx, &pool.scope, key(pool, group).str(user), &())
}

/// Takes a user's row out of a group; the user's own record is the caller's affair.
pub fn leave(tx: &mut Transaction, pool: &Pool, group: &str, user: &str) -> Result<(), Trouble> {
    MEMBERS.delete(tx, &pool.scope, key(pool, group).str(user)).map(drop)
}

pub fn delete_all(tx: &mut Transaction, pool: &Pool) -> Result<(), Trouble> {
    for group in of_pool(tx, pool)? {
        GROUPS.delete(tx, &pool.scope, key(pool, &group.name))?;
    }
    Ok(())
}

/// A user's groups as tokens have them: by precedence, and the role of the first if nobody shares its place.
pub fn of_user(read: &dyn Read, pool: &Pool, user: &User) -> Result<Groups, Trouble> {
    let mut groups = Vec::new();
    for name in &user.groups {
        groups.extend(GROUPS.get(read, &pool.scope, key(pool, name))?);
    }
    Ok(ordered(groups))
}

fn ordered(mut groups: Vec<Group>) -> Groups {
    groups.sort_by_key(|group| (group.precedence.unwrap_or(i32::MAX), group.created));
    let with_role: Vec<&Group> = groups.iter().filter(|group| group.role.is_some()).collect();
    let first = with_role.first().map(|group| group.precedence);
    let mut leading = with_role.iter().filter(|group| Some(group.precedence) == first).map(|group| &group.role);
    let preferred_role =
        leading.next().cloned().flatten().filter(|role| leading.all(|other| other.as_ref() == Some(role)));
    Groups {
        names: groups.iter().map(|group| group.name.clone()).collect(),
        roles: groups.iter().filter_map(|group| group.role.clone()).collect(),
        preferred_role,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, precedence: Option<i32>, role: &str) -> Group {
        let role = (!role.is_empty()).then(|| role.to_owned());
        let now = Timestamp(0);
        Group { name: name.into(), description: None, role, precedence, created: now, modified: now }
    }

    #[test]
    fn the_lowest_precedence_wins() {
        let groups = ordered(vec![group("b", Some(5), "rb"), group("none", None, ""), group("a", Some(1), "ra")]);
        assert_eq!(groups.names, ["a", "b", "none"]);
        assert_eq!(groups.roles, ["ra", "rb"]);
        assert_eq!(groups.preferred_role.as_deref(), Some("ra"));
        let tied = ordered(vec![group("a", Some(1), "ra"), group("b", Some(1), "rb")]);
        assert_eq!(tied.preferred_role, None);
    }
}
