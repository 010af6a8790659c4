//! Definitions of HTTP APIs in OpenAPI 3.0, and what SAM writes into them.

use crate::error::{Error, Result};
use crate::http_api::Authorizer;
use crate::intrinsics::{conditional, is_intrinsic, reference};
use crate::python2;
use crate::swagger::is_openapi_3;
use crate::swagger::paths::{ANY_METHOD, INTEGRATION, Paths, deep_get, normalized, security, sides_of};
use crate::value::{Map, Text, Value, hashed, map, text};

pub(crate) const DEFAULT_PATH: &str = "$default";
const CORS: &str = "x-amazon-apigateway-cors";

/// A definition taken apart.
pub(crate) struct OpenApi {
    document: Map,
    pub(crate) paths: Paths,
    security_schemes: Map,
    tags: Value,
    info: Map,
}

/// The title that SAM gives to an API.
pub(crate) fn default_title() -> Value {
    reference("AWS::StackName")
}

/// A definition without paths.
pub(crate) fn skeleton() -> Value {
    let info = hashed([("version", text("1.0")), ("title", default_title())]);
    hashed([("openapi", text("3.0.1")), ("info", info), ("paths", hashed([]))])
}

/// A map with paths and version 3.
pub(crate) fn is_valid(document: Option<&Value>) -> bool {
    let Some(Value::Map(document)) = document else { return false };
    let has_paths = document.get("paths").is_some_and(|paths| paths.as_map().is_some());
    has_paths && document.get("openapi").is_some_and(|version| version.truthy() && is_openapi_3(version))
}

impl OpenApi {
    pub(crate) fn open(document: Option<&Value>) -> Result<OpenApi> {
        let Some(Value::Map(document)) = document.filter(|document| is_valid(Some(document))) else {
            return Err(Error::document(
                "Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.",
            ));
        };
        let mut document = document.deep_copy();
        let paths = match document.get_mut("paths") {
            Some(Value::Map(paths)) => std::mem::take(paths),
            _ => Map::hashed(),
        };
        let all = Value::Map(document);
        let part = |keys: &[&str]| {
            let part =
                deep_get(&all, keys).map_err(|wrong| Error::document(format!("Invalid OpenApi document: {wrong}")))?;
            Ok(part.filter(|part| part.truthy()).cloned())
        };
        let as_map = |part: Option<Value>| match part {
            Some(Value::Map(part)) => part,
            _ => Map::hashed(),
        };
        let security_schemes = as_map(part(&["components", "securitySchemes"])?);
        let tags = part(&["tags"])?.unwrap_or_else(|| Vec::new().into());
        let info = as_map(part(&["info"])?);
        let Value::Map(document) = all else { return Err(Error::document("Invalid OpenApi document.")) };
        Ok(OpenApi { document, paths: Paths(paths), security_schemes, tags, info })
    }

    /// Puts the definition together again.
    pub(crate) fn close(mut self) -> Value {
        self.document.insert("paths", self.paths.0);
        if self.tags.truthy() {
            self.document.insert("tags", self.tags);
        }
        if !self.security_schemes.is_empty() {
            if !self.document.truthy("components") {
                self.document.insert("components", Map::hashed());
            }
            if let Some(Value::Map(components)) = self.document.get_mut("components") {
                components.insert("securitySchemes", self.security_schemes);
            }
        }
        if !self.info.is_empty() {
            self.document.insert("info", self.info);
        }
        Value::Map(self.document.deep_copy())
    }

    /// Whether the default route leads to that function already.
    pub(crate) fn is_default_function(&self, function_id: &str) -> Result<bool> {
        if !self.paths.has_integration(DEFAULT_PATH, &ANY_METHOD.into())? {
            return Ok(false);
        }
        let Some(item) = self.paths.0.get(DEFAULT_PATH) else { return Ok(false) };
        for definition in sides_of(item)?.into_iter().filter_map(|side| side.get(ANY_METHOD)) {
            for definition in sides_of(definition)? {
                let Some(uri) = definition
                    .get(INTEGRATION)
                    .and_then(|integration| integration.get("uri"))
                    .filter(|uri| uri.as_map().is_some())
                else {
                    return Ok(false);
                };
                let is_function = |uri: &Value| {
                    let arn = uri.get("Fn::Sub").and_then(Value::as_str).unwrap_or_default();
                    let before = arn.split_once(".Arn").map(|(before, _)| before).unwrap_or_default();
                    before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next() == Some(function_id)
                };
                if !sides_of(uri)?.into_iter().all(is_function) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Puts a function behind a method, unless there is something already.
    pub(crate) fn add_lambda(
        &mut self,
        path: &Text,
        method: &Text,
        uri: Value,
        condition: Option<&Value>,
    ) -> Result<()> {
        if self.paths.has_integration(path, method)? {
            return Ok(());
        }
        let name = normalized(method);
        self.paths.add(path, method)?;
        let uri = condition.map_or(uri.clone(), |condition| conditional(condition.clone(), uri));
        for item in self.paths.items(path)? {
            let definition = item.or_insert(&name, Map::hashed());
            if definition.is_null() {
                *definition = hashed([]);
            }
            let Some(definition) = definition.as_map_mut() else { continue };
            let integration = hashed([
                ("type", text("aws_proxy")),
                ("httpMethod", text("POST")),
                ("payloadFormatVersion", text("2.0")),
                ("uri", uri.clone()),
            ]);
            definition.insert(INTEGRATION, integration);
            if &**path == DEFAULT_PATH && &*name == ANY_METHOD {
                definition.insert("isDefaultRoute", true);
            }
            definition.or_insert("responses", Map::hashed());
            if let Some(condition) = condition {
                let unconditional = Value::Map(std::mem::take(definition));
                item.insert(&name, conditional(condition.clone(), unconditional));
            }
        }
        Ok(())
    }

    /// Sets a member of the integration of a method.
    pub(crate) fn set_integration(&mut self, path: &Text, method: &Text, member: &str, value: &Value) -> Result<()> {
        self.paths.each(path, method, &mut |definition| {
            if let Some(Value::Map(integration)) = definition.get_mut(INTEGRATION) {
                integration.insert(member, value.clone());
            }
            Ok(())
        })
    }

    pub(crate) fn add_path_parameters(&mut self, path: &Text, method: &Text, names: &[&str]) -> Result<()> {
        self.paths.each(path, method, &mut |definition| {
            let Value::List(parameters) = definition.or_insert("parameters", Vec::new()) else { return Ok(()) };
            for name in names {
                let existing =
                    parameters.iter_mut().filter_map(Value::as_map_mut).find(|it| it.str("name") == Some(name));
                match existing {
                    Some(parameter) => {
                        parameter.insert("in", "path");
                        parameter.insert("required", true);
                    }
                    None => {
                        let name = Text::unicode(name);
                        parameters.push(hashed([
                            ("name", name.into()),
                            ("in", text("path")),
                            ("required", true.into()),
                        ]));
                    }
                }
            }
            Ok(())
        })
    }

    pub(crate) fn add_authorizers(&mut self, authorizers: &[Authorizer]) -> Result<()> {
        for authorizer in authorizers {
            self.security_schemes.insert(&authorizer.name, authorizer.definition()?);
        }
        Ok(())
    }

    /// Lets every method of a path that requires nothing yet use the default authorizer.
    pub(crate) fn set_default_authorizer(&mut self, path: &Text, default: &Text, scopes: &Value) -> Result<()> {
        for item in self.paths.items(path)? {
            for name in item.keys() {
                let normal = normalized(&name);
                if !matches!(&*normal, "parameters" | "options") && !item.contains(&normal) {
                    return Err(Error::document(format!("Could not find {normal} in {path} within DefinitionBody.")));
                }
            }
        }
        self.paths.each_method(path, &["parameters", "options"], &mut |method, definition| {
            if !matches!(&**method, "parameters" | "options") && !definition.truthy("security") {
                let requirement: Map = [(default.clone(), scopes.clone())].into_iter().collect();
                definition.insert("security", vec![requirement.into()]);
            }
            Ok(())
        })
    }

    /// Applies the `Auth` of an event.
    pub(crate) fn set_authorizer(
        &mut self,
        path: &Text,
        method: &Text,
        name: &Text,
        authorizers: Option<&Map>,
        scopes: Option<&Value>,
    ) -> Result<()> {
        let mut required = Vec::new().into();
        if !matches!(&**name, "NONE" | "AWS_IAM") {
            match authorizers.and_then(|authorizers| authorizers.get(name)) {
                Some(Value::Map(authorizer)) => {
                    let own = authorizer.get("AuthorizationScopes");
                    let scopes = scopes.filter(|scopes| scopes.truthy()).or(own).filter(|scopes| scopes.truthy());
                    required = scopes.cloned().unwrap_or(required);
                }
                None => {}
                Some(_) => return Err(Error::document(format!("Type of authorizer '{name}' must be a dictionary"))),
            }
        }
        self.paths.each(path, method, &mut |definition| {
            let mut all = security(definition, path, method)?;
            let requirement: Map = [(name.clone(), required.clone())].into_iter().collect();
            all.push(requirement.into());
            definition.insert("security", all);
            Ok(())
        })
    }

    pub(crate) fn add_tags(&mut self, tags: &Map) -> Result<()> {
        const VALUE: &str = "x-amazon-apigateway-tag-value";
        for (name, value) in tags.iter() {
            let Value::List(all) = &mut self.tags else {
                return Err(Error::document(format!(
                    "Tags in OpenApi DefinitionBody needs to be a list. {} is a {} not a list.",
                    python2::str(&self.tags),
                    if self.tags.as_map().is_some() { "dict" } else { "str" }
                )));
            };
            match all.iter_mut().filter_map(Value::as_map_mut).find(|tag| tag.str("name") == Some(name)) {
                Some(tag) => tag.insert(VALUE, value.clone()),
                None => all.push(hashed([("name", name.clone().into()), (VALUE, value.clone())])),
            }
        }
        Ok(())
    }

    pub(crate) fn disable_execute_api_endpoint(&mut self, disable: &Value) -> Result<()> {
        let mut servers =
            self.document.get("servers").and_then(Value::as_list).cloned().unwrap_or_else(|| vec![hashed([])]);
        for server in &mut servers {
            let Value::Map(server) = server else {
                return Err(Error::document("Value of 'servers' item must be a dictionary according to Swagger spec."));
            };
            let configuration = server.or_insert("x-amazon-apigateway-endpoint-configuration", Map::new());
            if let Value::Map(configuration) = configuration {
                configuration.insert("disableExecuteApiEndpoint", disable.clone());
            }
        }
        self.document.insert("servers", servers);
        Ok(())
    }

    /// Writes `CorsConfiguration`: names and values, or an intrinsic function for all of it.
    pub(crate) fn add_cors(&mut self, settings: &[(&str, Option<Value>)], origins: Option<&Value>) -> Result<()> {
        let existing = self.document.get(CORS).cloned().unwrap_or_else(|| map([]));
        let Value::Map(mut cors) = existing else {
            let message = format!("Value of '{CORS}' must be a dictionary according to Swagger spec.");
            return Err(Error::document(message));
        };
        match origins.filter(|origins| is_intrinsic(origins)) {
            Some(function) => {
                if let Value::Map(function) = lower_first(function, settings) {
                    cors.update(&function);
                }
            }
            None => settings.iter().for_each(|(name, value)| cors.insert_some(name, value.clone())),
        }
        self.document.insert(CORS, cors);
        Ok(())
    }

    pub(crate) fn set_info(&mut self, name: &str, value: &Value) {
        self.info.insert(name, value.clone());
    }
}

/// The value with `AllowOrigins` written `allowOrigins` and so on, wherever it stands.
fn lower_first(value: &Value, settings: &[(&str, Option<Value>)]) -> Value {
    let lower = |given: &str| {
        settings.iter().fold(given.to_owned(), |all, (name, _)| {
            let mut chars = name.chars();
            let upper =
                chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>();
            all.replace(&upper, name)
        })
    };
    match value {
        Value::Text(chars) => text(lower(chars)),
        Value::List(items) => Value::List(items.iter().map(|item| lower_first(item, settings)).collect()),
        Value::Map(members) => {
            Value::Map(members.iter().map(|(key, member)| (lower(key).into(), lower_first(member, settings))).collect())
        }
        other => other.clone(),
    }
}
