//! What comes after the first factor: a new password, the device, a second factor, and tokens at last.

use kogumo_model::cognitoidp::AuthenticationResultType;
use kogumo_wire::Fault;

use super::session::State;
use super::{By, Flow, Outcome, device, factor, new_password};
use crate::auth_event::{Happened, record};
use crate::device as devices;
use crate::mfa::{Demand, demand};
use crate::token::claims::OWN_ACCOUNT;
use crate::token::issue::{self, SignIn};
use crate::trigger::sign_in::post_authentication;
use crate::user::{Status, User, update};

/// Goes on with a user who has passed the first factor.
pub async fn after_first_factor(flow: &Flow, state: State, user: User) -> Result<Outcome, Fault> {
    if user.status == Status::ForceChangePassword {
        return new_password::challenge(flow, state, &user);
    }
    let tracked = flow.site.pool.tracks_devices();
    if tracked && devices::confirmed(&user, state.device.as_deref()).is_some() {
        return device::challenge(flow, state);
    }
    second_factor(flow, state, user).await
}

/// Goes on with a device that has proved itself. Where only new devices are challenged, that is enough.
pub async fn with_known_device(flow: &Flow, mut state: State, user: User) -> Result<Outcome, Fault> {
    let spares = flow.site.pool.flag("/DeviceConfiguration/ChallengeRequiredOnNewDevice");
    let remembered = devices::confirmed(&user, state.device.as_deref()).is_some_and(|device| device.remembered);
    if spares && remembered {
        state.occasion = "AuthenticateDevice".into();
        return tokens(flow, state, user).await;
    }
    second_factor(flow, state, user).await
}

async fn second_factor(flow: &Flow, state: State, user: User) -> Result<Outcome, Fault> {
    // A code that came by mail or text message is no second factor beside itself.
    // Nor is there one beside a passkey, which is offered where it is enough.
    if state.factor.ends_with("_OTP") || state.factor == "WEB_AUTHN" {
        return tokens(flow, state, user).await;
    }
    match demand(&flow.site.pool, &user) {
        Demand::Nothing => tokens(flow, state, user).await,
        Demand::Factor(kind) => factor::challenge(flow, state, &user, kind).await,
        Demand::Choice(kinds) => factor::choice(flow, state, &user, &kinds),
        Demand::Setup(kinds) => factor::setup(flow, state, &user, &kinds),
    }
}

/// The end of every flow.
pub async fn tokens(flow: &Flow, state: State, user: User) -> Result<Outcome, Fault> {
    let pool = &flow.site.pool;
    let known = devices::confirmed(&user, state.device.as_deref()).is_some();
    let new_device = pool.tracks_devices() && !known;
    post_authentication(flow.setting(), &user, new_device).await?;
    let passed = [("Password", true), ("Mfa", true)];
    let passed = match (state.factor == "PASSWORD", state.second) {
        (true, false) => &passed[..1],
        (true, true) => &passed[..],
        (false, true) => &passed[1..],
        (false, false) => &[],
    };
    let happened = Happened::new("SignIn", true, &flow.site.client.id).with(passed);
    let event = record(&flow.cx, pool, &user, happened).await?;
    if flow.by == By::Pages {
        return Ok(Outcome::SignedIn(Box::new(user)));
    }
    let device = match (pool.tracks_devices(), known) {
        (true, true) => state.device.clone(),
        (true, false) => Some(devices::new_key(pool)),
        (false, _) => None,
    };
    if let (true, Some(key)) = (known && pool.tracks_devices(), &state.device) {
        let ip = flow.cx.caller.source_ip.map(|ip| ip.to_string()).unwrap_or_default();
        flow.cx.write(|w| {
            let now = w.now;
            update(w.tx, pool, &user.name, |user| {
                if let Some(device) = user.devices.get_mut(key) {
                    device.authenticated = now;
                    device.last_ip.clone_from(&ip);
                }
                Ok(())
            })
        })?;
    }
    let sign_in = SignIn {
        user: &user,
        scopes: vec![OWN_ACCOUNT.to_owned()],
        occasion: &state.occasion,
        device: device.clone(),
        nonce: None,
        provider: None,
        session: None,
        event: Some(event),
    };
    let result = issue::sign_in(flow.setting(), &flow.site, sign_in).await?;
    let new_device_metadata = device.filter(|_| new_device).map(|key| devices::metadata(pool, &key));
    Ok(Outcome::Tokens(Box::new(AuthenticationResultType { new_device_metadata, ..result })))
}
