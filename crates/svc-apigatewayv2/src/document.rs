//! ImportApi and ReimportApi: an OpenAPI 3 document, as SAM writes it, becomes the API.

use crate::alike::alike;
use crate::api::{self, Api, new_id, read_cors, shape};
use crate::definition::{Authorizer, Cors, Definition, Integration, Jwt, Route};
use crate::faults::bad_request;
use crate::integration::DEFAULT_TIMEOUT;
use kogumo_door::Writer;
use kogumo_model::apigatewayv2 as model;
use kogumo_wire::Fault;
use serde_json::{Map, Value as Json};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];
const ANY: &str = "x-amazon-apigateway-any-method";
const INTEGRATION: &str = "x-amazon-apigateway-integration";

pub fn import_api(w: &mut Writer, input: model::ImportApiRequest) -> Result<model::ImportApiResponse, Fault> {
    let mut api = Api::default();
    read_into(&mut api, &input.body, input.basepath.as_deref())?;
    if api.name.is_empty() {
        return Err(bad_request("The name (info.title) of the API is missing"));
    }
    let api = api::add(w, api)?;
    let region = w.scope().region.clone();
    alike(&shape(api, &region))
}

pub fn reimport_api(w: &mut Writer, input: model::ReimportApiRequest) -> Result<model::ReimportApiResponse, Fault> {
    let region = w.scope().region.clone();
    let api = api::edit(w, &input.api_id, |api| {
        read_into(api, &input.body, input.basepath.as_deref())?;
        Ok(api.clone())
    })?;
    alike(&shape(api, &region))
}

/// Reads a document over an API; routes and authorizers keep their ids by key and name.
fn read_into(api: &mut Api, body: &str, base_path: Option<&str>) -> Result<(), Fault> {
    if base_path.is_some_and(|behavior| behavior != "ignore") {
        return Err(Fault::not_implemented("ImportApi with basepath prepend or split"));
    }
    let document = parse(body)?;
    let three = document.get("openapi").and_then(Json::as_str).is_some_and(|version| version.starts_with('3'));
    if !three {
        return Err(bad_request("Invalid OpenAPI input: HTTP APIs take OpenAPI 3.0"));
    }
    let info = |name: &str| document.get("info").and_then(|info| info.get(name)).and_then(text);
    if let Some(title) = info("title") {
        api.name = title;
    }
    api.description = info("description").or_else(|| api.description.take());
    api.version = info("version").or_else(|| api.version.take());
    for tag in document.get("tags").and_then(Json::as_array).into_iter().flatten() {
        let value = tag.get("x-amazon-apigateway-tag-value").and_then(text);
        if let (Some(name), Some(value)) = (tag.get("name").and_then(text), value) {
            api.tags.insert(name, value);
        }
    }
    api.definition = Import { document: &document, old: &api.definition }.definition()?;
    Ok(())
}

fn parse(body: &str) -> Result<Json, Fault> {
    if let Ok(document) = serde_json::from_str(body) {
        return Ok(document);
    }
    let read = kogumo_template::read(body).and_then(kogumo_template::Document::strict);
    read.map_err(|problem| bad_request(format!("Invalid OpenAPI input. {problem}")))
}

struct Import<'a> {
    document: &'a Json,
    old: &'a Definition,
}

impl Import<'_> {
    fn definition(&self) -> Result<Definition, Fault> {
        let mut new = Definition { cors: self.cors()?, ..Definition::default() };
        self.authorizers(&mut new)?;
        for (path, item) in self.document.get("paths").and_then(Json::as_object).into_iter().flatten() {
            for (name, operation) in item.as_object().into_iter().flatten() {
                let method = match name.as_str() {
                    ANY => "ANY".to_owned(),
                    name if METHODS.contains(&name) => name.to_ascii_uppercase(),
                    _ => continue,
                };
                let key = if path == "/$default" { "$default".to_owned() } else { format!("{method} {path}") };
                self.route(key, operation, &mut new)?;
            }
        }
        Ok(new)
    }

    fn route(&self, key: String, operation: &Json, new: &mut Definition) -> Result<(), Fault> {
        let target = match operation.get(INTEGRATION) {
            Some(integration) => {
                let integration = self.integration(integration)?;
                let target = format!("integrations/{}", integration.id);
                new.integrations.insert(integration.id.clone(), integration);
                Some(target)
            }
            None => None,
        };
        let (authorization_type, authorizer_id, authorization_scopes) = self.authorization_of(operation, new);
        let known = self.old.routes.values().find(|route| route.key == key);
        let route = Route {
            id: known.map_or_else(new_id, |route| route.id.clone()),
            key,
            target,
            authorization_type: authorization_type.into(),
            authorizer_id,
            authorization_scopes,
            operation_name: operation.get("operationId").and_then(text),
        };
        new.routes.insert(route.id.clone(), route);
        Ok(())
    }

    /// Written in place, or in `components` and referred to.
    fn integration(&self, integration: &Json) -> Result<Integration, Fault> {
        let target = integration.get("$ref").and_then(Json::as_str).and_then(|reference| reference.strip_prefix('#'));
        let integration = target.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(integration);
        let field = |name: &str| integration.get(name).and_then(text);
        let kind = field("type").unwrap_or_default().to_ascii_uppercase();
        if !["AWS_PROXY", "HTTP_PROXY"].contains(&kind.as_str()) {
            return Err(bad_request(format!("Invalid integration type specified: {kind}")));
        }
        let timeout = integration.get("timeoutInMillis").and_then(Json::as_i64).and_then(|ms| i32::try_from(ms).ok());
        Ok(Integration {
            id: new_id(),
            kind,
            method: field("httpMethod")
                .map(|method| if method == ANY { "ANY".into() } else { method.to_ascii_uppercase() }),
            uri: field("uri"),
            payload_format_version: field("payloadFormatVersion").unwrap_or_else(|| "1.0".into()),
            timeout_in_millis: timeout.unwrap_or(DEFAULT_TIMEOUT),
            credentials: field("credentials"),
            description: field("description"),
        })
    }

    fn cors(&self) -> Result<Option<Cors>, Fault> {
        let Some(cors) = self.document.get("x-amazon-apigateway-cors") else { return Ok(None) };
        let list = |name: &str| cors.get(name).map(texts);
        read_cors(model::Cors {
            allow_credentials: cors.get("allowCredentials").and_then(Json::as_bool),
            allow_headers: list("allowHeaders"),
            allow_methods: list("allowMethods"),
            allow_origins: list("allowOrigins"),
            expose_headers: list("exposeHeaders"),
            max_age: cors.get("maxAge").and_then(Json::as_i64).and_then(|seconds| i32::try_from(seconds).ok()),
        })
        .map(Some)
    }

    fn schemes(&self) -> Option<&Map<String, Json>> {
        self.document.pointer("/components/securitySchemes")?.as_object()
    }

    fn authorizers(&self, new: &mut Definition) -> Result<(), Fault> {
        for (name, scheme) in self.schemes().into_iter().flatten() {
            let Some(authorizer) = scheme.get("x-amazon-apigateway-authorizer") else { continue };
            let field = |name: &str| authorizer.get(name).and_then(text);
            let jwt = match field("type").as_deref() {
                Some("request") => None,
                Some("jwt") => Some(read_jwt(authorizer)?),
                other => return Err(bad_request(format!("Invalid authorizer type {}", other.unwrap_or_default()))),
            };
            let known = self.old.authorizers.values().find(|known| known.name == *name);
            let sources = field("identitySource").unwrap_or_default();
            let sources: Vec<String> =
                sources.split(',').map(|source| source.trim().to_owned()).filter(|source| !source.is_empty()).collect();
            let ttl = authorizer.get("authorizerResultTtlInSeconds").and_then(Json::as_i64);
            let authorizer = Authorizer {
                id: known.map_or_else(new_id, |known| known.id.clone()),
                name: name.clone(),
                uri: field("authorizerUri").unwrap_or_default(),
                credentials: field("authorizerCredentials"),
                payload_format_version: field("authorizerPayloadFormatVersion").unwrap_or_else(|| "2.0".into()),
                simple_responses: authorizer.get("enableSimpleResponses").and_then(Json::as_bool).unwrap_or(false),
                result_ttl_in_seconds: match ttl.and_then(|seconds| i32::try_from(seconds).ok()) {
                    Some(seconds) => seconds,
                    None if sources.is_empty() => 0,
                    None => 300,
                },
                identity_source: sources,
                jwt,
            };
            new.authorizers.insert(authorizer.id.clone(), authorizer);
        }
        Ok(())
    }

    /// How an operation is authorized: its `security`, else the document's, names an authorizer, with scopes, or IAM.
    fn authorization_of(&self, operation: &Json, new: &Definition) -> (&'static str, Option<String>, Vec<String>) {
        let requirements = operation.get("security").or_else(|| self.document.get("security"));
        for requirement in requirements.and_then(Json::as_array).into_iter().flatten() {
            for (name, scopes) in requirement.as_object().into_iter().flatten() {
                if let Some(known) = new.authorizers.values().find(|known| known.name == *name) {
                    let scopes = scopes.as_array().into_iter().flatten().filter_map(text).collect();
                    let kind = if known.jwt.is_some() { "JWT" } else { "CUSTOM" };
                    return (kind, Some(known.id.clone()), scopes);
                }
                let scheme = self.schemes().and_then(|schemes| schemes.get(name));
                if scheme.is_some_and(|scheme| scheme.get("x-amazon-apigateway-authtype").is_some()) {
                    return ("AWS_IAM", None, Vec::new());
                }
            }
        }
        // SAM writes the type beside the operation.
        let own = operation.pointer("/x-amazon-apigateway-auth/type").and_then(Json::as_str);
        if own.is_some_and(|kind| kind.eq_ignore_ascii_case("AWS_IAM")) {
            return ("AWS_IAM", None, Vec::new());
        }
        ("NONE", None, Vec::new())
    }
}

/// The `jwtConfiguration` of a document's authorizer.
fn read_jwt(authorizer: &Json) -> Result<Jwt, Fault> {
    let configuration = authorizer.get("jwtConfiguration");
    let issuer = configuration.and_then(|jwt| jwt.get("issuer")).and_then(text);
    let audiences = configuration.and_then(|jwt| jwt.get("audience"));
    let audiences = match audiences {
        Some(Json::Array(several)) => several.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    };
    let issuer = issuer.ok_or_else(|| bad_request("A JWT authorizer needs an issuer"))?;
    Ok(Jwt { issuer, audiences })
}

/// A scalar as text.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn texts(value: &Json) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_sam_makes() {
        let document = json!({
            "openapi": "3.0.1", "info": {"title": "hello", "version": "1.0"},
            "tags": [{"name": "httpapi:createdBy", "x-amazon-apigateway-tag-value": "SAM"}],
            "x-amazon-apigateway-cors": {"allowOrigins": ["*"], "maxAge": 60},
            "paths": {
                "/hello": {"get": {INTEGRATION: {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": "arn:x"}, "responses": {}}},
                "/$default": {ANY: {"isDefaultRoute": true, INTEGRATION: {"$ref": "#/components/x-amazon-apigateway-integrations/i"}}}
            },
            "components": {"x-amazon-apigateway-integrations": {"i": {"type": "http_proxy", "httpMethod": "ANY", "uri": "http://h"}}}
        });
        let mut api = Api::default();
        read_into(&mut api, &document.to_string(), None).expect("a document");
        let mut keys: Vec<&str> = api.definition.routes.values().map(|route| route.key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["$default", "GET /hello"]);
        assert_eq!(api.definition.integrations.len(), 2);
        assert_eq!(api.definition.cors.as_ref().and_then(|cors| cors.max_age), Some(60));
        assert_eq!(api.tags["httpapi:createdBy"], "SAM");
        let ids: Vec<String> = api.definition.routes.keys().cloned().collect();
        read_into(&mut api, &document.to_string(), None).expect("a document");
        assert_eq!(ids, api.definition.routes.keys().cloned().collect::<Vec<_>>(), "routes keep their ids");
    }
}
