//! New tokens for a refresh token: REFRESH_TOKEN_AUTH, GetTokensFromRefreshToken with rotation, and the token endpoint.

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{Flow, Outcome, flows, required};
use crate::client::{Site, secret};
use crate::faults::not_authorized;
use crate::token::grant::{self, Grant};
use crate::token::issue::{self, Occasion};
use crate::trigger::Setting;
use crate::user::{User, by_name};
use crate::user_session::settings::touch;

/// What a good refresh token leads to.
struct Found {
    grant: Grant,
    user: User,
    /// It is not the current one, but the one before in its time of grace.
    previous: bool,
}

fn find(cx: &Context, site: &Site, token: &str) -> Result<Found, Fault> {
    let now = cx.now();
    let opened = issue::open(site, token).ok_or_else(|| not_authorized("Invalid Refresh Token"))?;
    if opened.expires <= now {
        return Err(not_authorized("Refresh Token has expired"));
    }
    let read = cx.snapshot();
    let grant = grant::find(&read, &site.pool, &opened.user, &opened.grant)?;
    let grant = grant.ok_or_else(|| not_authorized("Refresh Token has been revoked"))?;
    if grant.client != site.client.id {
        return Err(not_authorized("Invalid Refresh Token"));
    }
    let previous = opened.generation != grant.generation;
    let in_grace = opened.generation.checked_add(1) == Some(grant.generation) && now < grant.previous_until;
    if previous && !in_grace {
        return Err(REFRESH_TOKEN_REUSE_EXCEPTION.because("Refresh token has been rotated, it cannot be used again."));
    }
    let user = by_name(&read, &site.pool, &grant.user)?;
    let user = user.ok_or_else(|| not_authorized("Refresh Token has been revoked"))?;
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    Ok(Found { grant, user, previous })
}

fn refreshing() -> Occasion<'static> {
    Occasion { name: "RefreshTokens", ..Occasion::default() }
}

/// REFRESH_TOKEN_AUTH. Such a refresh token stays what it is.
pub async fn by_flow(flow: &Flow, parameters: &BTreeMap<String, String>) -> Result<Outcome, Fault> {
    let token = required(parameters, "REFRESH_TOKEN")?;
    let found = find(&flow.cx, &flow.site, token)?;
    check_hash(flow, &found.user, parameters.get("SECRET_HASH").map(String::as_str))?;
    check_device(&found, parameters.get("DEVICE_KEY"))?;
    let tokens = issue::of_grant(flow.setting(), &flow.site, &found.user, &found.grant, refreshing()).await?;
    touch(&flow.cx, &flow.site.pool, &found.grant)?;
    Ok(Outcome::Tokens(Box::new(tokens)))
}

/// A token of a confirmed device is good with its key only.
fn check_device(found: &Found, given: Option<&String>) -> Result<(), Fault> {
    let confirmed = found.grant.device.as_ref().filter(|key| found.user.devices.contains_key(*key));
    match confirmed.is_none() || confirmed == given {
        true => Ok(()),
        false => Err(not_authorized("Invalid Refresh Token")),
    }
}

/// The hash may be over any name that the user signs in by.
fn check_hash(flow: &Flow, user: &User, given: Option<&str>) -> Result<(), Fault> {
    let names =
        [Some(user.name.as_str()), Some(user.sub.as_str()), user.attribute("email"), user.attribute("phone_number")];
    let mut verdict = Ok(());
    for name in names.into_iter().flatten() {
        verdict = secret::check_hash(&flow.site.client, name, given);
        if verdict.is_ok() {
            break;
        }
    }
    verdict
}

pub async fn get_tokens_from_refresh_token(
    cx: Context,
    input: GetTokensFromRefreshTokenRequest,
) -> Result<GetTokensFromRefreshTokenResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    if !secret::fits(&site.client, input.client_secret.as_deref()) {
        return Err(not_authorized("Invalid client secret."));
    }
    if site.client.rotation().is_none() {
        flows::check(&site.client, "REFRESH_TOKEN_AUTH", false)?;
    }
    let setting =
        Setting { cx: &cx, pool: &site.pool, client: &site.client.id, metadata: input.client_metadata.as_ref() };
    let tokens = refreshed(setting, &site, &input.refresh_token, input.device_key.as_ref()).await?;
    Ok(GetTokensFromRefreshTokenResponse { authentication_result: Some(tokens) })
}

/// New tokens; with rotation, a new refresh token among them.
pub async fn refreshed(
    setting: Setting<'_>,
    site: &Site,
    token: &str,
    device: Option<&String>,
) -> Result<AuthenticationResultType, Fault> {
    let found = find(setting.cx, site, token)?;
    check_device(&found, device)?;
    let tokens = issue::of_grant(setting, site, &found.user, &found.grant, refreshing()).await?;
    touch(setting.cx, &site.pool, &found.grant)?;
    let Some(grace) = site.client.rotation() else { return Ok(tokens) };
    let grant = if found.previous { found.grant } else { rotate(setting, site, found.grant, grace)? };
    Ok(AuthenticationResultType { refresh_token: Some(issue::seal(site, &grant)?), ..tokens })
}

fn rotate(setting: Setting<'_>, site: &Site, old: Grant, grace: i64) -> Result<Grant, Fault> {
    setting.cx.write(|w| {
        let now = w.now;
        let kept = grant::find(w.store(), &site.pool, &old.user, &old.id)?;
        let kept = kept.ok_or_else(|| not_authorized("Refresh Token has been revoked"))?;
        // Two calls at once: the second finds the token rotated already.
        if kept.generation != old.generation {
            return Ok(kept);
        }
        let until: Timestamp = now.plus_seconds(grace);
        let new = Grant { generation: kept.generation.saturating_add(1), previous_until: until, ..kept };
        grant::put(w.tx, &site.pool, &new, now)?;
        Ok(new)
    })
}
