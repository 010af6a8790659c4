//! Transforms templates from standard input: one JSON object a line with `template`, `parameters`
//! and `region`; one object a line comes out, with `output` or `errors`.

use kogumo_sam::{Context, transform};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write, stdin, stdout};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let mut case: Value = serde_json::from_str(&line?)?;
        let parameters: BTreeMap<String, Value> = serde_json::from_value(case["parameters"].take()).unwrap_or_default();
        let mut context = Context::new(case["region"].as_str().unwrap_or("us-east-1"));
        context.now = case["now"].as_i64().unwrap_or_default();
        let result = match transform(case["template"].take(), &parameters, &context) {
            Ok(output) => json!({ "output": output }),
            Err(error) => json!({ "errors": error.causes() }),
        };
        writeln!(out, "{result}")?;
    }
    Ok(())
}
