//! Operations on tables.

mod create;
mod delete;
mod describe;
mod encryption;
mod indexes;
mod lifecycle;
mod rules;
mod update;

pub use create::create_table;
pub use delete::delete_table;
pub use describe::{describe_table, list_tables};
pub use lifecycle::{BACKFILL, SWEEP, backfill, sweep};
pub use update::update_table;

use std::sync::Arc;

use kogumo_base::Scope;
use kogumo_model::dynamodb::RESOURCE_NOT_FOUND_EXCEPTION;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::parameters::table_name;
use crate::record::TableRecord;

/// The table that an operation on tables names, by name or ARN.
pub fn find(read: &dyn Read, scope: &Scope, name: &str) -> Result<Arc<TableRecord>, Fault> {
    let found = match table_name(scope, name) {
        Some(name) => TableRecord::get(read, scope, name)?,
        None => None,
    };
    found.ok_or_else(|| {
        RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Requested resource not found: Table: {name} not found"))
    })
}
