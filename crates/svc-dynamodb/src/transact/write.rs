//! TransactWriteItems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_dynamo::{Condition, Consistency, Item, Placeholders, Update, ValidationError, read_units};
use kogumo_model::dynamodb::{
    self, CancellationReason, ConsumedCapacity, ItemCollectionMetrics, TransactWriteItem, TransactWriteItemsInput,
    TransactWriteItemsOutput,
};
use kogumo_wire::{Fault, Json};

use super::{check, condition_failed, none, token, validation_error};
use crate::capacity::{Detail, Units, collection_metrics};
use crate::change::{Action, Failure, Intent, check_put, check_update};
use crate::parameters::{self, Languages, invalid};
use crate::record::TableRecord;

pub fn transact_write_items(w: &mut Writer, input: TransactWriteItemsInput) -> Result<TransactWriteItemsOutput, Fault> {
    let repeated = token::seen(w, &input)?;
    let steps = input.transact_items.into_iter().map(|item| step(w, item)).collect::<Result<Vec<_>, _>>()?;
    check_distinct(&steps)?;
    let scope = w.scope().clone();
    let mut told = Told { units: BTreeMap::new(), metrics: BTreeMap::new() };
    let with_metrics = input.return_item_collection_metrics.as_deref() == Some("SIZE");
    if repeated {
        told.read_again(w, &scope, &steps)?;
    } else {
        let mut reasons = Vec::new();
        for step in &steps {
            reasons.push(step.execute(w, &scope, &mut told.units)?);
        }
        check(reasons)?;
    }
    if with_metrics {
        told.measure(w, &scope, &steps)?;
    }
    let detail = Detail::of(input.return_consumed_capacity.as_deref());
    let consumed = told.units.iter().filter_map(|(name, units)| consumed(name, units, detail, repeated)).collect();
    Ok(TransactWriteItemsOutput {
        consumed_capacity: Some(consumed).filter(|_| detail != Detail::None),
        item_collection_metrics: Some(told.metrics).filter(|metrics| !metrics.is_empty()),
    })
}

/// One action of the transaction, understood; or why its key or item cannot be.
struct Step {
    table: Arc<TableRecord>,
    key: Item,
    intent: Result<Intent, ValidationError>,
    show_item: bool,
}

impl Step {
    /// Does it and answers its reason. An error ends the request.
    fn execute(
        &self,
        w: &mut Writer,
        scope: &Scope,
        units: &mut BTreeMap<String, Units>,
    ) -> Result<CancellationReason, Fault> {
        let intent = match &self.intent {
            Ok(intent) => intent,
            Err(refused) => return Ok(validation_error(refused.clone())),
        };
        match intent.execute(w.tx, scope, w.now) {
            Ok(outcome) => {
                let write = Units::of_write(&outcome.written, true);
                units.entry(self.table.name.clone()).or_default().add(write);
                Ok(none())
            }
            Err(Failure::Condition(item)) => Ok(condition_failed(item.filter(|_| self.show_item))),
            Err(Failure::Invalid(error)) => Ok(validation_error(error)),
            Err(Failure::Trouble(trouble)) => Err(trouble.into()),
        }
    }
}

/// What all actions have in common.
struct Common<'a> {
    table: &'a str,
    condition: Option<&'a str>,
    names: Option<BTreeMap<String, String>>,
    values: Option<&'a Json>,
    on_failure: Option<&'a str>,
}

fn step(w: &Writer, item: TransactWriteItem) -> Result<Step, Fault> {
    match (item.condition_check, item.put, item.delete, item.update) {
        (Some(check), None, None, None) => condition_check(w, check),
        (None, Some(put), None, None) => self::put(w, put),
        (None, None, Some(delete), None) => self::delete(w, delete),
        (None, None, None, Some(update)) => self::update(w, update),
        _ => Err(Fault::validation("TransactItems can only contain one of Check, Put, Update or Delete")),
    }
}

fn condition_check(w: &Writer, check: dynamodb::ConditionCheck) -> Result<Step, Fault> {
    let common = Common {
        table: &check.table_name,
        condition: Some(&check.condition_expression),
        names: check.expression_attribute_names,
        values: check.expression_attribute_values.as_ref(),
        on_failure: check.return_values_on_condition_check_failure.as_deref(),
    };
    by_key(w, &check.key, common, |_, _| Ok(Action::Check))
}

fn delete(w: &Writer, delete: dynamodb::Delete) -> Result<Step, Fault> {
    let common = Common {
        table: &delete.table_name,
        condition: delete.condition_expression.as_deref(),
        names: delete.expression_attribute_names,
        values: delete.expression_attribute_values.as_ref(),
        on_failure: delete.return_values_on_condition_check_failure.as_deref(),
    };
    by_key(w, &delete.key, common, |_, _| Ok(Action::Delete))
}

fn update(w: &Writer, update: dynamodb::Update) -> Result<Step, Fault> {
    let common = Common {
        table: &update.table_name,
        condition: update.condition_expression.as_deref(),
        names: update.expression_attribute_names,
        values: update.expression_attribute_values.as_ref(),
        on_failure: update.return_values_on_condition_check_failure.as_deref(),
    };
    let text = &update.update_expression;
    by_key(w, &update.key, common, |key, placeholders| {
        Update::parse(text, placeholders).map(|update| Action::Update(Arc::new(key), Arc::new(update))).map_err(invalid)
    })
}

/// An action that names its item by the key.
fn by_key(
    w: &Writer,
    key: &Json,
    common: Common<'_>,
    action: impl FnOnce(Item, &mut Placeholders) -> Result<Action, Fault>,
) -> Result<Step, Fault> {
    let key = parameters::item(key)?;
    let own = key.clone();
    let (table, condition, action) = understand(w, &common, |placeholders| action(own, placeholders))?;
    table.keys.check_not_empty(&key).map_err(invalid)?;
    let row = table.keys.row_of_key(&key).and_then(|row| {
        if let Action::Update(_, update) = &action {
            check_update(&table, update)?;
        }
        Ok(row)
    });
    let intent = row.map(|row| Intent { table: table.clone(), row, condition, action, wants_old: false });
    Ok(Step { table, key, intent, show_item: common.on_failure == Some("ALL_OLD") })
}

fn put(w: &Writer, put: dynamodb::Put) -> Result<Step, Fault> {
    let common = Common {
        table: &put.table_name,
        condition: put.condition_expression.as_deref(),
        names: put.expression_attribute_names,
        values: put.expression_attribute_values.as_ref(),
        on_failure: put.return_values_on_condition_check_failure.as_deref(),
    };
    let item = Arc::new(parameters::item(&put.item)?);
    let own = Arc::clone(&item);
    let (table, condition, action) = understand(w, &common, |_| Ok(Action::Put(own)))?;
    table.keys.check_not_empty(&item).map_err(invalid)?;
    let row = check_put(&table, &item);
    let intent = row.map(|row| Intent { table: table.clone(), row, condition, action, wants_old: false });
    Ok(Step { key: table.keys.key_of(&item), table, intent, show_item: common.on_failure == Some("ALL_OLD") })
}

/// Reads the expressions and finds the table: what is wrong here is wrong with the whole request.
fn understand(
    w: &Writer,
    common: &Common<'_>,
    action: impl FnOnce(&mut Placeholders) -> Result<Action, Fault>,
) -> Result<(Arc<TableRecord>, Option<Arc<Condition>>, Action), Fault> {
    let languages = Languages { legacy: &[], expressions: &[("ConditionExpression", true)] };
    let mut placeholders = languages.placeholders(common.names.clone(), common.values)?;
    let action = action(&mut placeholders)?;
    let condition = parameters::condition(common.condition, None, None, &mut placeholders)?;
    placeholders.check_all_used().map_err(invalid)?;
    let table = parameters::table(w.store(), w.scope(), common.table)?;
    Ok((table, condition.map(Arc::new), action))
}

fn check_distinct(steps: &[Step]) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    let intents = steps.iter().filter_map(|step| step.intent.as_ref().ok());
    match intents.into_iter().all(|intent| seen.insert((intent.table.id, &intent.row))) {
        true => Ok(()),
        false => Err(Fault::validation("Transaction request cannot include multiple operations on one item")),
    }
}

/// What the answer tells, by table.
struct Told {
    units: BTreeMap<String, Units>,
    metrics: BTreeMap<String, Vec<ItemCollectionMetrics>>,
}

impl Told {
    /// A repeated transaction only reads its items, and that is what it costs.
    fn read_again(&mut self, w: &Writer, scope: &Scope, steps: &[Step]) -> Result<(), Fault> {
        for intent in steps.iter().filter_map(|step| step.intent.as_ref().ok()) {
            let found = crate::storage::read(w.store(), scope, &intent.table, &intent.row)?;
            let size = found.map(|found| found.size()).transpose()?.unwrap_or(0);
            let read = Units::of_table(read_units(size, Consistency::Transaction));
            self.units.entry(intent.table.name.clone()).or_default().add(read);
        }
        Ok(())
    }

    fn measure(&mut self, w: &Writer, scope: &Scope, steps: &[Step]) -> Result<(), Fault> {
        for step in steps {
            if let Some(metrics) = collection_metrics(w.store(), scope, &step.table, &step.key)? {
                self.metrics.entry(step.table.name.clone()).or_default().push(metrics);
            }
        }
        Ok(())
    }
}

/// Transactions also tell which sort of units they took.
fn consumed(table: &str, units: &Units, detail: Detail, reads: bool) -> Option<ConsumedCapacity> {
    let mut told = units.told(table, detail)?;
    let total = told.capacity_units;
    let (whole, part) = match reads {
        true => (
            &mut told.read_capacity_units,
            told.table.as_mut().map(|table| (&mut table.read_capacity_units, table.capacity_units)),
        ),
        false => (
            &mut told.write_capacity_units,
            told.table.as_mut().map(|table| (&mut table.write_capacity_units, table.capacity_units)),
        ),
    };
    *whole = total;
    if let Some((place, units)) = part {
        *place = units;
    }
    Some(told)
}
