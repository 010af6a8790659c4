//! Signing in by an identity provider: the browser goes there, comes back with a code, and the user is known here.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::{Clock, Timestamp, Trouble, uuid};
use kogumo_wire::{Fault, parse_query};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::Answer;
use super::authorize::{self, Asked, with_query};
use super::{Visit, form, login, saml};
use crate::client::Site;
use crate::faults::{invalid, not_authorized};
use crate::group;
use crate::pool::keys;
use crate::provider::link::linked;
use crate::provider::{self, Exchange, Provider, Said};
use crate::seal;
use crate::trigger::Setting;
use crate::trigger::inbound::inbound_federation;
use crate::trigger::sign_in::{post_authentication, pre_authentication};
use crate::trigger::sign_up::{post_confirmation, pre_sign_up};
use crate::user::{Identity, Status, User, attributes, create, update};

/// What is sealed into the state that goes there and back.
#[derive(Serialize, Deserialize)]
pub struct Journey {
    id: String,
    pub provider: String,
    /// The query with which the client asked.
    pub query: String,
    pub nonce: String,
    expires: Timestamp,
}

const PURPOSE: &str = "federation";
const LIFETIME: i64 = 10 * 60;

/// The provider that the client asks for by name or by identifier, if it may use it.
pub fn wanted(visit: &Visit, site: &Site) -> Option<Provider> {
    let all = provider::of_pool(&visit.cx.snapshot(), &site.pool).ok()?;
    let allowed = site.client.texts("SupportedIdentityProviders");
    let named = visit.asked("identity_provider");
    let known_by = visit.asked("idp_identifier").map(str::to_owned);
    all.into_iter().filter(|one| allowed.contains(&one.name.as_str())).find(|one| match (named, &known_by) {
        (Some(name), _) => one.name == name,
        (None, Some(identifier)) => one.identifiers.contains(identifier),
        (None, None) => false,
    })
}

/// The provider that is left where the client's users have no password here.
pub fn only(visit: &Visit, site: &Site) -> Option<Provider> {
    if site.client.texts("SupportedIdentityProviders").contains(&"COGNITO") {
        return None;
    }
    let name = offered(visit, site).into_iter().next()?;
    provider::get(&visit.cx.snapshot(), &site.pool, &name).ok()
}

/// The providers that the sign-in page offers.
pub fn offered(visit: &Visit, site: &Site) -> Vec<String> {
    let known = provider::names(&visit.cx.snapshot(), &site.pool).unwrap_or_default();
    let allowed = site.client.texts("SupportedIdentityProviders");
    known.into_iter().filter(|name| allowed.contains(&name.as_str())).collect()
}

pub fn trouble(visit: &Visit, trouble: &Trouble) -> Answer {
    tracing::warn!("{trouble}");
    let title = visit.language.say("An error was encountered", "エラーが発生しました");
    form::tell(
        visit,
        400,
        title,
        visit.language.say("The identity provider cannot be used.", "ID プロバイダーを利用できません。"),
    )
}

/// Sends the browser to the provider.
pub async fn begin(visit: &Visit, site: &Site, provider: Provider) -> Answer {
    let journey = Journey {
        id: uuid(),
        provider: provider.name.clone(),
        query: visit.raw_query.clone(),
        nonce: uuid(),
        expires: visit.cx.now().plus_seconds(LIFETIME),
    };
    let Ok(sealed) = site.keys.sealer.seal(PURPOSE, json!(journey).to_string().as_bytes()) else {
        return Answer::failed();
    };
    if provider.kind == provider::saml::KIND {
        return saml::begin(visit, site, &provider, &journey, &sealed);
    }
    let (client, scopes) = (
        provider.details.get("client_id").cloned().unwrap_or_default(),
        provider.details.get("authorize_scopes").cloned().unwrap_or_default(),
    );
    let cloud = visit.cx.cloud.clone();
    let endpoints = tokio::task::spawn_blocking(move || provider.endpoints(&cloud)).await;
    let endpoints = match endpoints {
        Ok(Ok(endpoints)) => endpoints,
        Ok(Err(found)) => return trouble(visit, &found),
        Err(_) => return Answer::failed(),
    };
    let back = visit.here("oauth2/idpresponse");
    let query = [
        ("client_id", client.as_str()),
        ("redirect_uri", &back),
        ("scope", &scopes),
        ("response_type", "code"),
        ("nonce", &journey.nonce),
    ];
    Answer::redirect(&with_query(&endpoints.authorize, &query, Some(&URL_SAFE_NO_PAD.encode(sealed)), '?'))
}

/// `/oauth2/idpresponse`: the browser is back.
pub async fn page(visit: Visit) -> Answer {
    let Some(journey) = visit.asked("state").and_then(|state| arrive(&visit, state)) else {
        return trouble(&visit, &Trouble::new("a state came back that was not sent, or too late, or twice"));
    };
    let code = visit.asked("code").map(str::to_owned);
    let back = visit.here("oauth2/idpresponse");
    let visit = Visit { query: parse_query(&journey.query, true), raw_query: journey.query.clone(), ..visit };
    let asked = match authorize::read(&visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let Some(code) = code else {
        let refused = [("error", "access_denied")];
        return Answer::redirect(&with_query(&asked.redirect, &refused, asked.state.as_deref(), '?'));
    };
    let Ok(provider) = provider::get(&visit.cx.snapshot(), &asked.site.pool, &journey.provider) else {
        return Answer::missing();
    };
    let exchange = Exchange {
        code,
        redirect: back,
        nonce: journey.nonce,
        now: visit.cx.now().seconds(),
        machine_now: Clock::machine_now().seconds(),
    };
    let (cloud, asked_of) = (visit.cx.cloud.clone(), provider.clone());
    let said = match tokio::task::spawn_blocking(move || asked_of.ask(&cloud, &exchange)).await {
        Ok(Ok(said)) => said,
        Ok(Err(found)) => return trouble(&visit, &found),
        Err(_) => return Answer::failed(),
    };
    finish(&visit, &asked, &provider, &said).await
}

/// Lets somebody in whom a provider vouches for.
pub async fn finish(visit: &Visit, asked: &Asked, provider: &Provider, said: &Said) -> Answer {
    match known(visit, asked, provider, said).await {
        Ok(user) => login::enter(visit, asked, &user).await,
        Err(fault) => {
            let query = [("error", "invalid_request"), ("error_description", fault.message.as_str())];
            Answer::redirect(&with_query(&asked.redirect, &query, asked.state.as_deref(), '?'))
        }
    }
}

/// Opens the state and uses it up.
pub fn arrive(visit: &Visit, state: &str) -> Option<Journey> {
    let keys = keys::of(&visit.cx.cloud, &visit.cx.snapshot(), &visit.pool).ok()?;
    let sealed = URL_SAFE_NO_PAD.decode(state).ok()?;
    let journey: Journey = serde_json::from_slice(&keys.sealer.open(PURPOSE, &sealed)?).ok()?;
    let now = visit.cx.now();
    let fresh = journey.expires > now;
    let first = fresh && visit.cx.write(|w| seal::use_once(w.tx, now, journey.expires, &journey.id)).ok()?;
    first.then_some(journey)
}

/// The pool's user for somebody whom the provider vouches for: made the first time, brought up to date each time.
async fn known(visit: &Visit, asked: &Asked, provider: &Provider, said: &Said) -> Result<User, Fault> {
    let pool = &asked.site.pool;
    let setting = Setting { cx: &visit.cx, pool, client: &asked.site.client.id, metadata: None };
    let subject = said.claims().get("sub").cloned();
    let claims = inbound_federation(setting, provider, said).await?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let claim = |name: &str| claims.get(name).filter(|value| !value.is_null()).map(text);
    let subject = provider
        .mapping
        .get("username")
        .and_then(|name| claim(name))
        .or_else(|| claim("sub"))
        .or_else(|| subject.as_ref().map(text));
    let subject = subject.ok_or_else(|| invalid("The provider names no user."))?;
    let mapping = provider.mapping.iter().filter(|(name, _)| *name != "username");
    let mapped: BTreeMap<String, String> =
        mapping.filter_map(|(name, from)| Some((name.clone(), claim(from)?))).collect();
    let name = format!("{}_{subject}", provider.name);
    if let Some(user) = linked(&visit.cx.snapshot(), pool, provider, &subject, &mapped)? {
        if !user.enabled {
            return Err(not_authorized("User is not enabled."));
        }
        attributes::check(pool, attributes::Writer::Admin, Some(&user), &mapped)?;
        pre_authentication(setting, &user.name, Some(&user)).await?;
        let user = visit.cx.write(|w| {
            let now = w.now;
            update(w.tx, pool, &user.name, |user| {
                user.attributes.extend(mapped.clone());
                user.modified = now;
                Ok(user.clone())
            })
        })?;
        post_authentication(setting, &user, false).await?;
        return Ok(user);
    }
    attributes::check(pool, attributes::Writer::Admin, None, &mapped)?;
    let missing = attributes::missing(pool, &mapped);
    if !missing.is_empty() {
        return Err(invalid(format!("attributes required: [{}]", missing.join(", "))));
    }
    pre_sign_up(setting, "PreSignUp_ExternalProvider", &name, &mapped, &BTreeMap::new()).await?;
    let now = visit.cx.now();
    let mut user = User::new(pool, &name, mapped, Status::ExternalProvider, now);
    user.name = name;
    user.identities.push(Identity {
        provider: provider.name.clone(),
        kind: provider.kind.clone(),
        subject,
        attribute: None,
        primary: true,
        created: now,
    });
    let user = visit.cx.write(|w| {
        let mut user = user.clone();
        group::join_federated(w.tx, pool, &provider.name, &mut user, now)?;
        create(w.tx, pool, &user, false)?;
        Ok::<User, Fault>(user)
    })?;
    post_confirmation(setting, "PostConfirmation_ConfirmSignUp", &user).await?;
    Ok(user)
}
