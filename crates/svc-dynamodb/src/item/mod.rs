//! Operations on one item.

mod delete;
mod get;
mod put;
mod update;

pub use delete::{delete_item, read_deletion};
pub use get::get_item;
pub use put::{put_item, read_put};
pub use update::{read_update, update_item};

use kogumo_door::Writer;
use kogumo_dynamo::Item;
use kogumo_model::dynamodb::{ConsumedCapacity, ItemCollectionMetrics};
use kogumo_wire::Fault;

use crate::capacity::{Detail, Units, collection_metrics};
use crate::change::{Intent, Outcome};

/// What the writes of one item answer besides attributes.
struct Told {
    capacity: Option<ConsumedCapacity>,
    metrics: Option<ItemCollectionMetrics>,
}

/// The parameters that say what is told.
struct Asked {
    capacity: Option<String>,
    metrics: Option<String>,
    on_failure: Option<String>,
}

/// Does a write that stands alone; `item` is the item or its key, and tells the item collection.
fn execute(w: &mut Writer, intent: &Intent, item: &Item, asked: &Asked) -> Result<(Outcome, Told), Fault> {
    let scope = w.scope().clone();
    let show_item = asked.on_failure.as_deref() == Some("ALL_OLD");
    let outcome = intent.execute(w.tx, &scope, w.now).map_err(|failure| failure.into_fault(show_item))?;
    let units = Units::of_write(&outcome.written, false);
    let metrics = match asked.metrics.as_deref() {
        Some("SIZE") => {
            let key = intent.table.keys.key_of(item);
            collection_metrics(w.store(), &scope, &intent.table, &key)?
        }
        _ => None,
    };
    let capacity = units.told(&intent.table.name, Detail::of(asked.capacity.as_deref()));
    Ok((outcome, Told { capacity, metrics }))
}

/// PutItem and DeleteItem can answer the item as it was, and nothing else.
fn wants_old(return_values: Option<&str>) -> Result<bool, Fault> {
    match return_values {
        None | Some("NONE") => Ok(false),
        Some("ALL_OLD") => Ok(true),
        Some(_) => Err(Fault::validation("ReturnValues can only be ALL_OLD or NONE")),
    }
}
