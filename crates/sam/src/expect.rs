//! "Property 'X' should be a map": the checks that run in the middle of a transform.

use crate::error::{Error, Result};
use crate::value::{Map, Text, Value};

/// Whose property it is, which decides how the complaint begins.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    Resource(&'a str),
    Event(&'a str),
}

impl Owner<'_> {
    pub(crate) fn error(self, message: impl Into<String>) -> Error {
        match self {
            Owner::Resource(id) => Error::resource(id, message),
            Owner::Event(id) => Error::event(id, message),
        }
    }

    pub(crate) fn map<'v>(self, path: &str, value: Option<&'v Value>) -> Result<&'v Map> {
        value.and_then(Value::as_map).ok_or_else(|| self.wrong(path, "map"))
    }

    pub(crate) fn list<'v>(self, path: &str, value: Option<&'v Value>) -> Result<&'v Vec<Value>> {
        value.and_then(Value::as_list).ok_or_else(|| self.wrong(path, "list"))
    }

    pub(crate) fn text<'v>(self, path: &str, value: Option<&'v Value>) -> Result<&'v Text> {
        value.and_then(Value::as_text).ok_or_else(|| self.wrong(path, "string"))
    }

    pub(crate) fn bool(self, path: &str, value: Option<&Value>) -> Result<bool> {
        value.and_then(Value::as_bool).ok_or_else(|| self.wrong(path, "boolean"))
    }

    pub(crate) fn texts<'v>(self, path: &str, value: Option<&'v Value>) -> Result<Vec<&'v Text>> {
        let items = self.list(path, value)?;
        items.iter().enumerate().map(|(at, item)| self.text(&format!("{path}[{at}]"), Some(item))).collect()
    }

    pub(crate) fn some<'v>(self, path: &str, value: Option<&'v Value>) -> Result<&'v Value> {
        value.ok_or_else(|| self.error(format!("Property '{path}' is required.")))
    }

    fn wrong(self, path: &str, kind: &str) -> Error {
        self.error(format!("Property '{path}' should be a {kind}."))
    }
}
