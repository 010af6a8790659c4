//! `DeleteFunction`: a whole function with all that belongs to it, or one of its versions.

use kogumo_door::{Context, Writer};
use kogumo_model::lambda::*;
use kogumo_store::{Key, Range, Record, Table};
use kogumo_wire::Fault;

use crate::name::{LATEST, Target};
use crate::record::{self, FUNCTIONS, VERSIONS, is_number, version_key};
use crate::run::Pool;
use crate::{alias, event_invoke, faults, policy, url};

pub async fn delete_function(cx: Context, input: DeleteFunctionRequest) -> Result<DeleteFunctionResponse, Fault> {
    let target = Target::parse(cx.scope(), &input.function_name, input.qualifier.as_deref())?;
    match target.qualifier.as_deref() {
        None => cx.write(|w| delete_whole(w, &target))?,
        Some(version) => cx.write(|w| delete_version(w, &target, version))?,
    }
    Pool::of(&cx.cloud)?.retire(&target.scope, &target.name);
    Ok(DeleteFunctionResponse { status_code: Some(204) })
}

fn delete_whole(w: &mut Writer, target: &Target) -> Result<(), Fault> {
    record::function(w.tx, target)?;
    FUNCTIONS.delete(w.tx, &target.scope, target.name.as_str())?;
    url::forget_all(w, target)?;
    delete_all(w, target, &VERSIONS)?;
    delete_all(w, target, &alias::ALIASES)?;
    delete_all(w, target, &policy::POLICIES)?;
    delete_all(w, target, &event_invoke::CONFIGS)
}

/// Removes every record of a function from a table whose keys begin with its name.
pub fn delete_all<R: Record>(w: &mut Writer, target: &Target, table: &Table<R>) -> Result<(), Fault> {
    let range = Range::prefix(Key::new().str(&target.name));
    let keys: Vec<Key> =
        table.scan(w.tx, &target.scope, &range).map(|row| row.map(|row| row.0)).collect::<Result<_, _>>()?;
    for key in keys {
        table.delete(w.tx, &target.scope, key)?;
    }
    Ok(())
}

fn delete_version(w: &mut Writer, target: &Target, version: &str) -> Result<(), Fault> {
    if version == LATEST {
        return Err(faults::invalid("$LATEST version cannot be deleted without deleting the function."));
    }
    if !is_number(version) {
        return Err(faults::invalid("Deletion of aliases is not currently supported."));
    }
    record::numbered(w.tx, target, version)?;
    let users = alias::of_function(w.tx, &target.scope, &target.name)?;
    let users: Vec<&str> = users.iter().filter(|alias| alias.uses(version)).map(|alias| alias.name.as_str()).collect();
    if !users.is_empty() {
        return Err(faults::conflict(format!(
            "Version {version} is referenced by the following aliases: [{}]",
            users.join(", ")
        )));
    }
    VERSIONS.delete(w.tx, &target.scope, version_key(&target.name, version))?;
    Ok(())
}
