//! What is behind a method of a REST API: a function or a state machine.

use super::Swagger;
use super::paths::{INTEGRATION, normalized};
use crate::error::{Error, Result};
use crate::intrinsics::conditional;
use crate::value::{Map, Text, Value, hashed, map, text};

/// A function behind a method.
pub(crate) struct LambdaIntegration<'a> {
    pub(crate) uri: Value,
    pub(crate) streamed: bool,
    /// The condition of the function.
    pub(crate) condition: Option<&'a Value>,
    /// `Auth` of the event and of the API.
    pub(crate) auth: &'a Map,
    pub(crate) api_auth: &'a Map,
    pub(crate) partition: &'a str,
}

impl Swagger {
    pub(crate) fn add_lambda(&mut self, path: &Text, method: &Text, lambda: LambdaIntegration) -> Result<()> {
        if self.paths.has_integration(path, method)? {
            let message = format!("Lambda integration already exists on Path={path}, Method={}", normalized(method));
            return Err(Error::document(message));
        }
        let uri = match lambda.condition {
            Some(condition) => conditional(condition.clone(), lambda.uri.clone()),
            None => lambda.uri.clone(),
        };
        let mut integration = Map::hashed();
        integration.insert("type", "aws_proxy");
        integration.insert("httpMethod", "POST");
        integration.insert("uri", uri);
        if lambda.streamed {
            integration.insert("responseTransferMode", "STREAM");
        }
        integration.insert_some("credentials", lambda.credentials());
        self.integrate(path, method, integration, hashed([]), lambda.condition)
    }

    pub(crate) fn add_state_machine(
        &mut self,
        path: &Text,
        method: &Text,
        [uri, credentials, templates]: [Value; 3],
        condition: Option<&Value>,
    ) -> Result<()> {
        if self.paths.has_integration(path, method)? {
            let message = format!("Integration already exists on Path={path}, Method={}", normalized(method));
            return Err(Error::document(message));
        }
        let status = |code: &str| hashed([("statusCode", text(code))]);
        let described = |words: &str| hashed([("description", text(words))]);
        let uri = condition.map_or(uri.clone(), |condition| conditional(condition.clone(), uri));
        let mut integration = Map::hashed();
        integration.insert("type", "aws");
        integration.insert("httpMethod", "POST");
        integration.insert("uri", uri);
        integration.insert("responses", hashed([("200", status("200")), ("400", status("400"))]));
        integration.insert("credentials", credentials);
        if let Some(more) = map([("requestTemplates", templates)]).as_map() {
            integration.update(more);
        }
        let responses = hashed([("200", described("OK")), ("400", described("Bad Request"))]);
        self.integrate(path, method, integration, responses, condition)
    }

    fn integrate(
        &mut self,
        path: &Text,
        method: &Text,
        integration: Map,
        responses: Value,
        condition: Option<&Value>,
    ) -> Result<()> {
        let name = normalized(method);
        self.paths.add(path, method)?;
        for item in self.paths.items(path)? {
            let definition = item.or_insert(&name, Map::hashed());
            if definition.is_null() {
                *definition = hashed([]);
            }
            let definition = definition.as_map_mut().ok_or_else(|| {
                Error::document(format!("Definition of method '{name}' for path '{path}' should be a map."))
            })?;
            definition.insert(INTEGRATION, integration.clone());
            definition.or_insert("responses", responses.clone());
            if let Some(condition) = condition {
                let unconditional = Value::Map(std::mem::take(definition));
                item.insert(&name, conditional(condition.clone(), unconditional));
            }
        }
        Ok(())
    }
}

impl LambdaIntegration<'_> {
    /// The role with which API Gateway calls the function, if callers authenticate by IAM.
    fn credentials(&self) -> Option<Value> {
        let by_iam = self.auth.str("Authorizer") == Some("AWS_IAM")
            || self.auth.is_empty() && self.api_auth.str("DefaultAuthorizer") == Some("AWS_IAM");
        if !by_iam {
            return None;
        }
        let role = |auth: &Map| match auth.get("InvokeRole").filter(|role| role.truthy()) {
            Some(role) => Some(role.clone()),
            None => auth.contains("InvokeRole").then(|| text("NONE")),
        };
        let role = role(self.auth).or_else(|| role(self.api_auth));
        match role.filter(|role| !role.is("CALLER_CREDENTIALS")) {
            None => Some(text(format!("arn:{}:iam::*:user/*", self.partition))),
            Some(role) => Some(role).filter(|role| !role.is("NONE")),
        }
    }
}
