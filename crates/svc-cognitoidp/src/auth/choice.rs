//! USER_AUTH: the user chooses among the first factors that the pool offers.

use std::collections::BTreeMap;

use kogumo_wire::Fault;

use super::challenge::Answers;
use super::session::{self, State, Step};
use super::{Flow, Outcome, after_first_factor, factor, lockout, passkey, refuse_unready, required, srp};
use crate::faults::{invalid, invalid_session, not_authorized, wrong_credentials};
use crate::mfa::{Demand, demand};
use crate::passkey::settings;
use crate::trigger::sign_in::pre_authentication;
use crate::user::{User, find, password};

pub async fn begin(flow: &Flow, username: &str, parameters: &BTreeMap<String, String>) -> Result<Outcome, Fault> {
    if ["TARGET_ACR_VALUES", "ACCESS_TOKEN", "MAX_AGE"].iter().any(|name| parameters.contains_key(*name)) {
        return Err(crate::faults::unbuilt("Step-up authentication"));
    }
    let user = find(&flow.cx.snapshot(), &flow.site.pool, username)?;
    if user.is_none() && !flow.site.client.hides_users() {
        return Err(flow.nobody());
    }
    if user.as_ref().is_some_and(|user| !user.enabled) {
        return Err(not_authorized("User is disabled."));
    }
    pre_authentication(flow.setting(), username, user.as_ref()).await?;
    let mut state = flow.state(username, user.as_ref(), Step::Select);
    state.device = parameters.get("DEVICE_KEY").cloned();
    let available = available(flow, user.as_ref());
    match parameters.get("PREFERRED_CHALLENGE").filter(|wanted| available.contains(wanted)) {
        Some(wanted) => selected(flow, state, user, &wanted.clone(), parameters).await,
        None => {
            let username = state.user.clone();
            let challenge = flow.challenge("SELECT_CHALLENGE", &state, [("USERNAME", username)])?;
            Ok(match challenge {
                Outcome::Challenge { name, session, parameters, .. } => {
                    Outcome::Challenge { name, session, parameters, available }
                }
                tokens => tokens,
            })
        }
    }
}

/// The first factors that the pool offers and the user has.
fn available(flow: &Flow, user: Option<&User>) -> Vec<String> {
    let pool = &flow.site.pool;
    let second = user.is_some_and(|user| demand(pool, user) != Demand::Nothing);
    let mut all = Vec::new();
    for factor in pool.first_factors() {
        match (factor, user) {
            ("PASSWORD", None) => all.extend(["PASSWORD", "PASSWORD_SRP"]),
            ("PASSWORD", Some(user)) if user.verifier.is_some() => all.extend(["PASSWORD", "PASSWORD_SRP"]),
            // Codes stand alone: they do not go with a second factor.
            ("EMAIL_OTP", None) => all.push("EMAIL_OTP"),
            ("EMAIL_OTP", Some(user)) if !second && user.attribute("email").is_some() => all.push("EMAIL_OTP"),
            ("WEB_AUTHN", Some(user)) if settings::can_sign_in(pool, user) => all.push("WEB_AUTHN"),
            ("SMS_OTP", Some(user)) if !second && user.attribute("phone_number").is_some() => all.push("SMS_OTP"),
            _ => {}
        }
    }
    all.into_iter().map(str::to_owned).collect()
}

/// Begins the factor that was chosen; if its answer came along, looks at that too.
async fn selected(
    flow: &Flow,
    state: State,
    user: Option<User>,
    wanted: &str,
    answers: &BTreeMap<String, String>,
) -> Result<Outcome, Fault> {
    let parameters = [("USERNAME", state.user.clone()), ("USER_ID_FOR_SRP", state.user.clone())];
    match wanted {
        "PASSWORD" if answers.contains_key("PASSWORD") => {
            let text = required(answers, "PASSWORD")?;
            with_password(flow, state, user, text).await
        }
        "PASSWORD" => flow.challenge("PASSWORD", &State { step: Step::Password, ..state }, parameters),
        "PASSWORD_SRP" if answers.contains_key("SRP_A") => {
            let public = required(answers, "SRP_A")?;
            srp::challenge(flow, state, user.as_ref(), public)
        }
        "PASSWORD_SRP" => flow.challenge("PASSWORD_SRP", &State { step: Step::PasswordSrp, ..state }, parameters),
        "WEB_AUTHN" => passkey::challenge(flow, state, user.as_ref()),
        kind => factor::first(flow, state, user.as_ref(), kind).await,
    }
}

pub async fn respond(flow: &Flow, name: &str, answers: Answers) -> Result<Outcome, Fault> {
    let wanted = match (&answers.state.step, name) {
        (Step::Select, "SELECT_CHALLENGE") => answers.required("ANSWER")?.to_owned(),
        (Step::Password, "PASSWORD") | (Step::PasswordSrp, "PASSWORD_SRP") => name.to_owned(),
        _ => return Err(invalid_session()),
    };
    if !available(flow, answers.user.as_ref()).contains(&wanted) {
        return Err(invalid("Selected challenge is not available."));
    }
    session::consume(flow, &answers.state, false)?;
    selected(flow, session::renewed(answers.state), answers.user, &wanted, &answers.all).await
}

async fn with_password(flow: &Flow, mut state: State, user: Option<User>, text: &str) -> Result<Outcome, Fault> {
    let user = user.ok_or_else(wrong_credentials)?;
    lockout::refuse(&user, flow.now())?;
    if !password::fits(&flow.site.pool, &user, text) {
        lockout::note_failed_sign_in(flow, &user).await?;
        return Err(wrong_credentials());
    }
    refuse_unready(&user, flow.now())?;
    state.factor = "PASSWORD".into();
    after_first_factor(flow, state, user).await
}
