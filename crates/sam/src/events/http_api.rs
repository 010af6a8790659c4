//! Routes of HTTP APIs.

use super::Scene;
use super::api::{Route, api_id_of, check_authorizer_type, integration_uri, without_trailing_slash};
use super::permission::permission;
use crate::context::arn;
use crate::error::{Error, Result};
use crate::expect::Owner;
use crate::intrinsics::sub_with;
use crate::openapi::{DEFAULT_PATH, OpenApi};
use crate::python2;
use crate::resource::Resource;
use crate::rules::{Instance, Rule, Shape, optional};
use crate::swagger::paths::{ANY_METHOD, with_wildcards};
use crate::value::{Map, Text, Value, text, truthy};

pub(crate) const RULES: &[Rule] = &[
    optional("Path", Shape::Text),
    optional("Method", Shape::Text),
    optional("ApiId", Shape::Text),
    optional("Stage", Shape::Text),
    optional("Auth", Shape::Map),
    optional("TimeoutInMillis", Shape::Int),
    optional("RouteSettings", Shape::Map),
    optional("PayloadFormatVersion", Shape::Text),
];

const PARTITION: &str = "${AWS::Partition}";

pub(crate) fn link(event: &Instance, resources: &Map) -> Result<()> {
    match api_id(event).is_some_and(|id| resources.contains(&id)) {
        true => Ok(()),
        false => {
            let message = "ApiId must be a valid reference to an 'AWS::Serverless::HttpApi' resource in same template.";
            Err(Error::event(&event.relative_id, message))
        }
    }
}

fn api_id(event: &Instance) -> Option<Text> {
    api_id_of(event.get("ApiId")).and_then(Value::as_text).cloned()
}

pub(crate) fn generate(event: &mut Instance, scene: &mut Scene) -> Result<Vec<Resource>> {
    let route = Route::of(event);
    let id = api_id(event).unwrap_or_else(|| "".into());
    let mut api = scene.translation.api_properties(&id);
    let permission = invoke_permission(event, &route, &id, &api, scene)?;
    if let Some(body) = api.get("DefinitionBody") {
        let editor = OpenApi::open(Some(body))?;
        let body = integrate(event, editor, &api, &id, &route, scene)?;
        api.insert("DefinitionBody", body);
        scene.translation.set_api_properties(&id, api);
    }
    Ok(permission.into_iter().collect())
}

/// The permission, unless the function has one for every route.
fn invoke_permission(event: &Instance, route: &Route, id: &str, api: &Map, scene: &Scene) -> Result<Option<Resource>> {
    let editor = match api.get("DefinitionBody").filter(|body| body.truthy()) {
        None => None,
        body => Some(OpenApi::open(body).map_err(|error| match error {
            Error::Document(_) => Error::resource(id, error.messages().join(" ")),
            other => other,
        })?),
    };
    let path = match without_trailing_slash(&route.path) {
        DEFAULT_PATH => "",
        path => {
            let has_default = editor.map(|editor| editor.is_default_function(&scene.target.id)).transpose()?;
            if has_default == Some(true) {
                return Ok(None);
            }
            path
        }
    };
    let path = with_wildcards(path, true);
    let any = matches!(&*route.method, "any" | ANY_METHOD);
    let resource = match &*route.method == "any" && path == format!("/{DEFAULT_PATH}") {
        true => format!("${{__ApiId__}}/${{__Stage__}}{path}"),
        false => format!(
            "${{__ApiId__}}/${{__Stage__}}/{}{path}",
            if any { "*".into() } else { route.method.to_uppercase() }
        ),
    };
    let api = event.get("ApiId").cloned().unwrap_or(Value::Null);
    let source = sub_with(arn(PARTITION, "execute-api", &resource), [("__ApiId__", api), ("__Stage__", text("*"))]);
    let permission = permission(&event.id, "", "apigateway.amazonaws.com", scene.target)?;
    Ok(Some(permission.with("SourceArn", source)))
}

fn integrate(
    event: &Instance,
    mut editor: OpenApi,
    api: &Map,
    id: &str,
    route: &Route,
    scene: &Scene,
) -> Result<Value> {
    let Route { path, method } = route;
    if api.truthy("__MANAGE_SWAGGER") && editor.paths.has_integration(path, method)? {
        let message = format!("API method '{method}' defined multiple times for path '{path}'.");
        return Err(Error::event(&event.relative_id, message));
    }
    editor.add_lambda(path, method, integration_uri(scene.target, PARTITION, false), scene.target.condition())?;
    if let Some(auth) = event.some("Auth").and_then(Value::as_map) {
        add_auth(event, auth, api, id, route, &mut editor)?;
    }
    if let Some(timeout) = event.some("TimeoutInMillis") {
        editor.set_integration(path, method, "timeoutInMillis", timeout)?;
    }
    let parameters: Vec<&str> =
        path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
    if !parameters.is_empty() {
        editor.add_path_parameters(path, method, &parameters)?;
    }
    if let Some(version) = event.some("PayloadFormatVersion") {
        editor.set_integration(path, method, "payloadFormatVersion", version)?;
    }
    Ok(editor.close())
}

fn add_auth(event: &Instance, auth: &Map, api: &Map, api_id: &str, route: &Route, editor: &mut OpenApi) -> Result<()> {
    let wrong = |message: String| Err(Error::event(&event.relative_id, message));
    let on = format!("on API method [{}] for path [{}]", route.method, route.path);
    let none = Map::new();
    let api_auth = match api.get("Auth") {
        None if !api.contains("Auth") => &none,
        auth => Owner::Resource(api_id).map("Auth", auth)?,
    };
    let of_api = |name: &str| api_auth.get(name).filter(|value| value.truthy());
    let own = auth.get("Authorizer").filter(|authorizer| authorizer.truthy());
    let Some(authorizer) = own.or_else(|| of_api("DefaultAuthorizer")) else {
        return wrong(
            "'Auth' section requires either an explicit 'Authorizer' set or a 'DefaultAuthorizer' configured on the HttpApi."
                .into(),
        );
    };
    let authorizers = of_api("Authorizers");
    let by_iam = authorizer.is("AWS_IAM") && api_auth.get("EnableIamAuthorizer").and_then(Value::as_bool) == Some(true);
    if !authorizer.is("NONE") && !by_iam {
        // No `Auth` at all counts as a map without authorizers.
        let empty = Value::from(Map::new());
        let all = if api_auth.is_empty() { Some(&empty) } else { api_auth.get("Authorizers") };
        check_authorizer_type(event, authorizer, all, route)?;
    }
    if authorizer.is("NONE") {
        if of_api("DefaultAuthorizer").is_none() {
            let why = "because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.";
            return wrong(format!("Unable to set Authorizer {on} {why}"));
        }
    } else if !by_iam {
        let what = format!("Unable to set Authorizer [{}] {on}", python2::str(authorizer));
        let Some(authorizers) = authorizers else {
            return wrong(format!("{what} because the related API does not define any Authorizers."));
        };
        if !truthy(authorizer.as_str().and_then(|name| authorizers.get(name))) {
            return wrong(format!("{what} because it wasn't defined in the API's Authorizers."));
        }
    }
    let scopes = auth.get("AuthorizationScopes").filter(|scopes| scopes.truthy());
    if scopes.is_some_and(|scopes| scopes.as_list().is_none()) {
        let why = "because 'AuthorizationScopes' must be a list of strings.";
        return wrong(format!("Unable to set Authorizer {on} {why}"));
    }
    let Some(name) = authorizer.as_text() else { return Ok(()) };
    editor.set_authorizer(&route.path, &route.method, name, authorizers.and_then(Value::as_map), scopes)
}
