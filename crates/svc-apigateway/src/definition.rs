//! The record of a REST API: everything that a deployment freezes and the data plane serves.
//!
//! The operations edit one [`Definition`], an OpenAPI document becomes one, a deployment is a copy of one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Parameters, headers and templates by name.
pub type Strings = BTreeMap<String, String>;

/// What `CreateDeployment` takes a copy of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// By id; the root is the one whose path is `/`.
    pub resources: BTreeMap<String, Resource>,
    /// By id.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// By id.
    pub validators: BTreeMap<String, RequestValidator>,
    /// By name.
    pub models: BTreeMap<String, Model>,
    /// By response type, such as `DEFAULT_4XX`; only those that were changed.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
    pub binary_media_types: Vec<String>,
    /// Responses of at least so many bytes are compressed; `None` switches it off.
    pub minimum_compression_size: Option<i32>,
    /// `HEADER` or `AUTHORIZER`.
    pub api_key_source: String,
    /// The resource policy, a JSON document.
    pub policy: Option<String>,
    /// Whether the API's own address is switched off.
    pub disable_execute_api_endpoint: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub id: String,
    /// `None` for the root.
    pub parent_id: Option<String>,
    /// Empty for the root.
    pub path_part: String,
    /// The whole path, such as `/pets/{id}`.
    pub path: String,
    /// By HTTP method, upper case, or `ANY`.
    pub methods: BTreeMap<String, Method>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Method {
    pub http_method: String,
    /// `NONE`, `AWS_IAM`, `CUSTOM` or `COGNITO_USER_POOLS`.
    pub authorization_type: String,
    pub authorizer_id: Option<String>,
    pub authorization_scopes: Vec<String>,
    pub api_key_required: bool,
    pub operation_name: Option<String>,
    pub request_validator_id: Option<String>,
    /// `method.request.{location}.{name}` → whether it is required.
    pub request_parameters: BTreeMap<String, bool>,
    /// Media type → name of the model.
    pub request_models: Strings,
    /// By status code.
    pub responses: BTreeMap<String, MethodResponse>,
    pub integration: Option<Integration>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MethodResponse {
    /// `method.response.header.{name}` → whether it is required.
    pub response_parameters: BTreeMap<String, bool>,
    /// Media type → name of the model.
    pub response_models: Strings,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Integration {
    /// `AWS`, `AWS_PROXY`, `HTTP`, `HTTP_PROXY` or `MOCK`.
    pub kind: String,
    pub http_method: Option<String>,
    pub uri: Option<String>,
    pub connection_type: Option<String>,
    pub connection_id: Option<String>,
    /// The role that is assumed for the call; `arn:aws:iam::*:user/*` passes the caller on.
    pub credentials: Option<String>,
    pub request_parameters: Strings,
    pub request_templates: Strings,
    /// `WHEN_NO_MATCH`, `WHEN_NO_TEMPLATES` or `NEVER`.
    pub passthrough_behavior: Option<String>,
    /// `CONVERT_TO_BINARY` or `CONVERT_TO_TEXT`.
    pub content_handling: Option<String>,
    /// 50 to 29,000.
    pub timeout_in_millis: i32,
    pub cache_namespace: Option<String>,
    pub cache_key_parameters: Vec<String>,
    pub insecure_skip_verification: Option<bool>,
    /// By status code.
    pub responses: BTreeMap<String, IntegrationResponse>,
}

/// The longest that AWS waits for an integration, and the default.
pub const INTEGRATION_TIMEOUT_MILLIS: i32 = 29_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IntegrationResponse {
    /// A regular expression over the error message or the status; the one without is the default.
    pub selection_pattern: Option<String>,
    /// `method.response.header.{name}` → a mapping expression.
    pub response_parameters: Strings,
    pub response_templates: Strings,
    pub content_handling: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Authorizer {
    pub id: String,
    pub name: String,
    /// `TOKEN`, `REQUEST` or `COGNITO_USER_POOLS`.
    pub kind: String,
    pub provider_arns: Vec<String>,
    pub auth_type: Option<String>,
    pub uri: Option<String>,
    pub credentials: Option<String>,
    pub identity_source: Option<String>,
    pub identity_validation_expression: Option<String>,
    pub result_ttl_in_seconds: Option<i32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestValidator {
    pub id: String,
    pub name: String,
    pub validate_request_body: bool,
    pub validate_request_parameters: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    /// JSON schema, draft 4.
    pub schema: Option<String>,
    pub content_type: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayResponse {
    pub status_code: Option<String>,
    /// `gatewayresponse.header.{name}` → a mapping expression.
    pub response_parameters: Strings,
    pub response_templates: Strings,
}

impl Definition {
    /// A new API: the root resource only.
    pub fn new(root_id: String) -> Self {
        let root = Resource { id: root_id.clone(), path: "/".into(), ..Resource::default() };
        Definition {
            resources: BTreeMap::from([(root_id, root)]),
            api_key_source: "HEADER".into(),
            ..Definition::default()
        }
    }

    /// The resource at a path as it was declared.
    pub fn resource_at(&self, path: &str) -> Option<&Resource> {
        self.resources.values().find(|resource| resource.path == path)
    }

    /// The id of the resource `/`.
    pub fn root_id(&self) -> &str {
        self.resource_at("/").map_or("", |root| &root.id)
    }
}

impl Resource {
    /// The path of a child.
    pub fn child_path(&self, path_part: &str) -> String {
        if self.path == "/" { format!("/{path_part}") } else { format!("{}/{path_part}", self.path) }
    }
}
