//! Authorizers of a REST API: Cognito, Lambda, IAM.

use super::Auth;
use crate::context::Context;
use crate::error::Result;
use crate::expect::Owner;
use crate::intrinsics::{reference, sub_with};
use crate::python2;
use crate::resource::Resource;
use crate::rules::Instance;
use crate::value::{Map, Text, Value, list, text};

/// One of the API's authorizers.
pub(crate) struct Authorizer {
    pub(crate) name: Text,
    api_id: Text,
    kind: Kind,
    settings: Map,
    partition: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Iam,
    Cognito,
    /// Lambda with a token from a header.
    Token,
    /// Lambda with parts of the request.
    Request,
}

const SOURCES: [(&str, &str); 4] = [
    ("Headers", "method.request.header."),
    ("QueryStrings", "method.request.querystring."),
    ("StageVariables", "stageVariables."),
    ("Context", "context."),
];

/// The authorizers of an API, IAM among them if it is the default.
pub(crate) fn read(
    api: &Instance,
    given: Option<&Value>,
    default: Option<&Value>,
    context: &Context,
) -> Result<Vec<Authorizer>> {
    let mut authorizers = Vec::new();
    if let Some(Value::Text(name)) = default.filter(|default| default.is("AWS_IAM")) {
        authorizers.push(Authorizer {
            name: name.clone(),
            api_id: api.id.clone(),
            kind: Kind::Iam,
            settings: Map::new(),
            partition: context.partition(),
        });
    }
    let Some(given) = given.filter(|given| given.truthy()) else { return Ok(authorizers) };
    let owner = Owner::Resource(&api.id);
    for (name, settings) in owner.map("Auth.Authorizers", Some(given))?.iter() {
        let settings = owner.map(&format!("Auth.Authorizers.{name}"), Some(settings))?;
        let authorizer = Authorizer::read(api, name, settings, context)?;
        authorizers.retain(|other: &Authorizer| other.name != authorizer.name);
        authorizers.push(authorizer);
    }
    // The order of a Python 2 dictionary: it decides the order of definitions and of permissions.
    let mut order = Map::hashed();
    for authorizer in &authorizers {
        order.insert(&authorizer.name, true);
    }
    let order = order.keys();
    authorizers.sort_by_key(|authorizer| order.iter().position(|name| *name == authorizer.name));
    Ok(authorizers)
}

/// The permissions that let API Gateway call the functions of authorizers.
pub(crate) fn permissions(api: &Instance, context: &Context) -> Result<Vec<Resource>> {
    let Some(auth) = Auth::of(api) else { return Ok(Vec::new()) };
    let authorizers = read(api, auth.get("Authorizers"), None, context)?;
    let with_function =
        authorizers.iter().filter(|authorizer| !authorizer.settings.truthy("DisableFunctionDefaultPermissions"));
    with_function
        .filter_map(|authorizer| Some((authorizer, authorizer.some("FunctionArn")?)))
        .map(|(authorizer, function)| {
            let source =
                sub_with(context.arn("execute-api", "${__ApiId__}/authorizers/*"), [("__ApiId__", reference(&api.id))]);
            let id = format!("{}{}AuthorizerPermission", api.id, authorizer.name);
            Ok(Resource::new("AWS::Lambda::Permission", id, &api.passed_on())?
                .with("Action", "lambda:InvokeFunction")
                .with("FunctionName", function.clone())
                .with("Principal", "apigateway.amazonaws.com")
                .with("SourceArn", source))
        })
        .collect()
}

impl Authorizer {
    fn read(api: &Instance, name: &Text, settings: &Map, context: &Context) -> Result<Authorizer> {
        let owner = Owner::Resource(&api.id);
        let payload = settings.get("FunctionPayloadType");
        if payload.is_some_and(|payload| !payload.is("TOKEN") && !payload.is("REQUEST")) {
            let payload = python2::str_or_none(payload);
            return Err(api.error(format!("{name} Authorizer has invalid 'FunctionPayloadType': {payload}.")));
        }
        let by_request = payload.is_some_and(|payload| payload.is("REQUEST"));
        let kind = match (settings.truthy("UserPoolArn"), by_request) {
            (true, _) => Kind::Cognito,
            (false, true) => Kind::Request,
            (false, false) => Kind::Token,
        };
        let authorizer = Authorizer {
            name: name.clone(),
            api_id: api.id.clone(),
            kind,
            settings: settings.clone(),
            partition: context.partition(),
        };
        if by_request && authorizer.lacks_identity()? {
            return Err(api.error(format!(
                "{name} Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context."
            )));
        }
        if settings.get("AuthorizationScopes").is_some() {
            owner.list(&format!("Authorizers.{name}.AuthorizationScopes"), settings.get("AuthorizationScopes"))?;
        }
        if settings.get("DisableFunctionDefaultPermissions").is_some() {
            let path = format!("Authorizers.{name}.DisableFunctionDefaultPermissions");
            owner.bool(&path, settings.get("DisableFunctionDefaultPermissions"))?;
        }
        Ok(authorizer)
    }

    fn some(&self, name: &str) -> Option<&Value> {
        self.settings.get(name).filter(|value| value.truthy())
    }

    /// Whether a request has nothing to tell callers by, though answers would be cached.
    fn lacks_identity(&self) -> Result<bool> {
        let Some(identity) = self.some("Identity") else { return Ok(true) };
        let identity =
            Owner::Resource(&self.api_id).map(&format!("Authorizer.{}.Identity", self.name), Some(identity))?;
        let missing = !SOURCES.iter().any(|(name, _)| identity.truthy(name));
        let seconds = identity.get("ReauthorizeEvery").and_then(|seconds| match seconds {
            Value::Number(number) => number.as_f64().map(|seconds| seconds as i64),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Bool(value) => Some(i64::from(*value)),
            _ => None,
        });
        Ok(missing && seconds.is_none_or(|seconds| seconds > 0))
    }

    /// The scopes that methods require by default.
    pub(crate) fn scopes(&self) -> Value {
        self.settings.get("AuthorizationScopes").cloned().unwrap_or_else(|| Vec::new().into())
    }

    /// The security definition.
    pub(crate) fn definition(&self) -> Result<Value> {
        let auth_type = match self.kind {
            Kind::Iam => "awsSigv4",
            Kind::Cognito => "cognito_user_pools",
            Kind::Token | Kind::Request => "custom",
        };
        let mut definition = Map::hashed();
        definition.insert("type", "apiKey");
        definition.insert("name", self.header()?);
        definition.insert("in", "header");
        definition.insert("x-amazon-apigateway-authtype", auth_type);
        if let Some(authorizer) = self.authorizer()? {
            definition.insert("x-amazon-apigateway-authorizer", authorizer);
        }
        Ok(definition.into())
    }

    fn header(&self) -> Result<Value> {
        if self.kind == Kind::Request {
            return Ok(text("Unused"));
        }
        let header = match self.some("Identity") {
            None => None,
            Some(Value::Map(identity)) => identity.get("Header").filter(|header| header.truthy()),
            Some(_) => {
                let message = "Auth.Authorizers.<Authorizer>.Identity must be a dict (LambdaTokenAuthorizationIdentity, \
                               LambdaRequestAuthorizationIdentity or CognitoAuthorizationIdentity).";
                return Err(Owner::Resource(&self.api_id).error(message));
            }
        };
        Ok(header.cloned().unwrap_or_else(|| text("Authorization")))
    }

    fn authorizer(&self) -> Result<Option<Map>> {
        let identity = |name: &str| self.some("Identity").and_then(|identity| identity.get(name));
        let mut authorizer = Map::hashed();
        match self.kind {
            Kind::Iam => return Ok(None),
            Kind::Cognito => {
                let pools = self.settings.get("UserPoolArn").cloned().unwrap_or(Value::Null);
                authorizer.insert("type", "cognito_user_pools");
                authorizer.insert("providerARNs", if pools.as_list().is_some() { pools } else { list([pools]) });
            }
            Kind::Token | Kind::Request => {
                let uri = format!(
                    "arn:{}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{__FunctionArn__}}/invocations",
                    self.partition
                );
                let function = self.settings.get("FunctionArn").cloned().unwrap_or(Value::Null);
                authorizer.insert("type", if self.kind == Kind::Request { "request" } else { "token" });
                authorizer.insert("authorizerUri", sub_with(uri, [("__FunctionArn__", function)]));
                authorizer.insert_some("authorizerResultTtlInSeconds", identity("ReauthorizeEvery").cloned());
                let role = self.some("FunctionInvokeRole").filter(|role| !role.is("NONE"));
                authorizer.insert_some("authorizerCredentials", role.cloned());
            }
        }
        match self.kind {
            Kind::Request => authorizer.insert_some("identitySource", self.identity_source()?),
            _ => {
                let expression = identity("ValidationExpression").filter(|expression| expression.truthy());
                authorizer.insert_some("identityValidationExpression", expression.cloned());
            }
        }
        Ok(Some(authorizer))
    }

    /// Everything that callers are told by, in one text.
    fn identity_source(&self) -> Result<Option<Value>> {
        let mut sources: Vec<String> = Vec::new();
        let mut unicode = false;
        for (name, prefix) in SOURCES {
            let Some(values) =
                self.some("Identity").and_then(|identity| identity.get(name)).filter(|values| values.truthy())
            else {
                continue;
            };
            let path = format!("Auth.Authorizers.{}.Identity.{name}", self.name);
            for value in Owner::Resource(&self.api_id).texts(&path, Some(values))? {
                unicode |= value.unicode;
                sources.push(format!("{prefix}{value}"));
            }
        }
        let source = sources.join(", ");
        Ok((!source.is_empty()).then(|| if unicode { Text::unicode(source).into() } else { text(source) }))
    }
}

/// The definition of IAM as a security scheme is that of an authorizer of no function.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::hashed;

    #[test]
    fn iam_is_an_api_key_with_a_signature() {
        let authorizer = Authorizer {
            name: "AWS_IAM".into(),
            api_id: "Api".into(),
            kind: Kind::Iam,
            settings: Map::new(),
            partition: "aws",
        };
        let expected = hashed([
            ("type", text("apiKey")),
            ("name", text("Authorization")),
            ("in", text("header")),
            ("x-amazon-apigateway-authtype", text("awsSigv4")),
        ]);
        assert_eq!(authorizer.definition().unwrap(), expected);
    }
}
