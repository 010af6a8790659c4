//! OpenAPI 2 and 3 with AWS's extensions, into a [`Definition`].
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>

mod operation;
mod schemas;
mod security;
#[cfg(test)]
mod tests;

use crate::definition::{Definition, GatewayResponse, RequestValidator, Resource, Strings};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// How a document meets the API that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What the document says is put over what is there.
    Merge,
    /// The API becomes what the document says; resources keep their ids by path.
    Overwrite,
}

/// What `basePath` (or the path of the first server) does to the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasePath {
    Ignore,
    Prepend,
    /// The first segment is dropped, the rest is put before the paths.
    Split,
}

/// A document as it was understood.
#[derive(Debug, Default)]
pub struct Imported {
    pub definition: Definition,
    pub name: Option<String>,
    pub description: Option<String>,
    pub version: Option<String>,
    pub endpoint_types: Vec<String>,
    pub vpc_endpoint_ids: Vec<String>,
    pub disable_execute_api_endpoint: Option<bool>,
    pub warnings: Vec<String>,
}

/// Why a document cannot be imported, in AWS's words as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

/// Makes a new id for a resource, model, authorizer or validator.
pub type NewId<'a> = &'a mut dyn FnMut() -> String;

/// Reads a document over `existing`.
pub fn import(
    document: &Json,
    existing: &Definition,
    mode: Mode,
    base_path: BasePath,
    new_id: NewId<'_>,
) -> Result<Imported, Refused> {
    let version = Version::of(document)?;
    let root_id = existing.root_id();
    let root_id = if root_id.is_empty() { new_id() } else { root_id.to_owned() };
    let start = match mode {
        Mode::Merge => existing.clone(),
        Mode::Overwrite => Definition::new(root_id),
    };
    let mut import =
        Import { document, version, existing, new_id, result: Imported { definition: start, ..Imported::default() } };
    import.information();
    import.models();
    import.validators();
    import.authorizers();
    import.gateway_responses();
    import.paths(base_path)?;
    Ok(import.result)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Two,
    Three,
}

impl Version {
    fn of(document: &Json) -> Result<Self, Refused> {
        let text = |name: &str| match document.get(name) {
            Some(Json::String(version)) => Some(version.clone()),
            // YAML reads an unquoted 2.0 as a number.
            Some(Json::Number(version)) => Some(version.to_string()),
            _ => None,
        };
        match (text("swagger"), text("openapi")) {
            (Some(version), _) if version.starts_with('2') => Ok(Version::Two),
            (_, Some(version)) if version.starts_with('3') => Ok(Version::Three),
            _ => Err(Refused("Invalid OpenAPI input.".into())),
        }
    }
}

/// An import on its way.
struct Import<'a> {
    document: &'a Json,
    version: Version,
    existing: &'a Definition,
    new_id: NewId<'a>,
    result: Imported,
}

impl Import<'_> {
    fn information(&mut self) {
        let info = |name: &str| text(self.document.get("info")?.get(name)?);
        (self.result.name, self.result.description, self.result.version) =
            (info("title"), info("description"), info("version"));
        let definition = &mut self.result.definition;
        if let Some(types) = self.document.get("x-amazon-apigateway-binary-media-types") {
            definition.binary_media_types = texts(types);
        }
        if let Some(source) = self.document.get("x-amazon-apigateway-api-key-source").and_then(text) {
            definition.api_key_source = source;
        }
        if let Some(size) = self.document.get("x-amazon-apigateway-minimum-compression-size").and_then(Json::as_i64) {
            definition.minimum_compression_size = i32::try_from(size).ok();
        }
        if let Some(policy) = self.document.get("x-amazon-apigateway-policy") {
            definition.policy = Some(policy.to_string());
        }
        if let Some(endpoint) = self.endpoint_configuration() {
            self.result.endpoint_types = endpoint.get("types").map(texts).unwrap_or_default();
            self.result.vpc_endpoint_ids = endpoint.get("vpcEndpointIds").map(texts).unwrap_or_default();
            self.result.disable_execute_api_endpoint =
                endpoint.get("disableExecuteApiEndpoint").and_then(Json::as_bool);
        }
    }

    /// At the root, or in OpenAPI 3 at a server.
    fn endpoint_configuration(&self) -> Option<Json> {
        const NAME: &str = "x-amazon-apigateway-endpoint-configuration";
        let at_root = self.document.get(NAME);
        let at_server = || self.document.get("servers")?.as_array()?.iter().find_map(|server| server.get(NAME));
        at_root.or_else(at_server).cloned()
    }

    fn validators(&mut self) {
        let Some(Json::Object(validators)) = self.document.get("x-amazon-apigateway-request-validators") else {
            return;
        };
        for (name, validator) in validators {
            let known = self.existing.validators.values().find(|known| known.name == *name);
            let id = known.map_or_else(|| (self.new_id)(), |known| known.id.clone());
            let flag = |name: &str| validator.get(name).and_then(Json::as_bool).unwrap_or(false);
            let validator = RequestValidator {
                id: id.clone(),
                name: name.clone(),
                validate_request_body: flag("validateRequestBody"),
                validate_request_parameters: flag("validateRequestParameters"),
            };
            self.result.definition.validators.insert(id, validator);
        }
    }

    fn gateway_responses(&mut self) {
        let Some(Json::Object(responses)) = self.document.get("x-amazon-apigateway-gateway-responses") else {
            return;
        };
        for (kind, response) in responses {
            let response = GatewayResponse {
                status_code: response.get("statusCode").and_then(text),
                response_parameters: strings(response.get("responseParameters")),
                response_templates: strings(response.get("responseTemplates")),
            };
            self.result.definition.gateway_responses.insert(kind.clone(), response);
        }
    }

    fn paths(&mut self, base_path: BasePath) -> Result<(), Refused> {
        let prefix = self.prefix(base_path);
        let Some(Json::Object(paths)) = self.document.get("paths") else {
            return Ok(());
        };
        for (path, item) in paths {
            if path.starts_with("x-") {
                continue;
            }
            if !path.starts_with('/') {
                return Err(Refused(format!("Invalid path '{path}': paths begin with a slash")));
            }
            let id = self.resource(&format!("{prefix}{path}"))?;
            let Json::Object(item) = item else { continue };
            self.operations(&id, path, item)?;
        }
        Ok(())
    }

    /// What is put before each path.
    fn prefix(&self, base_path: BasePath) -> String {
        let base = match self.version {
            Version::Two => self.document.get("basePath").and_then(text),
            Version::Three => self.server_path(),
        };
        let base = base.unwrap_or_default();
        let base = base.trim_matches('/');
        let kept = match base_path {
            BasePath::Ignore => "",
            BasePath::Prepend => base,
            BasePath::Split => base.split_once('/').map_or("", |(_, rest)| rest),
        };
        if kept.is_empty() { String::new() } else { format!("/{kept}") }
    }

    fn server_path(&self) -> Option<String> {
        let server = self.document.get("servers")?.as_array()?.first()?;
        if let Some(base) = server.pointer("/variables/basePath/default").and_then(text) {
            return Some(base);
        }
        let url = server.get("url").and_then(text)?;
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        rest.split_once('/').map(|(_, path)| path.to_owned())
    }

    /// The id of the resource at a path, made with its parents where it is not there.
    fn resource(&mut self, path: &str) -> Result<String, Refused> {
        let mut at = self.result.definition.root_id().to_owned();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if !is_path_part(part) {
                return Err(Refused(format!(
                    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end: {part}"
                )));
            }
            let Some(parent) = self.result.definition.resources.get(&at) else {
                break;
            };
            let (parent_id, path) = (parent.id.clone(), parent.child_path(part));
            at = match self.result.definition.resource_at(&path) {
                Some(known) => known.id.clone(),
                None => {
                    let known = self.existing.resource_at(&path);
                    let id = known.map_or_else(|| (self.new_id)(), |known| known.id.clone());
                    let resource = Resource {
                        id: id.clone(),
                        parent_id: Some(parent_id),
                        path_part: part.to_owned(),
                        path,
                        methods: BTreeMap::new(),
                    };
                    self.result.definition.resources.insert(id.clone(), resource);
                    id
                }
            };
        }
        Ok(at)
    }

    /// Follows `#/…` within the document, a few steps.
    fn resolve<'j>(&'j self, mut value: &'j Json) -> &'j Json {
        for _ in 0..8 {
            let target = value.get("$ref").and_then(Json::as_str).and_then(|reference| reference.strip_prefix('#'));
            match target.and_then(|pointer| self.document.pointer(pointer)) {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }
}

/// Whether AWS takes a text as one part of a path: a name, `{name}` or `{name+}`.
pub fn is_path_part(part: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:$~@,*&=;()!'%+".contains(c))
    };
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:$".contains(c));
    match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) => name(inner.strip_suffix('+').unwrap_or(inner)),
        None => plain(part),
    }
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

/// The texts of a list.
fn texts(value: &Json) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

/// An object of texts; null is the empty text.
fn strings(value: Option<&Json>) -> Strings {
    let empty = Map::new();
    let object = value.and_then(Json::as_object).unwrap_or(&empty);
    object.iter().map(|(name, value)| (name.clone(), text(value).unwrap_or_default())).collect()
}
