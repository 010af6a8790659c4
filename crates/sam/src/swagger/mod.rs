//! Definitions of REST APIs in Swagger 2.0 or OpenAPI 3.0, and what SAM writes into them.

mod cors;
mod integration;
pub(crate) mod paths;
mod request;
mod resource_policy;
mod security;

pub(crate) use cors::Cors;
pub(crate) use integration::LambdaIntegration;
pub(crate) use request::RequestParameter;

use crate::error::{Error, Result};
use crate::intrinsics::reference;
use crate::python2;
use crate::value::{Map, Text, Value, hashed, text};
use paths::Paths;

const SECURITY_DEFINITIONS: &str = "securityDefinitions";
const GATEWAY_RESPONSES: &str = "x-amazon-apigateway-gateway-responses";
const POLICY: &str = "x-amazon-apigateway-policy";

/// A definition taken apart.
pub(crate) struct Swagger {
    document: Map,
    pub(crate) paths: Paths,
    security_definitions: Map,
    gateway_responses: Map,
    resource_policy: Map,
    definitions: Map,
}

/// `3`, `3.0` or `3.0.1`, say.
pub(crate) fn is_openapi_3(version: &Value) -> bool {
    is_version(version, &['3'])
}

/// A version of OpenAPI that SAM takes.
pub(crate) fn is_supported_version(version: &Value) -> bool {
    is_version(version, &['2', '3'])
}

fn is_version(version: &Value, major: &[char]) -> bool {
    let version = python2::str(version);
    let parts: Vec<&str> = version.split('.').collect();
    let digit = |part: &&str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts.iter().all(digit) && version.starts_with(major)
}

/// A map with paths and a version.
pub(crate) fn is_valid(document: Option<&Value>) -> bool {
    let Some(Value::Map(document)) = document else { return false };
    if document.get("paths").and_then(Value::as_map).is_none() {
        return false;
    }
    document.truthy("swagger")
        || document.get("openapi").is_some_and(|version| version.truthy() && is_openapi_3(version))
}

/// A definition without paths.
pub(crate) fn skeleton() -> Value {
    let info = hashed([("version", text("1.0")), ("title", reference("AWS::StackName"))]);
    hashed([("swagger", text("2.0")), ("info", info), ("paths", hashed([]))])
}

impl Swagger {
    pub(crate) fn open(document: Option<&Value>) -> Result<Swagger> {
        let wrong = "Invalid Swagger document or the Swagger document is not explicitly defined in 'DefinitionBody'.";
        let Some(Value::Map(document)) = document.filter(|document| is_valid(Some(document))) else {
            return Err(Error::document(wrong));
        };
        let mut document = document.deep_copy();
        let paths = match document.get_mut("paths") {
            Some(Value::Map(paths)) => std::mem::take(paths),
            _ => return Err(Error::document(wrong)),
        };
        let part = |name: &str| match document.get(name) {
            Some(Value::Map(part)) if !part.is_empty() => part.clone(),
            _ => Map::hashed(),
        };
        let swagger = Swagger {
            paths: Paths(paths),
            security_definitions: part(SECURITY_DEFINITIONS),
            gateway_responses: part(GATEWAY_RESPONSES),
            resource_policy: part(POLICY),
            definitions: part("definitions"),
            document,
        };
        swagger.paths.check()?;
        Ok(swagger)
    }

    /// Puts the definition together again.
    pub(crate) fn close(mut self) -> Value {
        self.document.insert("paths", self.paths.0);
        let parts = [
            (SECURITY_DEFINITIONS, self.security_definitions),
            (GATEWAY_RESPONSES, self.gateway_responses),
            ("definitions", self.definitions),
        ];
        for (name, part) in parts {
            if !part.is_empty() {
                self.document.insert(name, part);
            }
        }
        Value::Map(self.document.deep_copy())
    }

    fn version_3(&self) -> bool {
        self.document.get("openapi").is_some_and(|version| version.truthy() && is_openapi_3(version))
    }

    pub(crate) fn disable_execute_api_endpoint(&mut self, disable: Value) -> Result<()> {
        let keys = ["x-amazon-apigateway-endpoint-configuration", "disableExecuteApiEndpoint"];
        if !self.version_3() {
            return paths::deep_set(&mut self.document, &keys, disable)
                .map_err(|wrong| Error::document(format!("Invalid OpenAPI definition: {wrong}.")));
        }
        let mut servers =
            self.document.get("servers").and_then(Value::as_list).cloned().unwrap_or_else(|| vec![hashed([])]);
        for (index, server) in servers.iter_mut().enumerate() {
            let set = match server {
                Value::Map(server) => paths::deep_set(server, &keys, disable.clone()),
                _ => Err("It should be a map".into()),
            };
            set.map_err(|wrong| {
                Error::document(format!("Invalid OpenAPI definition of 'servers[{index}]': {wrong}."))
            })?;
        }
        self.document.insert("servers", servers);
        Ok(())
    }

    pub(crate) fn add_binary_media_types(&mut self, types: &Value) {
        self.document.insert("x-amazon-apigateway-binary-media-types", unescaped(types));
    }

    pub(crate) fn add_gateway_response(&mut self, kind: &Text, response: Value) {
        self.gateway_responses.insert(kind, response);
    }

    pub(crate) fn add_models(&mut self, models: &Map) -> Result<()> {
        for (name, schema) in models.iter() {
            if schema.get("type").is_none_or(|kind| !kind.truthy()) {
                return Err(Error::document("'Models' schema is missing 'type'."));
            }
            self.definitions.insert(name.with(name.to_lowercase()), schema.clone());
        }
        Ok(())
    }
}

/// `image~1png` is written for `image/png`.
fn unescaped(types: &Value) -> Value {
    let replace = |text: &Text| Text::unicode(text.replace("~1", "/"));
    match types {
        Value::Text(text) => replace(text).into(),
        Value::List(items) => Value::List(items.iter().map(unescaped).collect()),
        Value::Map(map) => {
            let mut copy = Map::hashed();
            for (key, value) in map.iter() {
                copy.insert(replace(key), unescaped(value));
            }
            copy.into()
        }
        other => other.clone(),
    }
}
