//! Exports and who uses them.

use kogumo_door::Reader;
use kogumo_model::cloudformation::*;
use kogumo_store::Range;
use kogumo_wire::Fault;

use super::find;
use crate::exports::importers;
use crate::record::EXPORTS;

const PAGE: usize = 100;

pub fn list_exports(r: &Reader, input: ListExportsInput) -> Result<ListExportsOutput, Fault> {
    let rows = EXPORTS.scan(r.store, r.scope(), &Range::all()).map(|row| row.map(|(_, export)| export));
    let all: Vec<_> = rows.collect::<Result<_, _>>()?;
    let (page, next_token) = find::page(all, input.next_token.as_deref(), PAGE)?;
    let shown = page.into_iter().map(|export| Export {
        exporting_stack_id: Some(export.stack_id),
        name: Some(export.name),
        value: Some(export.value),
    });
    Ok(ListExportsOutput { exports: Some(shown.collect()), next_token })
}

pub fn list_imports(r: &Reader, input: ListImportsInput) -> Result<ListImportsOutput, Fault> {
    let name = &input.export_name;
    if !EXPORTS.contains(r.store, r.scope(), name.as_str())? {
        return Err(Fault::validation(format!("Export '{name}' does not exist")));
    }
    let users = importers(r.store, r.scope(), name)?;
    if users.is_empty() {
        return Err(Fault::validation(format!("Export '{name}' is not imported by any stack.")));
    }
    let (imports, next_token) = find::page(users, input.next_token.as_deref(), PAGE)?;
    Ok(ListImportsOutput { imports: Some(imports), next_token })
}
