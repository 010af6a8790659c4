//! UpdateItem.

use std::sync::Arc;

use kogumo_door::Writer;
use kogumo_dynamo::{Condition, Item, Placeholders, Projection, Update};
use kogumo_model::dynamodb::{UpdateItemInput, UpdateItemOutput};
use kogumo_wire::{Fault, Json};

use super::{Asked, execute};
use crate::change::{Action, Intent, Outcome, check_update};
use crate::parameters::{self, Languages, invalid, to_json};

/// An update that has been understood; nobody has looked at the table yet.
pub struct Plan {
    table: String,
    key: Arc<Item>,
    update: Arc<Update>,
    condition: Option<Arc<Condition>>,
    return_values: Option<String>,
    asked: Asked,
}

pub fn read_update(input: UpdateItemInput) -> Result<Plan, Fault> {
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
    let asked = Asked {
        capacity: input.return_consumed_capacity,
        metrics: input.return_item_collection_metrics,
        on_failure: input.return_values_on_condition_check_failure,
    };
    let (key, update, condition) = (Arc::new(key), Arc::new(update), condition.map(Arc::new));
    Ok(Plan { table: input.table_name, key, update, condition, return_values: input.return_values, asked })
}

pub fn update_item(w: &mut Writer, plan: &Plan) -> Result<UpdateItemOutput, Fault> {
    let table = parameters::table(w.store(), w.scope(), &plan.table)?;
    let row = table.keys.row_of_key(&plan.key).map_err(invalid)?;
    check_update(&table, &plan.update).map_err(invalid)?;
    let action = Action::Update(Arc::clone(&plan.key), Arc::clone(&plan.update));
    let intent = Intent { table, row, condition: plan.condition.clone(), action, wants_old: true };
    let (outcome, told) = execute(w, &intent, &plan.key, &plan.asked)?;
    Ok(UpdateItemOutput {
        attributes: attributes(plan.return_values.as_deref(), &plan.update, &outcome),
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
        Some("ALL_NEW") => outcome.new.as_deref().cloned(),
        Some("UPDATED_OLD") => outcome.old.as_ref().map(|old| touched().apply(old)),
        Some("UPDATED_NEW") => outcome.new.as_ref().map(|new| touched().apply(new)),
        _ => None,
    };
    shown.filter(|item| !item.is_empty()).map(|item| to_json(&item))
}
