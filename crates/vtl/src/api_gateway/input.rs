//! `$input`: the payload and the parameters of a request.

use crate::json_path::Path;
use crate::{Error, Heap, Object, Value};
use serde_json::{Map, Value as Json, json};
use std::cell::OnceCell;

/// The parameters of a request: single values, the last one where several were sent.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    pub path: Vec<(String, String)>,
    pub querystring: Vec<(String, String)>,
    pub header: Vec<(String, String)>,
}

pub(super) struct Input {
    body: String,
    parameters: Parameters,
    /// The body as JSON, parsed when first asked for; `None` when it is not JSON.
    document: OnceCell<Option<Json>>,
}

impl Input {
    pub(super) fn new(body: &str, parameters: Parameters) -> Self {
        Input { body: body.to_owned(), parameters, document: OnceCell::new() }
    }

    /// The payload as JSON. A payload that is not JSON is one string, as in AWS.
    fn document(&self, heap: &mut Heap) -> Result<&Json, Error> {
        heap.work(0)?;
        if self.document.get().is_none() {
            heap.work(self.body.len())?;
        }
        let parsed = self.document.get_or_init(|| {
            if self.body.trim().is_empty() {
                return Some(Json::Null);
            }
            serde_json::from_str(&self.body).ok().or_else(|| Some(Json::String(self.body.clone())))
        });
        Ok(parsed.as_ref().unwrap_or(&Json::Null))
    }

    fn find(&self, path: &str, heap: &mut Heap) -> Result<Option<Json>, Error> {
        let path = Path::parse(path)?;
        let document = self.document(heap)?;
        let found = path.find(document, &mut || heap.work(0))?;
        Ok(found)
    }

    /// `$input.json(path)`: JSON text; `""` where nothing is found and `{}` for no payload at all.
    fn json(&self, path: &str, heap: &mut Heap) -> Result<Value, Error> {
        let text = match self.find(path, heap)? {
            Some(Json::Null) if self.body.trim().is_empty() => "{}".to_owned(),
            Some(found) => found.to_string(),
            None => "\"\"".to_owned(),
        };
        heap.text(&text)
    }

    /// `$input.params(name)`: looked for in the path, the query string and the headers, in that order.
    fn parameter(&self, name: &str) -> &str {
        let Parameters { path, querystring, header } = &self.parameters;
        let exact = path.iter().chain(querystring).chain(header).find(|(key, _)| key == name);
        let found = exact.or_else(|| header.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        found.map_or("", |(_, value)| value)
    }

    fn all_parameters(&self) -> Json {
        let object = |pairs: &[(String, String)]| -> Map<String, Json> {
            pairs.iter().map(|(key, value)| (key.clone(), Json::String(value.clone()))).collect()
        };
        let Parameters { path, querystring, header } = &self.parameters;
        json!({"path": object(path), "querystring": object(querystring), "header": object(header)})
    }
}

impl Object for Input {
    fn property(&self, name: &str, heap: &mut Heap) -> Result<Option<Value>, Error> {
        match name {
            "body" => heap.text(&self.body).map(Some),
            "params" => heap.load(&self.all_parameters()).map(Some),
            _ => Ok(None),
        }
    }

    fn call(&self, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
        let argument = match arguments {
            [argument] => heap.show(argument)?,
            _ => String::new(),
        };
        match (name, arguments.len()) {
            ("path", 1) => match self.find(&argument, heap)? {
                Some(found) => heap.load(&found).map(Some),
                None => Ok(None),
            },
            ("json", 1) => self.json(&argument, heap).map(Some),
            ("params", 0) => heap.load(&self.all_parameters()).map(Some),
            ("params", 1) => heap.text(self.parameter(&argument)).map(Some),
            _ => Ok(None),
        }
    }
}
