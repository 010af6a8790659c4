//! InitiateAuth and AdminInitiateAuth.

use std::collections::BTreeMap;

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{By, Flow, Outcome, at_address, choice, custom, flows, password, refresh, required, srp};
use crate::auth_event::risk;
use crate::client::{Site, secret};
use crate::trigger::sign_in::pre_authentication;
use crate::user::find;

pub async fn initiate_auth(cx: Context, input: InitiateAuthRequest) -> Result<InitiateAuthResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    let address = input.user_context_data.and_then(|context| context.ip_address);
    let cx = at_address(cx, address.filter(|_| site.client.is_believed_about_users()));
    let flow = Flow { cx, site, metadata: input.client_metadata, by: By::User };
    let told = begin(&flow, &input.auth_flow, input.auth_parameters.unwrap_or_default()).await?.told()?;
    let (challenge_name, session, parameters, available_challenges, authentication_result) = told;
    Ok(InitiateAuthResponse {
        challenge_name,
        session,
        challenge_parameters: Some(parameters),
        available_challenges,
        authentication_result,
    })
}

pub async fn admin_initiate_auth(
    cx: Context,
    input: AdminInitiateAuthRequest,
) -> Result<AdminInitiateAuthResponse, Fault> {
    let site = Site::of_pool(&cx, &input.user_pool_id, &input.client_id)?;
    let cx = at_address(cx, input.context_data.map(|context| context.ip_address));
    let flow = Flow { cx, site, metadata: input.client_metadata, by: By::Admin };
    let told = begin(&flow, &input.auth_flow, input.auth_parameters.unwrap_or_default()).await?.told()?;
    let (challenge_name, session, parameters, available_challenges, authentication_result) = told;
    Ok(AdminInitiateAuthResponse {
        challenge_name,
        session,
        challenge_parameters: Some(parameters),
        available_challenges,
        authentication_result,
    })
}

async fn begin(flow: &Flow, name: &str, parameters: BTreeMap<String, String>) -> Result<Outcome, Fault> {
    flows::check(&flow.site.client, name, flow.by == By::Admin)?;
    if name.starts_with("REFRESH_TOKEN") {
        return refresh::by_flow(flow, &parameters).await;
    }
    let username = required(&parameters, "USERNAME")?;
    secret::check_hash(&flow.site.client, username, parameters.get("SECRET_HASH").map(String::as_str))?;
    risk::refuse_blocked(flow, username).await?;
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
