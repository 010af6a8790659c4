//! Carrying out an update.
//!
//! All that SET reads is read from the item as it was. Writes come first and removals last, from the end of a list to
//! its beginning, so that every index means what it meant before.

use super::path::{Path, Step};
use super::update::{Action, SetOperand, SetValue, Update};
use crate::{Item, ValidationError, Value};

const INVALID_PATH: &str = "The document path provided in the update expression is invalid for update";
const MISSING: &str = "The provided expression refers to an attribute that does not exist in the item";

impl Update {
    /// Changes the item, or says why not; the item is then half changed and to be thrown away.
    pub fn apply(&self, item: &mut Item) -> Result<(), ValidationError> {
        for (path, value) in self.assignments(item)? {
            put(item, path, value)?;
        }
        for action in &self.actions {
            match action {
                Action::Add(path, value) => self.add(item, path, value)?,
                Action::Delete(path, value) => self.delete(item, path, value)?,
                Action::Set(..) | Action::Remove(_) => {}
            }
        }
        self.removals().into_iter().try_for_each(|path| remove(item, path))
    }

    /// What SET writes and where; elements beyond the end of a list are appended in the order of their indexes.
    fn assignments(&self, item: &Item) -> Result<Vec<(&Path, Value)>, ValidationError> {
        let mut assignments = Vec::new();
        for action in &self.actions {
            if let Action::Set(path, value) = action {
                assignments.push((path, self.evaluate(value, item)?));
            }
        }
        assignments.sort_by_key(|(path, _)| last_index(path));
        Ok(assignments)
    }

    fn removals(&self) -> Vec<&Path> {
        let mut removals: Vec<&Path> = self
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::Remove(path) => Some(path),
                _ => None,
            })
            .collect();
        removals.sort_by_key(|path| std::cmp::Reverse(last_index(path)));
        removals
    }

    fn evaluate(&self, value: &SetValue, item: &Item) -> Result<Value, ValidationError> {
        let number = |operand: &SetOperand| match self.operand(operand, item)? {
            Value::N(number) => Ok(number),
            _ => Err(ValidationError::from(self.mismatch)),
        };
        match value {
            SetValue::Operand(operand) => self.operand(operand, item),
            SetValue::Plus(left, right) => number(left)?.add(number(right)?).map(Value::N),
            SetValue::Minus(left, right) => number(left)?.subtract(number(right)?).map(Value::N),
        }
    }

    fn operand(&self, operand: &SetOperand, item: &Item) -> Result<Value, ValidationError> {
        match operand {
            SetOperand::Path(path) => path.get(item).cloned().ok_or_else(|| MISSING.into()),
            SetOperand::Value(value) => Ok(value.clone()),
            SetOperand::IfNotExists(path, default) => match path.get(item) {
                Some(value) => Ok(value.clone()),
                None => self.operand(default, item),
            },
            SetOperand::ListAppend(front, back) => match (self.operand(front, item)?, self.operand(back, item)?) {
                (Value::L(mut list), Value::L(more)) => {
                    list.extend(more);
                    Ok(Value::L(list))
                }
                _ => Err(self.mismatch.into()),
            },
        }
    }

    fn add(&self, item: &mut Item, path: &Path, value: &Value) -> Result<(), ValidationError> {
        let sum = match (path.get(item), value) {
            (None, _) => value.clone(),
            (Some(Value::N(one)), Value::N(two)) => Value::N(one.add(*two)?),
            (Some(Value::Ss(one)), Value::Ss(two)) => Value::Ss(one.union(two).cloned().collect()),
            (Some(Value::Ns(one)), Value::Ns(two)) => Value::Ns(one.union(two).copied().collect()),
            (Some(Value::Bs(one)), Value::Bs(two)) => Value::Bs(one.union(two).cloned().collect()),
            (Some(Value::L(one)), Value::L(two)) => Value::L(one.iter().chain(two).cloned().collect()),
            _ => return Err(self.mismatch.into()),
        };
        put(item, path, sum)
    }

    /// Takes elements out of a set; a set with nothing left is removed.
    fn delete(&self, item: &mut Item, path: &Path, value: &Value) -> Result<(), ValidationError> {
        let (rest, empty) = match (path.get(item), value) {
            (None, _) => return check_parent(item, path),
            (Some(Value::Ss(one)), Value::Ss(two)) => (Value::Ss(one - two), one.is_subset(two)),
            (Some(Value::Ns(one)), Value::Ns(two)) => (Value::Ns(one - two), one.is_subset(two)),
            (Some(Value::Bs(one)), Value::Bs(two)) => (Value::Bs(one - two), one.is_subset(two)),
            _ => return Err(self.mismatch.into()),
        };
        if empty { remove(item, path) } else { put(item, path, rest) }
    }
}

/// The index that a path ends in; 0 for all other paths.
fn last_index(path: &Path) -> usize {
    match path.steps.last() {
        Some(Step::Index(index)) => *index,
        _ => 0,
    }
}

fn put(item: &mut Item, path: &Path, value: Value) -> Result<(), ValidationError> {
    if path.steps.is_empty() {
        item.insert(path.attribute.clone(), value);
        return Ok(());
    }
    match path.parent_mut(item) {
        Some((Value::M(map), Step::Key(key))) => {
            map.insert(key.clone(), value);
        }
        Some((Value::L(list), Step::Index(index))) => match list.get_mut(*index) {
            Some(element) => *element = value,
            None => list.push(value),
        },
        _ => return Err(INVALID_PATH.into()),
    }
    Ok(())
}

fn remove(item: &mut Item, path: &Path) -> Result<(), ValidationError> {
    if path.steps.is_empty() {
        item.remove(&path.attribute);
        return Ok(());
    }
    match path.parent_mut(item) {
        Some((Value::M(map), Step::Key(key))) => {
            map.remove(key);
        }
        Some((Value::L(list), Step::Index(index))) if *index < list.len() => {
            list.remove(*index);
        }
        Some((Value::L(_), Step::Index(_))) => {}
        _ => return Err(INVALID_PATH.into()),
    }
    Ok(())
}

/// Nothing may be taken from where nothing can be.
fn check_parent(item: &mut Item, path: &Path) -> Result<(), ValidationError> {
    match (path.steps.is_empty(), path.parent_mut(item)) {
        (true, _) | (_, Some((Value::M(_), Step::Key(_)) | (Value::L(_), Step::Index(_)))) => Ok(()),
        _ => Err(INVALID_PATH.into()),
    }
}
