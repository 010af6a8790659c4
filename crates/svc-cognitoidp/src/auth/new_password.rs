//! NEW_PASSWORD_REQUIRED: a temporary password is good for choosing another.

use std::collections::BTreeMap;

use kogumo_wire::Fault;
use serde_json::json;

use super::challenge::Answers;
use super::session::{self, State, Step};
use super::{Flow, Outcome, after_first_factor};
use crate::faults::{invalid, invalid_session};
use crate::user::attributes::{self, Writer};
use crate::user::{Status, User, password, update};

pub fn challenge(flow: &Flow, state: State, user: &User) -> Result<Outcome, Fault> {
    let missing =
        flow.site.pool.schema.iter().filter(|attribute| {
            attribute.required && attribute.name != "sub" && user.attribute(&attribute.name).is_none()
        });
    let missing: Vec<String> = missing.map(|attribute| format!("userAttributes.{}", attribute.name)).collect();
    let seen: BTreeMap<&String, &String> =
        user.attributes.iter().filter(|(name, _)| flow.site.client.may_read(name)).collect();
    let state = State { step: Step::NewPassword, ..state };
    flow.challenge(
        "NEW_PASSWORD_REQUIRED",
        &state,
        [
            ("requiredAttributes", json!(missing).to_string()),
            ("userAttributes", json!(seen).to_string()),
            ("USER_ID_FOR_SRP", user.name.clone()),
        ],
    )
}

pub async fn respond(flow: &Flow, answers: Answers) -> Result<Outcome, Fault> {
    if !matches!(answers.state.step, Step::NewPassword) {
        return Err(invalid_session());
    }
    let user = answers.user()?;
    let text = answers.required("NEW_PASSWORD")?;
    let pool = &flow.site.pool;
    password::check_new(pool, user, text)?;
    let given: BTreeMap<String, String> = answers
        .all
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("userAttributes.")?.to_owned(), value.clone())))
        .collect();
    attributes::check(pool, Writer::Client(&flow.site.client), Some(user), &given)?;
    let fixed = given.iter().find(|(name, value)| {
        pool.attribute(name).is_some_and(|attribute| attribute.required)
            && user.attribute(name).is_some_and(|old| old != value.as_str())
    });
    if let Some((name, _)) = fixed {
        return Err(crate::faults::not_authorized(format!("Cannot modify an already provided {name}")));
    }
    let mut all = user.attributes.clone();
    all.extend(given.clone());
    attributes::check_required(pool, &all)
        .map_err(|_| invalid("Invalid attributes given, required attributes are missing."))?;
    let verifier = password::verifier(pool, &user.name, text)?;
    session::consume(flow, &answers.state, true)?;
    let user = flow.cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, &user.name, |user| {
            password::replace(user, verifier.clone(), None, now);
            attributes::apply(user, &given);
            user.status = Status::Confirmed;
            Ok(user.clone())
        })
    })?;
    let mut state = session::renewed(answers.state);
    state.occasion = "NewPasswordChallenge".into();
    after_first_factor(flow, state, user).await
}
