//! BatchGetItem.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_door::Reader;
use kogumo_dynamo::{Consistency, json, read_units};
use kogumo_model::dynamodb::{BatchGetItemInput, BatchGetItemOutput, KeysAndAttributes};
use kogumo_wire::{Fault, Json};

use crate::capacity::{Detail, Units};
use crate::parameters::{self, Languages, invalid};
use crate::storage;

/// Keys in one request.
const KEYS_LIMIT: usize = 100;
/// Bytes of items in one answer.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

pub fn batch_get_item(r: &Reader, input: BatchGetItemInput) -> Result<BatchGetItemOutput, Fault> {
    if input.request_items.values().map(|table| table.keys.len()).sum::<usize>() > KEYS_LIMIT {
        return Err(Fault::validation("Too many items requested for the BatchGetItem call"));
    }
    let detail = Detail::of(input.return_consumed_capacity.as_deref());
    let mut output = BatchGetItemOutput { unprocessed_keys: Some(BTreeMap::new()), ..BatchGetItemOutput::default() };
    let (mut responses, mut consumed, mut room) = (BTreeMap::new(), Vec::new(), ANSWER_BYTES);
    for (name, request) in input.request_items {
        let part = read_table(r, &name, request, &mut room)?;
        consumed.extend(Units::of_table(part.units).told(&name, detail));
        responses.insert(name.clone(), part.items);
        if let Some(rest) = part.unprocessed {
            output.unprocessed_keys.get_or_insert_default().insert(name, rest);
        }
    }
    output.responses = Some(responses);
    output.consumed_capacity = Some(consumed).filter(|_| detail != Detail::None);
    Ok(output)
}

struct Part {
    items: Json,
    units: f64,
    unprocessed: Option<KeysAndAttributes>,
}

fn read_table(r: &Reader, name: &str, request: KeysAndAttributes, room: &mut usize) -> Result<Part, Fault> {
    let languages = Languages {
        legacy: &[("AttributesToGet", request.attributes_to_get.is_some())],
        expressions: &[("ProjectionExpression", request.projection_expression.is_some())],
    };
    let mut placeholders = languages.placeholders(request.expression_attribute_names.clone(), None)?;
    let projection = parameters::projection(
        request.projection_expression.as_deref(),
        request.attributes_to_get.clone(),
        &mut placeholders,
    )?;
    placeholders.check_all_used().map_err(invalid)?;
    let keys = request.keys.iter().map(parameters::item).collect::<Result<Vec<_>, _>>()?;
    let table = parameters::table(r.store, r.scope(), name)?;
    let rows = keys.iter().map(|key| table.keys.row_of_key(key)).collect::<Result<Vec<_>, _>>().map_err(invalid)?;
    if rows.iter().collect::<BTreeSet<_>>().len() < rows.len() {
        return Err(Fault::validation("Provided list of item keys contains duplicates"));
    }
    let consistency = if request.consistent_read == Some(true) { Consistency::Strong } else { Consistency::Eventual };
    let (mut out, mut units, mut left) = (vec![b'['], 0.0, Vec::new());
    for (row, key) in rows.iter().zip(&request.keys) {
        let found = storage::read(r.store, r.scope(), &table, row)?;
        let size = found.as_ref().map(storage::Stored::size).transpose()?.unwrap_or(0);
        if size > *room {
            left.push(key.clone());
            continue;
        }
        *room -= size;
        units += read_units(size, consistency);
        let Some(found) = found else { continue };
        if out.len() > 1 {
            out.push(b',');
        }
        match &projection {
            None => found.write_json(&mut out)?,
            Some(projection) => json::write_item(&projection.apply(&found.item()?), &mut out),
        }
    }
    out.push(b']');
    let unprocessed = (!left.is_empty()).then(|| KeysAndAttributes { keys: left, ..request });
    Ok(Part { items: Json::from_text(out), units, unprocessed })
}
