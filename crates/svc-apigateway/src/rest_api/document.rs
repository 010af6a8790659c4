//! ImportRestApi and PutRestApi: an OpenAPI document becomes the API.

use super::{RestApi, add, edit, new_api_id, new_id};
use crate::definition::{Definition, Strings};
use crate::faults::bad_request;
use crate::openapi::{self, BasePath, Imported, Mode};
use kogumo_door::Writer;
use kogumo_model::apigateway as model;
use kogumo_wire::Fault;
use serde_json::Value as Json;

pub fn import_rest_api(w: &mut Writer, input: model::ImportRestApiRequest) -> Result<model::RestApi, Fault> {
    let parameters = input.parameters.unwrap_or_default();
    let document = parse(&input.body)?;
    let imported = read(&document, &Definition::new(new_id()), Mode::Overwrite, &parameters, input.fail_on_warnings)?;
    let mut api = RestApi {
        id: new_api_id(),
        created: w.now,
        endpoint_types: vec![parameters.get("endpointConfigurationTypes").cloned().unwrap_or_else(|| "EDGE".into())],
        ..RestApi::default()
    };
    let warnings = take(&mut api, imported);
    if api.name.is_empty() {
        return Err(bad_request("The name (info.title) of the API is missing"));
    }
    add(w, &api)?;
    Ok(answer(api, warnings))
}

pub fn put_rest_api(w: &mut Writer, input: model::PutRestApiRequest) -> Result<model::RestApi, Fault> {
    let parameters = input.parameters.unwrap_or_default();
    let document = parse(&input.body)?;
    let mode = if input.mode.as_deref() == Some("overwrite") { Mode::Overwrite } else { Mode::Merge };
    edit(w, &input.rest_api_id, |api| {
        let imported = read(&document, &api.definition, mode, &parameters, input.fail_on_warnings)?;
        let warnings = take(api, imported);
        Ok(answer(api.clone(), warnings))
    })
}

/// JSON, or YAML.
fn parse(body: &[u8]) -> Result<Json, Fault> {
    if let Ok(document) = serde_json::from_slice(body) {
        return Ok(document);
    }
    let text = std::str::from_utf8(body).map_err(|_| bad_request("Invalid OpenAPI input."))?;
    let read = kogumo_template::read(text).and_then(kogumo_template::Document::strict);
    read.map_err(|problem| bad_request(format!("Invalid OpenAPI input. {problem}")))
}

fn read(
    document: &Json,
    existing: &Definition,
    mode: Mode,
    parameters: &Strings,
    fail_on_warnings: Option<bool>,
) -> Result<Imported, Fault> {
    let base_path = match parameters.get("basepath").or_else(|| parameters.get("basePath")).map(String::as_str) {
        None | Some("ignore") => BasePath::Ignore,
        Some("prepend") => BasePath::Prepend,
        Some("split") => BasePath::Split,
        Some(other) => return Err(bad_request(format!("Invalid base path behavior specified: {other}"))),
    };
    let imported = openapi::import(document, existing, mode, base_path, &mut new_id)
        .map_err(|refused| bad_request(format!("Errors found during import:\n\t{}", refused.0)))?;
    if fail_on_warnings == Some(true) && !imported.warnings.is_empty() {
        return Err(bad_request(format!("Warnings found during import:\n\t{}", imported.warnings.join("\n\t"))));
    }
    Ok(imported)
}

/// Puts what was read into the API; answers the warnings.
fn take(api: &mut RestApi, imported: Imported) -> Vec<String> {
    api.definition = imported.definition;
    if let Some(name) = imported.name {
        api.name = name;
    }
    api.description = imported.description.or_else(|| api.description.take());
    api.version = imported.version.or_else(|| api.version.take());
    if !imported.endpoint_types.is_empty() {
        api.endpoint_types = imported.endpoint_types;
    }
    if !imported.vpc_endpoint_ids.is_empty() {
        api.vpc_endpoint_ids = imported.vpc_endpoint_ids;
    }
    if let Some(disabled) = imported.disable_execute_api_endpoint {
        api.definition.disable_execute_api_endpoint = disabled;
    }
    imported.warnings
}

fn answer(api: RestApi, warnings: Vec<String>) -> model::RestApi {
    model::RestApi { warnings: super::unless_empty(warnings), ..super::ops::shape(api) }
}
