//! InitiateAuth and AdminInitiateAuth.

use std::collections::BTreeMap;

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{Flow, Outcome, choice, custom, flows, password, refresh, required, srp};
use crate::client::{Site, secret};
use crate::trigger::sign_in::pre_authentication;
use crate::user::find;

pub async fn initiate_auth(cx: Context, input: InitiateAuthRequest) -> Result<InitiateAuthResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    let flow = Flow { cx, site, metadata: input.client_metadata, admin: false };
    Ok(match begin(&flow, &input.auth_flow, input.auth_parameters.unwrap_or_default()).await? {
        Outcome::Challenge { name, session, parameters, available } => InitiateAuthResponse {
            challenge_name: Some(name),
            session,
            challenge_parameters: Some(parameters),
            available_challenges: (!available.is_empty()).then_some(available),
            ..InitiateAuthResponse::default()
        },
        Outcome::Tokens(result) => InitiateAuthResponse {
            challenge_parameters: Some(BTreeMap::new()),
            authentication_result: Some(*result),
            ..InitiateAuthResponse::default()
        },
    })
}

pub async fn admin_initiate_auth(
    cx: Context,
    input: AdminInitiateAuthRequest,
) -> Result<AdminInitiateAuthResponse, Fault> {
    let site = Site::of_pool(&cx, &input.user_pool_id, &input.client_id)?;
    let flow = Flow { cx, site, metadata: input.client_metadata, admin: true };
    Ok(match begin(&flow, &input.auth_flow, input.auth_parameters.unwrap_or_default()).await? {
        Outcome::Challenge { name, session, parameters, available } => AdminInitiateAuthResponse {
            challenge_name: Some(name),
            session,
            challenge_parameters: Some(parameters),
            available_challenges: (!available.is_empty()).then_some(available),
            ..AdminInitiateAuthResponse::default()
        },
        Outcome::Tokens(result) => AdminInitiateAuthResponse {
            challenge_parameters: Some(BTreeMap::new()),
            authentication_result: Some(*result),
            ..AdminInitiateAuthResponse::default()
        },
    })
}

async fn begin(flow: &Flow, name: &str, parameters: BTreeMap<String, String>) -> Result<Outcome, Fault> {
    flows::check(&flow.site.client, name, flow.admin)?;
    if name.starts_with("REFRESH_TOKEN") {
        return refresh::by_flow(flow, &parameters).await;
    }
    let username = required(&parameters, "USERNAME")?;
    secret::check_hash(&flow.site.client, username, parameters.get("SECRET_HASH").map(String::as_str))?;
    match name {
        "USER_SRP_AUTH" => {
            let public = required(&parameters, "SRP_A")?;
            let user = find(&flow.cx.snapshot(), &flow.site.pool, username)?;
            if user.is_none() && !flow.site.client.hides_users() {
                return Err(flow.nobody());
            }
            if user.is_some() || flow.site.client.hides_users() {
                pre_authentication(flow.setting(), username, user.as_ref()).await?;
            }
            srp::open(flow, username, user.as_ref(), public, parameters.get("DEVICE_KEY"))
        }
        "CUSTOM_AUTH" => custom::begin(flow, username, &parameters).await,
        "USER_AUTH" => choice::begin(flow, username, &parameters).await,
        _ => {
            let text = required(&parameters, "PASSWORD")?;
            password::sign_in(flow, username, text, parameters.get("DEVICE_KEY")).await
        }
    }
}
