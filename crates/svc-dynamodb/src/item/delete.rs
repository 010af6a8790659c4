//! DeleteItem.

use kogumo_door::Writer;
use kogumo_model::dynamodb::{DeleteItemInput, DeleteItemOutput};
use kogumo_wire::Fault;

use super::{Asked, execute, wants_old};
use crate::change::{Action, Intent};
use crate::parameters::{self, Languages, invalid, to_json};

pub fn delete_item(w: &mut Writer, input: DeleteItemInput) -> Result<DeleteItemOutput, Fault> {
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
    let table = parameters::table(w.store(), w.scope(), &input.table_name)?;
    let row = table.keys.row_of_key(&key).map_err(invalid)?;
    let intent = Intent { table, row, condition, action: Action::Delete, wants_old };
    let asked = Asked {
        capacity: input.return_consumed_capacity.as_deref(),
        metrics: input.return_item_collection_metrics.as_deref(),
        on_failure: input.return_values_on_condition_check_failure.as_deref(),
    };
    let (outcome, told) = execute(w, &intent, &key, &asked)?;
    Ok(DeleteItemOutput {
        attributes: outcome.old.filter(|_| wants_old).map(|old| to_json(&old)),
        consumed_capacity: told.capacity,
        item_collection_metrics: told.metrics,
    })
}
