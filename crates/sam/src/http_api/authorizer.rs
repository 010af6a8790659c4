//! Authorizers of an HTTP API: JWT, Lambda, IAM.

use crate::context::{Context, arn};
use crate::error::Result;
use crate::expect::Owner;
use crate::intrinsics::{reference, sub_with};
use crate::resource::Resource;
use crate::rules::Instance;
use crate::value::{Map, Text, Value, map, text};

/// One of the API's authorizers.
#[derive(Clone)]
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
    Jwt,
    Lambda,
}

/// Properties, and the authorizers that have them.
const PROPERTIES: [(&str, Kind); 9] = [
    ("AuthorizationScopes", Kind::Jwt),
    ("JwtConfiguration", Kind::Jwt),
    ("IdentitySource", Kind::Jwt),
    ("FunctionArn", Kind::Lambda),
    ("FunctionInvokeRole", Kind::Lambda),
    ("Identity", Kind::Lambda),
    ("AuthorizerPayloadFormatVersion", Kind::Lambda),
    ("EnableSimpleResponses", Kind::Lambda),
    ("EnableFunctionDefaultPermissions", Kind::Lambda),
];

/// The authorizers of an API, IAM among them if it is enabled.
pub(crate) fn read(api: &Instance, context: &Context) -> Result<Vec<Authorizer>> {
    let Some(Value::Map(auth)) = api.some("Auth") else { return Ok(Vec::new()) };
    let mut authorizers = Vec::new();
    if auth.get("EnableIamAuthorizer").and_then(Value::as_bool) == Some(true) {
        authorizers.push(Authorizer {
            name: "AWS_IAM".into(),
            api_id: api.id.clone(),
            kind: Kind::Iam,
            settings: Map::new(),
            partition: context.partition(),
        });
    }
    let Some(given) = auth.get("Authorizers").filter(|given| given.truthy()) else { return Ok(authorizers) };
    let owner = Owner::Resource(&api.id);
    for (name, settings) in owner.map("Auth.Authorizers", Some(given))?.iter() {
        let settings = owner.map(&format!("Auth.Authorizers.{name}"), Some(settings))?;
        if settings.contains("OpenIdConnectUrl") {
            return Err(api.error(format!(
                "'OpenIdConnectUrl' is no longer a supported property for authorizer '{name}'. Please refer to the AWS \
                 SAM documentation."
            )));
        }
        let authorizer = Authorizer::read(api, name, settings, context)?;
        authorizers.retain(|other: &Authorizer| other.name != authorizer.name);
        authorizers.push(authorizer);
    }
    Ok(authorizers)
}

/// The permissions that let API Gateway call the functions of authorizers, where they are wanted.
pub(crate) fn permissions(api: &Instance, authorizers: &[Authorizer]) -> Result<Vec<Resource>> {
    let wanted = authorizers.iter().filter(|authorizer| authorizer.settings.truthy("EnableFunctionDefaultPermissions"));
    wanted
        .filter_map(|authorizer| Some((authorizer, authorizer.some("FunctionArn")?)))
        .map(|(authorizer, function)| {
            let id = format!("{}{}AuthorizerPermission", api.id, authorizer.name);
            permission(id, function, api)
        })
        .collect()
}

/// The permission that lets API Gateway call the function of an authorizer.
pub(crate) fn permission(id: String, function: &Value, api: &Instance) -> Result<Resource> {
    let pattern = arn("${AWS::Partition}", "execute-api", "${__ApiId__}/authorizers/*");
    Ok(Resource::new("AWS::Lambda::Permission", id, &api.passed_on())?
        .with("Action", "lambda:InvokeFunction")
        .with("FunctionName", function.clone())
        .with("Principal", "apigateway.amazonaws.com")
        .with("SourceArn", sub_with(pattern, [("__ApiId__", reference(&api.id))])))
}

impl Authorizer {
    fn read(api: &Instance, name: &Text, settings: &Map, context: &Context) -> Result<Authorizer> {
        let owner = Owner::Resource(&api.id);
        let jwt = settings.get("JwtConfiguration").filter(|jwt| jwt.truthy());
        if jwt.is_some() {
            owner.map("JwtConfiguration", jwt)?;
        }
        let kind = if jwt.is_some() { Kind::Jwt } else { Kind::Lambda };
        let scopes = settings.get("AuthorizationScopes");
        if scopes.is_some_and(|scopes| scopes.as_list().is_none()) {
            return Err(api.error("AuthorizationScopes must be a list."));
        }
        for (property, of) in PROPERTIES {
            let given = settings.get(property).is_some_and(|value| property != "JwtConfiguration" || value.truthy());
            if given && of != kind {
                let owner = match (of, property) {
                    (Kind::Lambda, _) => "Lambda Authorizer",
                    (_, "IdentitySource") => {
                        "OAuth2 Authorizer. For Lambda Authorizer, use the 'Identity' property instead"
                    }
                    _ => "OAuth2 Authorizer",
                };
                return Err(api.error(format!("{property} is only supported for {owner}.")));
            }
        }
        let needed: &[&str] = match kind {
            Kind::Jwt => &["IdentitySource"],
            _ => &["FunctionArn", "AuthorizerPayloadFormatVersion"],
        };
        if let Some(missing) = needed.iter().find(|property| !settings.truthy(property)) {
            let of = if kind == Kind::Jwt { "OAuth2" } else { "Lambda" };
            return Err(api.error(format!("{name} {of} Authorizer must define '{missing}'.")));
        }
        if settings.get("EnableFunctionDefaultPermissions").is_some() {
            let path = format!("Authorizers.{name}.EnableFunctionDefaultPermissions");
            owner.bool(&path, settings.get("EnableFunctionDefaultPermissions"))?;
        }
        let (name, settings, partition) = (name.clone(), settings.clone(), context.partition());
        Ok(Authorizer { name, api_id: api.id.clone(), kind, settings, partition })
    }

    fn some(&self, name: &str) -> Option<&Value> {
        self.settings.get(name).filter(|value| value.truthy())
    }

    /// The scopes that routes require by default.
    pub(crate) fn scopes(&self) -> Value {
        self.settings.get("AuthorizationScopes").cloned().unwrap_or_else(|| Vec::new().into())
    }

    /// The security scheme.
    pub(crate) fn definition(&self) -> Result<Value> {
        let key = |name: &str| {
            let mut key = Map::new();
            key.insert("type", "apiKey");
            key.insert("name", name);
            key.insert("in", "header");
            key
        };
        match self.kind {
            Kind::Iam => {
                let mut scheme = key("Authorization");
                scheme.insert("x-amazon-apigateway-authtype", "awsSigv4");
                Ok(scheme.into())
            }
            Kind::Jwt => {
                let given = self.settings.get("JwtConfiguration").and_then(Value::as_map);
                let lower = |(key, value): (&Text, &Value)| (key.with(key.to_lowercase()), value.clone());
                let configuration: Map = given.into_iter().flat_map(|given| given.iter()).map(lower).collect();
                let authorizer = map([
                    ("jwtConfiguration", configuration.into()),
                    ("identitySource", self.settings.get("IdentitySource").cloned().unwrap_or(Value::Null)),
                    ("type", text("jwt")),
                ]);
                Ok(map([("type", text("oauth2")), ("x-amazon-apigateway-authorizer", authorizer)]))
            }
            Kind::Lambda => {
                let mut scheme = key("Unused");
                scheme.insert("x-amazon-apigateway-authorizer", self.lambda()?);
                Ok(scheme.into())
            }
        }
    }

    fn lambda(&self) -> Result<Map> {
        let uri = format!(
            "arn:{}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{__FunctionArn__}}/invocations",
            self.partition
        );
        let function = self.settings.get("FunctionArn").cloned().unwrap_or(Value::Null);
        let mut authorizer = Map::new();
        authorizer.insert("type", "request");
        authorizer.insert("authorizerUri", sub_with(uri, [("__FunctionArn__", function)]));
        let role = self.some("FunctionInvokeRole").filter(|role| !role.is("NONE"));
        authorizer.insert_some("authorizerCredentials", role.cloned());
        if let Some(identity) = self.some("Identity") {
            let path = format!("Auth.Authorizers.{}.Identity", self.name);
            let identity = Owner::Resource(&self.api_id).map(&path, Some(identity))?;
            authorizer.insert_some("authorizerResultTtlInSeconds", identity.get("ReauthorizeEvery").cloned());
            authorizer.insert("identitySource", self.identity_source(identity)?);
        }
        authorizer.insert_some("authorizerPayloadFormatVersion", self.some("AuthorizerPayloadFormatVersion").cloned());
        authorizer.insert_some("enableSimpleResponses", self.some("EnableSimpleResponses").cloned());
        Ok(authorizer)
    }

    fn identity_source(&self, identity: &Map) -> Result<Vec<Value>> {
        let sources = [
            ("Headers", "$request.header."),
            ("QueryStrings", "$request.querystring."),
            ("StageVariables", "$stageVariables."),
            ("Context", "$context."),
        ];
        let mut all = Vec::new();
        for (name, prefix) in sources {
            let Some(values) = identity.get(name).filter(|values| values.truthy()) else { continue };
            let path = format!("Authorizers.{}.Identity.{name}", self.name);
            let values = Owner::Resource(&self.api_id).texts(&path, Some(values))?;
            all.extend(values.into_iter().map(|value| text(format!("{prefix}{value}"))));
        }
        Ok(all)
    }
}
