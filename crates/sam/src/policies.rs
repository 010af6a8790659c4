//! The `Policies` of a function or a state machine, and the role that is made of them.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::intrinsics::{if_parts, is_if, is_intrinsic, is_no_value};
use crate::policy_templates;
use crate::resource::Resource;
use crate::value::{Map, Value, list, map, text};

/// What one entry of `Policies` is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A name, an ARN, or a function that makes one.
    Managed,
    /// A policy document.
    Document,
    /// The name of a policy template with its parameters.
    Template,
    Unknown,
}

/// Expands the policy templates among a resource's policies.
pub(crate) fn expand_templates(id: &str, properties: &mut Map) -> Result<()> {
    let entries = entries(properties.get("Policies"));
    if entries.is_empty() {
        return Ok(());
    }
    let expanded: Result<Vec<Value>> = entries
        .into_iter()
        .map(|entry| match kind(entry, true)? {
            Kind::Template => expand(id, entry),
            _ => Ok(entry.clone()),
        })
        .collect();
    properties.insert("Policies", expanded?);
    Ok(())
}

fn expand(id: &str, entry: &Value) -> Result<Value> {
    if !is_if(entry) {
        return policy_templates::expand(id, entry);
    }
    let [condition, then, otherwise] = if_parts(entry).map_err(|wrong| Error::Template(wrong.into()))?;
    let side = |side: &Value| if is_no_value(side) { Ok(side.clone()) } else { policy_templates::expand(id, side) };
    Ok(map([("Fn::If", list([condition.clone(), side(then)?, side(otherwise)?]))]))
}

fn entries(policies: Option<&Value>) -> Vec<&Value> {
    match policies.filter(|policies| policies.truthy()) {
        None => Vec::new(),
        Some(Value::List(entries)) => entries.iter().collect(),
        Some(one) => vec![one],
    }
}

fn kind(entry: &Value, templates: bool) -> Result<Kind> {
    Ok(match entry {
        Value::Text(_) => Kind::Managed,
        entry if is_if(entry) => return kind_of_if(entry, templates),
        entry if is_intrinsic(entry) => Kind::Managed,
        Value::Map(map) if map.contains("Statement") => Kind::Document,
        Value::Map(map)
            if templates && map.len() == 1 && map.keys().iter().all(|name| policy_templates::exists(name)) =>
        {
            Kind::Template
        }
        _ => Kind::Unknown,
    })
}

fn kind_of_if(entry: &Value, templates: bool) -> Result<Kind> {
    let [_, then, otherwise] = if_parts(entry).map_err(|wrong| Error::Template(wrong.into()))?;
    let (then_kind, else_kind) = (kind(then, templates)?, kind(otherwise, templates)?);
    if then_kind == else_kind || is_no_value(otherwise) {
        return Ok(then_kind);
    }
    if is_no_value(then) {
        return Ok(else_kind);
    }
    Err(Error::Template(
        "Different policy types within the same Fn::If statement is unsupported. Separate different policy \
         types into different Fn::If statements"
            .into(),
    ))
}

/// What goes into an execution role besides the policies of the template.
pub(crate) struct RoleParts<'a> {
    pub(crate) attributes: &'a Map,
    pub(crate) trust: Value,
    pub(crate) managed: Vec<Value>,
    pub(crate) documents: Vec<Value>,
    pub(crate) path: Option<&'a Value>,
    pub(crate) boundary: Option<&'a Value>,
    pub(crate) tags: Vec<Value>,
}

/// The execution role of a resource.
pub(crate) fn role(id: &str, policies: Option<&Value>, mut parts: RoleParts, context: &Context) -> Result<Resource> {
    let role_id = format!("{id}Role");
    for (index, entry) in entries(policies).into_iter().enumerate() {
        let name = format!("{role_id}Policy{index}");
        let named = |document: &Value| map([("PolicyName", text(&name)), ("PolicyDocument", document.clone())]);
        match kind(entry, false)? {
            Kind::Document if is_if(entry) => parts.documents.push(each_side(entry, |side| !is_no_value(side), named)),
            Kind::Document => parts.documents.push(named(entry)),
            Kind::Managed => {
                let arn = managed_arn(entry, context);
                if !parts.managed.contains(&arn) {
                    parts.managed.push(arn);
                }
            }
            _ => {
                let message = format!("Policy at index {index} in the 'Policies' property is not valid");
                return Err(Error::resource(id, message));
            }
        }
    }
    let mut role = Resource::new("AWS::IAM::Role", role_id, parts.attributes)?
        .with("AssumeRolePolicyDocument", parts.trust)
        .with("ManagedPolicyArns", parts.managed)
        .with_some("Path", parts.path.cloned());
    if !parts.documents.is_empty() {
        role.set("Policies", parts.documents);
    }
    Ok(role.with_some("PermissionsBoundary", parts.boundary.cloned()).with("Tags", parts.tags))
}

fn managed_arn(entry: &Value, context: &Context) -> Value {
    match entry {
        Value::Text(name) => text(context.managed_policy_arn(name)),
        entry if is_if(entry) => each_side(
            entry,
            |side| side.as_str().is_some(),
            |side| text(context.managed_policy_arn(side.as_str().unwrap_or_default())),
        ),
        other => other.clone(),
    }
}

/// Converts the sides of an `Fn::If` for which that makes sense.
fn each_side(entry: &Value, fits: impl Fn(&Value) -> bool, convert: impl Fn(&Value) -> Value) -> Value {
    let Ok([condition, then, otherwise]) = if_parts(entry) else { return entry.clone() };
    let side = |side: &Value| if fits(side) { convert(side) } else { side.clone() };
    map([("Fn::If", list([condition.clone(), side(then), side(otherwise)]))])
}
