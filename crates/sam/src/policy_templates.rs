//! SAM's policy templates: policy documents with parameters, as data.

use crate::error::{Error, Result};
use crate::value::{Map, Value};

const TEMPLATES: &str = include_str!("../data/policy_templates.txt");

/// One line of the data: name, parameters, document.
fn find(name: &str) -> Option<(&'static str, &'static str)> {
    TEMPLATES.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let (parameters, document) = line.strip_prefix(name)?.strip_prefix('\t')?.split_once('\t')?;
        Some((parameters, document))
    })
}

pub(crate) fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// The policy document of `{Name: {Parameter: value}}`.
pub(crate) fn expand(id: &str, entry: &Value) -> Result<Value> {
    let Some((name, values)) = entry.as_map().and_then(|map| map.iter().next()) else { return Ok(entry.clone()) };
    let Some((parameters, document)) = find(name) else { return Ok(entry.clone()) };
    let Value::Map(values) = values else {
        let message = format!("Must specify valid parameter values for policy template '{name}'");
        return Err(Error::resource(id, message));
    };
    let missing: Vec<String> = parameters
        .split(' ')
        .filter(|name| !name.is_empty() && !values.contains(name))
        .map(|name| format!("'{name}'"))
        .collect();
    if !missing.is_empty() {
        let message =
            format!("Following required parameters of template '{name}' don't have values: [{}]", missing.join(", "));
        return Err(Error::resource(id, message));
    }
    let document = serde_json::from_str(document).map(Value::from_json).unwrap_or(Value::Null);
    Ok(fill_in(document, values, parameters))
}

/// The document with `{"Ref": Parameter}` replaced by the parameter's value.
fn fill_in(document: Value, values: &Map, parameters: &str) -> Value {
    match document {
        Value::List(items) => Value::List(items.into_iter().map(|item| fill_in(item, values, parameters)).collect()),
        Value::Map(map) => {
            let parameter =
                map.str("Ref").filter(|name| map.len() == 1 && parameters.split(' ').any(|known| known == *name));
            if let Some(value) = parameter.and_then(|name| values.get(name)) {
                return value.clone();
            }
            Value::Map(map.into_entries().map(|(key, value)| (key, fill_in(value, values, parameters))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{list, map, text};

    #[test]
    fn every_template_is_a_document_whose_parameters_are_filled_in() {
        for line in TEMPLATES.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let (name, parameters) = (fields.next().unwrap(), fields.next().unwrap());
            let mut values = Map::new();
            for parameter in parameters.split(' ').filter(|name| !name.is_empty()) {
                values.insert(parameter, "filled");
            }
            let entry = map([(name, values.into())]);
            let document = expand("F", &entry).unwrap();
            assert!(document.get("Statement").is_some(), "{name}");
            let text = crate::json::compact(&document);
            assert!(
                parameters.split(' ').all(|name| name.is_empty() || !text.contains(&format!("{{\"Ref\":\"{name}\"}}"))),
                "{name}"
            );
        }
    }

    #[test]
    fn a_missing_parameter_is_named() {
        let error = expand("F", &map([("SQSPollerPolicy", map([]))])).unwrap_err();
        assert_eq!(
            error.messages().concat(),
            "Resource with id [F] is invalid. Following required parameters of template 'SQSPollerPolicy' don't have values: ['QueueName']"
        );
        assert!(expand("F", &map([("SQSPollerPolicy", list([text("x")]))])).is_err());
    }
}
