//! BatchWriteItem. All is checked before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kogumo_door::Writer;
use kogumo_dynamo::{ITEM_SIZE_LIMIT, Item, ValidationError, item_size};
use kogumo_model::dynamodb::{BatchWriteItemInput, BatchWriteItemOutput, ItemCollectionMetrics, WriteRequest};
use kogumo_wire::Fault;

use crate::capacity::{Detail, Units, collection_metrics};
use crate::change::{Action, Intent};
use crate::parameters::{self, invalid};
use crate::record::TableRecord;

/// Writes in one request.
const WRITES_LIMIT: usize = 25;

pub fn batch_write_item(w: &mut Writer, input: BatchWriteItemInput) -> Result<BatchWriteItemOutput, Fault> {
    if input.request_items.values().map(Vec::len).sum::<usize>() > WRITES_LIMIT {
        return Err(Fault::validation("Too many items requested for the BatchWriteItem call"));
    }
    let mut plans = Vec::new();
    for (name, requests) in input.request_items {
        plans.push((plan(w, &name, requests)?, name));
    }
    let detail = Detail::of(input.return_consumed_capacity.as_deref());
    let with_metrics = input.return_item_collection_metrics.as_deref() == Some("SIZE");
    let scope = w.scope().clone();
    let (mut consumed, mut metrics) = (Vec::new(), BTreeMap::new());
    for (intents, name) in plans {
        let mut units = Units::default();
        for (intent, _) in &intents {
            let outcome = intent.execute(w.tx, &scope, w.now).map_err(|failure| failure.into_fault(false))?;
            units.add(Units::of_write(&outcome.written, false));
        }
        if with_metrics {
            let told = metrics_of(w, &intents)?;
            if !told.is_empty() {
                metrics.insert(name.clone(), told);
            }
        }
        consumed.extend(units.told(&name, detail));
    }
    Ok(BatchWriteItemOutput {
        unprocessed_items: Some(BTreeMap::new()),
        item_collection_metrics: Some(metrics).filter(|metrics| !metrics.is_empty()),
        consumed_capacity: Some(consumed).filter(|_| detail != Detail::None),
    })
}

/// Understands the writes to one table; each comes with the key of its item.
fn plan(w: &Writer, name: &str, requests: Vec<WriteRequest>) -> Result<Vec<(Intent, Item)>, Fault> {
    let actions = requests.into_iter().map(action).collect::<Result<Vec<_>, _>>()?;
    let table = parameters::table(w.store(), w.scope(), name)?;
    let mut seen = BTreeSet::new();
    let mut intents = Vec::new();
    for (key, action) in actions {
        let key = if matches!(action, Action::Put(_)) { table.keys.key_of(&key) } else { Arc::unwrap_or_clone(key) };
        let row = table.keys.row_of_key(&key).map_err(invalid)?;
        check(&table, &action).map_err(invalid)?;
        if !seen.insert(row.clone()) {
            return Err(Fault::validation("Provided list of item keys contains duplicates"));
        }
        intents.push((Intent { table: table.clone(), row, condition: None, action, wants_old: false }, key));
    }
    Ok(intents)
}

/// The item or key, and what to do with it.
fn action(request: WriteRequest) -> Result<(Arc<Item>, Action), Fault> {
    match (request.put_request, request.delete_request) {
        (Some(put), None) => {
            let item = Arc::new(parameters::item(&put.item)?);
            Ok((Arc::clone(&item), Action::Put(item)))
        }
        (None, Some(delete)) => Ok((Arc::new(parameters::item(&delete.key)?), Action::Delete)),
        _ => Err(Fault::validation(
            "Supplied WriteRequest must contain exactly one of the following: PutRequest, DeleteRequest",
        )),
    }
}

fn check(table: &TableRecord, action: &Action) -> Result<(), ValidationError> {
    let Action::Put(item) = action else { return Ok(()) };
    table.indexes().try_for_each(|index| index.check_item(item))?;
    if item_size(item) > ITEM_SIZE_LIMIT {
        return Err("Item size has exceeded the maximum allowed size".into());
    }
    Ok(())
}

fn metrics_of(w: &Writer, intents: &[(Intent, Item)]) -> Result<Vec<ItemCollectionMetrics>, Fault> {
    let mut told = Vec::new();
    for (intent, key) in intents {
        told.extend(collection_metrics(w.store(), w.scope(), &intent.table, key)?);
    }
    Ok(told)
}
