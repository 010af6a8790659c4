//! Codes: second factors (SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP), the choice among them, and setting one up; and codes as
//! first factors (USER_AUTH).

use std::collections::BTreeMap;

use kogumo_base::Clock;
use kogumo_model::cognitoidp::{CODE_MISMATCH_EXCEPTION, EXPIRED_CODE_EXCEPTION};
use kogumo_wire::Fault;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::challenge::Answers;
use super::session::{self, State, Step};
use super::{Flow, Outcome, after_first_factor, finish};
use crate::auth_event::{Happened, record};
use crate::code;
use crate::delivery::{self, Delivery};
use crate::faults::{invalid, invalid_session, too_many_attempts};
use crate::mfa::KINDS;
use crate::totp;
use crate::user::{User, attributes, update};

/// The attribute that a code of that kind goes to; none for authenticators.
fn attribute(kind: &str) -> Option<&'static str> {
    match kind {
        "SMS_MFA" | "SMS_OTP" => Some("phone_number"),
        "EMAIL_OTP" => Some("email"),
        _ => None,
    }
}

/// Asks for a second factor, and sends the code if it is one that is sent.
pub async fn challenge(flow: &Flow, state: State, user: &User, kind: &str) -> Result<Outcome, Fault> {
    let Some(attribute) = attribute(kind) else {
        let state = State { step: Step::Factor { kind: kind.into(), code: None }, ..state };
        let name = user.mfa.software_name.clone().map(|name| ("FRIENDLY_DEVICE_NAME", name));
        let parameters = [("USER_ID_FOR_SRP", user.name.clone())].into_iter().chain(name);
        return flow.challenge(kind, &state, parameters);
    };
    let code = code::new();
    let step = Step::Factor { kind: kind.into(), code: Some(code.clone()) };
    send(flow, State { step, ..state }, user, kind, attribute, &code).await
}

/// Asks for a code as first factor.
pub async fn first(flow: &Flow, state: State, user: Option<&User>, kind: &str) -> Result<Outcome, Fault> {
    let code = code::new();
    let state = State { step: Step::Code { kind: kind.into(), code: code.clone() }, ..state };
    let attribute = attribute(kind).ok_or_else(|| invalid("Challenge cannot be selected."))?;
    match user {
        Some(user) => send(flow, state, user, kind, attribute, &code).await,
        // Nobody gets a code, and nobody can tell.
        None => {
            let medium = if attribute == "email" { "EMAIL" } else { "SMS" };
            let destination = crate::user::confirm::simulated(&flow.site, &state.typed);
            let destination = destination.and_then(|details| details.destination).unwrap_or_default();
            flow.challenge(
                kind,
                &state,
                [
                    ("CODE_DELIVERY_DELIVERY_MEDIUM", medium.into()),
                    ("CODE_DELIVERY_DESTINATION", destination),
                    ("USER_ID_FOR_SRP", state.user.clone()),
                ],
            )
        }
    }
}

async fn send(
    flow: &Flow,
    state: State,
    user: &User,
    kind: &str,
    attribute: &str,
    code: &str,
) -> Result<Outcome, Fault> {
    let message = Delivery { occasion: "Authentication", attribute, to: None, code };
    let details = delivery::send(flow.setting(), user, message).await?;
    flow.challenge(
        kind,
        &state,
        [
            ("CODE_DELIVERY_DELIVERY_MEDIUM", details.delivery_medium.unwrap_or_default()),
            ("CODE_DELIVERY_DESTINATION", details.destination.unwrap_or_default()),
            ("USER_ID_FOR_SRP", user.name.clone()),
        ],
    )
}

/// Lets a user with several factors choose.
pub fn choice(flow: &Flow, state: State, user: &User, kinds: &[&str]) -> Result<Outcome, Fault> {
    let state = State { step: Step::SelectFactor, ..state };
    let phone = user.attribute("phone_number").filter(|_| kinds.contains(&"SMS_MFA")).map(delivery::masked);
    let destination = phone.map(|phone| ("CODE_DELIVERY_DESTINATION", phone));
    let parameters = [("MFAS_CAN_CHOOSE", json!(kinds).to_string()), ("USER_ID_FOR_SRP", user.name.clone())];
    flow.challenge("SELECT_MFA_TYPE", &state, parameters.into_iter().chain(destination))
}

pub async fn select(flow: &Flow, answers: Answers) -> Result<Outcome, Fault> {
    if !matches!(answers.state.step, Step::SelectFactor) {
        return Err(invalid_session());
    }
    let user = answers.user()?.clone();
    let wanted = answers.required("ANSWER")?;
    let kind = KINDS.into_iter().find(|kind| *kind == wanted && user.mfa.enabled.contains(*kind));
    let kind = kind.ok_or_else(|| invalid("Invalid MFA type selected."))?;
    session::consume(flow, &answers.state, true)?;
    challenge(flow, session::renewed(answers.state), &user, kind).await
}

/// The pool wants a second factor and the user has none.
pub fn setup(flow: &Flow, state: State, user: &User, kinds: &[&str]) -> Result<Outcome, Fault> {
    let state = State { step: Step::MfaSetup { done: false }, ..state };
    flow.challenge(
        "MFA_SETUP",
        &state,
        [("MFAS_CAN_SETUP", json!(kinds).to_string()), ("USER_ID_FOR_SRP", user.name.clone())],
    )
}

pub async fn set_up(flow: &Flow, answers: Answers) -> Result<Outcome, Fault> {
    let Step::MfaSetup { done } = answers.state.step else { return Err(invalid_session()) };
    match answers.all.get("EMAIL") {
        Some(address) if !done && flow.site.pool.allows_mfa("EMAIL_OTP") => set_up_mail(flow, &answers, address).await,
        _ if !done => Err(invalid_session()),
        _ => {
            let user = answers.user()?.clone();
            session::consume(flow, &answers.state, true)?;
            finish::tokens(flow, answers.state, user).await
        }
    }
}

/// Codes by mail as second factor: the code that goes to the address proves it, and lets the user in.
async fn set_up_mail(flow: &Flow, answers: &Answers, address: &str) -> Result<Outcome, Fault> {
    let user = answers.user()?;
    let new = BTreeMap::from([("email".to_owned(), address.to_owned())]);
    attributes::check(&flow.site.pool, attributes::Writer::Admin, Some(user), &new)?;
    if address.is_empty() {
        return Err(invalid("Invalid email address format."));
    }
    session::consume(flow, &answers.state, true)?;
    let user = flow.cx.write(|w| {
        update(w.tx, &flow.site.pool, &user.name, |user| {
            attributes::apply(user, &new);
            Ok(user.clone())
        })
    })?;
    challenge(flow, session::renewed(answers.state.clone()), &user, "EMAIL_OTP").await
}

/// Checks a code. A wrong one leaves the session as it is, and counts.
pub async fn respond(flow: &Flow, name: &str, answers: Answers) -> Result<Outcome, Fault> {
    let (expected, first) = match &answers.state.step {
        Step::Factor { kind, code } if kind == name => (code.clone(), false),
        Step::Code { kind, code } if kind == name => (Some(code.clone()), true),
        _ => return Err(invalid_session()),
    };
    let given = answers.required(&format!("{name}_CODE"))?.to_owned();
    let Some(user) = answers.user.clone() else {
        return Err(CODE_MISMATCH_EXCEPTION.because("Invalid code or auth state for the user."));
    };
    if let Err(fault) = check(flow, &user, expected.as_deref(), &given) {
        let wrong = [("Password", true), ("Mfa", false)];
        let wrong = if first { &wrong[1..] } else { &wrong[..] };
        record(&flow.cx, &flow.site.pool, &user, Happened::new("SignIn", false, &flow.site.client.id).with(wrong))
            .await?;
        return Err(fault);
    }
    session::consume(flow, &answers.state, true)?;
    let mut state = session::renewed(answers.state);
    if first {
        state.factor = name.to_owned();
        prove(flow, &user, name)?;
        return after_first_factor(flow, state, user).await;
    }
    // Mail goes to unproved addresses only where it is being set up.
    if name == "EMAIL_OTP" {
        prove(flow, &user, name)?;
    }
    state.second = true;
    finish::tokens(flow, state, user).await
}

/// Who reads a code has proved the address. As a second factor it is set up from then on.
fn prove(flow: &Flow, user: &User, kind: &str) -> Result<(), Fault> {
    let Some(attribute) = attribute(kind).filter(|attribute| !user.is_verified(attribute)) else { return Ok(()) };
    let second = flow.site.pool.allows_mfa(kind);
    flow.cx.write(|w| {
        update(w.tx, &flow.site.pool, &user.name, |user| {
            user.attributes.insert(format!("{attribute}_verified"), "true".into());
            user.mfa.enabled.extend(second.then(|| kind.to_owned()));
            Ok(())
        })
    })
}

/// Compares a code with the one that was sent, or with the authenticator's of now. Codes of authenticators are good once.
fn check(flow: &Flow, user: &User, expected: Option<&str>, given: &str) -> Result<(), Fault> {
    let seconds = Clock::machine_now().seconds();
    flow.cx.write(|w| {
        let now = w.now;
        update(w.tx, &flow.site.pool, &user.name, |user| {
            if now < user.codes_locked_until {
                return Ok(Err(too_many_attempts()));
            }
            let wrong = |user: &mut User, message: &str| {
                code::count_wrong(user, now);
                Ok(Err(CODE_MISMATCH_EXCEPTION.because(message)))
            };
            match (expected, user.mfa.software_token.clone()) {
                (Some(expected), _) if expected.as_bytes().ct_eq(given.as_bytes()).into() => {}
                (Some(_), _) => return wrong(user, "Invalid code or auth state for the user."),
                (None, None) => return wrong(user, "Invalid code received for user"),
                (None, Some((secret, last))) => match totp::matching_step(&secret, given, seconds) {
                    None => return wrong(user, "Invalid code received for user"),
                    Some(step) if step <= last => {
                        let message = "Your software token has already been used once.";
                        return Ok(Err(EXPIRED_CODE_EXCEPTION.because(message)));
                    }
                    Some(step) => user.mfa.software_token = Some((secret, step)),
                },
            }
            Ok(Ok(()))
        })
    })?
}
