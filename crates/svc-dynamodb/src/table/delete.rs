//! DeleteTable. The table is gone at once; its rows are swept away behind it.

use kogumo_door::Writer;
use kogumo_model::dynamodb::{DeleteTableInput, DeleteTableOutput};
use kogumo_store::{Key, timers};
use kogumo_wire::Fault;

use super::lifecycle::SWEEP;
use super::{describe, find};
use crate::record::Status;
use crate::streaming;

pub fn delete_table(w: &mut Writer, input: DeleteTableInput) -> Result<DeleteTableOutput, Fault> {
    let scope = w.scope().clone();
    let found = find(w.store(), &scope, &input.table_name)?;
    if found.deletion_protection {
        return Err(Fault::validation(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection \
             first.",
        ));
    }
    let mut table = (*found).clone();
    table.status = Status::Deleting;
    let description = describe::description(w.store(), &scope, &table)?;
    table.delete(w.tx, &scope);
    streaming::follow(w, Some(&table), None)?;
    timers::put(w.tx, w.now, SWEEP, &scope, Key::new().u64(table.id), &[])?;
    Ok(DeleteTableOutput { table_description: Some(description) })
}
