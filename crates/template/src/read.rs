//! Reading a template: YAML or JSON text into one tree in which every short form is written out.

use serde_json::Value;

use crate::problem::Problem;
use crate::{json, yaml};

/// The largest template, in bytes (CloudFormation quotas: 1 MB for one that comes from S3).
pub const MAX_BYTES: usize = 1_000_000;

/// How deep a template may nest. CloudFormation's own limit isn't published; no real template comes near.
pub const MAX_DEPTH: usize = 100;

/// A template as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The tree: `!Ref x` is `{"Ref": "x"}`, `!Sub x` is `{"Fn::Sub": "x"}`, in the order of the text.
    pub value: Value,
    /// What is odd but didn't keep the text from being read.
    pub remarks: Vec<Remark>,
}

/// Something odd at a place; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub what: Oddity,
    pub line: usize,
    pub column: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// The key was there before; the last one counts, as in CloudFormation.
    DuplicateKey(String),
    /// A tag that is no function of CloudFormation's. `!Foo x` was read as `{"Fn::Foo": "x"}`.
    UnknownTag(String),
    /// The text begins as JSON does and isn't; as YAML's flow style it can be read.
    NotJson,
    /// Another YAML document follows; it wasn't read.
    MoreDocuments,
}

impl Document {
    /// The tree, as CloudFormation takes it: a tag that it doesn't know, or a second document, is an error.
    pub fn strict(self) -> Result<Value, Problem> {
        match self.remarks.iter().find(|remark| !matches!(remark.what, Oddity::DuplicateKey(_))) {
            None => Ok(self.value),
            Some(Remark { what: Oddity::NotJson, line, column }) => Err(not_json(*line, *column)),
            Some(Remark { line, column, .. }) => {
                Err(Problem::format(format_args!("YAML not well-formed. (line {line}, column {column})")))
            }
        }
    }
}

/// Reads a template of either form. Text that begins with `{` is JSON; where it isn't, YAML's flow style is tried.
///
/// # Errors
/// `Template format error: YAML not well-formed. (line 3, column 5)` and its kin.
pub fn read(text: &str) -> Result<Document, Problem> {
    if text.len() > MAX_BYTES {
        return Err(Problem::new(format!("Template may not exceed {MAX_BYTES} bytes in size.")));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(inside) = text.trim_start().strip_prefix('{') else { return yaml::read(text) };
    json::read(text).or_else(|(line, column)| {
        let mut document = yaml::read(text).map_err(|_| not_json(line, column))?;
        if inside.trim_start().starts_with('"') {
            document.remarks.insert(0, Remark { what: Oddity::NotJson, line, column });
        }
        Ok(document)
    })
}

fn not_json(line: usize, column: usize) -> Problem {
    Problem::format(format_args!("JSON not well-formed. (line {line}, column {column})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn either_form() {
        let yaml = read("Resources:\n  B:\n    Type: AWS::S3::Bucket\n").expect("YAML");
        let json = read(" {\"Resources\": {\"B\": {\"Type\": \"AWS::S3::Bucket\"}}}").expect("JSON");
        assert_eq!(yaml, json);
        let flow = read("{Resources: {B: !Ref x}}").expect("flow style");
        assert_eq!(flow.value, json!({"Resources": {"B": {"Ref": "x"}}}));
    }

    #[test]
    fn what_begins_as_json_has_to_be_json() {
        let document = read("{\"a\": !Ref b,}").expect("flow style");
        assert_eq!(document.value, json!({"a": {"Ref": "b"}}));
        let problem = Problem::new("Template format error: JSON not well-formed. (line 1, column 7)");
        assert_eq!(document.strict(), Err(problem));
        assert!(read("{Resources: {}}").expect("flow style").strict().is_ok());
    }

    #[test]
    fn too_large() {
        let text = "a".repeat(MAX_BYTES + 1);
        assert_eq!(read(&text), Err(Problem::new("Template may not exceed 1000000 bytes in size.")));
    }
}
