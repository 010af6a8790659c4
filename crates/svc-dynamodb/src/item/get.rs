//! GetItem.

use kogumo_door::Reader;
use kogumo_dynamo::{Consistency, read_units};
use kogumo_model::dynamodb::{GetItemInput, GetItemOutput};
use kogumo_wire::{Fault, Json};

use crate::capacity::{Detail, Units};
use crate::parameters::{self, Languages, invalid, to_json};
use crate::storage;

pub fn get_item(r: &Reader, input: GetItemInput) -> Result<GetItemOutput, Fault> {
    let languages = Languages {
        legacy: &[("AttributesToGet", input.attributes_to_get.is_some())],
        expressions: &[("ProjectionExpression", input.projection_expression.is_some())],
    };
    let mut placeholders = languages.placeholders(input.expression_attribute_names, None)?;
    let key = parameters::item(&input.key)?;
    let projection =
        parameters::projection(input.projection_expression.as_deref(), input.attributes_to_get, &mut placeholders)?;
    placeholders.check_all_used().map_err(invalid)?;
    let table = parameters::table(r.store, r.scope(), &input.table_name)?;
    let row = table.keys.row_of_key(&key).map_err(invalid)?;
    let found = storage::read(r.store, r.scope(), &table, &row)?;
    let consistency = if input.consistent_read == Some(true) { Consistency::Strong } else { Consistency::Eventual };
    let size = found.as_ref().map(storage::Stored::size).transpose()?.unwrap_or(0);
    let units = Units::of_table(read_units(size, consistency));
    let item = match (found, projection) {
        (None, _) => None,
        (Some(found), None) => {
            let mut text = Vec::new();
            found.write_json(&mut text)?;
            Some(Json::from_text(text))
        }
        (Some(found), Some(projection)) => Some(to_json(&projection.apply(&found.item()?))),
    };
    let detail = Detail::of(input.return_consumed_capacity.as_deref());
    Ok(GetItemOutput { item, consumed_capacity: units.told(&table.name, detail) })
}
