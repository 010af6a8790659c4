//! DescribeParameters.

use kogumo_door::Reader;
use kogumo_model::ssm::{DescribeParametersRequest, DescribeParametersResult, ParameterMetadata};
use kogumo_store::Range;
use kogumo_wire::Fault;

use crate::filter::{Filters, Operation};
use crate::get::{Page, after};
use crate::record::{self, PARAMETERS, Parameter, Version};

pub fn describe_parameters(r: &Reader, input: DescribeParametersRequest) -> Result<DescribeParametersResult, Fault> {
    const PAGE: i32 = 50;
    if input.shared.unwrap_or_default() {
        return Err(Fault::not_implemented("Sharing parameters between accounts"));
    }
    let (old, new) = (input.filters.unwrap_or_default(), input.parameter_filters.unwrap_or_default());
    if !old.is_empty() && !new.is_empty() {
        return Err(Fault::validation(
            "You can use either Filters or ParameterFilters in a single request, but not both.",
        ));
    }
    let filters = if new.is_empty() { Filters::of_old(&old) } else { Filters::of(&new, Operation::Describe)? };
    let range = after(Range::all(), input.next_token.as_deref())?;
    let mut page = Page::new(input.max_results, PAGE);
    for row in PARAMETERS.scan(r.store, r.scope(), &range) {
        let (_, parameter) = row?;
        let Some(version) = filters.choose(r, &parameter)? else { continue };
        if !page.push(&parameter.name, || Ok(metadata(r, &parameter, &version)))? {
            break;
        }
    }
    let (parameters, next_token) = page.finish();
    Ok(DescribeParametersResult { parameters: Some(parameters), next_token })
}

fn metadata(r: &Reader, parameter: &Parameter, version: &Version) -> ParameterMetadata {
    ParameterMetadata {
        name: Some(parameter.name.clone()),
        arn: Some(record::arn(r.scope(), &parameter.name)),
        type_: Some(version.kind.clone()),
        key_id: version.secret_key().map(Into::into),
        last_modified_date: Some(version.modified),
        last_modified_user: Some(version.modified_by.clone()),
        description: version.description.clone(),
        allowed_pattern: version.allowed_pattern.clone(),
        version: Some(version.number),
        tier: Some(version.tier.name().into()),
        policies: Some(version.policies.iter().map(|policy| policy.inline()).collect()),
        data_type: Some("text".into()),
    }
}
