//! Security schemes: API keys, IAM, authorizers.

use super::{Import, Version, text, texts};
use crate::definition::{Authorizer, Method};
use serde_json::{Map, Value as Json};

/// What a scheme means for a method that names it.
enum Scheme {
    ApiKey,
    Iam,
    /// The authorizer's name.
    Authorizer(String),
    Other,
}

impl Import<'_> {
    fn schemes(&self) -> Option<&Map<String, Json>> {
        match self.version {
            Version::Two => self.document.get("securityDefinitions"),
            Version::Three => self.document.pointer("/components/securitySchemes"),
        }?
        .as_object()
    }

    pub(super) fn authorizers(&mut self) {
        let Some(schemes) = self.schemes().cloned() else {
            return;
        };
        for (name, scheme) in &schemes {
            let Some(authorizer) = scheme.get("x-amazon-apigateway-authorizer") else {
                continue;
            };
            let known = self.existing.authorizers.values().find(|known| known.name == *name);
            let id = known.map_or_else(|| (self.new_id)(), |known| known.id.clone());
            let authorizer = read_authorizer(&id, name, scheme, authorizer);
            self.result.definition.authorizers.insert(id, authorizer);
        }
    }

    /// Applies `security` of an operation, else of the document; any one of its entries is taken.
    pub(super) fn secure(&self, operation: &Map<String, Json>, method: &mut Method) {
        method.authorization_type = "NONE".into();
        let requirements = operation.get("security").or_else(|| self.document.get("security"));
        for requirement in requirements.and_then(Json::as_array).into_iter().flatten() {
            for (name, scopes) in requirement.as_object().into_iter().flatten() {
                match self.scheme(name) {
                    Scheme::ApiKey => method.api_key_required = true,
                    Scheme::Iam => method.authorization_type = "AWS_IAM".into(),
                    Scheme::Authorizer(name) => self.authorize(&name, scopes, method),
                    Scheme::Other => {}
                }
            }
        }
        if operation.get("x-amazon-apigateway-auth").and_then(|auth| auth.get("type")).and_then(Json::as_str)
            == Some("AWS_IAM")
        {
            method.authorization_type = "AWS_IAM".into();
        }
    }

    fn authorize(&self, name: &str, scopes: &Json, method: &mut Method) {
        let found = self.result.definition.authorizers.values().find(|authorizer| authorizer.name == name);
        let Some(authorizer) = found else { return };
        let cognito = authorizer.kind == "COGNITO_USER_POOLS";
        method.authorization_type = if cognito { "COGNITO_USER_POOLS" } else { "CUSTOM" }.into();
        method.authorizer_id = Some(authorizer.id.clone());
        method.authorization_scopes = texts(scopes);
    }

    fn scheme(&self, name: &str) -> Scheme {
        let Some(scheme) = self.schemes().and_then(|schemes| schemes.get(name)) else {
            return Scheme::Other;
        };
        if scheme.get("x-amazon-apigateway-authorizer").is_some() {
            return Scheme::Authorizer(name.to_owned());
        }
        if scheme.get("x-amazon-apigateway-authtype").and_then(Json::as_str) == Some("awsSigv4") {
            return Scheme::Iam;
        }
        let header = scheme.get("name").and_then(Json::as_str).unwrap_or("");
        if scheme.get("type").and_then(Json::as_str) == Some("apiKey") && header.eq_ignore_ascii_case("x-api-key") {
            return Scheme::ApiKey;
        }
        Scheme::Other
    }
}

fn read_authorizer(id: &str, name: &str, scheme: &Json, authorizer: &Json) -> Authorizer {
    let kind = authorizer.get("type").and_then(text).unwrap_or_default().to_ascii_uppercase();
    // A token is in the header that the scheme names.
    let header = scheme.get("name").and_then(text).map(|name| format!("method.request.header.{name}"));
    let source = authorizer.get("identitySource").and_then(text);
    let identity_source = if kind == "REQUEST" { source } else { source.or(header) };
    Authorizer {
        id: id.to_owned(),
        name: name.to_owned(),
        provider_arns: authorizer.get("providerARNs").map(texts).unwrap_or_default(),
        auth_type: scheme.get("x-amazon-apigateway-authtype").and_then(text),
        uri: authorizer.get("authorizerUri").and_then(text),
        credentials: authorizer.get("authorizerCredentials").and_then(text),
        identity_source,
        identity_validation_expression: authorizer.get("identityValidationExpression").and_then(text),
        result_ttl_in_seconds: authorizer
            .get("authorizerResultTtlInSeconds")
            .and_then(Json::as_i64)
            .and_then(|seconds| i32::try_from(seconds).ok()),
        kind,
    }
}
