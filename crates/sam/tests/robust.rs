//! Nothing that a template holds makes the transform panic or hang.

use kogumo_sam::{Context, transform};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Values that stand where nobody expects them.
fn oddities() -> Vec<Value> {
    vec![
        Value::Null,
        json!(0),
        json!(""),
        json!("text"),
        json!(true),
        json!([]),
        json!({}),
        json!([[]]),
        json!({"Ref": "AWS::NoValue"}),
        json!({"Fn::If": []}),
        json!({"Fn::If": ["C", {}]}),
        json!({"Fn::GetAtt": [1, 2]}),
        json!({"Fn::Sub": ["${", {}]}),
        json!({"é}${": "{{resolve:ssm:/}}"}),
        json!(18_446_744_073_709_551_615_u64),
        json!(-1.5e300),
    ]
}

/// Of so many places, one is tried.
const EVERY: usize = 5;

/// The JSON pointers of everything in a value.
fn places(value: &Value, path: &str, out: &mut Vec<String>) {
    let mut visit = |key: &str, member: &Value| {
        let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        out.push(path.clone());
        places(member, &path, out);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| visit(&at.to_string(), item)),
        Value::Object(members) => members.iter().for_each(|(key, member)| visit(key, member)),
        _ => {}
    }
}

#[test]
fn odd_values_at_any_place_are_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected");
    let context = Context::new("us-east-1");
    let oddities = oddities();
    let mut turn = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let case: Value = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        let mut all = Vec::new();
        places(&case["template"], "", &mut all);
        for place in all.into_iter().skip(turn % EVERY).step_by(EVERY) {
            let mut template = case["template"].clone();
            *template.pointer_mut(&place).unwrap() = oddities[turn % oddities.len()].clone();
            turn += 1;
            let _ = transform(template, &BTreeMap::new(), &context);
        }
    }
    assert!(turn > 1000);
}

#[test]
fn deep_nesting_is_an_error() {
    let mut deep = json!({});
    for _ in 0..400 {
        deep = json!({ "a": deep });
    }
    let template = json!({"Resources": {"A": {"Type": "AWS::Serverless::SimpleTable", "Metadata": deep}}});
    let error = transform(template, &BTreeMap::new(), &Context::new("us-east-1")).unwrap_err();
    assert!(error.to_string().contains("levels deep"));
}

#[test]
fn a_parameter_inside_of_itself_is_an_error() {
    let template = json!({
        "Parameters": {"P": {"Default": {"a": [{"Ref": "P"}, {"Ref": "P"}]}}},
        "Resources": {"A": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "s", "Auth": {"Ref": "P"}}}}
    });
    assert!(transform(template, &BTreeMap::new(), &Context::new("us-east-1")).is_err());
}

#[test]
fn parameters_that_multiply_are_an_error() {
    let doubled = |n: usize| {
        (format!("P{n}"), json!({"Default": [{"Ref": format!("P{}", n + 1)}, {"Ref": format!("P{}", n + 1)}]}))
    };
    let parameters: serde_json::Map<String, Value> = (0..40).map(doubled).collect();
    let table = json!({"Type": "AWS::Serverless::Api", "Properties": {"StageName": "s", "Auth": {"Ref": "P0"}}});
    let template = json!({"Parameters": parameters, "Resources": {"A": table}});
    assert!(transform(template, &BTreeMap::new(), &Context::new("us-east-1")).is_err());
}

#[test]
fn the_error_reads_as_cloudformation_shows_it() {
    let template = json!({"Resources": {"X": {"Type": "AWS::Serverless::Function", "Properties": {}}}});
    let error = transform(template, &BTreeMap::new(), &Context::new("us-east-1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. \
         Number of errors found: 1. Resource with id [X] is invalid. Only one of 'InlineCode' or 'CodeUri' can be set."
    );
}
