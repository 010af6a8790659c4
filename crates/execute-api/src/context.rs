//! `requestContext` of a proxy event and `$context` of templates: one request's facts, named once.

use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Everything that is known about a request besides what the client sent.
#[derive(Debug, Clone, Default)]
pub struct Context {
    pub account_id: String,
    pub api_id: String,
    pub region: String,
    pub stage: String,
    pub deployment_id: String,
    pub domain_name: String,
    pub request_id: String,
    pub extended_request_id: String,
    pub resource_id: String,
    /// As declared, such as `/pets/{id}`.
    pub resource_path: String,
    pub http_method: String,
    /// With the stage, as the client sent it.
    pub path: String,
    pub protocol: String,
    /// `22/Nov/2026:06:15:00 +0000`
    pub request_time: String,
    /// Milliseconds since 1970.
    pub request_time_epoch: i64,
    pub stage_variables: BTreeMap<String, String>,
    pub identity: Identity,
    /// What an authorizer answered: `principalId`, `claims`, its own keys.
    pub authorizer: Map<String, Json>,
    /// `X-Amzn-Trace-Id` of a request that is traced.
    pub trace_id: Option<String>,
    /// Milliseconds from the request's arrival to its answer, once there is one.
    pub latency: i64,
    /// Milliseconds that the integration took, if it was called.
    pub integration_latency: Option<i64>,
    /// For gateway responses: the message, the response type, the validation error.
    pub error: Option<ErrorContext>,
}

/// Who sent the request.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    pub source_ip: String,
    pub user_agent: Option<String>,
    pub api_key: Option<String>,
    pub api_key_id: Option<String>,
    pub access_key: Option<String>,
    pub account_id: Option<String>,
    pub caller: Option<String>,
    pub user: Option<String>,
    pub user_arn: Option<String>,
    pub cognito: Option<CognitoIdentity>,
}

/// The identity of an identity pool whose credentials signed.
#[derive(Debug, Clone, Default)]
pub struct CognitoIdentity {
    pub pool: String,
    pub identity: String,
    /// `authenticated`, the provider, and how the user signed in there.
    pub how: Vec<String>,
}

/// What went wrong, for `$context.error`.
#[derive(Debug, Clone, Default)]
pub struct ErrorContext {
    pub message: String,
    pub response_type: String,
    pub validation_error: Option<String>,
}

impl Context {
    /// `requestContext` of the event of a Lambda proxy integration, in AWS's order.
    pub fn request_context(&self) -> Json {
        let mut context = Map::new();
        let mut put = |name: &str, value: Json| context.insert(name.to_owned(), value);
        put("resourceId", json!(self.resource_id));
        if !self.authorizer.is_empty() {
            put("authorizer", Json::Object(self.authorizer.clone()));
        }
        put("resourcePath", json!(self.resource_path));
        put("httpMethod", json!(self.http_method));
        put("extendedRequestId", json!(self.extended_request_id));
        put("requestTime", json!(self.request_time));
        put("path", json!(self.path));
        put("accountId", json!(self.account_id));
        put("protocol", json!(self.protocol));
        put("stage", json!(self.stage));
        put("domainPrefix", json!(self.domain_prefix()));
        put("requestTimeEpoch", json!(self.request_time_epoch));
        put("requestId", json!(self.request_id));
        put("identity", self.identity.json());
        put("domainName", json!(self.domain_name));
        put("deploymentId", json!(self.deployment_id));
        put("apiId", json!(self.api_id));
        Json::Object(context)
    }

    /// `$context` of mapping templates and of gateway responses.
    pub fn template_context(&self) -> Map<String, Json> {
        let mut context = match self.request_context() {
            Json::Object(context) => context,
            _ => Map::new(),
        };
        if let Some(Json::Object(identity)) = context.get_mut("identity") {
            identity.retain(|_, value| !value.is_null());
        }
        if let Some(error) = &self.error {
            let quoted = Json::String(error.message.clone()).to_string();
            let error = json!({
                "message": error.message,
                "messageString": quoted,
                "responseType": error.response_type,
                "validationErrorString": error.validation_error,
            });
            context.insert("error".into(), error);
        }
        context.insert("isCanaryRequest".into(), json!(false));
        if let Some(trace) = &self.trace_id {
            context.insert("xrayTraceId".into(), json!(trace));
        }
        context
    }

    fn domain_prefix(&self) -> &str {
        self.domain_name.split('.').next().unwrap_or_default()
    }
}

impl Identity {
    fn json(&self) -> Json {
        let mut identity = Map::new();
        if let Some(key) = &self.api_key {
            identity.insert("apiKey".into(), json!(key));
            identity.insert("apiKeyId".into(), json!(self.api_key_id));
        }
        let cognito = self.cognito.as_ref();
        let provider = cognito.map(|cognito| cognito.how.get(1..).unwrap_or_default().join(","));
        for (name, value) in [
            ("cognitoIdentityPoolId", &cognito.map(|cognito| cognito.pool.clone())),
            ("accountId", &self.account_id),
            ("cognitoIdentityId", &cognito.map(|cognito| cognito.identity.clone())),
            ("caller", &self.caller),
            ("sourceIp", &Some(self.source_ip.clone())),
            ("principalOrgId", &None),
            ("accessKey", &self.access_key),
            ("cognitoAuthenticationType", &cognito.and_then(|cognito| cognito.how.first().cloned())),
            ("cognitoAuthenticationProvider", &provider.filter(|provider| !provider.is_empty())),
            ("userArn", &self.user_arn),
            ("userAgent", &self.user_agent),
            ("user", &self.user),
        ] {
            identity.insert(name.to_owned(), json!(value));
        }
        Json::Object(identity)
    }
}
