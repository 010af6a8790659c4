//! GetExport: a stage's API as an OpenAPI document.

use super::{RestApi, load};
use crate::definition::{Definition, Integration, Method};
use crate::faults::bad_request;
use crate::{deployment, stage};
use kogumo_door::Reader;
use kogumo_model::apigateway as model;
use kogumo_wire::Fault;
use serde_json::{Map, Value as Json, json};

pub fn get_export(r: &Reader, input: model::GetExportRequest) -> Result<model::ExportResponse, Fault> {
    let three = match input.export_type.as_str() {
        "oas30" => true,
        "swagger" => false,
        other => return Err(bad_request(format!("Invalid Export Type specified {other}"))),
    };
    if input.accepts.as_deref().is_some_and(|accepts| accepts.contains("yaml")) {
        return Err(Fault::not_implemented("GetExport as application/yaml"));
    }
    let api = load(r.store, r.scope(), &input.rest_api_id)?;
    let stage = stage::load(r.store, r.scope(), &api.id, &input.stage_name)?;
    let deployment = deployment::load(r.store, r.scope(), &api.id, &stage.deployment_id)?;
    let wanted = input.parameters.unwrap_or_default();
    let wanted = || wanted.values().flat_map(|list| list.split(',')).map(str::trim);
    let extensions = wanted().any(|name| matches!(name, "integrations" | "apigateway"));
    let documented = wanted().any(|name| name == "documentation");
    let host = format!("{}.execute-api.{}.amazonaws.com", api.id, r.scope().region);
    let mut document = document(&api, &deployment.definition, &host, &input.stage_name, three, extensions);
    let version = stage.documentation_version.filter(|_| documented);
    let version = version.and_then(|version| api.documentation.versions.get(&version));
    if let (Some(version), Some(members)) = (version, document.as_object_mut()) {
        members.insert("x-amazon-apigateway-documentation".into(), version.exported());
    }
    let kind = if three { "oas30" } else { "swagger" };
    Ok(model::ExportResponse {
        content_type: Some("application/json".into()),
        content_disposition: Some(format!("attachment; filename=\"{kind}_{}.json\"", input.stage_name)),
        body: Some(format!("{document:#}").into_bytes().into()),
    })
}

fn document(api: &RestApi, definition: &Definition, host: &str, stage: &str, three: bool, extensions: bool) -> Json {
    let version = api.version.clone().unwrap_or_else(|| api.created.iso());
    let info = json!({"title": api.name, "description": api.description, "version": version});
    let mut document = Map::new();
    if three {
        document.insert("openapi".into(), json!("3.0.1"));
        document.insert("info".into(), info);
        let base_path = json!({"basePath": {"default": format!("/{stage}")}});
        document
            .insert("servers".into(), json!([{"url": format!("https://{host}/{{basePath}}"), "variables": base_path}]));
    } else {
        document.insert("swagger".into(), json!("2.0"));
        document.insert("info".into(), info);
        document.insert("host".into(), json!(host));
        document.insert("basePath".into(), json!(format!("/{stage}")));
        document.insert("schemes".into(), json!(["https"]));
    }
    let mut paths = Map::new();
    let mut resources: Vec<_> = definition.resources.values().filter(|resource| !resource.methods.is_empty()).collect();
    resources.sort_by_key(|resource| &resource.path);
    for resource in resources {
        let methods = resource.methods.values().map(|method| (name(method), operation(method, three, extensions)));
        paths.insert(resource.path.clone(), Json::Object(methods.collect()));
    }
    document.insert("paths".into(), Json::Object(paths));
    let schemas: Map<String, Json> =
        definition.models.values().map(|model| (model.name.clone(), schema(model.schema.as_deref(), three))).collect();
    if !schemas.is_empty() {
        match three {
            true => document.insert("components".into(), json!({"schemas": schemas})),
            false => document.insert("definitions".into(), Json::Object(schemas)),
        };
    }
    if extensions && !definition.binary_media_types.is_empty() {
        document.insert("x-amazon-apigateway-binary-media-types".into(), json!(definition.binary_media_types));
    }
    Json::Object(document)
}

fn name(method: &Method) -> String {
    match method.http_method.as_str() {
        "ANY" => "x-amazon-apigateway-any-method".into(),
        name => name.to_ascii_lowercase(),
    }
}

fn operation(method: &Method, three: bool, extensions: bool) -> Json {
    let mut operation = Map::new();
    if let Some(name) = &method.operation_name {
        operation.insert("operationId".into(), json!(name));
    }
    let mut parameters: Vec<Json> =
        method.request_parameters.iter().filter_map(|(name, required)| parameter(name, *required, three)).collect();
    if three {
        if !method.request_models.is_empty() {
            operation.insert(
                "requestBody".into(),
                json!({"content": content(&method.request_models, three), "required": true}),
            );
        }
    } else {
        if !method.request_models.is_empty() {
            operation.insert("consumes".into(), json!(method.request_models.keys().collect::<Vec<_>>()));
        }
        if let Some(model) = method.request_models.values().next() {
            parameters.push(json!({"in": "body", "name": model, "required": true, "schema": reference(model, three)}));
        }
        operation.insert("produces".into(), json!(["application/json"]));
    }
    if !parameters.is_empty() {
        operation.insert("parameters".into(), json!(parameters));
    }
    let mut responses = Map::new();
    for (status, response) in &method.responses {
        let mut answer = Map::from_iter([("description".to_owned(), json!(format!("{status} response")))]);
        let headers =
            response.response_parameters.keys().filter_map(|name| name.strip_prefix("method.response.header."));
        let text = if three { json!({"schema": {"type": "string"}}) } else { json!({"type": "string"}) };
        let headers: Map<String, Json> = headers.map(|name| (name.to_owned(), text.clone())).collect();
        if !headers.is_empty() {
            answer.insert("headers".into(), Json::Object(headers));
        }
        match (three, response.response_models.values().next()) {
            (true, Some(_)) => answer.insert("content".into(), content(&response.response_models, three)),
            (false, Some(model)) => answer.insert("schema".into(), reference(model, three)),
            (_, None) => None,
        };
        responses.insert(status.clone(), Json::Object(answer));
    }
    operation.insert("responses".into(), Json::Object(responses));
    if let Some(own) = method.integration.as_ref().filter(|_| extensions) {
        operation.insert("x-amazon-apigateway-integration".into(), integration(own));
    }
    Json::Object(operation)
}

fn parameter(name: &str, required: bool, three: bool) -> Option<Json> {
    let (location, name) = name.strip_prefix("method.request.")?.split_once('.')?;
    let location = if location == "querystring" { "query" } else { location };
    let mut parameter = json!({"name": name, "in": location, "required": required || location == "path"});
    match three {
        true => parameter["schema"] = json!({"type": "string"}),
        false => parameter["type"] = json!("string"),
    }
    Some(parameter)
}

fn content(models: &crate::definition::Strings, three: bool) -> Json {
    let types =
        models.iter().map(|(media_type, model)| (media_type.clone(), json!({"schema": reference(model, three)})));
    Json::Object(types.collect())
}

fn reference(model: &str, three: bool) -> Json {
    let place = if three { "components/schemas" } else { "definitions" };
    json!({"$ref": format!("#/{place}/{model}")})
}

/// A model's schema with its references inside of the document.
fn schema(text: Option<&str>, three: bool) -> Json {
    let Ok(mut schema) = serde_json::from_str::<Json>(text.unwrap_or("{}")) else { return json!({}) };
    inward(&mut schema, three);
    schema
}

fn inward(schema: &mut Json, three: bool) {
    match schema {
        Json::Object(object) => {
            if let Some(Json::String(target)) = object.get("$ref")
                && let Some((_, model)) = target.rsplit_once("/models/")
            {
                *schema = reference(model, three);
                return;
            }
            object.values_mut().for_each(|value| inward(value, three));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| inward(item, three)),
        _ => {}
    }
}

fn integration(integration: &Integration) -> Json {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Json>| value.map(|value| out.insert(name.to_owned(), value));
    put("type", Some(json!(integration.kind.to_ascii_lowercase())));
    put("httpMethod", integration.http_method.as_ref().map(|method| json!(method)));
    put("uri", integration.uri.as_ref().map(|uri| json!(uri)));
    put("credentials", integration.credentials.as_ref().map(|role| json!(role)));
    put("requestParameters", some(&integration.request_parameters));
    put("requestTemplates", some(&integration.request_templates));
    put("passthroughBehavior", integration.passthrough_behavior.as_ref().map(|b| json!(b.to_ascii_lowercase())));
    put("contentHandling", integration.content_handling.as_ref().map(|handling| json!(handling)));
    put("timeoutInMillis", Some(json!(integration.timeout_in_millis)));
    let responses: Map<String, Json> = integration
        .responses
        .iter()
        .map(|(status, response)| {
            let pattern = response.selection_pattern.clone().unwrap_or_else(|| "default".into());
            let mut answer = json!({"statusCode": status});
            if let Some(parameters) = some(&response.response_parameters) {
                answer["responseParameters"] = parameters;
            }
            if let Some(templates) = some(&response.response_templates) {
                answer["responseTemplates"] = templates;
            }
            (pattern, answer)
        })
        .collect();
    put("responses", Some(responses).filter(|responses| !responses.is_empty()).map(Json::Object));
    Json::Object(out)
}

fn some(strings: &crate::definition::Strings) -> Option<Json> {
    if strings.is_empty() { None } else { Some(json!(strings)) }
}
