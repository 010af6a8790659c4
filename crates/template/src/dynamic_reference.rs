//! Dynamic references: `{{resolve:ssm:name:version}}`, `{{resolve:ssm-secure:…}}`, `{{resolve:secretsmanager:…}}`.
//! They are found here; the caller looks them up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a dynamic reference points to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DynamicReference {
    /// `ssm`, `ssm-secure`, `secretsmanager`.
    pub service: String,
    /// All that follows `service:`, as in `name:version` or `secret-id:SecretString:key:stage:id`.
    pub key: String,
}

impl DynamicReference {
    /// The text as it stands in a template.
    pub fn text(&self) -> String {
        format!("{OPEN}{}:{}{CLOSE}", self.service, self.key)
    }
}

const OPEN: &str = "{{resolve:";
const CLOSE: &str = "}}";

/// All dynamic references in a value (one that has been evaluated: functions may put them together).
pub fn dynamic_references(value: &Value) -> BTreeSet<DynamicReference> {
    let mut found = BTreeSet::new();
    visit(value, &mut |text| {
        found.extend(within(text).into_iter().map(|(_, reference)| reference));
    });
    found
}

/// Puts in the values that were looked up; a reference that has none stays as it is.
pub fn replace_dynamic_references(value: &mut Value, values: &BTreeMap<DynamicReference, String>) {
    match value {
        Value::String(text) => {
            for (written, reference) in within(text) {
                if let Some(found) = values.get(&reference) {
                    *text = text.replace(&written, found);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_dynamic_references(item, values)),
        Value::Object(entries) => entries.values_mut().for_each(|item| replace_dynamic_references(item, values)),
        _ => {}
    }
}

fn visit(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Value::Object(entries) => entries.values().for_each(|item| visit(item, see)),
        _ => {}
    }
}

fn within(text: &str) -> Vec<(String, DynamicReference)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let Some(length) = rest[start..].find(CLOSE) else {
            break;
        };
        let written = &rest[start..start + length + CLOSE.len()];
        let inside = &rest[start + OPEN.len()..start + length];
        if let Some((service, key)) = inside.split_once(':')
            && matches!(service, "ssm" | "ssm-secure" | "secretsmanager")
        {
            let reference = DynamicReference { service: service.to_owned(), key: key.trim().to_owned() };
            found.push((written.to_owned(), reference));
        }
        rest = &rest[start + length + CLOSE.len()..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn found_and_replaced() {
        let mut value = json!({"a": ["x-{{resolve:ssm:/p:1}}-y", "{{resolve:other:z}}"], "b": "{{resolve:secretsmanager:s:SecretString:k}}"});
        let found = dynamic_references(&value);
        assert_eq!(found.len(), 2);
        let ssm = DynamicReference { service: "ssm".into(), key: "/p:1".into() };
        assert!(found.contains(&ssm));
        assert_eq!(ssm.text(), "{{resolve:ssm:/p:1}}");
        replace_dynamic_references(&mut value, &BTreeMap::from([(ssm, "V".to_owned())]));
        assert_eq!(value["a"][0], "x-V-y");
        assert_eq!(value["b"], "{{resolve:secretsmanager:s:SecretString:k}}");
    }
}
