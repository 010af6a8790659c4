//! What a method of a REST API takes: models, validation, parameters, a timeout.

use super::Swagger;
use super::paths::INTEGRATION;
use crate::error::Result;
use crate::value::{Map, Text, Value, hashed, map, text};

const VALIDATORS: &str = "x-amazon-apigateway-request-validators";

/// A parameter like `method.request.header.Authorization`.
pub(crate) struct RequestParameter {
    pub(crate) name: Text,
    pub(crate) required: Value,
    pub(crate) caching: bool,
}

impl Swagger {
    pub(crate) fn set_timeout(&mut self, path: &Text, method: &Text, timeout: &Value) -> Result<()> {
        self.paths.each(path, method, &mut |definition| {
            if let Some(integration) = definition.get_mut(INTEGRATION).and_then(Value::as_map_mut) {
                integration.insert("timeoutInMillis", timeout.clone());
            }
            Ok(())
        })
    }

    pub(crate) fn add_request_model(
        &mut self,
        path: &Text,
        method: &Text,
        model: &Text,
        required: Option<&Value>,
    ) -> Result<()> {
        let version_2 = self.document.get("swagger").is_some();
        let version_3 = self.version_3();
        let name = model.with(model.to_lowercase());
        let schema = |section: &str| map([("$ref", text(format!("#/{section}/{name}")))]);
        self.paths.each(path, method, &mut |definition| {
            if version_2 {
                let mut parameter = Map::hashed();
                parameter.insert("in", "body");
                parameter.insert("name", name.clone());
                parameter.insert("schema", schema("definitions"));
                parameter.insert_some("required", required.cloned());
                push_parameter(definition, parameter);
            } else if version_3 {
                let content = map([("application/json", map([("schema", schema("components/schemas"))]))]);
                let mut body = Map::new();
                body.insert("content", content);
                body.insert_some("required", required.cloned());
                definition.insert("requestBody", body);
            }
            Ok(())
        })
    }

    pub(crate) fn add_validator(&mut self, path: &Text, method: &Text, body: bool, parameters: bool) -> Result<()> {
        let name = match (body, parameters) {
            (true, true) => "body-and-params",
            (true, false) => "body-only",
            (false, true) => "params-only",
            (false, false) => "no-validation",
        };
        if !self.document.truthy(VALIDATORS) {
            self.document.insert(VALIDATORS, Map::hashed());
        }
        if let Some(validators) = self.document.get_mut(VALIDATORS).and_then(Value::as_map_mut)
            && !validators.truthy(name)
        {
            let validator =
                hashed([("validateRequestBody", body.into()), ("validateRequestParameters", parameters.into())]);
            if let Value::Map(more) = hashed([(name, validator)]) {
                validators.update(&more);
            }
        }
        self.paths.each(path, method, &mut |definition| {
            if let Value::Map(more) = hashed([("x-amazon-apigateway-request-validator", text(name))]) {
                definition.update(&more);
            }
            Ok(())
        })
    }

    pub(crate) fn add_request_parameters(
        &mut self,
        path: &Text,
        method: &Text,
        parameters: &[RequestParameter],
    ) -> Result<()> {
        self.paths.each(path, method, &mut |definition| {
            for parameter in parameters {
                let short = parameter.name.replace("method.request.", "");
                let (location, name) = short.split_once('.').unwrap_or((&short, ""));
                let mut entry = Map::hashed();
                let place = if location == "querystring" { "query".into() } else { parameter.name.with(location) };
                entry.insert("in", place);
                entry.insert("name", parameter.name.with(name));
                entry.insert("required", parameter.required.clone());
                entry.insert("type", "string");
                push_parameter(definition, entry);
                if parameter.caching {
                    cache(definition, &parameter.name);
                }
            }
            Ok(())
        })
    }
}

fn push_parameter(definition: &mut Map, parameter: Map) {
    let mut parameters = definition.get("parameters").and_then(Value::as_list).cloned().unwrap_or_default();
    parameters.push(parameter.into());
    definition.insert("parameters", parameters);
}

fn cache(definition: &mut Map, name: &Text) {
    let Some(integration) = definition.get_mut(INTEGRATION).and_then(Value::as_map_mut) else { return };
    let mut keys = integration.get("cacheKeyParameters").and_then(Value::as_list).cloned().unwrap_or_default();
    keys.push(name.clone().into());
    integration.insert("cacheKeyParameters", keys);
}
