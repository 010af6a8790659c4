//! Aliases: names that lead to keys.

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::kms::{
    ALREADY_EXISTS_EXCEPTION, AliasListEntry, CreateAliasRequest, DeleteAliasRequest, INVALID_ALIAS_NAME_EXCEPTION,
    ListAliasesRequest, ListAliasesResponse, UpdateAliasRequest,
};
use kogumo_store::{Key as RowKey, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::page::Page;
use crate::target::{self, Aliases};
use crate::{faults, managed};

/// What an alias begins with.
pub const PREFIX: &str = "alias/";

/// By name, `alias/` before it.
pub static ALIASES: Table<Alias> = Table::new("kms/alias");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias {
    pub name: String,
    /// The key's id.
    pub key: String,
    pub created: Timestamp,
    pub updated: Timestamp,
}

pub fn arn(scope: &Scope, name: &str) -> String {
    Arn::new("kms", &scope.region, &scope.account, name).to_string()
}

pub fn create_alias(w: &mut Writer, input: CreateAliasRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    check_name(&input.alias_name)?;
    let target = own_key(w, &input.target_key_id)?;
    if ALIASES.contains(w.tx, &scope, input.alias_name.as_str())? {
        let arn = arn(&scope, &input.alias_name);
        return Err(ALREADY_EXISTS_EXCEPTION.because(format!("An alias with the name {arn} already exists")));
    }
    let alias = Alias { name: input.alias_name, key: target.key.id, created: w.now, updated: w.now };
    ALIASES.put(w.tx, &scope, alias.name.as_str(), &alias)?;
    Ok(Unit)
}

pub fn update_alias(w: &mut Writer, input: UpdateAliasRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    check_name(&input.alias_name)?;
    let target = own_key(w, &input.target_key_id)?;
    let missing = || faults::no_such_alias(&arn(&scope, &input.alias_name));
    let mut alias = ALIASES.get(w.tx, &scope, input.alias_name.as_str())?.ok_or_else(missing)?;
    let before = crate::key::KEYS.get(w.tx, &scope, alias.key.as_str())?;
    if before.is_some_and(|before| before.usage != target.key.usage || is_other_kind(&before, &target.key)) {
        return Err(Fault::validation("Aliases cannot be re-targeted to a key of a different type or usage."));
    }
    alias.key = target.key.id;
    alias.updated = w.now;
    ALIASES.put(w.tx, &scope, alias.name.as_str(), &alias)?;
    Ok(Unit)
}

/// An alias stays with symmetric, asymmetric or HMAC keys.
fn is_other_kind(a: &crate::key::Key, b: &crate::key::Key) -> bool {
    a.spec.is_symmetric() != b.spec.is_symmetric()
        || a.spec.secret_length().is_some() != b.spec.secret_length().is_some()
}

pub fn delete_alias(w: &mut Writer, input: DeleteAliasRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    check_name(&input.alias_name)?;
    let gone = ALIASES.delete(w.tx, &scope, input.alias_name.as_str())?;
    gone.map(|_| Unit).ok_or_else(|| faults::no_such_alias(&arn(&scope, &input.alias_name)))
}

pub fn list_aliases(r: &Reader, input: ListAliasesRequest) -> Result<ListAliasesResponse, Fault> {
    let only = input.key_id.as_deref().map(|key| target::read(r, key, Aliases::Refused)).transpose()?;
    let only = only.map(|target| target.key.id);
    let mut page = Page::new(input.limit, 50, 100, input.marker.as_deref())?;
    let mut known = Vec::new();
    for row in ALIASES.scan(r.store, r.scope(), &page.range()) {
        let (place, alias) = row?;
        if only.as_ref().is_none_or(|key| *key == alias.key) {
            known.push((place, entry(r.scope(), alias)));
        }
    }
    if only.is_none() {
        add_predefined(r, &page, &mut known)?;
    }
    for (place, entry) in known {
        if !page.push(place, entry) {
            break;
        }
    }
    let (aliases, next_marker, truncated) = page.finish();
    Ok(ListAliasesResponse { aliases: Some(aliases), next_marker, truncated: Some(truncated) })
}

/// AWS's own aliases whose keys nobody has used yet: they lead nowhere.
fn add_predefined(
    r: &Reader,
    page: &Page<AliasListEntry>,
    known: &mut Vec<(RowKey, AliasListEntry)>,
) -> Result<(), Fault> {
    for (service, _) in managed::SERVICES {
        let name = format!("{}{service}", managed::PREFIX);
        let place = RowKey::from(&name);
        if page.starts_before(&place) && !ALIASES.contains(r.store, r.scope(), name.as_str())? {
            let arn = arn(r.scope(), &name);
            known.push((place, AliasListEntry { alias_name: Some(name), alias_arn: Some(arn), ..Default::default() }));
        }
    }
    known.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(())
}

fn entry(scope: &Scope, alias: Alias) -> AliasListEntry {
    AliasListEntry {
        alias_arn: Some(arn(scope, &alias.name)),
        alias_name: Some(alias.name),
        target_key_id: Some(alias.key),
        creation_date: Some(alias.created),
        last_updated_date: Some(alias.updated),
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return Err(Fault::validation(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if rest.is_empty() || rest.contains(':') {
        return Err(INVALID_ALIAS_NAME_EXCEPTION.because(format!("{name} contains invalid characters for an alias")));
    }
    if name.starts_with(managed::PREFIX) {
        return Err(INVALID_ALIAS_NAME_EXCEPTION.because("Alias names that begin with alias/aws/ are reserved by AWS."));
    }
    Ok(())
}

/// The customer's key that an alias is to lead to: in the same account and region.
fn own_key(w: &Writer, key: &str) -> Result<target::Target, Fault> {
    let target = target::write(w, key)?;
    if target.scope != *w.scope() {
        return Err(faults::no_such_key(&target.arn()));
    }
    target.refuse_managed()?;
    target.check_alive()?;
    Ok(target)
}
