//! `definitions` and `components.schemas` as models.

use super::{Import, Version};
use crate::definition::Model;
use serde_json::Value as Json;

impl Import<'_> {
    pub(super) fn models(&mut self) {
        let schemas = match self.version {
            Version::Two => self.document.get("definitions"),
            Version::Three => self.document.pointer("/components/schemas"),
        };
        let Some(Json::Object(schemas)) = schemas else {
            return;
        };
        for (name, schema) in schemas {
            self.put_model(name, schema);
        }
    }

    fn put_model(&mut self, name: &str, schema: &Json) {
        let id = match self.existing.models.get(name) {
            Some(known) => known.id.clone(),
            None => (self.new_id)(),
        };
        let mut schema = schema.clone();
        relink(&mut schema, 0);
        let model = Model {
            id,
            name: name.to_owned(),
            description: schema.get("description").and_then(super::text),
            schema: Some(schema.to_string()),
            content_type: "application/json".into(),
        };
        self.result.definition.models.insert(name.to_owned(), model);
    }

    /// The model that a schema in an operation names; one written in place becomes a model.
    pub(super) fn model_of(&mut self, schema: &Json) -> String {
        match schema.get("$ref").and_then(Json::as_str).and_then(|reference| reference.rsplit('/').next()) {
            Some(name) => name.to_owned(),
            None => {
                let name = format!("MODEL{}", (self.new_id)());
                self.put_model(&name, schema);
                name
            }
        }
    }
}

/// `#/definitions/Pet` and `#/components/schemas/Pet` become the address of the model.
fn relink(schema: &mut Json, depth: usize) {
    if depth > 100 {
        return;
    }
    match schema {
        Json::Object(object) => {
            for (name, value) in object.iter_mut() {
                let target = match value {
                    Json::String(text) if name == "$ref" => {
                        text.strip_prefix("#/definitions/").or_else(|| text.strip_prefix("#/components/schemas/"))
                    }
                    _ => None,
                };
                match target {
                    Some(target) => *value = Json::String(format!("{MODELS}{target}")),
                    None => relink(value, depth + 1),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| relink(item, depth + 1)),
        _ => {}
    }
}

/// Where the models of an API are; the id of the API does not matter to the validator.
const MODELS: &str = "https://apigateway.amazonaws.com/restapis/self/models/";
