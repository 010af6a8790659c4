//! The account: its alias, and how much of everything it has.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::iam::*;
use kogumo_store::{Range, Table};
use kogumo_wire::{Fault, Unit};

use crate::entity::{self, Kind};
use crate::{access_key, instance_profile, mfa, oidc_provider, policy, quota, saml_provider, server_certificate};

/// The alias of each account; an alias belongs to one account only, so the table stands in no account's scope.
static ALIASES: Table<String> = Table::new("iam/alias");

/// The version of tokens that an account wants of the global endpoint.
static TOKEN_VERSIONS: Table<usize> = Table::new("iam/token-version");

fn everywhere() -> kogumo_base::Scope {
    kogumo_base::Scope::new("", "")
}

pub fn alias_of(read: &dyn kogumo_store::Read, account: &str) -> Result<Option<String>, Fault> {
    for row in ALIASES.scan(read, &everywhere(), &Range::all()) {
        let (key, owner) = row?;
        if owner == account {
            return Ok(key.reader().str());
        }
    }
    Ok(None)
}

/// An account has one alias: a new one takes the old one's place.
pub fn create_account_alias(w: &mut Writer, input: CreateAccountAliasRequest) -> Result<Unit, Fault> {
    check_alias(&input.account_alias)?;
    if ALIASES.contains(w.store(), &everywhere(), input.account_alias.as_str())? {
        let message = format!("The account alias {} already exists.", input.account_alias);
        return Err(ENTITY_ALREADY_EXISTS_EXCEPTION.because(message));
    }
    if let Some(old) = alias_of(w.store(), w.caller.account())? {
        ALIASES.delete(w.tx, &everywhere(), old.as_str())?;
    }
    let account = w.caller.account().to_owned();
    ALIASES.put(w.tx, &everywhere(), input.account_alias.as_str(), &account)?;
    Ok(Unit)
}

/// The pattern of aliases looks ahead within, which our regular expressions do not.
fn check_alias(alias: &str) -> Result<(), Fault> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if alias.bytes().all(is_inner) && !alias.starts_with('-') && !alias.ends_with('-') && !alias.contains("--") {
        return Ok(());
    }
    Err(Fault::validation(format!(
        "1 validation error detected: Value '{alias}' at 'accountAlias' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){{1,61}}[a-z0-9]$"
    )))
}

pub fn delete_account_alias(w: &mut Writer, input: DeleteAccountAliasRequest) -> Result<Unit, Fault> {
    let own = alias_of(w.store(), w.caller.account())?.filter(|alias| *alias == input.account_alias);
    let missing =
        || NO_SUCH_ENTITY_EXCEPTION.because(format!("The account alias {} cannot be found.", input.account_alias));
    let alias = own.ok_or_else(missing)?;
    ALIASES.delete(w.tx, &everywhere(), alias.as_str())?;
    Ok(Unit)
}

pub fn list_account_aliases(r: &Reader, _: ListAccountAliasesRequest) -> Result<ListAccountAliasesResponse, Fault> {
    let alias = alias_of(r.store, r.caller.account())?;
    Ok(ListAccountAliasesResponse {
        account_aliases: alias.into_iter().collect(),
        is_truncated: Some(false),
        marker: None,
    })
}

/// Which tokens the global endpoint of STS gives. All tokens are good in all regions here, as those of version 2 are.
pub fn set_security_token_service_preferences(
    w: &mut Writer,
    input: SetSecurityTokenServicePreferencesRequest,
) -> Result<Unit, Fault> {
    let scope = w.scope().global();
    let version = if input.global_endpoint_token_version == "v1Token" { 1 } else { 2 };
    TOKEN_VERSIONS.put(w.tx, &scope, "version", &version)?;
    Ok(Unit)
}

fn token_version(read: &dyn kogumo_store::Read, scope: &kogumo_base::Scope) -> Result<usize, Fault> {
    Ok(TOKEN_VERSIONS.get(read, &scope.global(), "version")?.unwrap_or(2))
}

pub fn get_account_summary(r: &Reader, _: Unit) -> Result<GetAccountSummaryResponse, Fault> {
    let count = |kind| entity::all(r.store, r.scope(), kind).map(|entities| entities.len());
    let (devices, devices_in_use) = mfa::counts(r.store, r.scope())?;
    let root_keys = access_key::of_user(r.store, r.caller.account(), "")?.len();
    let counted = [
        ("Users", count(Kind::User)?),
        ("Groups", count(Kind::Group)?),
        ("Roles", count(Kind::Role)?),
        ("Policies", policy::count_own(r.store, r.scope())?),
        ("InstanceProfiles", instance_profile::count(r.store, r.scope())?),
        ("AccountAccessKeysPresent", root_keys.min(1)),
        ("Providers", oidc_provider::count(r.store, r.scope())? + saml_provider::count(r.store, r.scope())?),
        ("MFADevices", devices),
        ("MFADevicesInUse", devices_in_use),
        // The root signs in with what everybody knows.
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("ServerCertificates", server_certificate::count(r.store, r.scope())?),
        ("ServerCertificatesQuota", quota::SERVER_CERTIFICATES),
        ("SigningCertificatesPerUserQuota", quota::SIGNING_CERTIFICATES_PER_USER),
        ("GlobalEndpointTokenVersion", token_version(r.store, r.scope())?),
        ("PolicyVersionsInUse", policy::count_versions(r.store, r.scope())?),
        ("UsersQuota", quota::USERS),
        ("GroupsQuota", quota::GROUPS),
        ("RolesQuota", quota::ROLES),
        ("PoliciesQuota", quota::POLICIES),
        ("InstanceProfilesQuota", quota::INSTANCE_PROFILES),
        ("AccessKeysPerUserQuota", quota::ACCESS_KEYS_PER_USER),
        ("GroupsPerUserQuota", quota::GROUPS_PER_USER),
        ("PolicyVersionsInUseQuota", 10_000),
        ("VersionsPerPolicyQuota", 5),
        ("AttachedPoliciesPerUserQuota", 10),
        ("AttachedPoliciesPerGroupQuota", 10),
        ("AttachedPoliciesPerRoleQuota", 10),
        ("PolicySizeQuota", quota::POLICY_SIZE),
        ("UserPolicySizeQuota", 2048),
        ("GroupPolicySizeQuota", 5120),
        ("RolePolicySizeQuota", 10240),
        ("AssumeRolePolicySizeQuota", quota::TRUST_SIZE),
    ];
    let summary = counted.map(|(name, number)| (name.to_owned(), i32::try_from(number).unwrap_or(i32::MAX)));
    Ok(GetAccountSummaryResponse { summary_map: Some(BTreeMap::from(summary)) })
}
