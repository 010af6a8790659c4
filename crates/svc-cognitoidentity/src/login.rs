//! Logins: tokens of providers that a pool accepts, checked before anybody is believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use kogumo_door::{Caller, Client, Context};
use kogumo_issuers::NoKeys;
use kogumo_jwt::{Expected, Refused, Token, session_of};
use kogumo_model::cognitoidentity::{EXTERNAL_SERVICE_EXCEPTION, NOT_AUTHORIZED_EXCEPTION};
use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use crate::identity::Login;
use crate::key::ISSUER;
use crate::pool::{Pool, UserPool};
use crate::role_choice::text;

/// The name under which a pool's own tokens for developers' users come back.
pub const OWN: &str = "cognito-identity.amazonaws.com";

/// A login that was checked.
#[derive(Clone, Debug)]
pub struct Checked {
    pub login: Login,
    pub claims: Map<String, Value>,
    /// The audience that the token was for.
    pub audience: String,
    /// How the user signed in there, as `amr` says it.
    pub sign_in: String,
}

fn refused(message: impl Into<String>) -> Fault {
    NOT_AUTHORIZED_EXCEPTION.because(message.into())
}

/// Checks every login of a request.
///
/// # Errors
/// NotAuthorizedException for the first one that does not stand.
pub async fn check_all(cx: &Context, pool: &Pool, logins: &BTreeMap<String, String>) -> Result<Vec<Checked>, Fault> {
    let mut checked = Vec::new();
    for (provider, token) in logins {
        checked.push(check(cx, pool, provider, token).await?);
    }
    Ok(checked)
}

/// Which audiences a provider's tokens may be for, and their issuer.
struct Known {
    issuer: String,
    audiences: Vec<String>,
    user_pool: Option<UserPool>,
}

async fn check(cx: &Context, pool: &Pool, provider: &str, token: &str) -> Result<Checked, Fault> {
    let invalid = |what: &str| refused(format!("Invalid login token. {what}"));
    let known = known(cx, pool, provider).await?;
    let token = Token::read(token).map_err(|_| invalid("Not a valid OpenId Connect identity token."))?;
    if token.issuer() != Some(known.issuer.as_str()) {
        return Err(invalid("Issuer doesn't match providerName"));
    }
    let keys = kogumo_issuers::keys(&cx.cloud, &known.issuer, &token).await.map_err(|why| match why {
        NoKeys::Trouble(trouble) => trouble.into(),
        why => {
            tracing::info!("{why}");
            EXTERNAL_SERVICE_EXCEPTION.because(format!("The identity provider {provider} cannot be asked for its keys"))
        }
    })?;
    let claims = token.verified_by(&keys).map_err(|_| invalid("Token signature invalid."))?;
    let now = cx.now().seconds();
    let expected = Expected { issuer: &known.issuer, audiences: &known.audiences, now, leeway: 0 };
    // A clock that is ahead by a moment is no forgery.
    let lenient = Expected { leeway: 60, ..expected.clone() };
    match expected.check(claims) {
        Ok(()) => {}
        Err(Refused::Issued | Refused::NotYet) if lenient.check(claims).is_ok() => {}
        Err(Refused::Expired) => {
            let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or(0);
            return Err(invalid(&format!("Token expired: {now} >= {expires}")));
        }
        Err(Refused::Audience | Refused::Missing("aud")) => return Err(invalid("Incorrect token audience.")),
        Err(other) => return Err(invalid(&other.to_string())),
    }
    if claims.get("token_use").is_some_and(|kind| kind != "id") {
        return Err(invalid("Not a valid OpenId Connect identity token."));
    }
    let subject = text(claims, "sub").ok_or_else(|| invalid("Not a valid OpenId Connect identity token."))?;
    if known.user_pool.as_ref().is_some_and(|user_pool| user_pool.server_side_check) {
        check_user(cx, pool, provider, claims).await?;
    }
    let audience = text(claims, "aud").unwrap_or_default();
    let sign_in = match known.user_pool {
        Some(_) => format!("{provider}:CognitoSignIn:{subject}"),
        None => format!("{provider}:OIDC:{subject}"),
    };
    Ok(Checked { login: Login { provider: provider.to_owned(), subject }, claims: claims.clone(), audience, sign_in })
}

async fn known(cx: &Context, pool: &Pool, provider: &str) -> Result<Known, Fault> {
    let of_pool: Vec<&UserPool> = pool.user_pools.iter().filter(|user_pool| user_pool.provider == provider).collect();
    if !of_pool.is_empty() {
        let server_side_check = of_pool.iter().any(|user_pool| user_pool.server_side_check);
        return Ok(Known {
            issuer: format!("https://{provider}"),
            audiences: of_pool.iter().map(|user_pool| user_pool.client.clone()).collect(),
            user_pool: of_pool.first().map(|first| UserPool { server_side_check, ..(*first).clone() }),
        });
    }
    if let Some(arn) =
        pool.oidc_providers.iter().find(|arn| arn.split_once(":oidc-provider/").is_some_and(|(_, url)| url == provider))
    {
        return provider_of_iam(cx, pool, arn, provider).await;
    }
    if let Some(application) = pool.login_providers.get(provider) {
        return match provider {
            // The two that issue tokens which can be verified by keys that they publish.
            "accounts.google.com" | "appleid.apple.com" => Ok(Known {
                issuer: format!("https://{provider}"),
                audiences: application.split(';').map(str::to_owned).collect(),
                user_pool: None,
            }),
            _ => Err(Fault::not_implemented(&format!("Logins of {provider}"))),
        };
    }
    if pool.saml_providers.iter().any(|arn| arn == provider) {
        return Err(Fault::not_implemented("Logins with SAML assertions"));
    }
    Err(refused("Token is not from a supported provider of this identity pool."))
}

/// A provider that the pool's account has in IAM, with the clients that it lists there.
async fn provider_of_iam(cx: &Context, pool: &Pool, arn: &str, provider: &str) -> Result<Known, Fault> {
    let input = json!({ "OpenIDConnectProviderArn": arn });
    let found = of_pools_account(cx, pool).call_json("iam", "GetOpenIDConnectProvider", &input).await;
    let found = found.map_err(|_| refused("Token is not from a supported provider of this identity pool."))?;
    let clients = found.get("ClientIDList").and_then(Value::as_array).into_iter().flatten();
    let scheme = if kogumo_issuers::is_local(provider) { "http" } else { "https" };
    Ok(Known {
        issuer: format!("{scheme}://{provider}"),
        audiences: clients.filter_map(Value::as_str).map(str::to_owned).collect(),
        user_pool: None,
    })
}

/// The user must still be there, may still sign in, and has not signed out everywhere since.
async fn check_user(cx: &Context, pool: &Pool, provider: &str, claims: &Map<String, Value>) -> Result<(), Fault> {
    let user_pool = provider.rsplit('/').next().unwrap_or_default();
    let name = text(claims, "cognito:username").unwrap_or_default();
    let input = json!({ "UserPoolId": user_pool, "Username": name });
    let user = of_pools_account(cx, pool).call_json("cognitoidp", "AdminGetUser", &input).await;
    let enabled = user.as_ref().ok().and_then(|user| user.get("Enabled")).and_then(Value::as_bool);
    if enabled != Some(true) {
        return Err(refused("Invalid login token. User is not enabled."));
    }
    let Some(session) =
        text(claims, "origin_jti").or_else(|| text(claims, "event_id")).and_then(|origin| session_of(&origin))
    else {
        return Ok(());
    };
    let sessions = of_pools_account(cx, pool).call_json("cognitoidp", "AdminListUserSessions", &input).await?;
    let sessions = sessions.get("Sessions").and_then(Value::as_array).into_iter().flatten();
    let mut names = sessions.filter_map(|one| one.get("SessionId").and_then(Value::as_str));
    match names.any(|name| name == session) {
        true => Ok(()),
        false => Err(refused("Invalid login token. Token has been revoked.")),
    }
}

fn of_pools_account(cx: &Context, pool: &Pool) -> Client {
    Client::new(Arc::clone(&cx.cloud), Caller::service("cognito-identity.amazonaws.com", pool.scope.clone()))
}

/// Checks a pool's own token, which a developer's server was given for one of its users. Answers the identity's id and
/// how it signed in.
pub async fn check_own(cx: &Context, pool: &Pool, token: &str) -> Result<(String, Vec<String>), Fault> {
    let invalid = |what: &str| refused(format!("Invalid login token. {what}"));
    let token = Token::read(token).map_err(|_| invalid("Not a valid OpenId Connect identity token."))?;
    let keys = cx.cloud.issuer_keys(ISSUER)?.unwrap_or_default();
    let claims = token.verified_by(&kogumo_jwt::KeySet::from_json(&keys));
    let claims = claims.map_err(|_| invalid("Token signature invalid."))?;
    let audiences = [pool.id.clone()];
    let now = cx.now().seconds();
    match (Expected { issuer: ISSUER, audiences: &audiences, now, leeway: 0 }).check(claims) {
        Ok(()) => {}
        Err(Refused::Expired) => {
            let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or(0);
            return Err(invalid(&format!("Token expired: {now} >= {expires}")));
        }
        Err(other) => return Err(invalid(&other.to_string())),
    }
    let amr = claims.get("amr").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let vouched: Vec<String> = amr.filter(|one| *one != "authenticated").map(str::to_owned).collect();
    match text(claims, "sub") {
        Some(identity) if !vouched.iter().any(|one| one == "unauthenticated") => Ok((identity, vouched)),
        _ => Err(invalid("Not a valid OpenId Connect identity token.")),
    }
}
