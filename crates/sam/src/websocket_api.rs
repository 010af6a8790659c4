//! AWS::Serverless::WebSocketApi: a WebSocket API of API Gateway.

use crate::error::Result;
use crate::http_api::{self, domain};
use crate::intrinsics::{is_intrinsic, join, reference, sub, sub_with};
use crate::resource::{Resource, propagate_tags};
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, map, text};

pub(crate) const RULES: &[Rule] = &[
    optional("ApiKeySelectionExpression", Shape::Text),
    optional("AccessLogSettings", Shape::Map),
    optional("Auth", Shape::Map),
    optional("DefaultRouteSettings", Shape::Map),
    optional("Description", Shape::Text),
    optional("DisableExecuteApiEndpoint", Shape::Bool),
    optional("Domain", Shape::Map),
    optional("DisableSchemaValidation", Shape::Bool),
    optional("FailOnWarnings", Shape::Bool),
    optional("IpAddressType", Shape::Text),
    optional("Name", Shape::Text),
    optional("PropagateTags", Shape::Bool),
    required("Routes", Shape::Map),
    optional("RouteSettings", Shape::Map),
    required("RouteSelectionExpression", Shape::Text),
    optional("StageName", Shape::TextOrMap),
    optional("StageVariables", Shape::Map),
    optional("Tags", Shape::Map),
];

const TAG: &str = "websocketapi:createdBy";
const DEFAULT_STAGE: &str = "default";
const SAME: &[&str] = &[
    "ApiKeySelectionExpression",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation",
    "IpAddressType",
];

pub(crate) fn transform(mut api: Instance, translation: &mut Translation) -> Result<Generated> {
    for name in ["Auth", "Domain", "Routes"] {
        if let Some(value) = api.get_mut(name) {
            let value = translation.parameters.resolved(value)?;
            api.properties.insert(name, value);
        }
    }
    check(&api)?;
    // Conditions and the like are not passed on: so does SAM.
    api.attributes = Map::new();
    let mut tags = api.some("Tags").and_then(Value::as_map).cloned().unwrap_or_default();
    let tagged = !tags.is_empty();
    tags.insert(TAG, "SAM");
    let websocket_api = Resource::new("AWS::ApiGatewayV2::Api", api.id.clone(), &api.attributes)?
        .depending_on(api.depends_on.clone())
        .with_same(SAME, &api.properties)
        .with("Name", api.get("Name").cloned().unwrap_or_else(|| text(&api.id)))
        .with_some("RouteSelectionExpression", api.get("RouteSelectionExpression").cloned())
        .with("Tags", tags.clone())
        .with("ProtocolType", "WEBSOCKET");
    // Records are not shared with other APIs.
    let shared = std::mem::take(&mut translation.record_set_groups);
    let domain = domain::resources(&mut api, TAG, translation);
    translation.record_set_groups = shared;
    let domain = domain?;
    let mut stage = stage(&api)?;

    let mut resources = vec![websocket_api];
    let mut route_ids = Vec::new();
    for (key, spec) in api.get("Routes").and_then(Value::as_map).iter().flat_map(|routes| routes.iter()) {
        let route = route(&api, key, spec)?;
        route_ids.extend(route.first().map(|route| Value::Text(route.id.clone())));
        resources.extend(route);
    }
    if api.truthy("RouteSettings") {
        stage.depends_on = Some(route_ids.into());
    }
    resources.extend(domain);
    resources.push(stage);
    resources.extend(authorizer(&api)?);
    let tags = Value::from(tags);
    propagate_tags(&mut resources, Some(&tags).filter(|_| tagged), api.truthy("PropagateTags"));
    Ok(Generated::new(resources, http_api::REFERABLE))
}

fn check(api: &Instance) -> Result<()> {
    if !api.truthy("Routes") {
        return Err(api.error("WebSocket API must have at least one route."));
    }
    let kind = api.get("IpAddressType");
    if kind.is_some_and(|kind| !is_intrinsic(kind) && !kind.is("ipv4") && !kind.is("dualstack")) {
        return Err(api.error("IpAddressType must be 'ipv4' or 'dualstack'."));
    }
    let domain = api.get("Domain").and_then(Value::as_map);
    if domain.is_some_and(|domain| domain.truthy("MutualTlsAuthentication")) {
        return Err(api.error("Mutual TLS domain name association is not supported for Websocket APIs."));
    }
    let connects = api.get("Routes").and_then(Value::as_map).is_some_and(|routes| routes.contains("$connect"));
    if api.truthy("Auth") && !connects {
        return Err(api.error("Authorization is only available if there is a $connect route."));
    }
    Ok(())
}

fn stage_name(api: &Instance) -> Value {
    api.get("StageName").cloned().unwrap_or_else(|| text(DEFAULT_STAGE))
}

fn stage(api: &Instance) -> Result<Resource> {
    let name = stage_name(api);
    if name.is("$default") {
        return Err(api.error("Stages cannot be named $default for WebSocket APIs."));
    }
    let id = match name.as_str() {
        Some(DEFAULT_STAGE) => format!("{}DefaultStage", api.id),
        name => format!("{}{}Stage", api.id, name.unwrap_or_default()),
    };
    Ok(Resource::new("AWS::ApiGatewayV2::Stage", id, &api.attributes)?
        .with("ApiId", reference(&api.id))
        .with("StageName", name)
        .with_same(&["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"], &api.properties)
        .with("Tags", map([(TAG, text("SAM"))]))
        .with("AutoDeploy", true))
}

/// The route with its integration and the permission for it.
fn route(api: &Instance, key: &str, spec: &Value) -> Result<Vec<Resource>> {
    let name = sanitized(api, key)?;
    let id = |suffix: &str| format!("{}{name}{suffix}", api.id);
    let empty = Map::new();
    let spec = spec.as_map().unwrap_or(&empty);
    let integration_id = id("Integration");
    let mut route = Resource::new("AWS::ApiGatewayV2::Route", id("Route"), &api.attributes)?
        .with("RouteKey", key)
        .with("ApiId", reference(&api.id))
        .with_same(&["ApiKeyRequired", "ModelSelectionExpression", "OperationName", "RequestModels"], spec)
        .with_same(&["RouteResponseSelectionExpression"], spec)
        .with("Target", join("/", vec![text("integrations"), reference(&integration_id)]));
    if let Some(parameters) = spec.get("RequestParameters").filter(|parameters| parameters.truthy()) {
        if key != "$connect" {
            let message = "Request parameters are only supported for the $connect route in WebSocket APIs.";
            return Err(api.error(message));
        }
        route.set("RequestParameters", parameters.clone());
    }
    authorize(api, key, &mut route)?;
    if !spec.contains("FunctionArn") {
        return Err(api.error("Route must have associated function."));
    }
    let function = spec.get("FunctionArn").cloned().unwrap_or(Value::Null);
    let integration = Resource::new("AWS::ApiGatewayV2::Integration", integration_id, &api.attributes)?
        .with("ApiId", reference(&api.id))
        .with("IntegrationType", "AWS_PROXY")
        .with("IntegrationUri", invocation("FunctionArn", function.clone()))
        .with_some("TimeoutInMillis", spec.get("IntegrationTimeout").cloned());
    let permission = Resource::new("AWS::Lambda::Permission", id("Permission"), &api.attributes)?
        .with("Action", "lambda:InvokeFunction")
        .with("FunctionName", function)
        .with("Principal", "apigateway.amazonaws.com")
        .with("SourceArn", source_arn(api, key));
    Ok(vec![route, integration, permission])
}

fn sanitized(api: &Instance, key: &str) -> Result<String> {
    let word = match key {
        "$connect" | "$disconnect" | "$default" => &key[1..],
        _ if crate::logical_id::is_alphanumeric(key) => key,
        _ => {
            let message = format!(
                "Route key '{key}' must be alphanumeric. Only $connect, $disconnect, and $default special routes are supported."
            );
            return Err(api.error(message));
        }
    };
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    Ok(first + &chars.as_str().to_lowercase())
}

fn source_arn(api: &Instance, key: &str) -> Value {
    let arn = format!("arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{}.ApiId}}", api.id);
    match stage_name(api) {
        Value::Text(stage) => sub(format!("{arn}/{stage}/{key}")),
        stage => sub_with(format!("{arn}/${{__StageName__}}/{key}"), [("__StageName__", stage)]),
    }
}

/// The URI with which API Gateway invokes a function.
fn invocation(variable: &str, function: Value) -> Value {
    let start = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions";
    sub_with(format!("{start}/${{{variable}}}/invocations"), [(variable, function)])
}

fn authorizer_id(api: &Instance) -> String {
    format!("{}ConnectAuthorizer", api.id)
}

/// Sets who may connect.
fn authorize(api: &Instance, key: &str, route: &mut Resource) -> Result<()> {
    let Some(Value::Map(auth)) = api.some("Auth") else { return Ok(()) };
    check_auth(api, auth)?;
    if key != "$connect" {
        return Ok(());
    }
    match auth.str("AuthType") {
        Some("CUSTOM") => {
            route.set("AuthorizationType", "CUSTOM");
            route.set("AuthorizerId", reference(&authorizer_id(api)));
        }
        Some("AWS_IAM") => route.set("AuthorizationType", "AWS_IAM"),
        _ => route.set("AuthorizationType", "NONE"),
    }
    Ok(())
}

fn check_auth(api: &Instance, auth: &Map) -> Result<()> {
    let Some(kind) = auth.get("AuthType").filter(|kind| kind.truthy()) else {
        return Err(api.error("AuthType must be specified for additional auth configurations."));
    };
    match kind.as_str().map(str::to_uppercase).as_deref() {
        Some("CUSTOM") if !auth.truthy("AuthArn") => Err(api.error("AuthArn must be specified if AuthType is CUSTOM.")),
        Some("CUSTOM") => Ok(()),
        Some(kind @ ("AWS_IAM" | "NONE")) if auth.len() > 1 => {
            Err(api.error(format!("No additional configurations supported for AuthType {kind}.")))
        }
        Some("AWS_IAM" | "NONE") => Ok(()),
        _ => Err(api.error("AuthType is not one of AWS_IAM, CUSTOM or NONE.")),
    }
}

/// The authorizer with the permission for it, if connections are authorized by a function.
fn authorizer(api: &Instance) -> Result<Vec<Resource>> {
    let Some(Value::Map(auth)) =
        api.some("Auth").filter(|auth| auth.get("AuthType").is_some_and(|kind| kind.is("CUSTOM")))
    else {
        return Ok(Vec::new());
    };
    let id = authorizer_id(api);
    let function = auth.get("AuthArn").cloned().unwrap_or(Value::Null);
    let name = auth.get("Name").filter(|name| name.truthy()).cloned().unwrap_or_else(|| text(&id));
    let authorizer = Resource::new("AWS::ApiGatewayV2::Authorizer", id, &api.attributes)?
        .with("ApiId", reference(&api.id))
        .with_some("AuthorizerCredentialsArn", auth.get("InvokeRole").cloned())
        .with("AuthorizerType", "REQUEST")
        .with("AuthorizerUri", invocation("AuthArn", function.clone()))
        .with_same(&["IdentitySource"], auth)
        .with("Name", name);
    let mut resources = vec![authorizer];
    if !auth.truthy("InvokeRole") {
        resources.push(http_api::authorizer_permission(format!("{}AuthorizerPermission", api.id), &function, api)?);
    }
    Ok(resources)
}
