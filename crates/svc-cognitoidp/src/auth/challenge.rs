//! RespondToAuthChallenge and AdminRespondToAuthChallenge.

use std::collections::BTreeMap;

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::session::{self, State};
use super::{By, Flow, Outcome, at_address, choice, custom, device, factor, new_password, passkey, required, srp};
use crate::client::{Site, secret};
use crate::faults::{invalid, invalid_session, wrong_credentials};
use crate::user::{User, by_name, find};

pub async fn respond_to_auth_challenge(
    cx: Context,
    input: RespondToAuthChallengeRequest,
) -> Result<RespondToAuthChallengeResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    let address = input.user_context_data.and_then(|context| context.ip_address);
    let cx = at_address(cx, address.filter(|_| site.client.is_believed_about_users()));
    let flow = Flow { cx, site, metadata: input.client_metadata, by: By::User };
    let responses = input.challenge_responses.unwrap_or_default();
    let told = respond(&flow, &input.challenge_name, responses, input.session.as_deref()).await?.told()?;
    let (challenge_name, session, parameters, available_challenges, authentication_result) = told;
    Ok(RespondToAuthChallengeResponse {
        challenge_name,
        session,
        challenge_parameters: Some(parameters),
        available_challenges,
        authentication_result,
    })
}

pub async fn admin_respond_to_auth_challenge(
    cx: Context,
    input: AdminRespondToAuthChallengeRequest,
) -> Result<AdminRespondToAuthChallengeResponse, Fault> {
    let site = Site::of_pool(&cx, &input.user_pool_id, &input.client_id)?;
    let cx = at_address(cx, input.context_data.map(|context| context.ip_address));
    let flow = Flow { cx, site, metadata: input.client_metadata, by: By::Admin };
    let responses = input.challenge_responses.unwrap_or_default();
    let told = respond(&flow, &input.challenge_name, responses, input.session.as_deref()).await?.told()?;
    let (challenge_name, session, parameters, available_challenges, authentication_result) = told;
    Ok(AdminRespondToAuthChallengeResponse {
        challenge_name,
        session,
        challenge_parameters: Some(parameters),
        available_challenges,
        authentication_result,
    })
}

/// The answers to a challenge: whose they are has been checked against the state.
pub struct Answers {
    pub all: BTreeMap<String, String>,
    pub state: State,
    /// None where the flow only pretends that there is such a user.
    pub user: Option<User>,
}

impl Answers {
    pub fn required(&self, name: &str) -> Result<&str, Fault> {
        required(&self.all, name)
    }

    /// The user, where pretending has an end.
    pub fn user(&self) -> Result<&User, Fault> {
        self.user.as_ref().ok_or_else(wrong_credentials)
    }
}

/// Looks at an answer and goes on.
pub async fn respond(
    flow: &Flow,
    name: &str,
    responses: BTreeMap<String, String>,
    session: Option<&str>,
) -> Result<Outcome, Fault> {
    let username = required(&responses, "USERNAME")?;
    // The pages know the client's secret, and whoever sits before them does not.
    if flow.by != By::Pages {
        secret::check_hash(&flow.site.client, username, responses.get("SECRET_HASH").map(String::as_str))?;
    }
    if name == "PASSWORD_VERIFIER" || name == "DEVICE_PASSWORD_VERIFIER" {
        return srp::respond(flow, name, responses).await;
    }
    // A set-up second factor comes with the session that VerifySoftwareToken gave.
    let session = responses.get("SESSION").map(String::as_str).filter(|_| name == "MFA_SETUP").or(session);
    let state = session::open(flow, session)?;
    let mut answers = answers(flow, responses, state)?;
    if let Some(key) = answers.all.get("DEVICE_KEY") {
        answers.state.device = Some(key.clone());
    }
    match name {
        "NEW_PASSWORD_REQUIRED" => new_password::respond(flow, answers).await,
        "SMS_MFA" | "SOFTWARE_TOKEN_MFA" | "EMAIL_OTP" | "SMS_OTP" => factor::respond(flow, name, answers).await,
        "SELECT_MFA_TYPE" => factor::select(flow, answers).await,
        "MFA_SETUP" => factor::set_up(flow, answers).await,
        "CUSTOM_CHALLENGE" => custom::respond(flow, answers).await,
        "DEVICE_SRP_AUTH" => device::respond(flow, answers),
        "SELECT_CHALLENGE" | "PASSWORD" | "PASSWORD_SRP" => choice::respond(flow, name, answers).await,
        "WEB_AUTHN" => passkey::respond(flow, answers).await,
        _ => Err(invalid(format!("Challenge {name} cannot be answered."))),
    }
}

/// Whether the one who answers is the one who was asked.
pub fn answers(flow: &Flow, all: BTreeMap<String, String>, state: State) -> Result<Answers, Fault> {
    let read = flow.cx.snapshot();
    let pool = &flow.site.pool;
    let username = required(&all, "USERNAME")?;
    if !state.exists {
        let named = pool.folded(username);
        if named != pool.folded(&state.user) && named != pool.folded(&state.typed) {
            return Err(invalid_session());
        }
        return Ok(Answers { all, state, user: None });
    }
    let user = by_name(&read, pool, &state.user)?.ok_or_else(invalid_session)?;
    let same = pool.folded(username) == pool.folded(&user.name)
        || find(&read, pool, username)?.is_some_and(|named| named.name == user.name);
    if !same {
        return Err(invalid_session());
    }
    Ok(Answers { all, state, user: Some(user) })
}
