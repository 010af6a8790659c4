//! The definition of a REST API: what the API's properties add to it.

use super::authorizer::{self, Authorizer};
use super::gateway_response;
use super::{Auth, editable};
use crate::code_location::Location;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::intrinsics::is_intrinsic;
use crate::rules::Instance;
use crate::swagger::paths::deep_get;
use crate::swagger::{Cors, Swagger, is_openapi_3, is_supported_version};
use crate::value::{Map, Text, Value, hashed};

/// Where the definition lies in S3.
pub(crate) fn location(uri: &Value, id: &str) -> Result<Map> {
    Ok(Location::read(uri, id, "DefinitionUri")?.into_parts(Map::hashed(), ["Bucket", "Key", "Version"]))
}

/// The definition with CORS, authorization, responses, models and so on.
pub(crate) fn complete(api: &mut Instance, context: &Context) -> Result<Option<Value>> {
    check(api)?;
    let mut body = api.get("DefinitionBody").cloned();
    add_cors(api, &mut body)?;
    add_auth(api, &mut body, context)?;
    gateway_response::add(api, &mut body)?;
    if let Some(types) = api.some("BinaryMediaTypes")
        && body.as_ref().is_some_and(Value::truthy)
    {
        let mut editor = Swagger::open(body.as_ref())?;
        editor.add_binary_media_types(types);
        body = Some(editor.close());
    }
    add_models(api, &mut body)?;
    if let Some(disable) = api.get("DisableExecuteApiEndpoint") {
        if !body.as_ref().is_some_and(Value::truthy) {
            return Err(api.error("DisableExecuteApiEndpoint works only within 'DefinitionBody' property."));
        }
        let mut editor = Swagger::open(body.as_ref())?;
        editor.disable_execute_api_endpoint(disable.clone())?;
        body = Some(editor.close());
    }
    match body.filter(|body| body.truthy() && !api.truthy("DefinitionUri")) {
        Some(body) => postprocess(api, body).map(Some),
        None => Ok(None),
    }
}

fn check(api: &Instance) -> Result<()> {
    if api.truthy("DefinitionUri") && api.truthy("DefinitionBody") {
        return Err(api.error("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both."));
    }
    if api.truthy("DefinitionUri") && api.truthy("MergeDefinitions") {
        return Err(api.error("Cannot set 'MergeDefinitions' to True when using `DefinitionUri`."));
    }
    if api.some("OpenApiVersion").is_some_and(|version| !is_supported_version(version)) {
        return Err(api.error("The OpenApiVersion value must be of the format '3.0.0'."));
    }
    Ok(())
}

fn add_cors(api: &Instance, body: &mut Option<Value>) -> Result<()> {
    let Some(value) = api.some("Cors") else { return Ok(()) };
    if !body.as_ref().is_some_and(Value::truthy) {
        return Err(api.error("Cors works only with inline Swagger specified in 'DefinitionBody' property."));
    }
    let cors = cors(api, value)?;
    let document = editable(api, body.as_ref(), "Cors", "Cors configuration")?;
    if cors.credentials && cors.origin.as_ref().is_some_and(|origin| origin.is("'*'")) {
        let message = "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \
                       \"'*'\" or not set";
        return Err(api.error(message));
    }
    let mut editor = Swagger::open(Some(document))?;
    let mut done: Vec<Text> = Vec::new();
    for path in editor.paths.names() {
        let normalized = if &*path == "/" { path.clone() } else { path.with(path.trim_end_matches('/')) };
        if done.contains(&normalized) {
            continue;
        }
        done.push(normalized);
        editor.add_cors(&path, &cors).map_err(|error| match error {
            Error::Template(_) => api.error(error.messages().concat()),
            other => other,
        })?;
    }
    *body = Some(editor.close());
    Ok(())
}

fn cors(api: &Instance, value: &Value) -> Result<Cors> {
    let settings = match value {
        Value::Map(settings) if !is_intrinsic(value) => settings,
        origin => return Ok(Cors { origin: Some(origin.clone()), ..Cors::default() }),
    };
    let known = ["AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials"];
    if let Some(key) = settings.keys().iter().find(|key| !known.contains(&&***key)) {
        return Err(api.error(format!("Invalid key '{key}' for 'Cors' property.")));
    }
    Ok(Cors {
        origin: if settings.contains("AllowOrigin") {
            settings.get("AllowOrigin").cloned()
        } else {
            Some("'*'".into())
        },
        headers: settings.get("AllowHeaders").cloned(),
        methods: settings.get("AllowMethods").cloned(),
        max_age: settings.get("MaxAge").cloned(),
        credentials: settings.get("AllowCredentials").and_then(Value::as_bool) == Some(true),
    })
}

fn add_auth(api: &Instance, body: &mut Option<Value>, context: &Context) -> Result<()> {
    if !api.truthy("Auth") {
        return Ok(());
    }
    if !body.as_ref().is_some_and(Value::truthy) {
        return Err(api.error("Auth works only with inline Swagger specified in 'DefinitionBody' property."));
    }
    let Some(auth) = Auth::of(api) else { return Err(api.error("Invalid value for 'Auth' property")) };
    if !auth.0.keys().iter().all(|key| Auth::KNOWN.contains(&&**key)) {
        return Err(api.error("Invalid value for 'Auth' property"));
    }
    let document = editable(api, body.as_ref(), "Auth", "Auth configuration")?;
    let mut editor = Swagger::open(Some(document))?;
    let authorizers = authorizer::read(api, auth.get("Authorizers"), auth.get("DefaultAuthorizer"), context)?;
    if !authorizers.is_empty() {
        editor.add_authorizers(&authorizers)?;
        set_default_authorizer(api, &auth, &authorizers, &mut editor)?;
    }
    if auth.get("ApiKeyRequired").is_some_and(Value::truthy) {
        editor.add_api_key_definition();
        let preflight = auth.default_true("AddApiKeyRequiredToCorsPreflight");
        for path in editor.paths.names() {
            editor.set_default_api_key(&path, preflight)?;
        }
    }
    if let Some(policy) = auth.get("ResourcePolicy").filter(|policy| policy.truthy()) {
        let Value::Map(policy) = policy else {
            return Err(Error::document("ResourcePolicy must be a map (ResourcePolicyStatement)."));
        };
        let stage = api.get("StageName").cloned().unwrap_or(Value::Null);
        for path in editor.paths.names() {
            editor.add_resource_policy(policy, &path, &stage)?;
        }
        if let Some(statements) = policy.get("CustomStatements").filter(|statements| statements.truthy()) {
            editor.add_custom_statements(statements);
        }
    }
    *body = Some(postprocess(api, editor.close())?);
    Ok(())
}

fn set_default_authorizer(api: &Instance, auth: &Auth, authorizers: &[Authorizer], editor: &mut Swagger) -> Result<()> {
    let Some(default) = auth.get("DefaultAuthorizer").filter(|default| default.truthy()) else { return Ok(()) };
    let Some(default) = default.as_text() else { return Err(api.error("DefaultAuthorizer is not a string.")) };
    if &**default != "AWS_IAM" && !authorizers.iter().any(|authorizer| authorizer.name == *default) {
        let message = format!("Unable to set DefaultAuthorizer because '{default}' was not defined in 'Authorizers'.");
        return Err(api.error(message));
    }
    let preflight = auth.default_true("AddDefaultAuthorizerToCorsPreflight");
    for path in editor.paths.names() {
        editor.set_default_authorizer(&path, default, authorizers, preflight)?;
    }
    Ok(())
}

fn add_models(api: &Instance, body: &mut Option<Value>) -> Result<()> {
    let Some(Value::Map(models)) = api.some("Models") else { return Ok(()) };
    let document = editable(api, body.as_ref(), "Models", "Models definitions")?;
    if !models.values().all(|model| model.as_map().is_some()) {
        return Err(api.error("Invalid value for 'Models' property"));
    }
    let mut editor = Swagger::open(Some(document))?;
    editor.add_models(models)?;
    *body = Some(postprocess(api, editor.close())?);
    Ok(())
}

/// Under OpenAPI 3, some parts have other places than under Swagger 2.
fn postprocess(api: &Instance, body: Value) -> Result<Value> {
    let Value::Map(mut body) = body else { return Ok(body) };
    let version = api.get("OpenApiVersion").or_else(|| body.get("openapi"));
    let moved =
        body.get("swagger").is_none() && version.is_some_and(|version| version.truthy() && is_openapi_3(version));
    if !moved {
        return Ok(body.into());
    }
    for (old, new) in [("securityDefinitions", "securitySchemes"), ("definitions", "schemas")] {
        let Some(part) = body.get(old).filter(|part| part.truthy()).cloned() else { continue };
        let components = body.get("components").filter(|components| components.truthy()).cloned();
        if let Value::Map(mut components) = components.unwrap_or_else(|| hashed([])) {
            components.insert(new, part);
            body.insert("components", components);
        }
        body.remove(old);
    }
    match body.get_mut("paths") {
        Some(Value::Map(paths)) => {
            for path in paths.keys() {
                let Some(Value::Map(item)) = paths.get_mut(&path) else {
                    let message = format!("Value of '{path}' path must be a dictionary according to Swagger spec.");
                    return Err(Error::document(message));
                };
                postprocess_options(&path, item)?;
            }
        }
        Some(other) if other.truthy() => {
            return Err(Error::document("Value of paths must be a dictionary according to Swagger spec."));
        }
        _ => {}
    }
    Ok(body.into())
}

fn postprocess_options(path: &str, item: &mut Map) -> Result<()> {
    let options = match item.get_mut("options") {
        Some(Value::Map(options)) => options,
        Some(other) if other.truthy() => {
            let message =
                format!("Value of options method for path {path} must be a dictionary according to Swagger spec.");
            return Err(Error::document(message));
        }
        _ => return Ok(()),
    };
    options.remove("produces");
    options.remove("consumes");
    let Some(responses) = options.get_mut("responses") else { return Ok(()) };
    let headers = deep_get(responses, &["200", "headers"])
        .map_err(|wrong| Error::document(format!("Invalid responses in options method for path {path}: {wrong}.")))?;
    match headers {
        None => return Ok(()),
        Some(headers) if !headers.truthy() => return Ok(()),
        Some(headers) if headers.as_map().is_none() => {
            return Err(Error::document(format!(
                "Value of response's headers in options method for path {path} must be a dictionary according to Swagger spec."
            )));
        }
        Some(_) => {}
    }
    let headers = responses
        .as_map_mut()
        .and_then(|responses| responses.get_mut("200")?.as_map_mut()?.get_mut("headers")?.as_map_mut());
    for header in headers.into_iter().flat_map(Map::values_mut) {
        *header = hashed([("schema", header.clone())]);
    }
    Ok(())
}
