//! JSON schema draft 4, as far as request bodies are validated with models.

use regex::Regex;
use serde_json::{Map, Value as Json};

/// Depth of a schema within itself, references followed.
const MAX_DEPTH: usize = 64;
/// Parts of a document that are checked before it is refused as too much.
const MAX_CHECKS: usize = 1_000_000;

/// Finds a model's schema by its name.
pub type Models<'m> = &'m dyn Fn(&str) -> Option<Json>;

/// What is wrong with `value`, one message for each violation; nothing when it fits.
pub fn violations(schema: &Json, value: &Json, models: Models<'_>) -> Vec<String> {
    let mut check = Check { root: schema, models, found: Vec::new(), left: MAX_CHECKS };
    check.at(schema, value, 0);
    check.found
}

struct Check<'s> {
    root: &'s Json,
    models: Models<'s>,
    found: Vec<String>,
    left: usize,
}

impl Check<'_> {
    fn at(&mut self, schema: &Json, value: &Json, depth: usize) {
        self.left = self.left.saturating_sub(1);
        if depth > MAX_DEPTH || self.left == 0 {
            self.found.push("the schema or the document is too deep or too large".into());
            return;
        }
        let Json::Object(schema) = schema else { return };
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            self.reference(reference, value, depth);
            return;
        }
        self.kind(schema, value);
        self.any_value(schema, value, depth);
        match value {
            Json::Object(object) => self.object(schema, object, depth),
            Json::Array(items) => self.array(schema, items, depth),
            Json::String(text) => self.text(schema, text),
            Json::Number(_) => self.number(schema, value.as_f64().unwrap_or(f64::NAN)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    /// `https://apigateway.amazonaws.com/restapis/{id}/models/{name}` or `#/definitions/{name}`.
    fn reference(&mut self, reference: &str, value: &Json, depth: usize) {
        let target = match reference.strip_prefix('#') {
            Some("") => Some(self.root.clone()),
            Some(pointer) => self.root.pointer(pointer).cloned(),
            None => reference.rsplit('/').next().and_then(self.models),
        };
        match target {
            Some(schema) => self.at(&schema, value, depth + 1),
            None => self.found.push(format!("schema {reference} is not known")),
        }
    }

    fn kind(&mut self, schema: &Map<String, Json>, value: &Json) {
        let allowed: Vec<&str> = match schema.get("type") {
            Some(Json::String(kind)) => vec![kind],
            Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
            _ => return,
        };
        let actual = kind_of(value);
        if !allowed.iter().any(|kind| *kind == actual || (*kind == "number" && actual == "integer")) {
            let allowed: Vec<String> = allowed.iter().map(|kind| format!("\"{kind}\"")).collect();
            self.found.push(format!(
                "instance type ({actual}) does not match any allowed primitive type (allowed: [{}])",
                allowed.join(",")
            ));
        }
    }

    fn any_value(&mut self, schema: &Map<String, Json>, value: &Json, depth: usize) {
        if let Some(Json::Array(allowed)) = schema.get("enum")
            && !allowed.contains(value)
        {
            self.found.push(format!(
                "instance value ({value}) not found in enum (possible values: {})",
                Json::from(allowed.clone())
            ));
        }
        for part in list(schema, "allOf") {
            self.at(part, value, depth + 1);
        }
        let any = list(schema, "anyOf");
        if !any.is_empty() && !any.iter().any(|part| self.fits(part, value, depth)) {
            self.found.push("instance failed to match at least one required schema among those of anyOf".into());
        }
        let one = list(schema, "oneOf");
        if !one.is_empty() && one.iter().filter(|part| self.fits(part, value, depth)).count() != 1 {
            self.found.push("instance failed to match exactly one schema of oneOf".into());
        }
        if let Some(not) = schema.get("not")
            && self.fits(not, value, depth)
        {
            self.found.push("instance matched a schema which it should not have".into());
        }
    }

    /// Whether a value fits a part, without keeping what is wrong with it.
    fn fits(&mut self, schema: &Json, value: &Json, depth: usize) -> bool {
        let before = self.found.len();
        self.at(schema, value, depth + 1);
        let fits = self.found.len() == before;
        self.found.truncate(before);
        fits
    }

    fn object(&mut self, schema: &Map<String, Json>, object: &Map<String, Json>, depth: usize) {
        let required: Vec<&str> = list(schema, "required").iter().filter_map(Json::as_str).collect();
        let missing: Vec<String> =
            required.iter().filter(|name| !object.contains_key(**name)).map(|name| format!("\"{name}\"")).collect();
        if !missing.is_empty() {
            self.found.push(format!("object has missing required properties ([{}])", missing.join(",")));
        }
        self.count(schema, "minProperties", "maxProperties", object.len(), "properties");
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
        let patterns = schema.get("patternProperties").and_then(Json::as_object).unwrap_or(&empty);
        for (name, value) in object {
            let mut known = false;
            if let Some(property) = properties.get(name) {
                known = true;
                self.at(property, value, depth + 1);
            }
            for (pattern, property) in patterns {
                if Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(name)) {
                    known = true;
                    self.at(property, value, depth + 1);
                }
            }
            match schema.get("additionalProperties") {
                Some(Json::Bool(false)) if !known => self
                    .found
                    .push(format!("object instance has properties which are not allowed by the schema: [\"{name}\"]")),
                Some(additional @ Json::Object(_)) if !known => self.at(additional, value, depth + 1),
                _ => {}
            }
        }
    }

    fn array(&mut self, schema: &Map<String, Json>, items: &[Json], depth: usize) {
        self.count(schema, "minItems", "maxItems", items.len(), "elements");
        if schema.get("uniqueItems") == Some(&Json::Bool(true)) {
            let mut seen: Vec<String> = items.iter().map(Json::to_string).collect();
            seen.sort_unstable();
            if seen.windows(2).any(|pair| pair[0] == pair[1]) {
                self.found.push("array must not contain duplicate elements".into());
            }
        }
        match schema.get("items") {
            Some(Json::Array(schemas)) => {
                for (schema, item) in schemas.iter().zip(items) {
                    self.at(schema, item, depth + 1);
                }
            }
            Some(schema) => {
                for item in items {
                    self.at(schema, item, depth + 1);
                }
            }
            None => {}
        }
    }

    fn text(&mut self, schema: &Map<String, Json>, text: &str) {
        self.count(schema, "minLength", "maxLength", text.chars().count(), "characters");
        if let Some(pattern) = schema.get("pattern").and_then(Json::as_str)
            && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
        {
            self.found.push(format!("ECMA 262 regex \"{pattern}\" does not match input string \"{text}\""));
        }
    }

    fn number(&mut self, schema: &Map<String, Json>, number: f64) {
        let limit = |name: &str| schema.get(name).and_then(Json::as_f64);
        let exclusive = |name: &str| schema.get(name) == Some(&Json::Bool(true));
        if limit("minimum").is_some_and(|min| number < min || (number == min && exclusive("exclusiveMinimum"))) {
            self.found.push("numeric instance is lower than the required minimum".into());
        }
        if limit("maximum").is_some_and(|max| number > max || (number == max && exclusive("exclusiveMaximum"))) {
            self.found.push("numeric instance is greater than the required maximum".into());
        }
        if limit("multipleOf").is_some_and(|step| step > 0.0 && (number / step).fract() != 0.0) {
            self.found.push("numeric instance is not a multiple of the required divisor".into());
        }
    }

    fn count(&mut self, schema: &Map<String, Json>, least: &str, most: &str, count: usize, what: &str) {
        let limit = |name: &str| schema.get(name).and_then(Json::as_u64).and_then(|limit| usize::try_from(limit).ok());
        if limit(least).is_some_and(|least| count < least) {
            self.found.push(format!("instance has too few {what} ({count})"));
        }
        if limit(most).is_some_and(|most| count > most) {
            self.found.push(format!("instance has too many {what} ({count})"));
        }
    }
}

fn list<'s>(schema: &'s Map<String, Json>, name: &str) -> &'s [Json] {
    schema.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => "integer",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fits(schema: Json, value: Json) -> bool {
        violations(&schema, &value, &|name| (name == "Pet").then(|| json!({"type": "object", "required": ["id"]})))
            .is_empty()
    }

    #[test]
    fn schemas() {
        let pet = json!({
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {"name": {"type": "string", "minLength": 2}, "age": {"type": "integer", "minimum": 0}, "kind": {"enum": ["cat", "dog"]}}
        });
        assert!(fits(pet.clone(), json!({"name": "Tama", "age": 3, "kind": "cat"})));
        for bad in [
            json!({}),
            json!([]),
            json!({"name": "T"}),
            json!({"name": 1}),
            json!({"name": "Tama", "age": -1}),
            json!({"name": "Tama", "age": 1.5}),
            json!({"name": "Tama", "kind": "cow"}),
            json!({"name": "Tama", "x": 1}),
        ] {
            assert!(!fits(pet.clone(), bad.clone()), "{bad}");
        }
        let list = json!({"type": "array", "items": {"$ref": "https://apigateway.amazonaws.com/restapis/a/models/Pet"}, "maxItems": 1});
        assert!(fits(list.clone(), json!([{"id": 1}])));
        assert!(!fits(list.clone(), json!([{}])) && !fits(list, json!([{"id": 1}, {"id": 2}])));
        assert!(fits(json!({"oneOf": [{"type": "string"}, {"type": "number"}]}), json!(1)));
        assert!(!fits(json!({"not": {"type": "string"}}), json!("x")));
        assert!(!fits(json!({"$ref": "#"}), json!(1)), "a schema that is only itself ends");
    }
}
