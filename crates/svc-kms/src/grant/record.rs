//! What is kept of a grant.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_policy::Renaming;
use kogumo_store::{Key as RowKey, Range, Read, Table, Transaction};
use serde::{Deserialize, Serialize};

use crate::encryption_context::EncryptionContext;

/// By key id and grant id, where the key lies.
pub static GRANTS: Table<Grant> = Table::new("kms/grant");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// 64 hexadecimal digits.
    pub id: String,
    pub name: Option<String>,
    pub created: Timestamp,
    pub grantee: Party,
    pub retiring: Option<Party>,
    /// The account whose principal made the grant.
    pub issuing_account: String,
    pub operations: Vec<String>,
    /// The encryption context must be this one.
    pub equals: Option<EncryptionContext>,
    /// The encryption context must hold these pairs.
    pub subset: Option<EncryptionContext>,
    pub source_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    /// An ARN.
    Principal(String),
    /// `name.amazonaws.com`
    Service(String),
}

impl Party {
    /// Out of the two members that a request has for each.
    pub fn of(principal: Option<String>, service: Option<String>) -> Option<Self> {
        principal.map(Party::Principal).or(service.map(Party::Service))
    }

    pub fn principal(&self) -> Option<String> {
        match self {
            Party::Principal(arn) => Some(arn.clone()),
            Party::Service(_) => None,
        }
    }

    /// Takes another name, if this was its own; answers whether.
    fn rename(&mut self, renaming: &Renaming<'_>) -> bool {
        let Party::Principal(name) = self else { return false };
        renaming.name(name).is_some_and(|new| {
            *name = new;
            true
        })
    }

    pub fn service(&self) -> Option<String> {
        match self {
            Party::Principal(_) => None,
            Party::Service(name) => Some(name.clone()),
        }
    }
}

pub fn place(key: &str, grant: &str) -> RowKey {
    RowKey::new().str(key).str(grant)
}

/// The grants of a key.
///
/// # Errors
/// Trouble with the store.
pub fn of_key(read: &dyn Read, scope: &Scope, key: &str) -> Result<Vec<Grant>, Trouble> {
    let rows = GRANTS.scan(read, scope, &Range::prefix(RowKey::new().str(key)));
    rows.map(|row| row.map(|(_, grant)| grant)).collect()
}

/// Takes all grants of a key away.
///
/// # Errors
/// Trouble with the store.
pub fn forget(tx: &mut Transaction, scope: &Scope, key: &str) -> Result<(), Trouble> {
    for grant in of_key(tx, scope, key)? {
        GRANTS.delete(tx, scope, place(key, &grant.id))?;
    }
    Ok(())
}

/// Changes the name of a principal in all grants.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    for (scope, place, mut grant) in GRANTS.scan_all_scopes(tx).collect::<Result<Vec<_>, _>>()? {
        let parties = std::iter::once(&mut grant.grantee).chain(&mut grant.retiring);
        let changed = parties.fold(false, |changed, party| party.rename(renaming) | changed);
        if changed {
            GRANTS.put(tx, &scope, place, &grant)?;
        }
    }
    Ok(())
}
