//! Routes of type `JWT`: a token of the authorizer's issuer.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>

use super::{Call, FORBIDDEN, INTERNAL, Refusal, UNAUTHORIZED};
use crate::definition::Jwt;
use kogumo_execute_api::context::Context;
use kogumo_execute_api::jwt::{self, Unbelieved};
use serde_json::{Map, Value as Json, json};

/// Lets a request with a right token through and puts its claims into the context.
pub async fn authorize(call: &Call<'_>, trusted: &Jwt, value: &str, context: &mut Context) -> Result<(), Refusal> {
    let token = jwt::without_scheme(value);
    let claims = jwt::claims(call.cloud, &trusted.issuer, token, call.now).await.map_err(|why| match why {
        Unbelieved::Invalid | Unbelieved::Expired => UNAUTHORIZED,
        Unbelieved::NoKeys(why) => {
            tracing::info!("{why}");
            UNAUTHORIZED
        }
        Unbelieved::Trouble(trouble) => {
            tracing::error!("{trouble}");
            INTERNAL
        }
    })?;
    if !jwt::audiences(&claims).iter().any(|audience| trusted.audiences.contains(audience)) {
        return Err(UNAUTHORIZED);
    }
    let wanted = &call.route.authorization_scopes;
    let scopes = jwt::scopes(&claims);
    if !wanted.is_empty() && !scopes.iter().any(|scope| wanted.contains(scope)) {
        return Err(FORBIDDEN);
    }
    let scopes = if wanted.is_empty() { Json::Null } else { json!(scopes) };
    context.authorizer = Map::from_iter([("claims".to_owned(), shown(&claims)), ("scopes".to_owned(), scopes)]);
    Ok(())
}

/// Claims as events have them: all text, lists in brackets.
fn shown(claims: &Map<String, Json>) -> Json {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    };
    Json::Object(claims.iter().map(|(name, value)| (name.clone(), json!(text(value)))).collect())
}
