//! May this client call this method: Lambda authorizers, user pools, signatures.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>

use super::call::Call;
use super::failure::{
    ACCESS_DENIED, AUTHORIZER_CONFIGURATION_ERROR, AUTHORIZER_FAILURE, Failure, MISSING_AUTHENTICATION_TOKEN,
    UNAUTHORIZED,
};
use super::function::{self, Invocation};
use super::iam;
use super::mapping::Sources;
use super::runtime::Authorized;
use super::user_pool;
use crate::authorizer::DEFAULT_TTL_SECONDS;
use crate::definition::{Authorizer, Method};
use kogumo_execute_api::access::{Verdict, is_policy, verdict};
use kogumo_execute_api::context::Context;
use kogumo_execute_api::exchange::Pairs;
use kogumo_execute_api::proxy;
use regex::Regex;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Lets a request through or tells why not; answers the API key that an authorizer named.
pub async fn authorize(
    call: &Call<'_>,
    method: &Method,
    path: &Pairs,
    context: &mut Context,
) -> Result<Option<String>, Failure> {
    match method.authorization_type.as_str() {
        "NONE" => Ok(None),
        "AWS_IAM" => iam::identify(call, context).map(|()| None),
        kind => {
            let authorizer = method.authorizer_id.as_ref().and_then(|id| call.definition.authorizers.get(id));
            let authorizer = authorizer.ok_or_else(|| Failure::new(&AUTHORIZER_CONFIGURATION_ERROR))?;
            if kind == "COGNITO_USER_POOLS" {
                let header = header(call, authorizer, path, context)?;
                return user_pool::authorize(call, method, authorizer, &header, context).await.map(|()| None);
            }
            by_function(call, authorizer, path, context).await
        }
    }
}

/// Where a user pool's token is: one header, `Authorization` if nothing else is said.
fn header(call: &Call<'_>, authorizer: &Authorizer, path: &Pairs, context: &Context) -> Result<String, Failure> {
    const DEFAULT: &str = "method.request.header.Authorization";
    let request = call.request;
    let sources =
        Sources { path, query: &request.query, headers: &request.headers, body: &[], context, response: None };
    let source = authorizer.identity_source.as_deref().filter(|source| !source.is_empty()).unwrap_or(DEFAULT);
    let value = sources.evaluate(source).pop().filter(|value| !value.is_empty());
    value.ok_or_else(|| Failure::new(&UNAUTHORIZED))
}

async fn by_function(
    call: &Call<'_>,
    authorizer: &Authorizer,
    path: &Pairs,
    context: &mut Context,
) -> Result<Option<String>, Failure> {
    let identities = identities(call, authorizer, path, context)?;
    let ttl = i64::from(authorizer.result_ttl_in_seconds.unwrap_or(DEFAULT_TTL_SECONDS));
    let key = format!("{}/{}/{}/{}", context.api_id, context.stage, authorizer.id, json!(identities));
    let kept = if ttl > 0 && !identities.is_empty() { call.runtime.authorized(&key, call.now) } else { None };
    let authorized = match kept {
        Some(kept) => kept,
        None => {
            let event = event(call, authorizer, &identities, path, context);
            let answer = Arc::new(ask(call, authorizer, &event, context).await?);
            if ttl > 0 {
                call.runtime.keep(key, call.now.plus_seconds(ttl), Arc::clone(&answer));
            }
            answer
        }
    };
    context.authorizer.clone_from(&authorized.context);
    match verdict(authorized.policy.as_ref().unwrap_or(&Json::Null), &call.method_arn(context)) {
        Verdict::Allowed => Ok(authorized.usage_identifier_key.clone()),
        Verdict::Denied => {
            Err(Failure::saying(&ACCESS_DENIED, "User is not authorized to access this resource with an explicit deny"))
        }
        Verdict::Silent => Err(Failure::new(&ACCESS_DENIED)),
    }
}

/// The values of the identity sources; without one of them the function is not asked at all.
fn identities(
    call: &Call<'_>,
    authorizer: &Authorizer,
    path: &Pairs,
    context: &Context,
) -> Result<Vec<String>, Failure> {
    let request = call.request;
    let sources =
        Sources { path, query: &request.query, headers: &request.headers, body: &[], context, response: None };
    let names = authorizer.identity_source.as_deref().unwrap_or("");
    let mut values = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let value = sources.evaluate(name).pop().filter(|value| !value.is_empty());
        values.push(value.ok_or_else(|| Failure::new(&UNAUTHORIZED))?);
    }
    if let Some(expression) = authorizer.identity_validation_expression.as_deref().filter(|e| !e.is_empty()) {
        let pattern = Regex::new(&format!("^(?:{expression})$"));
        let pattern = pattern.map_err(|_| Failure::new(&AUTHORIZER_CONFIGURATION_ERROR))?;
        if !values.iter().all(|value| pattern.is_match(value)) {
            return Err(Failure::new(&UNAUTHORIZED));
        }
    }
    Ok(values)
}

fn event(call: &Call<'_>, authorizer: &Authorizer, identities: &[String], path: &Pairs, context: &Context) -> Json {
    let arn = call.method_arn(context);
    if authorizer.kind == "TOKEN" {
        let token = identities.first();
        return json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": token});
    }
    let mut event = proxy::event(call.request, path, context, &[]);
    if let Json::Object(event) = &mut event {
        event.remove("body");
        event.remove("isBase64Encoded");
        event.insert("type".into(), json!("REQUEST"));
        event.insert("methodArn".into(), json!(arn));
        for name in ["pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables"] {
            let parameters = event.entry(name).or_insert(Json::Null);
            if parameters.is_null() {
                *parameters = json!({});
            }
        }
    }
    event
}

async fn ask(call: &Call<'_>, authorizer: &Authorizer, event: &Json, context: &Context) -> Result<Authorized, Failure> {
    let unusable = || Failure::new(&AUTHORIZER_CONFIGURATION_ERROR);
    let source = format!(
        "arn:aws:execute-api:{}:{}:{}/authorizers/{}",
        call.scope.region, call.scope.account, context.api_id, authorizer.id
    );
    let invocation = Invocation {
        uri: authorizer.uri.as_deref().unwrap_or(""),
        credentials: authorizer.credentials.as_deref(),
        source: &source,
        payload: event.to_string().into_bytes(),
        asynchronous: false,
    };
    let answer = function::invoke(call, invocation).await.map_err(|_| unusable())?;
    if let Some(error) = answer.error_message() {
        let refused = error == "Unauthorized";
        return Err(if refused { Failure::new(&UNAUTHORIZED) } else { Failure::new(&AUTHORIZER_FAILURE) });
    }
    let Ok(Json::Object(mut answer)) = serde_json::from_slice(&answer.payload) else { return Err(unusable()) };
    let principal = answer.remove("principalId").filter(Json::is_string).ok_or_else(unusable)?;
    let policy = answer.remove("policyDocument").filter(is_policy).ok_or_else(unusable)?;
    let mut values = match answer.remove("context") {
        None | Some(Json::Null) => serde_json::Map::new(),
        // AWS takes plain values only, and hands them on as text.
        Some(Json::Object(values)) if values.values().all(|value| !value.is_object() && !value.is_array()) => values,
        Some(_) => return Err(unusable()),
    };
    for value in values.values_mut() {
        if !value.is_string() {
            *value = Json::String(value.to_string());
        }
    }
    values.insert("principalId".into(), principal);
    let key = answer.get("usageIdentifierKey").and_then(Json::as_str).map(str::to_owned);
    Ok(Authorized { context: values, policy: Some(policy), usage_identifier_key: key })
}

/// A request that names no identity at all.
pub fn no_token() -> Failure {
    Failure::new(&MISSING_AUTHENTICATION_TOKEN)
}
