//! IAM's quotas ("IAM and AWS STS quotas", the defaults), and what is said beyond them.

use kogumo_door::Writer;
use kogumo_model::iam::LIMIT_EXCEEDED_EXCEPTION;
use kogumo_store::Table;
use kogumo_wire::Fault;

use crate::entity::{self, Entity, Kind};

pub const USERS: usize = 5000;
pub const GROUPS: usize = 300;
pub const ROLES: usize = 1000;
pub const POLICIES: usize = 1500;
pub const INSTANCE_PROFILES: usize = 1000;
pub const GROUPS_PER_USER: usize = 10;
pub const ACCESS_KEYS_PER_USER: usize = 2;
pub const MFA_DEVICES_PER_USER: usize = 8;
pub const OIDC_PROVIDERS: usize = 100;
pub const SAML_PROVIDERS: usize = 100;
pub const SERVER_CERTIFICATES: usize = 20;
pub const SIGNING_CERTIFICATES_PER_USER: usize = 2;
pub const SSH_PUBLIC_KEYS_PER_USER: usize = 5;
pub const POLICY_SIZE: usize = 6144;
pub const TRUST_SIZE: usize = 2048;

/// How many of a kind an account has: counting them for every new one would take ever longer.
static COUNTS: Table<u64> = Table::new("iam/count");

/// `Cannot exceed quota for RolesPerAccount: 1000`
pub fn exceeded(name: &str, most: usize) -> Fault {
    LIMIT_EXCEEDED_EXCEPTION.because(format!("Cannot exceed quota for {name}: {most}"))
}

/// # Errors
/// LimitExceeded if there are that many already.
pub fn room_for_one(name: &str, have: usize, most: usize) -> Result<(), Fault> {
    if have < most { Ok(()) } else { Err(exceeded(name, most)) }
}

/// One more user, group or role, or one less.
///
/// # Errors
/// LimitExceeded for one too many.
pub fn count_entities(w: &mut Writer, kind: Kind, change: i64) -> Result<(), Fault> {
    let scope = w.scope().global();
    let counted = COUNTS.get(w.store(), &scope, kind.noun())?;
    let have = match counted {
        Some(have) => usize::try_from(have).unwrap_or(usize::MAX),
        None => entity::all(w.store(), &scope, kind)?.len(),
    };
    let (name, most) = match kind {
        Kind::User => ("UsersPerAccount", USERS),
        Kind::Group => ("GroupsPerAccount", GROUPS),
        Kind::Role => ("RolesPerAccount", ROLES),
    };
    if change > 0 {
        room_for_one(name, have, most)?;
    }
    let now = i64::try_from(have).unwrap_or(i64::MAX).saturating_add(change);
    COUNTS.put(w.tx, &scope, kind.noun(), &u64::try_from(now).unwrap_or(0))?;
    Ok(())
}

pub fn managed_policies(have: usize) -> Result<(), Fault> {
    room_for_one("PoliciesPerAccount", have, POLICIES)
}

/// White space is not counted.
fn size(document: &str) -> usize {
    document.chars().filter(|letter| !letter.is_whitespace()).count()
}

pub fn managed_policy_size(document: &str) -> Result<(), Fault> {
    if size(document) <= POLICY_SIZE { Ok(()) } else { Err(exceeded("PolicySize", POLICY_SIZE)) }
}

pub fn trust_policy_size(document: &str) -> Result<(), Fault> {
    if size(document) <= TRUST_SIZE { Ok(()) } else { Err(exceeded("ACLSizePerRole", TRUST_SIZE)) }
}

/// All inline policies of an entity together.
pub fn inline_size(entity: &Entity) -> Result<(), Fault> {
    let most = match entity.kind {
        Kind::User => 2048,
        Kind::Group => 5120,
        Kind::Role => 10_240,
    };
    if entity.inline.values().map(|document| size(document)).sum::<usize>() <= most {
        return Ok(());
    }
    let message = format!("Maximum policy size of {most} bytes exceeded for {} {}", entity.kind.noun(), entity.name);
    Err(LIMIT_EXCEEDED_EXCEPTION.because(message))
}
