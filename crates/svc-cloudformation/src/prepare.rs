//! From a request to a version of a stack: the template fetched, transformed and checked, its parameters bound.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use kogumo_door::{Client, Context};
use kogumo_model::cloudformation::{INSUFFICIENT_CAPABILITIES_EXCEPTION, Parameter, Tag};
use kogumo_template::{Graph, Problem, Stop, Template, bind, conditions, evaluate, read, rule};
use kogumo_wire::Fault;
use serde_json::{Value, json};

use crate::capability::Needed;
use crate::change::UNKNOWN;
use crate::fetch;
use crate::kinds::hands;
use crate::macros;
use crate::record::{self, Stack, Version};
use crate::schema::{Schema, is_known_type};
use crate::workflow::{environment, why};

/// The longest template that travels in a request (CloudFormation quotas).
const LONGEST_BODY: usize = 51_200;

/// What `CreateStack`, `UpdateStack` and `CreateChangeSet` have in common.
#[derive(Default)]
pub struct Request {
    pub template_body: Option<String>,
    pub template_url: Option<String>,
    pub use_previous_template: bool,
    pub parameters: Vec<Parameter>,
    pub capabilities: Vec<String>,
    /// `None` keeps the stack's own.
    pub tags: Option<Vec<Tag>>,
    pub notification_arns: Option<Vec<String>>,
    pub role: Option<String>,
    pub disable_rollback: bool,
    pub timeout_minutes: Option<i32>,
    pub rollback_triggers: Option<Value>,
    /// Macros need `CAPABILITY_AUTO_EXPAND` (not for change sets).
    pub macros_need_consent: bool,
}

/// A version that a stack can take.
pub struct Prepared {
    pub version: Version,
    pub template: Template,
    pub graph: Graph,
}

/// Why a version can't be had: a fault at once, or the reason of a change set's failure.
pub enum Refusal {
    Fault(Fault),
    /// A macro failed.
    Transform(String),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal::Fault(fault)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal::Fault(Fault::validation(problem.0))
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => fault,
            Refusal::Transform(reason) => Fault::validation(reason),
        }
    }
}

/// The text of the template that a request means.
///
/// # Errors
/// No template, two of them, one that is too long or not to be had.
pub async fn template_text(
    context: &Context,
    body: Option<String>,
    url: Option<String>,
    previous: Option<&Stack>,
) -> Result<String, Fault> {
    match (body, url, previous) {
        (Some(_), Some(_), _) => Err(Fault::validation("You cannot specify more than one template source")),
        (Some(body), None, _) if body.len() > LONGEST_BODY => Err(Fault::validation(format!(
            "1 validation error detected: Value '{body}' at 'templateBody' failed to satisfy constraint: Member must have \
             length less than or equal to {LONGEST_BODY}"
        ))),
        (Some(body), None, _) => Ok(body),
        (None, Some(url), _) => fetch::text(context, &url, "TemplateURL").await,
        (None, None, Some(stack)) => Ok(stack.version.template.clone()),
        (None, None, None) => Err(Fault::validation("Either Template URL or Template Body must be specified.")),
    }
}

/// Prepares a version for a stack; `previous` is the stack that exists.
///
/// # Errors
/// All that CloudFormation refuses before it makes anything.
pub async fn prepare(
    context: &Context,
    stack: &Stack,
    previous: Option<&Stack>,
    request: Request,
) -> Result<Prepared, Refusal> {
    let from_previous = previous.filter(|_| request.use_previous_template);
    let text = template_text(context, request.template_body, request.template_url, from_previous).await?;
    let original = read(&text)?.strict()?;
    let declared = Template::parse_untransformed(without_functions_of_macros(&original))?;
    let given = given(&request.parameters, previous.map(|stack| &stack.version))?;
    let bound = bind(&declared.parameters, &given)?;
    let role = request.role.or_else(|| previous.and_then(|p| p.version.role.clone()));
    let parameters = resolve(&reader(context, role.as_deref()), &declared, bound).await?;
    let tags = match (request.tags, previous) {
        (Some(tags), _) => tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        (None, Some(previous)) => previous.version.tags.clone(),
        (None, None) => BTreeMap::new(),
    };
    let notification_arns = request.notification_arns.or_else(|| previous.map(|p| p.version.notification_arns.clone()));
    let mut version = Version {
        template: text,
        processed: None,
        description: None,
        parameters,
        capabilities: request.capabilities,
        tags,
        notification_arns: notification_arns.unwrap_or_default(),
        role,
        disable_rollback: request.disable_rollback,
        timeout_minutes: request.timeout_minutes,
        rollback_triggers: request.rollback_triggers,
        imports: Vec::new(),
    };
    let becoming = Stack { version: version.clone(), ..stack.clone() };
    let env = environment(&becoming, &declared, context.scope());
    let uses_macros = macros::uses_any(&original, &declared)?;
    if uses_macros && request.macros_need_consent {
        let needed = Needed { auto_expand: macros::need_consent(&original, &declared)?, ..Needed::default() };
        consent(&needed, &version.capabilities)?;
    }
    let template = if uses_macros {
        let processed = macros::run(context, original, &declared, &env).await?;
        let template = Template::parse(processed)?;
        version.processed = Some(template.value.to_string());
        template
    } else {
        Template::parse(original)?
    };
    version.description.clone_from(&template.description);
    unrecognised(&template)?;
    attributes(&template)?;
    consent(&Needed::by(&template), &version.capabilities)?;
    let env = environment(&Stack { version: version.clone(), ..stack.clone() }, &template, context.scope());
    let holds = conditions(&template, &env).map_err(stopped)?;
    let env = kogumo_template::Environment { conditions: holds.clone(), ..env };
    rule::check(&template, &env).map_err(stopped)?;
    mappings(&template, &env).map_err(Refusal::Fault)?;
    let graph = Graph::of(&template, &|name| holds.get(name).copied());
    graph.order()?;
    Ok(Prepared { version, template, graph })
}

/// Mappings hold what resources look up in them: that is known before anything is made.
fn mappings(template: &Template, env: &kogumo_template::Environment) -> Result<(), Fault> {
    let env = kogumo_template::Environment { unknown: Some(UNKNOWN.to_owned()), ..env.clone() };
    let is_made = |name: &Option<String>| name.as_ref().is_none_or(|name| env.conditions.get(name) != Some(&false));
    let made = template.resources.values().filter(|declared| is_made(&declared.condition));
    let stops = made.filter_map(|declared| evaluate(&declared.properties, template, &env).err());
    let missing =
        stops.map(|stop| why(&stop)).find(|why| why.contains("Unable to get mapping") && !why.contains(UNKNOWN));
    missing.map_or(Ok(()), |why| Err(Fault::validation(why)))
}

fn stopped(stop: Stop) -> Refusal {
    Refusal::Fault(Fault::validation(why(&stop)))
}

fn consent(needed: &Needed, given: &[String]) -> Result<(), Fault> {
    needed.missing(given).map_or(Ok(()), |message| Err(INSUFFICIENT_CAPABILITIES_EXCEPTION.because(message)))
}

/// `Properties:` with nothing below it is fine while a macro may still fill it.
fn without_functions_of_macros(original: &Value) -> Value {
    if original.get("Transform").is_none() {
        return original.clone();
    }
    dropped_nulls(original)
}

pub(crate) fn dropped_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(dropped_nulls).collect(),
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(_, item)| !item.is_null());
            Value::Object(kept.map(|(name, item)| (name.clone(), dropped_nulls(item))).collect())
        }
        plain => plain.clone(),
    }
}

/// The values given, those of the previous version where the request says so.
fn given(parameters: &[Parameter], previous: Option<&Version>) -> Result<IndexMap<String, String>, Fault> {
    let mut given = IndexMap::new();
    for parameter in parameters {
        let key = parameter.parameter_key.clone().unwrap_or_default();
        let value = match (parameter.use_previous_value.unwrap_or(false), &parameter.parameter_value) {
            (true, Some(value)) if !value.is_empty() => {
                return Err(Fault::validation(format!(
                    "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value for a parameter"
                )));
            }
            (true, _) => {
                let old = previous.and_then(|version| version.parameters.iter().find(|one| one.key == key));
                let missing = || {
                    Fault::validation(format!(
                        "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                    ))
                };
                old.ok_or_else(missing)?.value.clone()
            }
            (false, value) => value.clone().unwrap_or_default(),
        };
        if given.insert(key.clone(), value).is_some() {
            return Err(Fault::validation(format!("Duplicate parameter keys: {key}")));
        }
    }
    Ok(given)
}

/// Who reads what a template names: the stack's role if it has one, else the caller.
fn reader(context: &Context, role: Option<&str>) -> Client {
    let in_role = role.and_then(|role| hands::in_role(role, context.scope()));
    in_role.map_or_else(|| context.client(), |caller| Client::new(Arc::clone(&context.cloud), caller))
}

/// Looks up the parameters that name a parameter of Parameter Store.
async fn resolve(
    client: &Client,
    template: &Template,
    bound: IndexMap<String, String>,
) -> Result<Vec<record::Parameter>, Fault> {
    let mut parameters = Vec::with_capacity(bound.len());
    for (key, value) in bound {
        let declared = template.parameters.get(&key);
        let stored = declared.and_then(|one| one.stored_kind()).is_some();
        let resolved = match stored {
            true => Some(stored_value(client, &value).await?),
            false => None,
        };
        parameters.push(record::Parameter { no_echo: declared.is_some_and(|one| one.no_echo), key, value, resolved });
    }
    Ok(parameters)
}

async fn stored_value(client: &Client, name: &str) -> Result<String, Fault> {
    let found = client.call_json("ssm", "GetParameter", &json!({"Name": name})).await;
    let value =
        found.ok().and_then(|found| found.pointer("/Parameter/Value").and_then(Value::as_str).map(str::to_owned));
    value.ok_or_else(|| {
        Fault::validation(format!("Unable to fetch parameters [{name}] from parameter store for this account."))
    })
}

fn unrecognised(template: &Template) -> Result<(), Problem> {
    let unknown = |kind: &str| !is_known_type(kind) && !kind.starts_with("Custom::");
    let mut kinds: Vec<&str> = Vec::new();
    for kind in template.resources.values().map(|resource| resource.kind.as_str()).filter(|kind| unknown(kind)) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        return Ok(());
    }
    Err(Problem::format(format_args!("Unrecognized resource types: [{}]", kinds.join(", "))))
}

/// Every attribute that `Fn::GetAtt` names is one that its resource's type has.
fn attributes(template: &Template) -> Result<(), Problem> {
    let sections = ["Resources", "Outputs"];
    sections
        .iter()
        .filter_map(|name| template.value.get(*name))
        .try_for_each(|section| attributes_in(template, section))
}

fn attributes_in(template: &Template, value: &Value) -> Result<(), Problem> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| attributes_in(template, item)),
        Value::Object(entries) => {
            if let (1, Some(Value::Array(steps))) = (entries.len(), entries.get("Fn::GetAtt")) {
                let mut texts = steps.iter().map_while(Value::as_str);
                let (id, name) = (texts.next().unwrap_or_default(), texts.collect::<Vec<_>>().join("."));
                let schema = template.resources.get(id).and_then(|resource| Schema::of(&resource.kind));
                if schema.is_some_and(|schema| !name.is_empty() && !has_attribute(schema, &name)) {
                    return Err(Problem::template(format_args!(
                        "resource {id} does not support attribute type {name} in Fn::GetAtt"
                    )));
                }
            }
            entries.values().try_for_each(|item| attributes_in(template, item))
        }
        _ => Ok(()),
    }
}

fn has_attribute(schema: &Schema, name: &str) -> bool {
    match schema.name {
        "AWS::CloudFormation::Stack" => name.starts_with("Outputs."),
        "AWS::CloudFormation::CustomResource" => true,
        _ => schema.is_attribute(name),
    }
}
