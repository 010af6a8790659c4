//! Functions as they are read: `GetFunction`, `GetFunctionConfiguration`, `ListFunctions`.

use kogumo_door::Reader;
use kogumo_model::lambda::*;
use kogumo_store::Range;
use kogumo_wire::Fault;

use crate::location::Locations;
use crate::name::{LATEST, Target};
use crate::page::page;
use crate::record::{self, FUNCTIONS, VERSIONS, version_key};
use crate::{alias, view};

/// A version, with the qualifier that it was asked for by in its ARN.
fn shown(r: &Reader, target: &Target) -> Result<FunctionConfiguration, Fault> {
    let version = record::version(r.store, target)?;
    let mut shown = view::configuration(&target.scope, &target.name, &version);
    if target.qualifier.is_some() {
        shown.function_arn = Some(target.arn());
    }
    Ok(shown)
}

pub fn get_function_configuration(
    r: &Reader,
    input: GetFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, Fault> {
    shown(r, &Target::parse(r.scope(), &input.function_name, input.qualifier.as_deref())?)
}

pub fn get_function(r: &Reader, input: GetFunctionRequest) -> Result<GetFunctionResponse, Fault> {
    let target = Target::parse(r.scope(), &input.function_name, input.qualifier.as_deref())?;
    let function = record::function(r.store, &target)?;
    let version = record::version(r.store, &target)?;
    let location = r.cloud.part::<Locations>()?.give(&r.cloud.settings.endpoint(), &version.code.hex());
    let reserved = function.reserved_concurrency;
    Ok(GetFunctionResponse {
        configuration: Some(shown(r, &target)?),
        code: Some(FunctionCodeLocation {
            repository_type: Some("S3".to_owned()),
            location: Some(location),
            ..FunctionCodeLocation::default()
        }),
        tags: Some(function.tags).filter(|tags| !tags.is_empty()),
        concurrency: reserved.map(|count| Concurrency { reserved_concurrent_executions: Some(count) }),
        ..GetFunctionResponse::default()
    })
}

/// Functions by name; with `FunctionVersion=ALL` every version of each.
pub fn list_functions(r: &Reader, input: ListFunctionsRequest) -> Result<ListFunctionsResponse, Fault> {
    let scope = r.scope();
    let mut items = Vec::new();
    for row in FUNCTIONS.scan(r.store, scope, &Range::all()) {
        let name = row?.1.name;
        let versions = match input.function_version.as_deref() {
            Some("ALL") => record::versions(r.store, scope, &name)?,
            _ => VERSIONS.get(r.store, scope, version_key(&name, LATEST))?.into_iter().collect(),
        };
        for version in versions {
            let mut shown = view::configuration(scope, &name, &version);
            // A list leaves out what takes a look at each function, as AWS's does.
            (shown.state, shown.last_update_status) = (None, None);
            if input.function_version.is_some() {
                shown.function_arn = Some(format!("{}:{}", crate::name::function_arn(scope, &name), version.version));
            }
            items.push((format!("{name}:{:>20}", alias::sortable(&version.version)), shown));
        }
    }
    let (functions, next_marker) = page(items, input.marker.as_deref(), input.max_items, 50);
    Ok(ListFunctionsResponse { next_marker, functions: Some(functions) })
}
