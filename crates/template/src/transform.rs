//! Macros: which ones a template names, and where. Running them is the caller's business.

use serde_json::{Map, Value};

use crate::problem::Problem;

/// A macro to be run: `AWS::Serverless-2016-10-31`, `AWS::Include`, one of the account's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Macro {
    pub name: String,
    pub parameters: Map<String, Value>,
    /// JSON pointer of the object that holds `Fn::Transform`; empty for the `Transform` section.
    pub at: String,
}

/// The macros of the `Transform` section.
pub(crate) fn declared(section: Option<&Value>) -> Result<Vec<Macro>, Problem> {
    match section {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(|item| one(item, String::new())).collect(),
        Some(item) => Ok(vec![one(item, String::new())?]),
    }
}

fn one(item: &Value, at: String) -> Result<Macro, Problem> {
    match item {
        Value::String(name) => Ok(Macro { name: name.clone(), parameters: Map::new(), at }),
        Value::Object(members) => {
            let name = members.get("Name").and_then(Value::as_str);
            let name = name.ok_or_else(|| Problem::new("Key Name of transform definition must be a string."))?;
            let parameters = members.get("Parameters").and_then(Value::as_object).cloned().unwrap_or_default();
            Ok(Macro { name: name.to_owned(), parameters, at })
        }
        _ => Err(Problem::new("Key Name of transform definition must be a string.")),
    }
}

/// The `Fn::Transform`s within a template, deepest first, as CloudFormation runs them.
pub fn embedded(template: &Value) -> Result<Vec<Macro>, Problem> {
    let mut found = Vec::new();
    collect(template, &mut String::new(), &mut found)?;
    Ok(found)
}

fn collect(value: &Value, path: &mut String, found: &mut Vec<Macro>) -> Result<(), Problem> {
    let length = path.len();
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push_str(&format!("/{at}"));
                collect(item, path, found)?;
                path.truncate(length);
            }
        }
        Value::Object(entries) => {
            for (name, item) in entries {
                path.push('/');
                path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                collect(item, path, found)?;
                path.truncate(length);
            }
            if let Some(call) = entries.get("Fn::Transform") {
                let calls = call.as_array().map_or(std::slice::from_ref(call), Vec::as_slice);
                for call in calls {
                    found.push(one(call, path.clone())?);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Puts a macro's answer in the place of its call: an object is laid over the siblings of `Fn::Transform`,
/// anything else replaces the whole object.
pub fn replace(template: &mut Value, call: &Macro, answer: Value) {
    let Some(place) = template.pointer_mut(&call.at) else {
        return;
    };
    match (place, answer) {
        (Value::Object(siblings), Value::Object(answer)) => {
            siblings.shift_remove("Fn::Transform");
            siblings.extend(answer);
        }
        (place, answer) => *place = answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_and_replaces() {
        let mut template = json!({"Resources": {"A": {"Type": "T", "Properties": {
            "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}, "X": 1}}}});
        let calls = embedded(&template).expect("calls");
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].name.as_str(), calls[0].at.as_str()), ("AWS::Include", "/Resources/A/Properties"));
        replace(&mut template, &calls[0], json!({"Y": 2}));
        assert_eq!(template["Resources"]["A"]["Properties"], json!({"X": 1, "Y": 2}));
    }

    #[test]
    fn sections_forms() {
        assert_eq!(declared(Some(&json!("AWS::Serverless-2016-10-31"))).expect("one").len(), 1);
        assert_eq!(declared(Some(&json!(["A", {"Name": "B", "Parameters": {"x": 1}}]))).expect("two").len(), 2);
        let wrong = declared(Some(&json!({"Name": {"Ref": "X"}}))).expect_err("wrong");
        assert_eq!(wrong.0, "Key Name of transform definition must be a string.");
    }
}
