//! AWS::Serverless::HttpApi: an HTTP API of API Gateway.

mod authorizer;
pub(crate) mod domain;

pub(crate) use authorizer::{Authorizer, permission as authorizer_permission};

use crate::code_location::Location;
use crate::error::Result;
use crate::expect::Owner;
use crate::intrinsics::{is_intrinsic, is_no_value, reference};
use crate::logical_id;
use crate::openapi::{self, DEFAULT_PATH, OpenApi};
use crate::resource::{Resource, propagate_tags};
use crate::rules::{Instance, Rule, Shape, optional};
use crate::swagger::paths::deep_get;
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, list, text};

pub(crate) const RULES: &[Rule] = &[
    optional("__MANAGE_SWAGGER", Shape::Bool),
    optional("Name", Shape::Any),
    optional("StageName", Shape::TextOrMap),
    optional("Tags", Shape::Map),
    optional("PropagateTags", Shape::Bool),
    optional("DefinitionBody", Shape::Map),
    optional("DefinitionUri", Shape::TextOrMap),
    optional("StageVariables", Shape::Map),
    optional("CorsConfiguration", Shape::BoolOrMap),
    optional("AccessLogSettings", Shape::Map),
    optional("DefaultRouteSettings", Shape::Map),
    optional("Auth", Shape::Map),
    optional("RouteSettings", Shape::Map),
    optional("Domain", Shape::Map),
    optional("FailOnWarnings", Shape::Bool),
    optional("Description", Shape::Text),
    optional("DisableExecuteApiEndpoint", Shape::Bool),
];

/// Names that a template may use for generated resources: `Api.Stage`.
pub(crate) const REFERABLE: &[(&str, &str)] =
    &[("Stage", "AWS::ApiGatewayV2::Stage"), ("DomainName", "AWS::ApiGatewayV2::DomainName")];

const TAG: &str = "httpapi:createdBy";
const DEFAULT_STAGE: &str = "$default";

pub(crate) fn transform(mut api: Instance, translation: &mut Translation) -> Result<Generated> {
    for name in ["CorsConfiguration", "Domain"] {
        if let Some(value) = api.get_mut(name) {
            let value = translation.parameters.resolved(value)?;
            api.properties.insert(name, value);
        }
    }
    let authorizers = authorizer::read(&api, translation.context);
    let mut tags = api.some("Tags").and_then(Value::as_map).cloned().unwrap_or_default();
    let tagged = !tags.is_empty();
    let http_api = http_api(&api, &authorizers, &mut tags)?;
    let domain = domain::resources(&mut api, TAG, translation)?;
    let permissions = authorizer::permissions(&api, &authorizers?)?;
    let stage = stage(&api, &tags)?;

    let mut resources = vec![http_api];
    resources.extend(permissions);
    resources.extend(domain);
    resources.push(stage);
    let tags = Value::from(tags);
    propagate_tags(&mut resources, Some(&tags).filter(|_| tagged), api.get("DefinitionBody").is_some());
    Ok(Generated::new(resources, REFERABLE))
}

fn http_api(api: &Instance, authorizers: &Result<Vec<Authorizer>>, tags: &mut Map) -> Result<Resource> {
    if api.truthy("DefinitionUri") && api.truthy("DefinitionBody") {
        return Err(api.error("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both."));
    }
    let body = definition(api, authorizers, tags)?;
    let resource = Resource::new("AWS::ApiGatewayV2::Api", api.id.clone(), &api.attributes)?
        .depending_on(api.depends_on.clone())
        .with_some("FailOnWarnings", api.some("FailOnWarnings").cloned());
    match (api.some("DefinitionUri"), body) {
        (Some(uri), _) => {
            let location = Location::read(uri, &api.id, "DefinitionUri")?;
            Ok(resource.with("BodyS3Location", location.into_parts(Map::new(), ["Bucket", "Key", "Version"])))
        }
        (None, Some(body)) => Ok(resource.with("Body", body)),
        (None, None) => Err(api.error(
            "'DefinitionUri' or 'DefinitionBody' are required properties of an 'AWS::Serverless::HttpApi'. Add a value \
             for one of these properties or add a 'HttpApi' event to an 'AWS::Serverless::Function'.",
        )),
    }
}

/// The definition with CORS, authorization, tags and so on.
fn definition(api: &Instance, authorizers: &Result<Vec<Authorizer>>, tags: &mut Map) -> Result<Option<Value>> {
    let mut body = api.some("DefinitionBody").cloned();
    if let Some(value) = api.some("CorsConfiguration") {
        body = Some(with_cors(api, value, body)?);
    }
    if let Some(Value::Map(auth)) = api.some("Auth") {
        body = Some(with_auth(api, auth, authorizers, body)?);
    }
    body = with_tags(api, tags, body)?;
    if let Some(disable) = api.get("DisableExecuteApiEndpoint") {
        if body.is_none() {
            return Err(api.error("DisableExecuteApiEndpoint works only within 'DefinitionBody' property."));
        }
        let mut editor = OpenApi::open(body.as_ref())?;
        editor.disable_execute_api_endpoint(disable)?;
        body = Some(editor.close());
    }
    body = with_info(api, "Name", "title", body)?;
    body = with_info(api, "Description", "description", body)?;
    if api.truthy("FailOnWarnings") {
        let paths = body.as_mut().and_then(Value::as_map_mut).and_then(|body| body.get_mut("paths")?.as_map_mut());
        if let Some(paths) = paths
            && let Some(default) = paths.remove(DEFAULT_PATH)
        {
            paths.insert(format!("/{DEFAULT_PATH}"), default);
        }
    }
    Ok(body)
}

/// The definition, if it is one that SAM can write into; why not, if not.
fn editable(api: &Instance, body: Option<Value>, missing: &str, invalid: &str) -> Result<OpenApi> {
    let Some(body) = body else { return Err(api.error(missing)) };
    match openapi::is_valid(Some(&body)) {
        true => OpenApi::open(Some(&body)),
        false => {
            let message = format!("{invalid} because 'DefinitionBody' does not contain a valid OpenApi definition.");
            Err(api.error(message))
        }
    }
}

fn with_cors(api: &Instance, value: &Value, body: Option<Value>) -> Result<Value> {
    if body.is_none() {
        return Err(api.error("Cors works only with inline OpenApi specified in 'DefinitionBody' property."));
    }
    let mut settings: Vec<(&str, Option<Value>)> = Vec::new();
    let origins = match value {
        Value::Bool(_) => Some(list([text("*")])),
        function if is_intrinsic(function) => Some(function.clone()),
        Value::Map(given) => {
            let known = ["AllowMethods", "AllowHeaders", "AllowOrigins", "MaxAge", "ExposeHeaders", "AllowCredentials"];
            if let Some(key) = given.keys().iter().find(|key| !known.contains(&&***key)) {
                return Err(api.error(format!("Invalid key '{key}' for 'Cors' property.")));
            }
            let some = |name: &str| given.get(name).filter(|value| value.truthy()).cloned();
            settings.push(("allowHeaders", some("AllowHeaders")));
            settings.push(("allowMethods", some("AllowMethods")));
            settings.push(("exposeHeaders", some("ExposeHeaders")));
            settings.push(("maxAge", given.get("MaxAge").cloned()));
            settings.push(("allowCredentials", some("AllowCredentials").filter(|allow| allow.as_bool() == Some(true))));
            some("AllowOrigins")
        }
        _ => return Err(api.error("Invalid value for 'Cors' property.")),
    };
    let mut editor = editable(api, body, "", "Unable to add Cors configuration")?;
    let credentials = settings.iter().any(|(name, value)| *name == "allowCredentials" && value.is_some());
    if credentials && origins == Some(list([text("*")])) {
        let message = "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \
                       \"'*'\" or not set.";
        return Err(api.error(message));
    }
    settings.insert(0, ("allowOrigins", origins.clone()));
    if origins.as_ref().is_some_and(is_intrinsic) {
        let names = ["allowOrigins", "allowHeaders", "allowMethods", "exposeHeaders", "maxAge", "allowCredentials"];
        settings = names.map(|name| (name, None)).to_vec();
    }
    editor.add_cors(&settings, origins.as_ref())?;
    Ok(editor.close())
}

fn with_auth(api: &Instance, auth: &Map, authorizers: &Result<Vec<Authorizer>>, body: Option<Value>) -> Result<Value> {
    if body.is_none() {
        return Err(api.error("Auth works only with inline OpenApi specified in the 'DefinitionBody' property."));
    }
    let known = ["Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"];
    if !auth.keys().iter().all(|key| known.contains(&&**key)) {
        return Err(api.error("Invalid value for 'Auth' property"));
    }
    let mut editor = editable(api, body, "", "Unable to add Auth configuration")?;
    let authorizers = authorizers.as_ref().map_err(Clone::clone)?;
    editor.add_authorizers(authorizers)?;
    if let Some(default) = auth.get("DefaultAuthorizer").filter(|default| default.truthy() && !is_no_value(default)) {
        let default = Owner::Resource(&api.id).text("Auth.DefaultAuthorizer", Some(default))?;
        let Some(authorizer) = authorizers.iter().find(|authorizer| authorizer.name == *default) else {
            let message =
                format!("Unable to set DefaultAuthorizer because '{default}' was not defined in 'Authorizers'.");
            return Err(api.error(message));
        };
        for path in editor.paths.names() {
            editor.set_default_authorizer(&path, default, &authorizer.scopes())?;
        }
    }
    Ok(editor.close())
}

fn with_tags(api: &Instance, tags: &mut Map, body: Option<Value>) -> Result<Option<Value>> {
    let tagged = api.truthy("Tags");
    let Some(body) = body else {
        let message = "Tags works only with inline OpenApi specified in the 'DefinitionBody' property.";
        return if tagged { Err(api.error(message)) } else { Ok(None) };
    };
    if !tagged && !openapi::is_valid(Some(&body)) {
        return Ok(Some(body));
    }
    let mut editor = editable(api, Some(body), "", "Unable to add `Tags`")?;
    tags.insert(TAG, "SAM");
    editor.add_tags(tags)?;
    Ok(Some(editor.close()))
}

/// Writes the title or the description, unless the definition has its own.
fn with_info(api: &Instance, property: &str, member: &str, body: Option<Value>) -> Result<Option<Value>> {
    let Some(value) = api.some(property) else { return Ok(body) };
    let Some(body) = body else {
        let message = format!("{property} works only with inline OpenApi specified in the 'DefinitionBody' property.");
        return Err(api.error(message));
    };
    // The stray quote is SAM's.
    let end = if member == "description" { "'." } else { "." };
    let existing = deep_get(&body, &["info", member])
        .map_err(|wrong| api.error(format!("Invalid 'DefinitionBody': {wrong}{end}")))?;
    let taken = match member {
        "title" => existing != Some(&openapi::default_title()),
        _ => existing.is_some_and(Value::truthy),
    };
    if taken {
        return Err(api.error(format!(
            "Unable to set {property} because it is already defined within inline OpenAPI specified in the \
             'DefinitionBody' property."
        )));
    }
    let mut editor = OpenApi::open(Some(&body))?;
    editor.set_info(member, value);
    Ok(Some(editor.close()))
}

fn stage(api: &Instance, tags: &Map) -> Result<Resource> {
    let name = api.some("StageName").cloned().unwrap_or_else(|| text(DEFAULT_STAGE));
    let id = match name.as_str().unwrap_or_default() {
        name if logical_id::is_alphanumeric(name) => format!("{}{name}Stage", api.id),
        DEFAULT_STAGE => format!("{}ApiGatewayDefaultStage", api.id),
        name => logical_id::of_text(&format!("{}Stage", api.id), name),
    };
    let own = api.get("Tags").is_some() || !tags.is_empty();
    Ok(Resource::new("AWS::ApiGatewayV2::Stage", id, &api.passed_on())?
        .with("ApiId", reference(&api.id))
        .with("StageName", name)
        .with_same(&["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"], &api.properties)
        .with_some("Tags", own.then(|| tags.clone()))
        .with("AutoDeploy", true))
}
