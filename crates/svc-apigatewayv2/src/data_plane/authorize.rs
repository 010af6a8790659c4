//! May this client call this route: Lambda authorizers, tokens, signatures.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use super::integrate::invoke;
use super::runtime::Authorized;
use super::{Call, FORBIDDEN, INTERNAL, Refusal, UNAUTHORIZED, event, iam, token};
use crate::definition::Authorizer;
use kogumo_execute_api::access::{Verdict, is_policy, verdict};
use kogumo_execute_api::context::Context;
use serde_json::{Value as Json, json};

/// Lets a request through or tells why not.
pub async fn authorize(call: &Call<'_>, context: &mut Context) -> Result<(), Refusal> {
    match call.route.authorization_type.as_str() {
        "NONE" => return Ok(()),
        "AWS_IAM" => return iam::authorize(call, context),
        _ => {}
    }
    let authorizer = call.route.authorizer_id.as_ref().and_then(|id| call.definition.authorizers.get(id));
    let authorizer = authorizer.ok_or(INTERNAL)?;
    let identities = identities(call, authorizer, context);
    if let Some(trusted) = &authorizer.jwt {
        let identities = identities.map_err(|_| token::wanted())?;
        let value = identities.first().ok_or_else(token::wanted)?;
        return token::authorize(call, trusted, value, context).await;
    }
    let identities = identities?;
    let key =
        format!("{}/{}/{}/{}/{}", context.api_id, context.stage, authorizer.id, call.route.key, json!(identities));
    let ttl = i64::from(authorizer.result_ttl_in_seconds);
    let kept = if ttl > 0 { call.runtime.authorized(&key, call.now) } else { None };
    let authorized = match kept {
        Some(kept) => kept,
        None => {
            let answer = ask(call, authorizer, &identities, context).await?;
            if ttl > 0 {
                call.runtime.keep(key, call.now.plus_seconds(ttl), answer.clone());
            }
            answer
        }
    };
    context.authorizer = authorized.context;
    if authorized.allowed { Ok(()) } else { Err(FORBIDDEN) }
}

/// The values of the identity sources; without one of them the function is not asked at all.
fn identities(call: &Call<'_>, authorizer: &Authorizer, context: &Context) -> Result<Vec<String>, Refusal> {
    let value = |source: &String| -> Option<String> {
        let found = if let Some(name) = source.strip_prefix("$request.header.") {
            call.request.header(name).map(str::to_owned)
        } else if let Some(name) = source.strip_prefix("$request.querystring.") {
            call.request.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        } else if let Some(name) = source.strip_prefix("$stageVariables.") {
            call.stage.variables.get(name).cloned()
        } else {
            let name = source.strip_prefix("$context.")?;
            context.template_context().get(name).and_then(Json::as_str).map(str::to_owned)
        };
        found.filter(|value| !value.is_empty())
    };
    authorizer.identity_source.iter().map(|source| value(source).ok_or(UNAUTHORIZED)).collect()
}

async fn ask(
    call: &Call<'_>,
    authorizer: &Authorizer,
    identities: &[String],
    context: &Context,
) -> Result<Authorized, Refusal> {
    let (base_region, account) = (&call.scope.region, &call.scope.account);
    let arn = call.route_arn(context);
    let event = match authorizer.payload_format_version.as_str() {
        "1.0" => {
            let mut event = event::event(call, context, "1.0");
            event["type"] = json!("REQUEST");
            event["methodArn"] = json!(arn);
            event["identitySource"] = json!(identities.join(","));
            event
        }
        _ => {
            let mut event = event::without_body(call, context);
            event.insert("type".into(), json!("REQUEST"));
            event.insert("routeArn".into(), json!(arn));
            event.insert("identitySource".into(), json!(identities));
            Json::Object(event)
        }
    };
    let source =
        format!("arn:aws:execute-api:{base_region}:{account}:{}/authorizers/{}", context.api_id, authorizer.id);
    let answer = invoke(call, &authorizer.uri, authorizer.credentials.as_deref(), &source, &event).await?;
    let answer: Json = serde_json::from_slice(&answer).map_err(|_| INTERNAL)?;
    let handed_on = answer.get("context").and_then(Json::as_object).cloned().unwrap_or_default();
    if authorizer.simple_responses {
        let allowed = answer.get("isAuthorized").and_then(Json::as_bool).ok_or(INTERNAL)?;
        return Ok(Authorized { allowed, context: handed_on });
    }
    let policy = answer.get("policyDocument").filter(|policy| is_policy(policy)).ok_or(INTERNAL)?;
    Ok(Authorized { allowed: verdict(policy, &arn) == Verdict::Allowed, context: handed_on })
}
