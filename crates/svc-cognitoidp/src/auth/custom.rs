//! CUSTOM_AUTH: the pool's functions say what is asked, make the question, and judge the answer.

use std::collections::BTreeMap;

use kogumo_model::cognitoidp::INVALID_LAMBDA_RESPONSE_EXCEPTION;
use kogumo_wire::Fault;

use super::challenge::Answers;
use super::session::{self, State, Step};
use super::{Flow, Outcome, finish, required, srp};
use crate::faults::{invalid_session, not_authorized, wrong_credentials};
use crate::trigger::challenge::{Next, Round, create, define, verify};
use crate::trigger::sign_in::pre_authentication;
use crate::user::{User, find};

pub async fn begin(flow: &Flow, username: &str, parameters: &BTreeMap<String, String>) -> Result<Outcome, Fault> {
    let user = find(&flow.cx.snapshot(), &flow.site.pool, username)?;
    if user.is_none() && !flow.site.client.hides_users() {
        return Err(flow.nobody());
    }
    if user.as_ref().is_some_and(|user| !user.enabled) {
        return Err(not_authorized("User is disabled."));
    }
    pre_authentication(flow.setting(), username, user.as_ref()).await?;
    let mut state = flow.state(username, user.as_ref(), Step::Password);
    state.custom = true;
    state.device = parameters.get("DEVICE_KEY").cloned();
    if parameters.get("CHALLENGE_NAME").map(String::as_str) == Some("SRP_A") {
        state.public = Some(required(parameters, "SRP_A")?.to_owned());
        state.rounds.push(Round { challenge_name: "SRP_A".into(), challenge_result: true, challenge_metadata: None });
    }
    go_on(flow, state, user).await
}

/// Asks what comes next.
async fn go_on(flow: &Flow, state: State, user: Option<User>) -> Result<Outcome, Fault> {
    let name = state.user.clone();
    match define(flow.setting(), &name, user.as_ref(), &state.rounds).await? {
        Next::Failure => Err(wrong_credentials()),
        Next::Tokens => {
            let user = user.ok_or_else(wrong_credentials)?;
            super::refuse_unready(&user, flow.now())?;
            finish::tokens(flow, state, user).await
        }
        Next::Challenge(challenge) if challenge == "PASSWORD_VERIFIER" => {
            let public = state.public.clone().ok_or_else(unrecognizable)?;
            srp::challenge(flow, state, user.as_ref(), &public)
        }
        Next::Challenge(challenge) if challenge == "CUSTOM_CHALLENGE" => {
            let made = create(flow.setting(), &name, user.as_ref(), &challenge, &state.rounds).await?;
            let step = Step::Custom { private: made.private, metadata: made.metadata };
            let state = State { step, expires: flow.now().plus_seconds(flow.site.client.session_lifetime()), ..state };
            let mut parameters = made.public;
            parameters.insert("USERNAME".into(), name);
            Ok(Outcome::Challenge {
                name: challenge,
                session: Some(session::seal_with(&flow.site.keys, &flow.site.pool, &state)?),
                parameters,
                available: Vec::new(),
            })
        }
        Next::Challenge(_) => Err(unrecognizable()),
    }
}

fn unrecognizable() -> Fault {
    INVALID_LAMBDA_RESPONSE_EXCEPTION.because("Unrecognizable lambda output")
}

pub async fn respond(flow: &Flow, answers: Answers) -> Result<Outcome, Fault> {
    let Step::Custom { private, metadata } = answers.state.step.clone() else { return Err(invalid_session()) };
    let answer = answers.required("ANSWER")?;
    session::consume(flow, &answers.state, false)?;
    let user = answers.user.clone();
    let right = verify(flow.setting(), &answers.state.user, user.as_ref(), &private, answer).await?;
    let mut state = session::renewed(answers.state);
    state.rounds.push(Round {
        challenge_name: "CUSTOM_CHALLENGE".into(),
        challenge_result: right,
        challenge_metadata: metadata,
    });
    go_on(flow, state, user).await
}

/// Goes on after the password's proof, which a custom flow may ask for first.
pub async fn after_password(flow: &Flow, state: State, user: User, right: bool) -> Result<Outcome, Fault> {
    let mut state = session::renewed(state);
    state.rounds.push(Round {
        challenge_name: "PASSWORD_VERIFIER".into(),
        challenge_result: right,
        challenge_metadata: None,
    });
    Box::pin(go_on(flow, state, Some(user))).await
}
