//! Methods of REST APIs, for functions; their authorization is the same for state machines.

use super::Scene;
use super::permission::permission;
use crate::error::{Error, Result};
use crate::expect::Owner;
use crate::intrinsics::sub_with;
use crate::python2;
use crate::resolve::Parameters;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::swagger::paths::{deep_get, normalized, with_wildcards};
use crate::swagger::{self, LambdaIntegration, RequestParameter, Swagger};
use crate::value::{Map, Text, Value, hashed, text, truthy};

pub(crate) const RULES: &[Rule] = &[
    required("Path", Shape::Text),
    required("Method", Shape::Text),
    required("RestApiId", Shape::Text),
    optional("Stage", Shape::Text),
    optional("Auth", Shape::Map),
    optional("RequestModel", Shape::Map),
    optional("RequestParameters", Shape::List),
    optional("TimeoutInMillis", Shape::Int),
    optional("ResponseTransferMode", Shape::Text),
];

/// The API's logical id, if the event names one of this template.
pub(crate) fn rest_api_id(event: &Instance) -> Option<Text> {
    api_id_of(event.get("RestApiId")).and_then(Value::as_text).cloned()
}

/// What `RestApiId` refers to.
pub(crate) fn api_id_of(value: Option<&Value>) -> Option<&Value> {
    match value {
        Some(Value::Map(map)) if map.contains("Ref") => map.get("Ref"),
        other => other,
    }
}

pub(crate) fn link(event: &Instance, resources: &Map) -> Result<()> {
    check_rest_api(event, resources).map(|_| ())
}

/// Checks the API that the event names, and answers the suffix of its permission.
pub(crate) fn check_rest_api(event: &Instance, resources: &Map) -> Result<String> {
    let Some(id) = rest_api_id(event) else { return Ok("AllStages".into()) };
    let Some(Value::Map(api)) = resources.get(&id) else {
        let message = "RestApiId property of Api event must reference a valid resource in the same template.";
        return Err(Error::event(&event.relative_id, message));
    };
    let properties = match api.get("Properties") {
        Some(Value::Map(properties)) => properties,
        None if !api.contains("Properties") => return Ok("Stage".into()),
        _ => return Err(Error::resource(&id, "Attribute 'Properties' should be a map.")),
    };
    match properties.get("StageName") {
        Some(Value::Text(stage)) if stage.is_empty() => Err(Error::resource(&id, "StageName cannot be empty.")),
        Some(Value::Text(stage)) => Ok(stage.to_string()),
        _ => Ok("Stage".into()),
    }
}

/// An event's path and method, the method in lower case.
pub(crate) struct Route {
    pub(crate) path: Text,
    pub(crate) method: Text,
}

impl Route {
    pub(crate) fn of(event: &Instance) -> Route {
        let part = |name: &str| event.get(name).and_then(Value::as_text).cloned().unwrap_or_else(|| "".into());
        let method = part("Method");
        Route { path: part("Path"), method: method.with(method.to_lowercase()) }
    }
}

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let route = Route::of(event);
    let stage = check_rest_api(event, &scene.translation.source)?;
    let permission = invoke_permission(event, &route, &stage, scene)?;
    let Some(id) = rest_api_id(event) else {
        return Err(Error::event(&event.relative_id, "Property 'RestApiId' should be a string."));
    };
    let mut api = scene.translation.api_properties(&id);
    if api.truthy("__MANAGE_SWAGGER") || api.truthy("MergeDefinitions") {
        integrate(event, &mut api, &id, &route, &stage, scene)?;
    }
    if let Some(auth) = event.get("Auth").and_then(Value::as_map).filter(|auth| auth.truthy("OverrideApiAuth"))
        && api.truthy("DefinitionBody")
    {
        if !["Authorizer", "ApiKeyRequired", "ResourcePolicy"].iter().any(|name| auth.truthy(name)) {
            let message = "Must define one of: Authorizer, ApiKeyRequired or ResourcePolicy when using the OverrideApiAuth property.";
            return Err(Error::event(&event.relative_id, message));
        }
        let mut editor = Swagger::open(api.get("DefinitionBody"))?;
        let method = Method { event, api: &api, api_id: &id, route: &route, stage: &stage };
        method.authorize(auth, &mut editor, &scene.translation.parameters)?;
        api.insert("DefinitionBody", editor.close());
    }
    scene.translation.set_api_properties(&id, api);
    Ok(vec![permission])
}

fn invoke_permission(event: &Instance, route: &Route, stage: &str, scene: &Scene) -> Result<Resource> {
    let path = without_trailing_slash(&route.path);
    let path = with_wildcards(path, false);
    let method = if &*route.method == "any" { "*".to_owned() } else { route.method.to_uppercase() };
    let arn = scene.translation.context.arn("execute-api", &format!("${{__ApiId__}}/${{__Stage__}}/{method}{path}"));
    let api = event.get("RestApiId").cloned().unwrap_or(Value::Null);
    let source = sub_with(arn, [("__ApiId__", api), ("__Stage__", text("*"))]);
    Ok(permission(&event.id, stage, "apigateway.amazonaws.com", scene.target)?.with("SourceArn", source))
}

/// A path without its last slash, unless it is nothing else.
pub(crate) fn without_trailing_slash(path: &str) -> &str {
    path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path)
}

/// The URI with which API Gateway invokes a function.
pub(crate) fn integration_uri(target: &Resource, partition: &str, streamed: bool) -> Value {
    let (version, call) = match streamed {
        true => ("2021-11-15", "response-streaming-invocations"),
        false => ("2015-03-31", "invocations"),
    };
    // The alias has no ARN of its own to get: its reference is one.
    let (short, unicode) = match target.kind {
        "AWS::Lambda::Alias" => (format!("${{{}}}", target.id), false),
        _ => (format!("${{{}.Arn}}", target.id), target.id.unicode),
    };
    let arn = format!("arn:{partition}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/{short}/{call}");
    let arn = if unicode { Text::unicode(arn) } else { arn.into() };
    hashed([("Fn::Sub", arn.into())])
}

fn integrate(
    event: &Instance,
    api: &mut Map,
    api_id: &str,
    route: &Route,
    stage: &str,
    scene: &mut Scene,
) -> Result<()> {
    let Some(body) = api.get("DefinitionBody") else { return Ok(()) };
    let merge = api.truthy("MergeDefinitions");
    let mut editor = match merge {
        true => Swagger::open(Some(&swagger::skeleton()))?,
        false => Swagger::open(Some(body))?,
    };
    if editor.paths.has_integration(&route.path, &route.method)? {
        let message = format!("API method \"{}\" defined multiple times for path \"{}\".", route.method, route.path);
        return Err(Error::event(&event.relative_id, message));
    }
    let partition = scene.translation.context.partition();
    let streamed = event.str("ResponseTransferMode") == Some("RESPONSE_STREAM");
    let none = Map::hashed();
    let auth = match event.some("Auth") {
        None => &none,
        auth => Owner::Event(&event.relative_id).map("Auth", auth)?,
    };
    let api_auth = match api.get("Auth").filter(|auth| auth.truthy()) {
        None => &none,
        auth => Owner::Resource(api_id).map("Auth", auth)?,
    };
    let integration = LambdaIntegration {
        uri: integration_uri(scene.target, partition, streamed),
        streamed,
        condition: scene.target.condition(),
        auth,
        api_auth,
        partition,
    };
    editor.add_lambda(&route.path, &route.method, integration)?;
    if !auth.is_empty() {
        let method = Method { event, api, api_id, route, stage };
        method.authorize(auth, &mut editor, &scene.translation.parameters)?;
    }
    if let Some(timeout) = event.some("TimeoutInMillis") {
        editor.set_timeout(&route.path, &route.method, timeout)?;
    }
    add_model(event, api, route, &mut editor)?;
    if let Some(parameters) = event.some("RequestParameters").map(Value::python_items) {
        let parameters: Result<Vec<RequestParameter>> =
            parameters.iter().map(|parameter| request_parameter(event, parameter)).collect();
        editor.add_request_parameters(&route.path, &route.method, &parameters?)?;
    }
    let body = match merge {
        true => merged(api, api_id, route, editor)?,
        false => editor.close(),
    };
    api.insert("DefinitionBody", body);
    Ok(())
}

/// `MergeDefinitions`: what the template says about a method, overwritten by what SAM says.
fn merged(api: &Map, api_id: &str, route: &Route, editor: Swagger) -> Result<Value> {
    let mut body = api.get("DefinitionBody").and_then(Value::as_map).map(Map::copy).unwrap_or_default();
    let paths = body.get("paths").filter(|paths| paths.truthy()).cloned().unwrap_or_else(|| Map::new().into());
    let given = deep_get(&paths, &[&route.path, &route.method])
        .map_err(|wrong| Error::resource(api_id, format!("Property 'DefinitionBody' is invalid: {wrong}")))?;
    let mut method = match given.filter(|given| given.truthy()) {
        None => Map::new(),
        given => {
            let path = format!("DefinitionBody.paths.{}.{}", route.path, route.method);
            Owner::Resource(api_id).map(&path, given)?.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        }
    };
    let generated = editor.close();
    let keys = ["paths", &route.path, &normalized(&route.method)];
    if let Ok(Some(Value::Map(generated))) = deep_get(&generated, &keys) {
        method.update(generated);
    }
    if let Some(paths) = body.get_mut("paths").and_then(Value::as_map_mut)
        && let Some(item) = paths.or_insert(&route.path, Map::new()).as_map_mut()
    {
        item.insert(&route.method, method);
    }
    Ok(body.into())
}

fn add_model(event: &Instance, api: &Map, route: &Route, editor: &mut Swagger) -> Result<()> {
    let Some(request) = event.some("RequestModel") else { return Ok(()) };
    let request = Owner::Event(&event.relative_id).map("RequestModel", Some(request))?;
    let Some(model) = request.get("Model").filter(|model| model.truthy()) else { return Ok(()) };
    let wrong = |subject: &str, why: &str| {
        let message = format!(
            "Unable to set {subject} [{}] on API method [{}] for path [{}] {why}",
            python2::str(model),
            route.method,
            route.path
        );
        Err(Error::event(&event.relative_id, message))
    };
    let Some(models) = api.get("Models").filter(|models| models.truthy()) else {
        return wrong("RequestModel", "because the related API does not define any Models.");
    };
    if models.as_map().is_none() {
        return wrong("RequestModel", "because the related API Models defined is of invalid type.");
    }
    let Some(model) = model.as_text() else {
        return wrong("RequestModel", "because the related API does not contain valid Models.");
    };
    if !truthy(models.get(model)) {
        return wrong("RequestModel", "because it wasn't defined in the API's Models.");
    }
    editor.add_request_model(&route.path, &route.method, model, request.get("Required"))?;
    match (request.get("ValidateBody"), request.get("ValidateParameters")) {
        (None, None) => Ok(()),
        (body, parameters) => {
            let flag = |value: Option<&Value>| value.map_or(Some(false), Value::as_bool);
            let (Some(body), Some(parameters)) = (flag(body), flag(parameters)) else {
                let why = "ValidateBody and ValidateParameters must be a boolean type, strings or intrinsics are not supported.";
                return wrong("Validator to RequestModel", why);
            };
            editor.add_validator(&route.path, &route.method, body, parameters)
        }
    }
}

fn request_parameter(event: &Instance, parameter: &Value) -> Result<RequestParameter> {
    let wrong = |why: &str| {
        Err(Error::event(&event.relative_id, format!("Invalid value for 'RequestParameters' property. {why}")))
    };
    let (name, settings) = match parameter {
        Value::Text(name) => (name, None),
        Value::Map(map) => match map.iter().next() {
            Some((name, settings)) => (name, Some(settings)),
            None => return wrong("Property must be either a string or an object"),
        },
        _ => return wrong("Property must be either a string or an object"),
    };
    let place = name.strip_prefix("method.request.").and_then(|rest| rest.split_once('.'));
    if !place.is_some_and(|(place, _)| matches!(place, "querystring" | "path" | "header")) {
        return wrong(
            "Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.",
        );
    }
    let known = |settings: &Map| settings.keys().iter().all(|key| matches!(&**key, "Required" | "Caching"));
    if settings.is_some_and(|settings| !settings.as_map().is_some_and(known)) {
        return wrong("Values must be an object, e.g { Required: true, Caching: false }");
    }
    let setting = |name: &str| settings.and_then(|settings| settings.get(name));
    Ok(RequestParameter {
        name: name.clone(),
        required: setting("Required").cloned().unwrap_or_else(|| false.into()),
        caching: truthy(setting("Caching")),
    })
}

/// A method of a REST API, with the event that it is there for.
pub(crate) struct Method<'a> {
    pub(crate) event: &'a Instance,
    /// The properties of the API.
    pub(crate) api: &'a Map,
    pub(crate) api_id: &'a str,
    pub(crate) route: &'a Route,
    pub(crate) stage: &'a str,
}

impl Method<'_> {
    /// Applies the `Auth` of the event.
    pub(crate) fn authorize(&self, auth: &Map, editor: &mut Swagger, parameters: &Parameters) -> Result<()> {
        let Method { event, route, .. } = self;
        let api_auth = self.api.get("Auth").map(|auth| parameters.resolved_copy(auth)).transpose()?;
        let of_api = |name: &str| api_auth.as_ref().and_then(|auth| auth.get(name)).filter(|value| value.truthy());
        self.check(auth, &of_api)?;
        if auth.truthy("Authorizer") || auth.get("ApiKeyRequired").is_some() {
            editor.add_auth(&route.path, &route.method, auth, self.api)?;
        }
        if let Some(policy) = auth.get("ResourcePolicy").filter(|policy| policy.truthy()) {
            let policy = Owner::Resource(&event.relative_id).map("Auth.ResourcePolicy", Some(policy))?;
            editor.add_resource_policy(policy, &route.path, &text(self.stage))?;
            if let Some(statements) = policy.get("CustomStatements").filter(|statements| statements.truthy()) {
                editor.add_custom_statements(statements);
            }
        }
        Ok(())
    }

    fn wrong(&self, message: String) -> Result<()> {
        Err(Error::event(&self.event.relative_id, message))
    }

    /// `on API method [get] for path [/]`
    fn place(&self) -> String {
        format!("on API method [{}] for path [{}]", self.route.method, self.route.path)
    }

    fn check<'v>(&self, auth: &Map, of_api: &dyn Fn(&str) -> Option<&'v Value>) -> Result<()> {
        let authorizer = auth.get("Authorizer").filter(|authorizer| authorizer.truthy());
        if let Some(authorizer) = authorizer {
            self.check_authorizer(authorizer, of_api)?;
        }
        if let Some(scopes) = auth.get("AuthorizationScopes").filter(|scopes| scopes.truthy()) {
            Owner::Event(&self.event.relative_id).list("Auth.AuthorizationScopes", Some(scopes))?;
            if authorizer.is_none() {
                return self.wrong("AuthorizationScopes works only when Authorizer is set".into());
            }
        }
        let key_required = auth.get("ApiKeyRequired");
        if key_required.is_some_and(|required| !required.truthy()) && of_api("ApiKeyRequired").is_none() {
            let why = "because the related API does not specify any ApiKeyRequired.";
            return self.wrong(format!("Unable to set ApiKeyRequired [False] {} {why}", self.place()));
        }
        Ok(())
    }

    fn check_authorizer<'v>(&self, authorizer: &Value, of_api: &dyn Fn(&str) -> Option<&'v Value>) -> Result<()> {
        let authorizers = of_api("Authorizers");
        if authorizers.is_some() {
            Owner::Resource(self.api_id).map("Auth.Authorizers", authorizers)?;
        }
        if authorizer.is("AWS_IAM") || authorizer.is("NONE") && of_api("DefaultAuthorizer").is_some() {
            return Ok(());
        }
        if authorizer.is("NONE") {
            let why = "because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.";
            return self.wrong(format!("Unable to set Authorizer {} {why}", self.place()));
        }
        let what = format!("Unable to set Authorizer [{}] {}", python2::str(authorizer), self.place());
        let Some(authorizers) = authorizers else {
            return self.wrong(format!("{what} because the related API does not define any Authorizers."));
        };
        check_authorizer_type(self.event, authorizer, Some(authorizers), self.route)?;
        match truthy(authorizer.as_str().and_then(|name| authorizers.get(name))) {
            true => Ok(()),
            false => self.wrong(format!("{what} because it wasn't defined in the API's Authorizers.")),
        }
    }
}

/// An authorizer is named by text, and found in a map.
pub(crate) fn check_authorizer_type(
    event: &Instance,
    authorizer: &Value,
    authorizers: Option<&Value>,
    route: &Route,
) -> Result<()> {
    if authorizer.as_str().is_some() && authorizers.is_some_and(|authorizers| authorizers.as_map().is_some()) {
        return Ok(());
    }
    let message = format!(
        "Unable to set Authorizer [{}] on API method [{}] for path [{}]. The method authorizer must be a string with a \
         corresponding dict entry in the api authorizer.",
        python2::str(authorizer),
        route.method,
        route.path
    );
    Err(Error::event(&event.relative_id, message))
}
