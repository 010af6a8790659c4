//! Aliases: names for versions, with weights where two share the work.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::faults;
use crate::name::{LATEST, Target};
use crate::page::page;
use crate::record;

/// By function and name.
pub static ALIASES: Table<Alias> = Table::new("lambda/alias");

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Alias {
    pub name: String,
    pub version: String,
    pub description: String,
    /// Another version, and its share of the invocations from 0 to 1.
    pub other: Option<(String, f64)>,
    pub revision_id: String,
}

impl Alias {
    /// Whether the alias leads to that version.
    pub fn uses(&self, version: &str) -> bool {
        self.version == version || self.other.as_ref().is_some_and(|(other, _)| other == version)
    }

    /// The version for an invocation; `chance` is drawn evenly from 0 to 1.
    pub fn choose(&self, chance: f64) -> &str {
        match &self.other {
            Some((other, weight)) if chance < *weight => other,
            _ => &self.version,
        }
    }
}

pub fn key(function: &str, alias: &str) -> Key {
    Key::new().str(function).str(alias)
}

/// All aliases of a function, by name.
pub fn of_function(read: &dyn Read, scope: &Scope, name: &str) -> Result<Vec<Alias>, Trouble> {
    ALIASES.scan(read, scope, &Range::prefix(Key::new().str(name))).map(|row| Ok(row?.1)).collect()
}

/// A version as text that sorts by number, `$LATEST` first.
pub fn sortable(version: &str) -> String {
    format!("{:0>20}", if version == LATEST { "0" } else { version })
}

fn view(target: &Target, alias: &Alias) -> AliasConfiguration {
    let routing = alias.other.clone().map(|(version, weight)| AliasRoutingConfiguration {
        additional_version_weights: Some([(version, weight)].into()),
    });
    AliasConfiguration {
        alias_arn: Some(format!("{}:{}", target.unqualified_arn(), alias.name)),
        name: Some(alias.name.clone()),
        function_version: Some(alias.version.clone()),
        description: Some(alias.description.clone()),
        routing_config: routing,
        revision_id: Some(alias.revision_id.clone()),
    }
}

/// Checks what a routing configuration asks for.
fn routing(
    w: &Writer,
    target: &Target,
    main: &str,
    asked: &AliasRoutingConfiguration,
) -> Result<Option<(String, f64)>, Fault> {
    let weights = asked.additional_version_weights.clone().unwrap_or_default();
    if weights.len() > 1 {
        return Err(faults::invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
    }
    let Some((version, weight)) = weights.into_iter().next() else { return Ok(None) };
    if version == LATEST || main == LATEST {
        return Err(faults::invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
    }
    if version == main {
        return Err(faults::invalid(format!(
            "Invalid function version {main}. Function version {main} is already included in routing configuration."
        )));
    }
    if !(0.0..=1.0).contains(&weight) {
        return Err(faults::invalid("AdditionalVersionWeights must be between 0 and 1"));
    }
    check_version(w, target, &version)?;
    Ok(Some((version, weight)))
}

fn check_version(w: &Writer, target: &Target, version: &str) -> Result<(), Fault> {
    let target = Target { qualifier: Some(version.to_owned()), ..target.clone() };
    record::numbered(w.store(), &target, version).map(drop)
}

pub fn create_alias(w: &mut Writer, input: CreateAliasRequest) -> Result<AliasConfiguration, Fault> {
    let target = Target::whole(w.scope(), &input.function_name)?;
    record::function(w.tx, &target)?;
    let alias_arn = format!("{}:{}", target.unqualified_arn(), input.name);
    if ALIASES.contains(w.tx, &target.scope, key(&target.name, &input.name))? {
        return Err(faults::conflict(format!("Alias already exists: {alias_arn}")));
    }
    check_version(w, &target, &input.function_version)?;
    let other = match &input.routing_config {
        Some(asked) => routing(w, &target, &input.function_version, asked)?,
        None => None,
    };
    let alias = Alias {
        name: input.name,
        version: input.function_version,
        description: input.description.unwrap_or_default(),
        other,
        revision_id: kogumo_base::uuid(),
    };
    ALIASES.put(w.tx, &target.scope, key(&target.name, &alias.name), &alias)?;
    Ok(view(&target, &alias))
}

fn find(read: &dyn Read, target: &Target, name: &str) -> Result<Alias, Fault> {
    record::function(read, target)?;
    let found = ALIASES.get(read, &target.scope, key(&target.name, name))?;
    found.ok_or_else(|| faults::not_found(format!("Cannot find alias arn: {}:{name}", target.unqualified_arn())))
}

pub fn get_alias(r: &Reader, input: GetAliasRequest) -> Result<AliasConfiguration, Fault> {
    let target = Target::whole(r.scope(), &input.function_name)?;
    Ok(view(&target, &find(r.store, &target, &input.name)?))
}

pub fn update_alias(w: &mut Writer, input: UpdateAliasRequest) -> Result<AliasConfiguration, Fault> {
    let target = Target::whole(w.scope(), &input.function_name)?;
    let mut alias = find(w.tx, &target, &input.name)?;
    faults::check_revision(input.revision_id.as_deref(), &alias.revision_id, "Alias")?;
    if let Some(version) = input.function_version {
        check_version(w, &target, &version)?;
        alias.version = version;
    }
    if let Some(description) = input.description {
        alias.description = description;
    }
    if let Some(asked) = &input.routing_config {
        alias.other = routing(w, &target, &alias.version, asked)?;
    }
    alias.revision_id = kogumo_base::uuid();
    ALIASES.put(w.tx, &target.scope, key(&target.name, &alias.name), &alias)?;
    Ok(view(&target, &alias))
}

/// An alias that isn't there is deleted, too.
pub fn delete_alias(w: &mut Writer, input: DeleteAliasRequest) -> Result<Unit, Fault> {
    let target = Target::whole(w.scope(), &input.function_name)?;
    record::function(w.tx, &target)?;
    ALIASES.delete(w.tx, &target.scope, key(&target.name, &input.name))?;
    Ok(Unit)
}

pub fn list_aliases(r: &Reader, input: ListAliasesRequest) -> Result<ListAliasesResponse, Fault> {
    let target = Target::whole(r.scope(), &input.function_name)?;
    record::function(r.store, &target)?;
    let aliases = of_function(r.store, &target.scope, &target.name)?;
    let wanted = |alias: &&Alias| input.function_version.as_ref().is_none_or(|version| alias.uses(version));
    let items = aliases.iter().filter(wanted).map(|alias| (alias.name.clone(), view(&target, alias)));
    let (aliases, next_marker) = page(items, input.marker.as_deref(), input.max_items, 50);
    Ok(ListAliasesResponse { next_marker, aliases: Some(aliases) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_share_the_work() {
        let alias = Alias { version: "1".into(), other: Some(("2".into(), 0.25)), ..Alias::default() };
        assert_eq!([0.0, 0.2, 0.25, 0.9].map(|chance| alias.choose(chance)), ["2", "2", "1", "1"]);
        assert!(alias.uses("2") && alias.uses("1") && !alias.uses("3"));
    }

    #[test]
    fn versions_sort_by_number() {
        let mut versions = ["10", "9", LATEST].map(sortable);
        versions.sort();
        assert_eq!(versions, [LATEST, "9", "10"].map(sortable));
    }
}
