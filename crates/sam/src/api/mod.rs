//! AWS::Serverless::Api: a REST API of API Gateway.

mod authorizer;
mod definition;
mod domain;
mod gateway_response;
mod stage;
mod usage_plan;

pub(crate) use authorizer::Authorizer;
pub(crate) use stage::note_function_names;
pub(crate) use usage_plan::SharedUsagePlan;

use crate::error::Result;
use crate::resource::{Resource, propagate_tags};
use crate::rules::{Instance, Rule, Shape, optional, required};
use crate::swagger;
use crate::transform::{Generated, Translation};
use crate::value::{Map, Value, list, map};

pub(crate) const RULES: &[Rule] = &[
    optional("__MANAGE_SWAGGER", Shape::Bool),
    optional("Name", Shape::TextOrMap),
    required("StageName", Shape::TextOrMap),
    optional("Tags", Shape::Map),
    optional("PropagateTags", Shape::Bool),
    optional("DefinitionBody", Shape::Map),
    optional("DefinitionUri", Shape::TextOrMap),
    optional("MergeDefinitions", Shape::Bool).literal(),
    optional("CacheClusterEnabled", Shape::Bool),
    optional("CacheClusterSize", Shape::Text),
    optional("Variables", Shape::Map),
    optional("EndpointConfiguration", Shape::TextOrMap),
    optional("MethodSettings", Shape::List),
    optional("BinaryMediaTypes", Shape::List),
    optional("MinimumCompressionSize", Shape::Int),
    optional("Cors", Shape::TextOrMap),
    optional("Auth", Shape::Map),
    optional("GatewayResponses", Shape::Map),
    optional("AccessLogSetting", Shape::Map),
    optional("CanarySetting", Shape::Map),
    optional("TracingEnabled", Shape::Bool),
    optional("OpenApiVersion", Shape::Text),
    optional("Models", Shape::Map),
    optional("Domain", Shape::Map),
    optional("FailOnWarnings", Shape::Bool),
    optional("Description", Shape::Text),
    optional("Mode", Shape::Text),
    optional("DisableExecuteApiEndpoint", Shape::Bool),
    optional("ApiKeySourceType", Shape::Text),
    optional("AlwaysDeploy", Shape::Bool).literal(),
    optional("Policy", Shape::TextOrMap),
    optional("SecurityPolicy", Shape::Text),
    optional("EndpointAccessMode", Shape::Text),
];

/// Names that a template may use for generated resources: `Api.Stage`.
const REFERABLE: &[(&str, &str)] = &[
    ("Stage", "AWS::ApiGateway::Stage"),
    ("Deployment", "AWS::ApiGateway::Deployment"),
    ("DomainName", "AWS::ApiGateway::DomainName"),
    ("DomainNameV2", "AWS::ApiGateway::DomainNameV2"),
    ("UsagePlan", "AWS::ApiGateway::UsagePlan"),
    ("UsagePlanKey", "AWS::ApiGateway::UsagePlanKey"),
    ("ApiKey", "AWS::ApiGateway::ApiKey"),
];

/// `Auth`, whose properties are known by name.
pub(crate) struct Auth<'a>(&'a Map);

impl Auth<'_> {
    const KNOWN: [&'static str; 8] = [
        "Authorizers",
        "DefaultAuthorizer",
        "InvokeRole",
        "AddDefaultAuthorizerToCorsPreflight",
        "AddApiKeyRequiredToCorsPreflight",
        "ApiKeyRequired",
        "ResourcePolicy",
        "UsagePlan",
    ];

    /// `Auth` of an API, unless it is empty.
    fn of(api: &Instance) -> Option<Auth<'_>> {
        Some(Auth(api.some("Auth")?.as_map()?))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn default_true(&self, name: &str) -> bool {
        self.0.get(name).is_none_or(Value::truthy)
    }
}

pub(crate) fn transform(mut api: Instance, translation: &mut Translation) -> Result<Generated> {
    for name in ["BinaryMediaTypes", "Domain", "Auth"] {
        if let Some(value) = api.get_mut(name) {
            let value = translation.parameters.resolved(value)?;
            api.properties.insert(name, value);
        }
    }
    let body = definition::complete(&mut api, translation.context)?;
    let rest_api = rest_api(&api, body, translation)?;
    let domain = domain::resources(&mut api, translation)?;
    let (deployment, stage) = stage::resources(&api, &rest_api, translation)?;
    let permissions = authorizer::permissions(&api, translation.context)?;
    let usage_plan = usage_plan::resources(&api, &stage, translation)?;

    let mut resources = vec![rest_api, deployment, stage];
    resources.extend(permissions);
    resources.extend(domain.resources);
    resources.extend(usage_plan);
    resources.extend(domain.access);
    propagate_tags(&mut resources, api.get("Tags"), api.truthy("PropagateTags"));
    Ok(Generated::new(resources, REFERABLE))
}

fn rest_api(api: &Instance, body: Option<Value>, translation: &Translation) -> Result<Resource> {
    let mut rest_api = Resource::new("AWS::ApiGateway::RestApi", api.id.clone(), &api.attributes)?
        .depending_on(api.depends_on.clone())
        .with_same(&["BinaryMediaTypes", "MinimumCompressionSize"], &api.properties);
    match api.some("EndpointConfiguration") {
        Some(configuration) => set_endpoint(&mut rest_api, api, configuration)?,
        None if !translation.context.has_edge_endpoints() => set_endpoint(&mut rest_api, api, &"REGIONAL".into())?,
        None => {}
    }
    match api.some("DefinitionUri") {
        Some(uri) => rest_api.set("BodyS3Location", definition::location(uri, &api.id)?),
        None => rest_api = rest_api.with_some("Body", body),
    }
    let same = [
        "FailOnWarnings",
        "Name",
        "Description",
        "Mode",
        "ApiKeySourceType",
        "Policy",
        "SecurityPolicy",
        "EndpointAccessMode",
    ];
    for name in same {
        rest_api = rest_api.with_some(name, api.some(name).cloned());
    }
    Ok(rest_api)
}

/// `EndpointConfiguration`: a type, or a map with one.
fn set_endpoint(rest_api: &mut Resource, api: &Instance, value: &Value) -> Result<()> {
    let kind = value.get("Type").filter(|kind| kind.truthy());
    let mut configuration = Map::new();
    configuration.insert("Types", list([kind.unwrap_or(value).clone()]));
    if let Some(given) = value.as_map().filter(|_| kind.is_some()) {
        if given.contains("VPCEndpointIds") && given.contains("VpcEndpointIds") {
            let message = "'VPCEndpointIds' and 'VpcEndpointIds' cannot be used together in EndpointConfiguration.";
            return Err(api.error(message));
        }
        let endpoints = given.get("VPCEndpointIds").filter(|ids| ids.truthy()).or_else(|| given.get("VpcEndpointIds"));
        if given.contains("VPCEndpointIds") || given.contains("VpcEndpointIds") {
            configuration.insert("VpcEndpointIds", endpoints.cloned().unwrap_or(Value::Null));
        }
        configuration.insert_some("IpAddressType", given.get("IpAddressType").cloned());
    }
    rest_api.set("EndpointConfiguration", configuration);
    rest_api.set("Parameters", map([("endpointConfigurationTypes", kind.unwrap_or(value).clone())]));
    Ok(())
}

/// Whether there is a definition that SAM can write into; why not, if not.
fn editable<'b>(api: &Instance, body: Option<&'b Value>, what: &str, purpose: &str) -> Result<&'b Value> {
    let Some(body) = body.filter(|body| body.truthy()) else {
        return Err(api.error(format!("{what} works only with inline Swagger specified in 'DefinitionBody' property.")));
    };
    match swagger::is_valid(Some(body)) {
        true => Ok(body),
        false => Err(api.error(format!(
            "Unable to add {purpose} because 'DefinitionBody' does not contain a valid Swagger definition."
        ))),
    }
}
