//! The AWS::Serverless-2016-10-31 transform: a SAM template in, a CloudFormation template out.
//!
//! It is a pure function: [`transform`] reads no file and calls no service, and everything it has
//! to know about its surroundings is in a [`Context`]. Templates arrive with the short forms of
//! YAML written out (`{"Ref": …}`, `{"Fn::Sub": …}`) and with `AWS::LanguageExtensions` expanded.
//!
//! The oracle is the Python package aws-sam-translator: same resources, same names, same words
//! when something is wrong. `tests/corpus` has templates for everything the specification has, and
//! `tests/expected` what the package makes of them.
//!
//! | Module | What for |
//! |---|---|
//! | `transform` | the order of things |
//! | `function`, `api`, `http_api`, … | one for each resource type of SAM |
//! | `events` | event sources of functions |
//! | `implicit_api`, `globals`, `policy_templates` | what happens before a resource is transformed |
//! | `swagger`, `openapi` | definitions of APIs, and what SAM writes into them |
//! | `rules`, `model`, `expect` | what a property may hold |
//! | `resolve`, `intrinsics` | intrinsic functions |
//! | `value`, `map`, `python2`, `json`, `logical_id` | values, their notation, and names that are hashes of it |

mod api;
mod application;
mod capacity_provider;
mod code_location;
mod connector;
mod context;
mod deployment_preference;
mod error;
mod events;
mod expect;
mod function;
mod globals;
mod graphql;
mod http_api;
mod iam;
mod implicit_api;
mod intrinsics;
mod json;
mod layer_version;
mod logical_id;
mod map;
mod model;
mod openapi;
mod policies;
mod policy_templates;
mod python2;
mod python2_scope;
mod resolve;
mod resource;
mod rules;
mod simple_table;
mod state_machine;
mod swagger;
mod transform;
mod value;
mod websocket_api;

pub use context::Context;
pub use error::TransformError;

use serde_json::Value;
use std::collections::BTreeMap;

/// Deeper than any template is; deeper values are refused, so that no recursion is without bound.
const DEEPEST: usize = 128;

/// Transforms a template, with the values of its parameters.
///
/// # Errors
/// Every mistake that was found, in SAM's words. The error's text is the status reason that
/// CloudFormation shows.
pub fn transform(
    template: Value,
    parameters: &BTreeMap<String, Value>,
    context: &Context,
) -> Result<Value, TransformError> {
    if !std::iter::once(&template).chain(parameters.values()).all(|value| is_within(value, DEEPEST)) {
        let message = format!("The template is nested more than {DEEPEST} levels deep.");
        return Err(TransformError::new(vec![error::Error::Template(message)]));
    }
    let values = parameters.iter().map(|(name, value)| (name.as_str().into(), value::Value::from_json(value.clone())));
    transform::transform(value::Value::from_json(template), values.collect(), context).map(value::Value::into_json)
}

fn is_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| is_within(item, depth - 1)),
        Value::Object(members) => depth > 0 && members.values().all(|member| is_within(member, depth - 1)),
        _ => true,
    }
}
