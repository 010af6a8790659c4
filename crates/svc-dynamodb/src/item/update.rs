//! UpdateItem.

use kogumo_door::Writer;
use kogumo_dynamo::{Item, Placeholders, Projection, Update};
use kogumo_model::dynamodb::{UpdateItemInput, UpdateItemOutput};
use kogumo_wire::{Fault, Json};

use super::{Asked, execute};
use crate::change::{Action, Intent, Outcome, check_update};
use crate::parameters::{self, Languages, invalid, to_json};

pub fn update_item(w: &mut Writer, input: UpdateItemInput) -> Result<UpdateItemOutput, Fault> {
    let languages = Languages {
        legacy: &[
            ("AttributeUpdates", input.attribute_updates.is_some()),
            ("Expected", input.expected.is_some()),
            ("ConditionalOperator", input.conditional_operator.is_some()),
        ],
        expressions: &[
            ("UpdateExpression", input.update_expression.is_some()),
            ("ConditionExpression", input.condition_expression.is_some()),
        ],
    };
    let mut placeholders =
        languages.placeholders(input.expression_attribute_names.clone(), input.expression_attribute_values.as_ref())?;
    let key = parameters::item(&input.key)?;
    let update = update_of(&input, &mut placeholders)?;
    let condition = parameters::condition(
        input.condition_expression.as_deref(),
        input.expected,
        input.conditional_operator.as_deref(),
        &mut placeholders,
    )?;
    placeholders.check_all_used().map_err(invalid)?;
    let table = parameters::table(w.store(), w.scope(), &input.table_name)?;
    let row = table.keys.row_of_key(&key).map_err(invalid)?;
    check_update(&table, &update).map_err(invalid)?;
    let action = Action::Update(key.clone(), update.clone());
    let intent = Intent { table, row, condition, action, wants_old: true };
    let asked = Asked {
        capacity: input.return_consumed_capacity.as_deref(),
        metrics: input.return_item_collection_metrics.as_deref(),
        on_failure: input.return_values_on_condition_check_failure.as_deref(),
    };
    let (outcome, told) = execute(w, &intent, &key, &asked)?;
    Ok(UpdateItemOutput {
        attributes: attributes(input.return_values.as_deref(), &update, &outcome),
        consumed_capacity: told.capacity,
        item_collection_metrics: told.metrics,
    })
}

/// UpdateExpression, or AttributeUpdates, or nothing: then only the key is made sure of.
fn update_of(input: &UpdateItemInput, placeholders: &mut Placeholders) -> Result<Update, Fault> {
    match &input.update_expression {
        Some(text) => Update::parse(text, placeholders).map_err(invalid),
        None => parameters::attribute_updates(input.attribute_updates.clone().unwrap_or_default()),
    }
}

/// What ReturnValues asks for.
fn attributes(return_values: Option<&str>, update: &Update, outcome: &Outcome) -> Option<Json> {
    let touched = || Projection::of_paths(update.targets());
    let shown: Option<Item> = match return_values {
        Some("ALL_OLD") => outcome.old.clone(),
        Some("ALL_NEW") => outcome.new.clone(),
        Some("UPDATED_OLD") => outcome.old.as_ref().map(|old| touched().apply(old)),
        Some("UPDATED_NEW") => outcome.new.as_ref().map(|new| touched().apply(new)),
        _ => None,
    };
    shown.filter(|item| !item.is_empty()).map(|item| to_json(&item))
}
