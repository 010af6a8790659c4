//! Issuing tokens: the grant is noted, the trigger asked, both tokens signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::{Timestamp, uuid};
use kogumo_model::cognitoidp::AuthenticationResultType;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::claims::{self, Issue};
use super::grant::{self, Grant};
use crate::client::Site;
use crate::group;
use crate::trigger::Setting;
use crate::trigger::tokens::pre_token_generation;
use crate::user::User;
use crate::user_session::settings::make_place;

/// What the sealed refresh token holds.
#[derive(Serialize, Deserialize)]
pub struct RefreshToken {
    pub user: String,
    pub grant: String,
    pub generation: u32,
    pub expires: Timestamp,
}

const PURPOSE: &str = "refresh token";

/// A new sign-in.
pub struct SignIn<'a> {
    pub user: &'a User,
    pub scopes: Vec<String>,
    /// What stands behind `TokenGeneration_` in the trigger's source.
    pub occasion: &'a str,
    pub device: Option<String>,
    pub nonce: Option<&'a str>,
    pub provider: Option<String>,
    /// The grant of the browser's session, where the user signed in by the hosted pages.
    pub session: Option<String>,
    /// The sign-in as it was recorded: the "event_id" of the tokens.
    pub event: Option<String>,
}

/// Tokens for a user who has signed in.
///
/// # Errors
/// The trigger's, and trouble with the store.
pub async fn sign_in(
    setting: Setting<'_>,
    site: &Site,
    sign_in: SignIn<'_>,
) -> Result<AuthenticationResultType, Fault> {
    let now = setting.cx.now();
    let grant = Grant {
        id: uuid(),
        user: sign_in.user.name.clone(),
        client: site.client.id.clone(),
        scopes: sign_in.scopes,
        authenticated: now,
        expires: now.plus_seconds(site.client.lifetime("RefreshToken").max(site.client.lifetime("AccessToken"))),
        device: sign_in.device,
        generation: 0,
        previous_until: Timestamp(0),
        provider: sign_in.provider,
        session: sign_in.session,
        created: Some(now),
        active: None,
        ip: setting.cx.caller.source_ip.map(|ip| ip.to_string()),
    };
    let occasion = Occasion { name: sign_in.occasion, nonce: sign_in.nonce, event: sign_in.event };
    let tokens = of_grant(setting, site, sign_in.user, &grant, occasion).await?;
    setting.cx.write(|w| {
        make_place(w.tx, &site.pool, &grant.user, now)?;
        Ok::<(), Fault>(grant::put(w.tx, &site.pool, &grant, now)?)
    })?;
    Ok(AuthenticationResultType { refresh_token: Some(seal(site, &grant)?), ..tokens })
}

/// Why tokens are issued now.
#[derive(Default)]
pub struct Occasion<'a> {
    /// What stands behind `TokenGeneration_` in the trigger's source.
    pub name: &'a str,
    pub nonce: Option<&'a str>,
    pub event: Option<String>,
}

/// Id and access token of a grant.
pub async fn of_grant(
    setting: Setting<'_>,
    site: &Site,
    user: &User,
    grant: &Grant,
    occasion: Occasion<'_>,
) -> Result<AuthenticationResultType, Fault> {
    let groups = group::of_user(&setting.cx.snapshot(), &site.pool, user)?;
    let changes = pre_token_generation(setting, occasion.name, Some(user), &groups, &grant.scopes).await?;
    let event = event_id(site, grant, occasion.event);
    let issue = Issue {
        pool: &site.pool,
        client: &site.client,
        user,
        groups: &groups,
        scopes: &grant.scopes,
        authenticated: grant.authenticated.seconds(),
        now: setting.cx.now().seconds(),
        origin: site.client.revokes().then_some(grant.id.as_str()),
        event: &event,
        device: grant.device.as_deref(),
        nonce: occasion.nonce,
    };
    let access = site.keys.access_token.sign(&claims::access(&issue, &uuid(), &changes))?;
    // Without the scope a client has not asked who the user is.
    let wants_id = grant.scopes.iter().any(|scope| scope == "openid" || scope == claims::OWN_ACCOUNT);
    let hosted = grant.scopes.iter().any(|scope| scope == "openid");
    let id = match wants_id {
        true => {
            Some(site.keys.id_token.sign(&claims::id(&issue, &uuid(), &changes, hosted.then_some(access.as_str())))?)
        }
        false => None,
    };
    Ok(AuthenticationResultType {
        access_token: Some(access),
        expires_in: Some(i32::try_from(site.client.lifetime("AccessToken")).unwrap_or(i32::MAX)),
        token_type: Some("Bearer".into()),
        id_token: id,
        ..AuthenticationResultType::default()
    })
}

/// The "event_id" of a grant's tokens. Where clients cannot revoke them they do not say where they come from; signing out
/// everywhere ends them all the same, so the event is the grant then.
fn event_id(site: &Site, grant: &Grant, recorded: Option<String>) -> String {
    match site.client.revokes() {
        true => recorded.unwrap_or_else(uuid),
        false => grant.id.clone(),
    }
}

/// The refresh token of a grant's current generation.
pub fn seal(site: &Site, grant: &Grant) -> Result<String, Fault> {
    let token = RefreshToken {
        user: grant.user.clone(),
        grant: grant.id.clone(),
        generation: grant.generation,
        expires: grant.expires,
    };
    let sealed = site.keys.sealer.seal(PURPOSE, json!(token).to_string().as_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// What a refresh token holds, if it is one of this pool.
pub fn open(site: &Site, token: &str) -> Option<RefreshToken> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice(&site.keys.sealer.open(PURPOSE, &sealed)?).ok()
}
