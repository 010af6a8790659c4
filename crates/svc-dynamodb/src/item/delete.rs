//! DeleteItem.

use std::sync::Arc;

use kogumo_door::Writer;
use kogumo_dynamo::{Condition, Item};
use kogumo_model::dynamodb::{DeleteItemInput, DeleteItemOutput};
use kogumo_wire::Fault;

use super::{Asked, execute, wants_old};
use crate::change::{Action, Intent};
use crate::parameters::{self, Languages, invalid, to_json};

/// A deletion that has been understood; nobody has looked at the table yet.
pub struct Plan {
    table: String,
    key: Item,
    condition: Option<Arc<Condition>>,
    wants_old: bool,
    asked: Asked,
}

pub fn read_deletion(input: DeleteItemInput) -> Result<Plan, Fault> {
    let wants_old = wants_old(input.return_values.as_deref())?;
    let languages = Languages {
        legacy: &[
            ("Expected", input.expected.is_some()),
            ("ConditionalOperator", input.conditional_operator.is_some()),
        ],
        expressions: &[("ConditionExpression", input.condition_expression.is_some())],
    };
    let mut placeholders =
        languages.placeholders(input.expression_attribute_names, input.expression_attribute_values.as_ref())?;
    let key = parameters::item(&input.key)?;
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
    Ok(Plan { table: input.table_name, key, condition: condition.map(Arc::new), wants_old, asked })
}

pub fn delete_item(w: &mut Writer, plan: &Plan) -> Result<DeleteItemOutput, Fault> {
    let table = parameters::table(w.store(), w.scope(), &plan.table)?;
    let row = table.keys.row_of_key(&plan.key).map_err(invalid)?;
    let condition = plan.condition.clone();
    let intent = Intent { table, row, condition, action: Action::Delete, wants_old: plan.wants_old };
    let (outcome, told) = execute(w, &intent, &plan.key, &plan.asked)?;
    Ok(DeleteItemOutput {
        attributes: outcome.old.filter(|_| plan.wants_old).map(|old| to_json(&old)),
        consumed_capacity: told.capacity,
        item_collection_metrics: told.metrics,
    })
}
