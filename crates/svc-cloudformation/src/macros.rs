//! Running a template's macros: `AWS::Include`, `AWS::LanguageExtensions`, SAM, and the account's own.

use std::collections::BTreeMap;

use kogumo_door::Context;
use kogumo_template::transform::{Macro, embedded, replace};
use kogumo_template::{Environment, Problem, Template, language_extensions, read};
use serde_json::{Map, Value, json};

use crate::fetch;
use crate::location::Location;
use crate::prepare::{Refusal, dropped_nulls};
use crate::record::MACROS;

const SAM: &str = "AWS::Serverless-2016-10-31";
const INCLUDE: &str = "AWS::Include";

/// Whether a template names macros, in its `Transform` section or within.
///
/// # Errors
/// A macro that is called wrongly.
pub fn uses_any(original: &Value, declared: &Template) -> Result<bool, Problem> {
    Ok(!declared.transforms.is_empty() || !embedded(original)?.is_empty())
}

/// Whether `CreateStack` and `UpdateStack` want `CAPABILITY_AUTO_EXPAND` for them: all but includes and extensions.
///
/// # Errors
/// As [`uses_any`].
pub fn need_consent(original: &Value, declared: &Template) -> Result<bool, Problem> {
    let mut calls = embedded(original)?;
    calls.extend(declared.transforms.iter().cloned());
    Ok(calls.iter().any(|call| call.name != INCLUDE && call.name != language_extensions::NAME))
}

/// The template after all of its macros: those within first, then the `Transform` section in its order, with the
/// language extensions before all others.
///
/// # Errors
/// What a macro says.
pub async fn run(context: &Context, original: Value, declared: &Template, env: &Environment) -> Result<Value, Refusal> {
    let mut template = original;
    for call in embedded(&template)? {
        let fragment = template.pointer(&call.at).cloned().unwrap_or_default();
        let answer = one(context, &call, without_call(fragment), env).await?;
        replace(&mut template, &call, answer);
    }
    let mut calls = declared.transforms.clone();
    calls.sort_by_key(|call| call.name != language_extensions::NAME);
    for call in &calls {
        template = one(context, call, template, env).await?;
    }
    if let Value::Object(sections) = &mut template {
        let extended = calls.iter().any(|call| call.name == language_extensions::NAME);
        sections.shift_remove("Transform");
        if extended {
            // `Fn::Length` and `Fn::ToJsonString` are evaluated when their values are known.
            sections.insert("Transform".into(), language_extensions::NAME.into());
        }
    }
    Ok(template)
}

/// What stands beside `Fn::Transform` is what the macro gets.
fn without_call(fragment: Value) -> Value {
    match fragment {
        Value::Object(mut siblings) => {
            siblings.shift_remove("Fn::Transform");
            Value::Object(siblings)
        }
        other => other,
    }
}

async fn one(context: &Context, call: &Macro, fragment: Value, env: &Environment) -> Result<Value, Refusal> {
    let at_top = call.at.is_empty();
    match call.name.as_str() {
        INCLUDE => include(context, call, fragment, at_top, env).await,
        language_extensions::NAME => {
            Ok(language_extensions::transform(&fragment, env).map_err(|problem| Refusal::Transform(problem.0))?)
        }
        SAM => sam(context, fragment, env),
        _ => own(context, call, fragment, env).await,
    }
}

/// The text at `Location`, in the place of the call; at the top of a template laid under it.
async fn include(
    context: &Context,
    call: &Macro,
    fragment: Value,
    at_top: bool,
    env: &Environment,
) -> Result<Value, Refusal> {
    let failed = |why: &str| Refusal::Transform(format!("Transform {INCLUDE} failed with: {why}"));
    let wanted = call.parameters.get("Location").unwrap_or(&Value::Null);
    let url = kogumo_template::evaluate(wanted, &Template::default(), env).ok();
    let location = url.as_ref().and_then(Value::as_str).and_then(Location::parse);
    let location = location.ok_or_else(|| failed("The location parameter is not a valid S3 uri."))?;
    let text = fetch::object(context, location).await.map_err(|fault| failed(&fault.message))?;
    let included = read(&text).map_err(|problem| failed(&problem.0))?.value;
    match (at_top, fragment, included) {
        (true, Value::Object(mut own), Value::Object(included)) => {
            for (section, value) in included {
                match (own.get_mut(&section), value) {
                    (Some(Value::Object(there)), Value::Object(value)) => there.extend(value),
                    (_, value) => drop(own.insert(section, value)),
                }
            }
            Ok(Value::Object(own))
        }
        (_, _, included) => Ok(included),
    }
}

fn sam(context: &Context, fragment: Value, env: &Environment) -> Result<Value, Refusal> {
    let mut parameters: BTreeMap<String, Value> = env.parameters.clone();
    for (name, value) in [
        ("AWS::Region", &env.region),
        ("AWS::AccountId", &env.account),
        ("AWS::StackName", &env.stack_name),
        ("AWS::StackId", &env.stack_id),
    ] {
        parameters.insert(name.into(), value.as_str().into());
    }
    let mut surroundings = kogumo_sam::Context::new(env.region.as_str());
    surroundings.now = context.now().seconds();
    let done = kogumo_sam::transform(dropped_nulls(&fragment), &parameters, &surroundings);
    done.map_err(|error| Refusal::Transform(error.to_string()))
}

/// A macro of the account: a Lambda function, as `AWS::CloudFormation::Macro` has registered it.
async fn own(context: &Context, call: &Macro, fragment: Value, env: &Environment) -> Result<Value, Refusal> {
    let known =
        MACROS.get(&context.snapshot(), context.scope(), call.name.as_str()).map_err(kogumo_wire::Fault::from)?;
    let name = format!("{}::{}", env.account, call.name);
    let Some(function) = known else {
        return Err(Refusal::Transform(format!("No transform named {name} found.")));
    };
    let event = json!({
        "accountId": env.account,
        "fragment": fragment,
        "transformId": name,
        "requestId": kogumo_base::uuid(),
        "region": env.region,
        "params": Value::Object(Map::clone(&call.parameters)),
        "templateParameterValues": env.parameters,
    });
    let malformed = || Refusal::Transform(format!("Received malformed response from transform {name}"));
    let answer = crate::invoke::function(&context.client(), &function, &event).await.map_err(|_| malformed())?;
    if answer["status"].as_str().is_some_and(|status| status.eq_ignore_ascii_case("success")) {
        return answer.get("fragment").cloned().ok_or_else(malformed);
    }
    Err(Refusal::Transform(match answer["errorMessage"].as_str() {
        Some(message) => format!("Transform {name} failed with: {message}"),
        None if answer.get("status").is_some() => format!("Transform {name} failed without an error message."),
        None => format!("Received malformed response from transform {name}"),
    }))
}
