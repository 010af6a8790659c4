//! Rules: assertions over parameters, checked before a stack is made or changed.

use serde_json::Value;

use crate::environment::Environment;
use crate::evaluate::{Stop, evaluate};
use crate::problem::Problem;
use crate::template::Template;

/// Checks every rule of a template.
///
/// # Errors
/// The description of each assertion that doesn't hold, as CloudFormation joins them.
pub fn check(template: &Template, env: &Environment) -> Result<(), Stop> {
    let mut broken = Vec::new();
    for (name, rule) in &template.rules {
        let applies = match rule.get("RuleCondition") {
            Some(condition) => holds(condition, template, env)?,
            None => true,
        };
        let assertions = rule.get("Assertions").and_then(Value::as_array);
        for assertion in assertions.into_iter().flatten().filter(|_| applies) {
            let Some(assert) = assertion.get("Assert") else {
                let wrong = format!("Rule {name}: every assertion must contain an Assert member");
                return Err(Problem::format(wrong).into());
            };
            if !holds(assert, template, env)? {
                let why = assertion.get("AssertDescription").and_then(Value::as_str);
                broken.push(why.map_or_else(|| format!("Assertion of rule {name} failed"), str::to_owned));
            }
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Problem::template(format_args!("{}", broken.join(", "))).into())
}

fn holds(value: &Value, template: &Template, env: &Environment) -> Result<bool, Stop> {
    Ok(evaluate(value, template, env)? == Value::Bool(true))
}
