//! Methods of type `COGNITO_USER_POOLS`: a token of one of the authorizer's user pools.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>

use super::call::Call;
use super::failure::{AUTHORIZER_CONFIGURATION_ERROR, Failure, UNAUTHORIZED};
use super::runtime::Authorized;
use crate::authorizer::DEFAULT_TTL_SECONDS;
use crate::definition::{Authorizer, Method};
use kogumo_base::{Arn, Timestamp};
use kogumo_execute_api::context::Context;
use kogumo_execute_api::jwt::{self, Unbelieved};
use kogumo_jwt::Token;
use regex::Regex;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Lets a request with a right token through and puts its claims into the context.
pub async fn authorize(
    call: &Call<'_>,
    method: &Method,
    authorizer: &Authorizer,
    header: &str,
    context: &mut Context,
) -> Result<(), Failure> {
    let token = jwt::without_scheme(header);
    let ttl = i64::from(authorizer.result_ttl_in_seconds.unwrap_or(DEFAULT_TTL_SECONDS));
    let key = format!("{}/{}/{}/{token}", context.api_id, context.stage, authorizer.id);
    let believed = match call.runtime.authorized(&key, call.now) {
        Some(kept) => kept,
        None => {
            let claims = believe(call, authorizer, token).await?;
            let until = jwt::ends(&claims).min(call.now.plus_seconds(ttl));
            let believed = Arc::new(Authorized { context: claims, ..Authorized::default() });
            if ttl > 0 {
                call.runtime.keep(key, until, Arc::clone(&believed));
            }
            believed
        }
    };
    check_use(method, authorizer, &believed.context)?;
    context.authorizer = Map::from_iter([("claims".to_owned(), shown(&believed.context))]);
    Ok(())
}

async fn believe(call: &Call<'_>, authorizer: &Authorizer, token: &str) -> Result<Map<String, Json>, Failure> {
    let unauthorized = || Failure::new(&UNAUTHORIZED);
    let issuer =
        Token::read(token).ok().and_then(|token| token.issuer().map(str::to_owned)).ok_or_else(unauthorized)?;
    if !authorizer.provider_arns.iter().any(|arn| issuer_of(arn).as_ref() == Some(&issuer)) {
        return Err(unauthorized());
    }
    jwt::claims(call.cloud, &issuer, token, call.now).await.map_err(|why| match why {
        Unbelieved::Invalid => unauthorized(),
        Unbelieved::Expired => Failure::saying(&UNAUTHORIZED, "The incoming token has expired"),
        Unbelieved::NoKeys(why) => {
            tracing::info!("{why}");
            unauthorized()
        }
        Unbelieved::Trouble(trouble) => {
            tracing::error!("{trouble}");
            Failure::new(&AUTHORIZER_CONFIGURATION_ERROR)
        }
    })
}

/// The issuer of a user pool's tokens.
fn issuer_of(arn: &str) -> Option<String> {
    let arn = Arn::parse(arn).filter(|arn| arn.service == "cognito-idp")?;
    let pool = arn.resource.strip_prefix("userpool/")?;
    Some(format!("https://cognito-idp.{}.amazonaws.com/{pool}", arn.region))
}

/// A method with scopes wants an access token with one of them, one without wants an identity token.
fn check_use(method: &Method, authorizer: &Authorizer, claims: &Map<String, Json>) -> Result<(), Failure> {
    let is = |kind: &str| claims.get("token_use").and_then(Json::as_str) == Some(kind);
    let fits = match method.authorization_scopes.as_slice() {
        [] => is("id"),
        wanted => is("access") && jwt::scopes(claims).iter().any(|scope| wanted.contains(scope)),
    };
    let expression = authorizer.identity_validation_expression.as_deref().filter(|expression| !expression.is_empty());
    let for_us = match expression.map(|expression| Regex::new(&format!("^(?:{expression})$"))) {
        None => true,
        Some(Ok(pattern)) => jwt::audiences(claims).iter().any(|audience| pattern.is_match(audience)),
        Some(Err(_)) => return Err(Failure::new(&AUTHORIZER_CONFIGURATION_ERROR)),
    };
    if fits && for_us { Ok(()) } else { Err(Failure::new(&UNAUTHORIZED)) }
}

/// Claims as events have them: all text, times spelled out.
fn shown(claims: &Map<String, Json>) -> Json {
    let text = |name: &str, value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Number(seconds) if matches!(name, "exp" | "iat") => {
            Timestamp::from_seconds(seconds.as_i64().unwrap_or(0)).format("%a %b %d %H:%M:%S UTC %Y")
        }
        Json::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(","),
        other => other.to_string(),
    };
    let shown: Map<String, Json> =
        claims.iter().map(|(name, value)| (name.clone(), json!(text(name, value)))).collect();
    Json::Object(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_text() {
        let claims = json!({"exp": 1_581_535_324, "cognito:groups": ["a", "b"], "email_verified": true, "sub": "x"});
        let shown = shown(claims.as_object().expect("claims"));
        assert_eq!(
            shown,
            json!({"exp": "Wed Feb 12 19:22:04 UTC 2020", "cognito:groups": "a,b", "email_verified": "true", "sub": "x"})
        );
    }

    #[test]
    fn issuers_of_pools() {
        let issuer = issuer_of("arn:aws:cognito-idp:ap-northeast-1:000000000000:userpool/ap-northeast-1_abc");
        assert_eq!(issuer.as_deref(), Some("https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_abc"));
        assert_eq!(issuer_of("arn:aws:lambda:x:0:function:f"), None);
    }
}
