//! PutItem.

use std::sync::Arc;

use kogumo_door::Writer;
use kogumo_dynamo::{Condition, Item};
use kogumo_model::dynamodb::{PutItemInput, PutItemOutput};
use kogumo_wire::Fault;

use super::{Asked, execute, wants_old};
use crate::change::{Action, Intent, check_put};
use crate::parameters::{self, Languages, invalid, to_json};

/// A put that has been understood; nobody has looked at the table yet.
pub struct Plan {
    table: String,
    item: Arc<Item>,
    condition: Option<Arc<Condition>>,
    wants_old: bool,
    asked: Asked,
}

pub fn read_put(input: PutItemInput) -> Result<Plan, Fault> {
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
    let asked = Asked {
        capacity: input.return_consumed_capacity,
        metrics: input.return_item_collection_metrics,
        on_failure: input.return_values_on_condition_check_failure,
    };
    let (item, condition) = (Arc::new(item), condition.map(Arc::new));
    Ok(Plan { table: input.table_name, item, condition, wants_old, asked })
}

pub fn put_item(w: &mut Writer, plan: &Plan) -> Result<PutItemOutput, Fault> {
    let table = parameters::table(w.store(), w.scope(), &plan.table)?;
    let row = check_put(&table, &plan.item).map_err(invalid)?;
    let (condition, action) = (plan.condition.clone(), Action::Put(Arc::clone(&plan.item)));
    let intent = Intent { table, row, condition, action, wants_old: plan.wants_old };
    let (outcome, told) = execute(w, &intent, &plan.item, &plan.asked)?;
    Ok(PutItemOutput {
        attributes: outcome.old.filter(|_| plan.wants_old).map(|old| to_json(&old)),
        consumed_capacity: told.capacity,
        item_collection_metrics: told.metrics,
    })
}
