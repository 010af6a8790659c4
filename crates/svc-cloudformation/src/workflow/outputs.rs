//! What a stack answers with when it is done: its outputs, and which exports it uses.

use std::collections::BTreeSet;

use kogumo_template::evaluate;
use serde_json::Value;

use super::{Run, why};
use crate::exports;
use crate::record::Output;

impl Run {
    /// The stack's outputs, or why they can't be had.
    pub(super) fn outputs(&self) -> Result<Vec<Output>, String> {
        let mut outputs = Vec::new();
        for (key, declared) in &self.template.outputs {
            if declared.condition.as_ref().is_some_and(|name| self.env.conditions.get(name) == Some(&false)) {
                continue;
            }
            let value = self.output_text(key, &declared.value)?;
            let export = declared.export.as_ref().map(|name| self.output_text(key, name)).transpose()?;
            let description = declared.description.clone();
            outputs.push(Output { key: key.clone(), value, description, export });
        }
        let snapshot = self.cloud.store.read();
        exports::check(&snapshot, &self.scope, &self.stack, &outputs)?;
        Ok(outputs)
    }

    fn output_text(&self, key: &str, value: &Value) -> Result<String, String> {
        match evaluate(value, &self.template, &self.env).map_err(|stop| why(&stop))? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            _ => Err(format!(
                "Template format error: The Value field of every Outputs member must evaluate to a String. ({key})"
            )),
        }
    }

    /// The names of the exports that the template uses.
    pub(super) fn imports(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        collect(&self.template.value, &mut |argument| {
            if let Ok(Value::String(name)) = evaluate(argument, &self.template, &self.env) {
                names.insert(name);
            }
        });
        names.into_iter().filter(|name| self.env.imports.contains_key(name)).collect()
    }
}

fn collect(value: &Value, found: &mut dyn FnMut(&Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(entries) => {
            for (name, item) in entries {
                if name == "Fn::ImportValue" {
                    found(item);
                }
                collect(item, found);
            }
        }
        _ => {}
    }
}
