//! Users, groups and roles: what they have in common is most of what they are.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_base::{Arn, Scope, Timestamp, Trouble, random_from};
use kogumo_door::{Reader, Writer};
use kogumo_model::iam::{AttachedPermissionsBoundary, ENTITY_ALREADY_EXISTS_EXCEPTION, NO_SUCH_ENTITY_EXCEPTION};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::password::Login;
use crate::quota;

/// By kind and the name in lower case: IAM's names differ by more than case.
static ENTITIES: Table<Entity> = Table::new("iam/entity");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    User,
    Group,
    Role,
}

/// A user, group or role.
#[derive(Clone, Serialize, Deserialize)]
pub struct Entity {
    pub kind: Kind,
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The ARN of the permissions boundary.
    #[serde(default)]
    pub boundary: Option<String>,
    /// Inline policies: name and document.
    #[serde(default)]
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached managed policies.
    #[serde(default)]
    pub attached: BTreeSet<String>,
    /// A user's groups, in lower case.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// A user's password.
    #[serde(default)]
    pub login: Option<Login>,
    /// What only roles have.
    #[serde(default)]
    pub role: Option<RoleDetails>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct RoleDetails {
    /// The trust policy.
    pub trust: String,
    pub description: Option<String>,
    /// Seconds.
    pub max_session: i32,
}

impl Kind {
    /// As AWS's messages have it.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Group => "group",
            Kind::Role => "role",
        }
    }

    fn id_prefix(self) -> &'static str {
        match self {
            Kind::User => "AIDA",
            Kind::Group => "AGPA",
            Kind::Role => "AROA",
        }
    }

    fn key(self, name: &str) -> Key {
        Key::new().str(self.noun()).str(&name.to_ascii_lowercase())
    }

    /// The quota of attached managed policies (IAM quotas).
    pub fn most_attached(self) -> usize {
        10
    }
}

impl Entity {
    pub fn new(kind: Kind, name: String, path: Option<String>, now: Timestamp) -> Self {
        Entity {
            kind,
            name,
            path: path.unwrap_or_else(|| "/".into()),
            id: unique_id(kind.id_prefix()),
            created: Timestamp::from_seconds(now.seconds()),
            tags: BTreeMap::new(),
            boundary: None,
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            groups: BTreeSet::new(),
            login: None,
            role: None,
        }
    }

    pub fn arn(&self, account: &str) -> String {
        Arn::new("iam", "", account, format!("{}{}{}", self.kind.noun(), self.path, self.name)).to_string()
    }

    pub fn boundary_shown(&self) -> Option<AttachedPermissionsBoundary> {
        self.boundary.clone().map(|arn| AttachedPermissionsBoundary {
            permissions_boundary_type: Some("Policy".into()),
            permissions_boundary_arn: Some(arn),
        })
    }

    /// Roles of services are changed by their services only.
    ///
    /// # Errors
    /// UnmodifiableEntity
    pub fn refuse_service_linked(&self) -> Result<(), Fault> {
        if self.kind != Kind::Role || !self.path.starts_with("/aws-service-role/") {
            return Ok(());
        }
        let message = format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            self.name
        );
        Err(kogumo_model::iam::UNMODIFIABLE_ENTITY_EXCEPTION.because(message))
    }

    /// AWS deletes only what is bare.
    pub fn refuse_policies(&self) -> Result<(), Fault> {
        let conflict = |what: &str| {
            kogumo_model::iam::DELETE_CONFLICT_EXCEPTION.because(format!("Cannot delete entity, must {what} first."))
        };
        if !self.attached.is_empty() {
            return Err(conflict("detach all policies"));
        }
        if !self.inline.is_empty() {
            return Err(conflict("delete policies"));
        }
        Ok(())
    }
}

/// `AIDA` and 17 more letters and digits.
pub fn unique_id(prefix: &str) -> String {
    format!("{prefix}{}", random_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17))
}

pub fn find(read: &dyn Read, scope: &Scope, kind: Kind, name: &str) -> Result<Option<Entity>, Fault> {
    Ok(look_up(read, scope, kind, name)?)
}

/// As [`find`], for those who answer no client.
pub fn look_up(read: &dyn Read, scope: &Scope, kind: Kind, name: &str) -> Result<Option<Entity>, Trouble> {
    ENTITIES.get(read, &scope.global(), kind.key(name))
}

/// Whether an account has nobody at all.
pub fn is_empty(read: &dyn Read, scope: &Scope) -> Result<bool, Trouble> {
    ENTITIES.scan(read, &scope.global(), &Range::all()).next().transpose().map(|first| first.is_none())
}

/// Whether anybody in any account has that unique id.
pub fn is_somebody(read: &dyn Read, id: &str) -> Result<bool, Trouble> {
    for row in ENTITIES.scan_all_scopes(read) {
        if row?.2.id == id {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The roles of all accounts.
pub fn roles_everywhere(read: &dyn Read) -> Result<Vec<(Scope, Entity)>, Trouble> {
    let rows = ENTITIES.scan_all_scopes(read).map(|row| row.map(|(scope, _, entity)| (scope, entity)));
    rows.filter(|row| row.as_ref().map_or(true, |(_, entity)| entity.kind == Kind::Role)).collect()
}

pub fn put_in(tx: &mut Transaction, scope: &Scope, entity: &Entity) -> Result<(), Trouble> {
    ENTITIES.put(tx, scope, entity.kind.key(&entity.name), entity)
}

/// # Errors
/// NoSuchEntity
pub fn get(read: &dyn Read, scope: &Scope, kind: Kind, name: &str) -> Result<Entity, Fault> {
    let missing = || NO_SUCH_ENTITY_EXCEPTION.because(format!("The {} with name {name} cannot be found.", kind.noun()));
    find(read, scope, kind, name)?.ok_or_else(missing)
}

pub fn put(w: &mut Writer, entity: &Entity) -> Result<(), Fault> {
    let scope = w.scope().global();
    Ok(ENTITIES.put(w.tx, &scope, entity.kind.key(&entity.name), entity)?)
}

/// # Errors
/// EntityAlreadyExists
pub fn create(w: &mut Writer, entity: &Entity) -> Result<(), Fault> {
    if find(w.store(), w.scope(), entity.kind, &entity.name)?.is_some() {
        let noun = match entity.kind {
            Kind::User => "User",
            Kind::Group => "Group",
            Kind::Role => "Role",
        };
        let message = format!("{noun} with name {} already exists.", entity.name);
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(message));
    }
    quota::count_entities(w, entity.kind, 1)?;
    put(w, entity)
}

pub fn delete(w: &mut Writer, kind: Kind, name: &str) -> Result<(), Fault> {
    let scope = w.scope().global();
    if ENTITIES.delete(w.tx, &scope, kind.key(name))?.is_some() {
        quota::count_entities(w, kind, -1)?;
    }
    Ok(())
}

/// Changes an entity: `change` gets it and may refuse.
pub fn update(
    w: &mut Writer,
    kind: Kind,
    name: &str,
    change: impl FnOnce(&mut Entity) -> Result<(), Fault>,
) -> Result<Entity, Fault> {
    let mut entity = get(w.store(), w.scope(), kind, name)?;
    change(&mut entity)?;
    put(w, &entity)?;
    Ok(entity)
}

/// Gives an entity another name or path.
pub fn rename(
    w: &mut Writer,
    kind: Kind,
    name: &str,
    new_name: Option<String>,
    new_path: Option<String>,
) -> Result<(Entity, Entity), Fault> {
    let old = get(w.store(), w.scope(), kind, name)?;
    let mut new = old.clone();
    new.path = new_path.unwrap_or(new.path);
    match new_name {
        Some(renamed) if !renamed.eq_ignore_ascii_case(name) => {
            new.name = renamed;
            delete(w, kind, name)?;
            create(w, &new)?;
        }
        renamed => {
            new.name = renamed.unwrap_or(new.name);
            put(w, &new)?;
        }
    }
    Ok((old, new))
}

/// All of a kind in the order of their names.
pub fn all(read: &dyn Read, scope: &Scope, kind: Kind) -> Result<Vec<Entity>, Fault> {
    let range = Range::prefix(Key::new().str(kind.noun()));
    let rows = ENTITIES.scan(read, &scope.global(), &range);
    Ok(rows.map(|row| row.map(|(_, entity)| entity)).collect::<Result<_, _>>()?)
}

/// All of a kind under a path.
pub fn under(r: &Reader, kind: Kind, prefix: Option<&str>) -> Result<Vec<Entity>, Fault> {
    let mut entities = all(r.store, r.scope(), kind)?;
    entities.retain(|entity| entity.path.starts_with(prefix.unwrap_or("/")));
    Ok(entities)
}
