//! Operations of a path as methods, with their integrations.

use super::{Import, Refused, Version, strings, text, texts};
use crate::definition::{INTEGRATION_TIMEOUT_MILLIS, Integration, IntegrationResponse, Method, MethodResponse};
use serde_json::{Map, Value as Json};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];
const ANY: &str = "x-amazon-apigateway-any-method";
const TYPES: [&str; 5] = ["AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"];

impl Import<'_> {
    pub(super) fn operations(&mut self, id: &str, path: &str, item: &Map<String, Json>) -> Result<(), Refused> {
        let shared: Vec<Json> = item.get("parameters").and_then(Json::as_array).cloned().unwrap_or_default();
        for (name, operation) in item {
            let http_method = match name.as_str() {
                ANY => "ANY".to_owned(),
                name if METHODS.contains(&name) => name.to_ascii_uppercase(),
                _ => continue,
            };
            let Json::Object(operation) = operation else {
                continue;
            };
            let method = self.method(&http_method, path, operation, &shared)?;
            if let Some(resource) = self.result.definition.resources.get_mut(id) {
                resource.methods.insert(http_method, method);
            }
        }
        Ok(())
    }

    fn method(
        &mut self,
        http_method: &str,
        path: &str,
        operation: &Map<String, Json>,
        shared: &[Json],
    ) -> Result<Method, Refused> {
        let mut method = Method {
            http_method: http_method.to_owned(),
            operation_name: operation.get("operationId").and_then(text),
            ..Method::default()
        };
        self.secure(operation, &mut method);
        self.validator(operation, &mut method);
        let own = operation.get("parameters").and_then(Json::as_array).cloned().unwrap_or_default();
        for parameter in shared.iter().chain(&own) {
            self.parameter(parameter, operation, &mut method);
        }
        self.request_body(operation, &mut method);
        self.responses(operation, &mut method);
        match operation.get("x-amazon-apigateway-integration") {
            Some(integration) => {
                let refused = |why: String| {
                    Refused(format!(
                        "Unable to put integration on '{http_method}' for resource at path '{path}': {why}"
                    ))
                };
                method.integration = Some(read_integration(integration).map_err(refused)?);
            }
            None => {
                self.result.warnings.push(format!("No integration defined for method '{http_method}' at path '{path}'"))
            }
        }
        Ok(method)
    }

    fn validator(&self, operation: &Map<String, Json>, method: &mut Method) {
        const NAME: &str = "x-amazon-apigateway-request-validator";
        let name = operation.get(NAME).or_else(|| self.document.get(NAME)).and_then(text);
        let validators = self.result.definition.validators.values();
        let found = name.and_then(|name| validators.into_iter().find(|validator| validator.name == name));
        method.request_validator_id = found.map(|validator| validator.id.clone());
    }

    fn parameter(&mut self, parameter: &Json, operation: &Map<String, Json>, method: &mut Method) {
        let parameter = self.resolve(parameter).clone();
        let name = parameter.get("name").and_then(text).unwrap_or_default();
        let required = parameter.get("required").and_then(Json::as_bool).unwrap_or(false);
        let location = match parameter.get("in").and_then(Json::as_str) {
            Some("path") => "path",
            Some("query") => "querystring",
            Some("header") => "header",
            Some("body") => {
                if let Some(schema) = parameter.get("schema") {
                    let model = self.model_of(schema);
                    for media_type in self.media_types(operation, "consumes") {
                        method.request_models.insert(media_type, model.clone());
                    }
                }
                return;
            }
            _ => return,
        };
        method.request_parameters.insert(format!("method.request.{location}.{name}"), required);
    }

    /// `consumes` or `produces` of an operation, else of the document, else JSON.
    fn media_types(&self, operation: &Map<String, Json>, name: &str) -> Vec<String> {
        let declared = operation.get(name).or_else(|| self.document.get(name)).map(texts).unwrap_or_default();
        if declared.is_empty() { vec!["application/json".to_owned()] } else { declared }
    }

    /// OpenAPI 3.
    fn request_body(&mut self, operation: &Map<String, Json>, method: &mut Method) {
        let Some(body) = operation.get("requestBody") else {
            return;
        };
        let content = self.resolve(body).get("content").cloned();
        for (media_type, content) in content.as_ref().and_then(Json::as_object).into_iter().flatten() {
            if let Some(schema) = content.get("schema") {
                let model = self.model_of(schema);
                method.request_models.insert(media_type.clone(), model);
            }
        }
    }

    fn responses(&mut self, operation: &Map<String, Json>, method: &mut Method) {
        let responses = operation.get("responses").and_then(Json::as_object).cloned().unwrap_or_default();
        for (status, response) in responses {
            // `default` has no status that a method response could have.
            if status.parse::<u16>().is_err() {
                continue;
            }
            let response = self.resolve(&response).clone();
            let mut read = MethodResponse::default();
            for name in response.get("headers").and_then(Json::as_object).into_iter().flatten().map(|(name, _)| name) {
                read.response_parameters.insert(format!("method.response.header.{name}"), false);
            }
            if let (Version::Two, Some(schema)) = (self.version, response.get("schema")) {
                let model = self.model_of(schema);
                for media_type in self.media_types(operation, "produces") {
                    read.response_models.insert(media_type, model.clone());
                }
            }
            for (media_type, content) in response.get("content").and_then(Json::as_object).into_iter().flatten() {
                if let Some(schema) = content.get("schema") {
                    let model = self.model_of(schema);
                    read.response_models.insert(media_type.clone(), model);
                }
            }
            method.responses.insert(status, read);
        }
    }
}

fn read_integration(integration: &Json) -> Result<Integration, String> {
    let field = |name: &str| integration.get(name).and_then(text);
    let upper = |name: &str| field(name).map(|value| value.to_ascii_uppercase());
    let kind = upper("type").unwrap_or_default();
    if !TYPES.contains(&kind.as_str()) {
        return Err(format!("Invalid integration type specified: {}", field("type").unwrap_or_default()));
    }
    if kind != "MOCK" && field("uri").is_none() {
        return Err("Uri must be specified for integrations other than MOCK".into());
    }
    let mut read = Integration {
        http_method: field("httpMethod").map(|method| match method.as_str() {
            ANY => "ANY".into(),
            method => method.to_ascii_uppercase(),
        }),
        uri: field("uri"),
        connection_type: upper("connectionType"),
        connection_id: field("connectionId"),
        credentials: field("credentials"),
        request_parameters: strings(integration.get("requestParameters")),
        request_templates: strings(integration.get("requestTemplates")),
        passthrough_behavior: Some(upper("passthroughBehavior").unwrap_or_else(|| "WHEN_NO_MATCH".into())),
        content_handling: upper("contentHandling"),
        timeout_in_millis: integration
            .get("timeoutInMillis")
            .and_then(Json::as_i64)
            .and_then(|millis| i32::try_from(millis).ok())
            .unwrap_or(INTEGRATION_TIMEOUT_MILLIS),
        cache_namespace: field("cacheNamespace"),
        cache_key_parameters: integration.get("cacheKeyParameters").map(texts).unwrap_or_default(),
        insecure_skip_verification: integration.pointer("/tlsConfig/insecureSkipVerification").and_then(Json::as_bool),
        kind,
        ..Integration::default()
    };
    for (pattern, response) in integration.get("responses").and_then(Json::as_object).into_iter().flatten() {
        let status = response.get("statusCode").and_then(text).ok_or("Integration response without a statusCode")?;
        let response = IntegrationResponse {
            selection_pattern: Some(pattern.clone()).filter(|pattern| pattern != "default"),
            response_parameters: strings(response.get("responseParameters")),
            response_templates: strings(response.get("responseTemplates")),
            content_handling: response.get("contentHandling").and_then(text).map(|value| value.to_ascii_uppercase()),
        };
        read.responses.insert(status, response);
    }
    Ok(read)
}
