//! TransactGetItems.

use std::collections::BTreeMap;

use kogumo_door::Reader;
use kogumo_dynamo::{Consistency, read_units};
use kogumo_model::dynamodb::{Get, ItemResponse, TransactGetItemsInput, TransactGetItemsOutput};
use kogumo_wire::Fault;

use super::{check, none, validation_error};
use crate::capacity::{Detail, Units};
use crate::parameters::{self, Languages, invalid, to_json};
use crate::storage;

pub fn transact_get_items(r: &Reader, input: TransactGetItemsInput) -> Result<TransactGetItemsOutput, Fault> {
    let mut units: BTreeMap<String, Units> = BTreeMap::new();
    let (mut responses, mut reasons) = (Vec::new(), Vec::new());
    for item in input.transact_items {
        match get(r, item.get, &mut units)? {
            Ok(response) => {
                responses.push(response);
                reasons.push(none());
            }
            Err(refused) => reasons.push(validation_error(refused)),
        }
    }
    check(reasons)?;
    let detail = Detail::of(input.return_consumed_capacity.as_deref());
    let consumed: Vec<_> = units.iter().filter_map(|(name, units)| told(name, units, detail)).collect();
    Ok(TransactGetItemsOutput {
        consumed_capacity: Some(consumed).filter(|_| detail != Detail::None),
        responses: Some(responses),
    })
}

/// Reads one item. The outer error ends the request, the inner one is a reason of the transaction.
fn get(
    r: &Reader,
    get: Get,
    units: &mut BTreeMap<String, Units>,
) -> Result<Result<ItemResponse, kogumo_dynamo::ValidationError>, Fault> {
    let languages =
        Languages { legacy: &[], expressions: &[("ProjectionExpression", get.projection_expression.is_some())] };
    let mut placeholders = languages.placeholders(get.expression_attribute_names, None)?;
    let projection = parameters::projection(get.projection_expression.as_deref(), None, &mut placeholders)?;
    placeholders.check_all_used().map_err(invalid)?;
    let key = parameters::item(&get.key)?;
    let table = parameters::table(r.store, r.scope(), &get.table_name)?;
    table.keys.check_not_empty(&key).map_err(invalid)?;
    let row = match table.keys.row_of_key(&key) {
        Ok(row) => row,
        Err(refused) => return Ok(Err(refused)),
    };
    let found = storage::read(r.store, r.scope(), &table, &row)?;
    let size = found.as_ref().map(storage::Stored::size).transpose()?.unwrap_or(0);
    let read = Units::of_table(read_units(size, Consistency::Transaction));
    units.entry(table.name.clone()).or_default().add(read);
    let item = found.map(|found| found.item()).transpose()?;
    let item =
        item.map(|item| projection.map_or_else(|| to_json(&item), |projection| to_json(&projection.apply(&item))));
    Ok(Ok(ItemResponse { item }))
}

fn told(table: &str, units: &Units, detail: Detail) -> Option<kogumo_model::dynamodb::ConsumedCapacity> {
    let mut told = units.told(table, detail)?;
    told.read_capacity_units = told.capacity_units;
    if let Some(table) = &mut told.table {
        table.read_capacity_units = table.capacity_units;
    }
    Some(told)
}
