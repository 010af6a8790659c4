//! `/oauth2/token`: tokens for a code, for a refresh token, or for a client itself.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Timestamp, uuid};
use kogumo_model::cognitoidp::AuthenticationResultType;
use kogumo_wire::{Fault, decode};
use serde_json::json;

use super::answer::Answer;
use super::{Visit, code};
use crate::auth::refresh::refreshed;
use crate::client::{Site, secret};
use crate::pool::resource_server;
use crate::token::grant::{self, Grant};
use crate::token::issue::{self, Occasion};
use crate::token::machine;
use crate::trigger::Setting;
use crate::user::by_name;
use crate::user_session::settings::make_place;

pub async fn page(visit: &Visit) -> Answer {
    if !visit.is_post() {
        return Answer::json(405, &json!({ "error": "invalid_request" }));
    }
    let Some(site) = client(visit) else { return Answer::error("invalid_client") };
    match visit.posted("grant_type") {
        Some("authorization_code") => for_code(visit, &site).await,
        Some("refresh_token") => for_refresh_token(visit, &site).await,
        Some("client_credentials") => for_client(visit, &site).await,
        Some(_) => Answer::error("unsupported_grant_type"),
        None => Answer::error("invalid_request"),
    }
}

/// The client that calls, by `Authorization: Basic` or by the form. A client that has a secret must say it.
pub fn client(visit: &Visit) -> Option<Site> {
    let basic = visit.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let (id, given) = match basic {
        Some(basic) => {
            let text = String::from_utf8(STANDARD.decode(basic.trim()).ok()?).ok()?;
            let (id, given) = text.split_once(':')?;
            (decode(id, false), Some(decode(given, false)))
        }
        None => (visit.posted("client_id")?.to_owned(), visit.posted("client_secret").map(str::to_owned)),
    };
    let site = visit.site(&id)?;
    secret::fits(&site.client, given.as_deref().filter(|given| !given.is_empty())).then_some(site)
}

fn setting<'a>(visit: &'a Visit, site: &'a Site) -> Setting<'a> {
    Setting { cx: &visit.cx, pool: &site.pool, client: &site.client.id, metadata: None }
}

async fn for_code(visit: &Visit, site: &Site) -> Answer {
    if !site.client.texts("AllowedOAuthFlows").contains(&"code") {
        return Answer::error("unauthorized_client");
    }
    let Some(text) = visit.posted("code") else { return Answer::error("invalid_request") };
    let taken = code::take(visit, site, text, visit.posted("redirect_uri"), visit.posted("code_verifier"));
    let Some(code) = taken else { return Answer::error("invalid_grant") };
    let user = by_name(&visit.cx.snapshot(), &site.pool, &code.user).ok().flatten().filter(|user| user.enabled);
    let Some(user) = user else { return Answer::error("invalid_grant") };
    let now = visit.cx.now();
    let grant = Grant {
        id: uuid(),
        user: user.name.clone(),
        client: site.client.id.clone(),
        scopes: code.scopes,
        authenticated: Timestamp::from_seconds(code.since),
        expires: now.plus_seconds(site.client.lifetime("RefreshToken").max(site.client.lifetime("AccessToken"))),
        device: None,
        generation: 0,
        previous_until: Timestamp(0),
        provider: None,
        session: Some(code.session),
        created: Some(now),
        active: None,
        ip: visit.cx.caller.source_ip.map(|ip| ip.to_string()),
    };
    let tokens = {
        let occasion = Occasion { name: "HostedAuth", nonce: code.nonce.as_deref(), event: None };
        issue::of_grant(setting(visit, site), site, &user, &grant, occasion).await
    };
    let Ok(tokens) = tokens else { return Answer::error("invalid_grant") };
    let noted = visit.cx.write(|w| {
        make_place(w.tx, &site.pool, &grant.user, now)?;
        Ok::<(), Fault>(grant::put(w.tx, &site.pool, &grant, now)?)
    });
    if noted.is_err() {
        return Answer::failed();
    }
    match issue::seal(site, &grant) {
        Ok(refresh) => told(AuthenticationResultType { refresh_token: Some(refresh), ..tokens }),
        Err(_) => Answer::failed(),
    }
}

async fn for_refresh_token(visit: &Visit, site: &Site) -> Answer {
    let Some(token) = visit.posted("refresh_token") else { return Answer::error("invalid_request") };
    match refreshed(setting(visit, site), site, token, None).await {
        Ok(tokens) => told(tokens),
        Err(_) => Answer::error("invalid_grant"),
    }
}

/// A client's own token: for scopes of resource servers, with the client as its subject.
async fn for_client(visit: &Visit, site: &Site) -> Answer {
    let client = &site.client;
    if client.secret.is_none() || !client.texts("AllowedOAuthFlows").contains(&"client_credentials") {
        return Answer::error("unauthorized_client");
    }
    let allowed = client.texts("AllowedOAuthScopes");
    let scopes: Vec<String> = match visit.posted("scope") {
        Some(asked) => asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        None => allowed.iter().map(|scope| (*scope).to_owned()).collect(),
    };
    let Ok(known) = resource_server::scopes(&visit.cx.snapshot(), &site.pool) else { return Answer::failed() };
    if scopes.is_empty() || scopes.iter().any(|scope| !allowed.contains(&scope.as_str()) || !known.contains(scope)) {
        return Answer::error("invalid_scope");
    }
    // What the program says to the trigger, as JSON.
    let metadata = visit.posted("aws_client_metadata").map(serde_json::from_str::<BTreeMap<String, String>>);
    let Ok(metadata) = metadata.transpose() else { return Answer::error("invalid_request") };
    let setting = Setting { metadata: metadata.as_ref(), ..setting(visit, site) };
    match machine::issue(setting, site, scopes).await {
        Ok((token, lifetime)) => {
            Answer::json(200, &json!({ "access_token": token, "expires_in": lifetime, "token_type": "Bearer" }))
        }
        Err(_) => Answer::error("invalid_request"),
    }
}

fn told(tokens: AuthenticationResultType) -> Answer {
    let mut document = json!({
        "access_token": tokens.access_token,
        "expires_in": tokens.expires_in,
        "token_type": "Bearer",
    });
    if let Some(token) = tokens.id_token {
        document["id_token"] = json!(token);
    }
    if let Some(token) = tokens.refresh_token {
        document["refresh_token"] = json!(token);
    }
    Answer::json(200, &document)
}
