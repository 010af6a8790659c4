//! The record of an HTTP API: what a deployment freezes and the data plane serves.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Headers, variables and tags by name.
pub type Strings = BTreeMap<String, String>;

/// What `CreateDeployment` takes a copy of; a stage that deploys by itself serves the API's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// By id.
    pub routes: BTreeMap<String, Route>,
    /// By id.
    pub integrations: BTreeMap<String, Integration>,
    /// By id.
    pub authorizers: BTreeMap<String, Authorizer>,
    pub cors: Option<Cors>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Route {
    pub id: String,
    /// `GET /pets/{id}`, `ANY /{proxy+}` or `$default`.
    pub key: String,
    /// `integrations/{id}`
    pub target: Option<String>,
    /// `NONE`, `CUSTOM`, `JWT` or `AWS_IAM`.
    pub authorization_type: String,
    pub authorizer_id: Option<String>,
    pub authorization_scopes: Vec<String>,
    pub operation_name: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Integration {
    pub id: String,
    /// `AWS_PROXY` or `HTTP_PROXY`.
    pub kind: String,
    pub method: Option<String>,
    pub uri: Option<String>,
    /// `1.0` or `2.0`.
    pub payload_format_version: String,
    pub timeout_in_millis: i32,
    pub credentials: Option<String>,
    pub description: Option<String>,
}

/// The longest that an HTTP API waits for an integration, and the default.
pub const INTEGRATION_TIMEOUT_MILLIS: i32 = 30_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Authorizer {
    pub id: String,
    pub name: String,
    pub uri: String,
    pub credentials: Option<String>,
    /// `$request.header.Authorization` and its like.
    pub identity_source: Vec<String>,
    pub payload_format_version: String,
    pub simple_responses: bool,
    pub result_ttl_in_seconds: i32,
    /// What tokens an authorizer of type `JWT` believes; Lambda authorizers have none.
    #[serde(default)]
    pub jwt: Option<Jwt>,
}

/// The issuer of tokens, and for whom they must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Jwt {
    pub issuer: String,
    pub audiences: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cors {
    pub allow_credentials: bool,
    pub allow_headers: Vec<String>,
    pub allow_methods: Vec<String>,
    pub allow_origins: Vec<String>,
    pub expose_headers: Vec<String>,
    pub max_age: Option<i32>,
}
