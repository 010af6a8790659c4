//! DEVICE_SRP_AUTH: a device proves that it is the one that was confirmed.

use kogumo_wire::Fault;

use super::challenge::Answers;
use super::session::{self, State, Step};
use super::{Flow, Outcome, srp};
use crate::faults::{invalid, invalid_session};
use crate::srp::{Verifier, hex_number, open};
use crate::user::User;

pub fn challenge(flow: &Flow, state: State) -> Result<Outcome, Fault> {
    let device = state.device.clone().unwrap_or_default();
    let username = state.user.clone();
    let state = State { step: Step::DeviceSrp, ..state };
    flow.challenge("DEVICE_SRP_AUTH", &state, [("USERNAME", username), ("DEVICE_KEY", device)])
}

pub fn verifier<'a>(user: &'a User, key: &str) -> Option<&'a Verifier> {
    user.devices.get(key).and_then(|device| device.verifier.as_ref())
}

/// Opens the device's exchange.
pub fn respond(flow: &Flow, answers: Answers) -> Result<Outcome, Fault> {
    if !matches!(answers.state.step, Step::DeviceSrp) {
        return Err(invalid_session());
    }
    let user = answers.user()?;
    let key = answers.required("DEVICE_KEY")?;
    let known = verifier(user, key).ok_or_else(invalid_session)?;
    let public = hex_number(answers.required("SRP_A")?);
    let opened = public.and_then(|public| open(public, Some(known)));
    let opened = opened.ok_or_else(|| invalid("SRP_A is not a valid value."))?;
    let parameters = [
        ("SALT", known.salt.hex()),
        ("SRP_B", opened.server_public.hex()),
        ("DEVICE_KEY", key.to_owned()),
        ("USERNAME", user.name.clone()),
    ];
    session::consume(flow, &answers.state, true)?;
    let state = State {
        step: Step::DeviceVerifier(opened),
        device: Some(key.to_owned()),
        ..session::renewed(answers.state.clone())
    };
    srp::with_block(flow, "DEVICE_PASSWORD_VERIFIER", &state, parameters)
}
