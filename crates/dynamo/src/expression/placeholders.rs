//! ExpressionAttributeNames and ExpressionAttributeValues, and who used them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Item, ValidationError, Value};

/// What `#name` and `:value` stand for in all expressions of one request.
#[derive(Debug, Default)]
pub struct Placeholders {
    names: BTreeMap<String, String>,
    values: Item,
    used: BTreeSet<String>,
}

impl Placeholders {
    /// Takes the two parameters of a request; `None` where the request has none.
    pub fn new(names: Option<BTreeMap<String, String>>, values: Option<Item>) -> Result<Self, ValidationError> {
        check_keys("ExpressionAttributeNames", '#', names.as_ref().map(BTreeMap::keys))?;
        check_keys("ExpressionAttributeValues", ':', values.as_ref().map(BTreeMap::keys))?;
        Ok(Placeholders { names: names.unwrap_or_default(), values: values.unwrap_or_default(), used: BTreeSet::new() })
    }

    /// What a `#name` stands for.
    pub(super) fn name(&mut self, placeholder: &str) -> Result<&str, String> {
        let Some(name) = self.names.get(placeholder) else {
            return Err(format!(
                "An expression attribute name used in the document path is not defined; attribute name: {placeholder}"
            ));
        };
        mark(&mut self.used, placeholder);
        Ok(name)
    }

    /// What a `:value` stands for.
    pub(super) fn value(&mut self, placeholder: &str) -> Result<&Value, String> {
        let Some(value) = self.values.get(placeholder) else {
            return Err(format!(
                "An expression attribute value used in expression is not defined; attribute value: {placeholder}"
            ));
        };
        mark(&mut self.used, placeholder);
        Ok(value)
    }

    /// To be asked when all expressions of the request are parsed: what nobody used is an error.
    pub fn check_all_used(&self) -> Result<(), ValidationError> {
        check_used("ExpressionAttributeNames", self.names.keys(), &self.used)?;
        check_used("ExpressionAttributeValues", self.values.keys(), &self.used)
    }
}

fn mark(used: &mut BTreeSet<String>, placeholder: &str) {
    if !used.contains(placeholder) {
        used.insert(placeholder.to_owned());
    }
}

fn check_keys<'a>(
    parameter: &str,
    sigil: char,
    keys: Option<impl Iterator<Item = &'a String>>,
) -> Result<(), ValidationError> {
    let Some(keys) = keys else { return Ok(()) };
    let mut empty = true;
    for key in keys {
        empty = false;
        let name = key.strip_prefix(sigil).unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!("{parameter} contains invalid key: Syntax error; key: \"{key}\"").into());
        }
    }
    if empty { Err(format!("{parameter} must not be empty").into()) } else { Ok(()) }
}

fn check_used<'a>(
    parameter: &str,
    keys: impl Iterator<Item = &'a String>,
    used: &BTreeSet<String>,
) -> Result<(), ValidationError> {
    let unused: Vec<&str> = keys.filter(|key| !used.contains(*key)).map(String::as_str).collect();
    if unused.is_empty() {
        return Ok(());
    }
    let unused = unused.join(", ");
    Err(format!("Value provided in {parameter} unused in expressions: keys: {{{unused}}}").into())
}
