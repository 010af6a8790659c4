//! PutItem.

use kogumo_door::Writer;
use kogumo_model::dynamodb::{PutItemInput, PutItemOutput};
use kogumo_wire::Fault;

use super::{Asked, execute, wants_old};
use crate::change::{Action, Intent, check_put};
use crate::parameters::{self, Languages, invalid, to_json};

pub fn put_item(w: &mut Writer, input: PutItemInput) -> Result<PutItemOutput, Fault> {
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
    let item = parameters::item(&input.item)?;
    let condition = parameters::condition(
        input.condition_expression.as_deref(),
        input.expected,
        input.conditional_operator.as_deref(),
        &mut placeholders,
    )?;
    placeholders.check_all_used().map_err(invalid)?;
    let table = parameters::table(w.store(), w.scope(), &input.table_name)?;
    let row = check_put(&table, &item).map_err(invalid)?;
    let key = table.keys.key_of(&item);
    let intent = Intent { table, row, condition, action: Action::Put(item), wants_old };
    let asked = Asked {
        capacity: input.return_consumed_capacity.as_deref(),
        metrics: input.return_item_collection_metrics.as_deref(),
        on_failure: input.return_values_on_condition_check_failure.as_deref(),
    };
    let (outcome, told) = execute(w, &intent, &key, &asked)?;
    Ok(PutItemOutput {
        attributes: outcome.old.filter(|_| wants_old).map(|old| to_json(&old)),
        consumed_capacity: told.capacity,
        item_collection_metrics: told.metrics,
    })
}
