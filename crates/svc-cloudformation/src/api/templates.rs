//! Looking at templates: the stored ones, and ones that are only shown.

use kogumo_door::{Context, Reader};
use kogumo_model::cloudformation::*;
use kogumo_store::Range;
use kogumo_template::{Template, params, read};
use kogumo_wire::Fault;
use serde_json::Value;

use super::{find, show};
use crate::capability::Needed;
use crate::macros;
use crate::prepare::{dropped_nulls, template_text};
use crate::record::{CHANGE_SETS, Version};
use crate::schema::Schema;

pub fn get_template(r: &Reader, input: GetTemplateInput) -> Result<GetTemplateOutput, Fault> {
    let version = match (input.change_set_name, input.stack_name) {
        (Some(change_set), stack) => version_of(r, &change_set, stack.as_deref())?,
        (None, Some(stack)) => find::existing(r.store, r.scope(), &stack)?.version,
        (None, None) => return Err(Fault::validation("StackName is required if ChangeSetName is not specified.")),
    };
    let processed = input.template_stage.as_deref() == Some("Processed");
    let body = version.processed.filter(|_| processed).unwrap_or(version.template);
    Ok(GetTemplateOutput {
        template_body: Some(body),
        stages_available: Some(vec!["Original".into(), "Processed".into()]),
    })
}

fn version_of(r: &Reader, name: &str, stack: Option<&str>) -> Result<Version, Fault> {
    let stack = stack.map(|stack| find::bracketed(r.store, r.scope(), stack)).transpose()?;
    for row in CHANGE_SETS.scan(r.store, r.scope(), &Range::all()) {
        let (_, change_set) = row?;
        let here = stack.as_ref().is_none_or(|stack| stack.id == change_set.stack_id);
        if here && (change_set.id == name || change_set.name == name) {
            return Ok(change_set.version);
        }
    }
    Err(CHANGE_SET_NOT_FOUND_EXCEPTION.because(format!("ChangeSet [{name}] does not exist")))
}

/// What a template that is only looked at says of itself.
struct Seen {
    original: Value,
    template: Template,
    needed: Needed,
}

async fn look(context: &Context, text: &str) -> Result<Seen, Fault> {
    let refused = |problem: kogumo_template::Problem| Fault::validation(problem.0);
    let original = read(text).and_then(|document| document.strict()).map_err(refused)?;
    let has_transform = original.get("Transform").is_some();
    let checked = if has_transform { dropped_nulls(&original) } else { original.clone() };
    let template = Template::parse_untransformed(checked).map_err(refused)?;
    let uses_macros = macros::uses_any(&original, &template).map_err(refused)?;
    let mut needed = Needed::by(&template);
    if uses_macros {
        needed.auto_expand = macros::need_consent(&original, &template).map_err(refused)?;
    } else {
        Template::parse(original.clone()).map_err(refused)?;
    }
    let _ = context;
    Ok(Seen { original, template, needed })
}

pub async fn validate_template(
    context: Context,
    input: ValidateTemplateInput,
) -> Result<ValidateTemplateOutput, Fault> {
    let text = template_text(&context, input.template_body, input.template_url, None).await?;
    let seen = look(&context, &text).await?;
    let parameters = params::declared(&seen.original).into_iter().map(|(key, declared)| TemplateParameter {
        parameter_key: Some(key),
        default_value: declared.default,
        no_echo: Some(declared.no_echo),
        description: declared.description,
    });
    Ok(ValidateTemplateOutput {
        parameters: Some(parameters.collect()),
        description: seen.template.description.clone(),
        capabilities: show::some(seen.needed.names()),
        capabilities_reason: seen.needed.reason(),
        declared_transforms: show::some(transforms(&seen.template)),
    })
}

fn transforms(template: &Template) -> Vec<String> {
    template.transforms.iter().map(|one| one.name.clone()).collect()
}

pub async fn get_template_summary(
    context: Context,
    input: GetTemplateSummaryInput,
) -> Result<GetTemplateSummaryOutput, Fault> {
    if input.stack_set_name.is_some() || input.call_as.is_some() {
        return Err(Fault::not_implemented("GetTemplateSummary of stack sets"));
    }
    let text = match input.stack_name {
        Some(name) => find::existing(&context.snapshot(), context.scope(), &name)?.version.template,
        None => template_text(&context, input.template_body, input.template_url, None).await?,
    };
    let seen = look(&context, &text).await?;
    let parameters = params::declared(&seen.original).into_iter().map(|(key, declared)| ParameterDeclaration {
        parameter_key: Some(key),
        default_value: declared.default,
        parameter_type: Some(declared.kind),
        no_echo: Some(declared.no_echo),
        description: declared.description,
        parameter_constraints: Some(ParameterConstraints { allowed_values: declared.allowed_values }),
    });
    let mut kinds: Vec<String> = Vec::new();
    for resource in seen.template.resources.values() {
        if !kinds.contains(&resource.kind) {
            kinds.push(resource.kind.clone());
        }
    }
    let text_of = |name: &str| seen.original.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(GetTemplateSummaryOutput {
        parameters: Some(parameters.collect()),
        description: seen.template.description.clone(),
        capabilities: show::some(seen.needed.names()),
        capabilities_reason: seen.needed.reason(),
        resource_identifier_summaries: Some(identifiers(&seen.template, &kinds)),
        resource_types: Some(kinds),
        version: text_of("AWSTemplateFormatVersion"),
        metadata: seen.template.metadata.as_ref().map(Value::to_string),
        declared_transforms: show::some(transforms(&seen.template)),
        ..Default::default()
    })
}

/// By which properties each type's resources are known.
fn identifiers(template: &Template, kinds: &[String]) -> Vec<ResourceIdentifierSummary> {
    let of_kind = |kind: &String| {
        let schema = Schema::of(kind)?;
        let ids = template.resources.iter().filter(|(_, resource)| resource.kind == *kind).map(|(id, _)| id.clone());
        Some(ResourceIdentifierSummary {
            resource_type: Some(kind.clone()),
            logical_resource_ids: Some(ids.collect()),
            resource_identifiers: Some(schema.identifier.iter().map(|name| (*name).to_owned()).collect()),
        })
    };
    kinds.iter().filter_map(of_kind).collect()
}

pub fn describe_account_limits(
    _: &Reader,
    input: DescribeAccountLimitsInput,
) -> Result<DescribeAccountLimitsOutput, Fault> {
    let limits = [("StackLimit", 2000), ("StackOutputsLimit", 200), ("ConcurrentResourcesLimit", 2500)];
    let limits = limits.map(|(name, value)| AccountLimit { name: Some(name.into()), value: Some(value) });
    let (page, next_token) = find::page(limits.to_vec(), input.next_token.as_deref(), 100)?;
    Ok(DescribeAccountLimitsOutput { account_limits: Some(page), next_token })
}
