//! One write of one item: put, update, delete or a mere check, alone or as part of a transaction.

use std::sync::Arc;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_dynamo::{Condition, ITEM_SIZE_LIMIT, Item, Update, ValidationError, item_size};
use kogumo_model::dynamodb::{CONDITIONAL_CHECK_FAILED_EXCEPTION, ConditionalCheckFailedException};
use kogumo_store::Transaction;
use kogumo_wire::Fault;

use crate::parameters::{invalid, to_json};
use crate::record::TableRecord;
use crate::schema::RowKey;
use crate::storage::{self, Change, Written};

/// A write that has been understood and not yet been done.
pub struct Intent {
    pub table: Arc<TableRecord>,
    pub row: RowKey,
    pub condition: Option<Arc<Condition>>,
    pub action: Action,
    /// Whether the caller wants to see the item as it was.
    pub wants_old: bool,
}

/// What is to be done.
pub enum Action {
    Put(Arc<Item>),
    /// The key of the item, and what changes.
    Update(Arc<Item>, Arc<Update>),
    Delete,
    Check,
}

/// What was done.
pub struct Outcome {
    /// The item before, if it was looked at.
    pub old: Option<Item>,
    pub new: Option<Arc<Item>>,
    pub written: Written,
}

/// Why nothing was done.
pub enum Failure {
    /// The condition does not hold; with the item as it is.
    Condition(Option<Item>),
    Invalid(ValidationError),
    Trouble(Trouble),
}

impl From<ValidationError> for Failure {
    fn from(error: ValidationError) -> Self {
        Failure::Invalid(error)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Failure::Trouble(trouble)
    }
}

impl Failure {
    /// The fault of a write that stands alone; `show_item` is ReturnValuesOnConditionCheckFailure.
    pub fn into_fault(self, show_item: bool) -> Fault {
        match self {
            Failure::Condition(item) => {
                let item = item.filter(|_| show_item).map(|item| to_json(&item));
                let fields = ConditionalCheckFailedException { item };
                Fault::with_fields(&CONDITIONAL_CHECK_FAILED_EXCEPTION, "The conditional request failed", fields)
            }
            Failure::Invalid(error) => invalid(error),
            Failure::Trouble(trouble) => trouble.into(),
        }
    }
}

impl Intent {
    /// Does it.
    pub fn execute(&self, tx: &mut Transaction, scope: &Scope, now: Timestamp) -> Result<Outcome, Failure> {
        let stored = storage::read(tx, scope, &self.table, &self.row)?;
        let looks = self.wants_old || self.condition.is_some() || matches!(self.action, Action::Update(..));
        let old = match &stored {
            Some(stored) if looks => Some(stored.item()?),
            _ => None,
        };
        if let Some(condition) = &self.condition {
            let holds = match &old {
                Some(item) => condition.matches(item),
                None => condition.matches(&Item::new()),
            };
            if !holds {
                return Err(Failure::Condition(old));
            }
        }
        let new = match &self.action {
            Action::Put(item) => Some(Arc::clone(item)),
            Action::Delete => None,
            Action::Update(key, update) => updated(&self.table, key, update, old.as_ref())?.map(Arc::new),
            Action::Check => {
                let item_bytes = stored.as_ref().map(storage::Stored::size).transpose()?.unwrap_or(0);
                return Ok(Outcome { old, new: None, written: Written { item_bytes, ..Written::default() } });
            }
        };
        let change = Change { row: &self.row, old: stored.as_ref(), new: new.as_deref(), now, expired: false };
        let written = match (&stored, &new) {
            (None, None) => Written::default(),
            _ => storage::write(tx, scope, &self.table, &change)?,
        };
        Ok(Outcome { old, new, written })
    }
}

/// The item after the update; `None` if there is none before and the update makes none.
fn updated(
    table: &TableRecord,
    key: &Item,
    update: &Update,
    old: Option<&Item>,
) -> Result<Option<Item>, ValidationError> {
    if old.is_none() && !update.creates_item() {
        return Ok(None);
    }
    let mut item = old.unwrap_or(key).clone();
    update.apply(&mut item)?;
    if item_size(&item) > ITEM_SIZE_LIMIT {
        return Err("Item size to update has exceeded the maximum allowed size".into());
    }
    kogumo_dynamo::check_nesting(&item)?;
    table.indexes().try_for_each(|index| index.check_item(&item))?;
    Ok(Some(item))
}

/// The row of an item that is to be put, once all is right with the item.
pub fn check_put(table: &TableRecord, item: &Item) -> Result<RowKey, ValidationError> {
    let row = table.keys.row_of_item(item)?;
    table.indexes().try_for_each(|index| index.check_item(item))?;
    if item_size(item) > ITEM_SIZE_LIMIT {
        return Err("Item size has exceeded the maximum allowed size".into());
    }
    Ok(row)
}

/// Keys never change, and index keys are no documents.
pub fn check_update(table: &TableRecord, update: &Update) -> Result<(), ValidationError> {
    for path in update.targets() {
        let name = &path.attribute;
        if table.keys.contains(name) {
            return Err(ValidationError::parameter(format!(
                "Cannot update attribute {name}. This attribute is part of the key"
            )));
        }
        if !path.steps.is_empty() && table.indexes().any(|index| index.keys.contains(name)) {
            return Err(ValidationError(format!(
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: \
                 IndexKey: {name}"
            )));
        }
    }
    Ok(())
}
