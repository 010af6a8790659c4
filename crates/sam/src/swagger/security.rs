//! Who may call a method of a REST API: authorizers and API keys.

use super::Swagger;
use super::paths::{requirement, security};
use crate::api::Authorizer;
use crate::error::{Error, Result};
use crate::python2;
use crate::value::{Map, Text, Value, hashed};

/// Members of a path that are no methods.
const NO_METHODS: &[&str] = &["summary", "description", "parameters"];

impl Swagger {
    pub(crate) fn add_authorizers(&mut self, authorizers: &[Authorizer]) -> Result<()> {
        for authorizer in authorizers {
            self.security_definitions.insert(&authorizer.name, authorizer.definition()?);
        }
        Ok(())
    }

    pub(crate) fn add_api_key_definition(&mut self) {
        add_definition(&mut self.security_definitions, "api_key", "x-api-key", None);
    }

    /// Lets every method of a path that has no authorizer of its own use the default.
    pub(crate) fn set_default_authorizer(
        &mut self,
        path: &Text,
        default: &Text,
        authorizers: &[Authorizer],
        preflight: bool,
    ) -> Result<()> {
        let scopes = authorizers.iter().find(|authorizer| authorizer.name == *default).map(Authorizer::scopes);
        let is_authorizer =
            |name: &Text| &**name == "AWS_IAM" || authorizers.iter().any(|authorizer| authorizer.name == *name);
        let definitions = &mut self.security_definitions;
        self.paths.each_method(path, NO_METHODS, &mut |method, definition| {
            if !preflight && &**method == "options" {
                return Ok(());
            }
            let (mut others, own) = split(security(definition, path, method)?, path, method, &is_authorizer)?;
            let none = others.iter().position(|requirement| requirement.get("NONE").is_some());
            let mut required = Vec::new();
            if let Some(none) = none {
                others.remove(none);
            } else if !own.is_empty() {
                required = own;
            } else {
                required.push(requirement(default, scopes.clone().unwrap_or_else(|| Vec::new().into())));
            }
            others.extend(required);
            require(definition, others, definitions);
            Ok(())
        })
    }

    /// Lets every method of a path require an API key, unless it says otherwise.
    pub(crate) fn set_default_api_key(&mut self, path: &Text, preflight: bool) -> Result<()> {
        let is_key = |name: &Text| matches!(&**name, "api_key" | "api_key_false");
        self.paths.each_method(path, NO_METHODS, &mut |method, definition| {
            let existing = security(definition, path, method)?;
            let (mut required, own) = split(existing.clone(), path, method, &is_key)?;
            let refused =
                own.iter().any(|requirement| requirement.as_map().is_some_and(|map| map.contains("api_key_false")));
            if !refused && (preflight || &**method != "options") {
                required.push(requirement(&"api_key".into(), Vec::new().into()));
            }
            if required != existing {
                definition.insert("security", required);
            }
            Ok(())
        })
    }

    /// Applies the `Auth` of an event.
    pub(crate) fn add_auth(&mut self, path: &Text, method: &Text, auth: &Map, api: &Map) -> Result<()> {
        if let Some(authorizer) = auth.get("Authorizer").filter(|authorizer| authorizer.truthy()) {
            let name = authorizer.as_text().cloned().unwrap_or_else(|| python2::str(authorizer).into());
            let authorizers = api.get("Auth").and_then(|auth| auth.get("Authorizers")).and_then(Value::as_map);
            self.set_authorizer(path, method, &name, authorizers, auth.get("AuthorizationScopes"))?;
        }
        if let Some(required) = auth.get("ApiKeyRequired") {
            self.set_api_key(path, method, required.truthy())?;
        }
        Ok(())
    }

    fn set_authorizer(
        &mut self,
        path: &Text,
        method: &Text,
        name: &Text,
        authorizers: Option<&Map>,
        scopes: Option<&Value>,
    ) -> Result<()> {
        let authorizer = authorizers.filter(|_| &**name != "NONE").and_then(|authorizers| authorizers.get(name));
        let scopes = match authorizer {
            None => None,
            Some(Value::Map(authorizer)) => scopes.or_else(|| authorizer.get("AuthorizationScopes")),
            Some(_) => return Err(Error::document(format!("Type of authorizer '{name}' must be a dictionary"))),
        };
        let scopes = scopes.cloned().unwrap_or_else(|| Vec::new().into());
        let definitions = &mut self.security_definitions;
        self.paths.each(path, method, &mut |definition| {
            let mut required = security(definition, path, method)?;
            required.push(requirement(name, scopes.clone()));
            require(definition, required, definitions);
            Ok(())
        })
    }

    fn set_api_key(&mut self, path: &Text, method: &Text, wanted: bool) -> Result<()> {
        let definitions = &mut self.security_definitions;
        self.paths.each(path, method, &mut |definition| {
            if wanted {
                add_definition(definitions, "api_key", "x-api-key", None);
            }
            let mut required = security(definition, path, method)?;
            let name = if wanted { "api_key" } else { "api_key_false" };
            required.push(requirement(&name.into(), Vec::new().into()));
            definition.insert("security", required);
            Ok(())
        })
    }
}

/// Requirements without and with one of certain schemes.
fn split(
    security: Vec<Value>,
    path: &str,
    method: &str,
    is_scheme: &dyn Fn(&Text) -> bool,
) -> Result<(Vec<Value>, Vec<Value>)> {
    let mut others = Vec::new();
    let mut own = Vec::new();
    for requirement in security {
        let Value::Map(schemes) = &requirement else {
            let what = python2::str(&requirement);
            let message = format!("{what} in Security for path {path} method {method} is not a valid dictionary.");
            return Err(Error::document(message));
        };
        match schemes.keys().iter().any(is_scheme) {
            true => own.push(requirement),
            false => others.push(requirement),
        }
    }
    Ok((others, own))
}

fn require(definition: &mut Map, required: Vec<Value>, definitions: &mut Map) {
    let Some(first) = required.first() else { return };
    let by_iam = first.as_map().is_some_and(|first| first.contains("AWS_IAM"));
    definition.insert("security", required);
    if by_iam {
        add_definition(definitions, "AWS_IAM", "Authorization", Some("awsSigv4"));
    }
}

fn add_definition(definitions: &mut Map, name: &str, header: &str, auth_type: Option<&str>) {
    if definitions.contains(name) {
        return;
    }
    let mut definition = Map::hashed();
    definition.insert_some("x-amazon-apigateway-authtype", auth_type);
    definition.insert("type", "apiKey");
    definition.insert("name", header);
    definition.insert("in", "header");
    if let Value::Map(more) = hashed([(name, definition.into())]) {
        definitions.update(&more);
    }
}
