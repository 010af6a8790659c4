//! SRP: the exchange is opened, and the client's proof checked, for passwords and for devices.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_base::{Clock, Timestamp};
use kogumo_wire::Fault;

use super::challenge::{Answers, answers};
use super::session::{self, State, Step};
use super::{Flow, Outcome, after_first_factor, custom, device, finish, lockout, refuse_unready};
use crate::device as devices;
use crate::faults::{invalid, not_authorized, wrong_credentials};
use crate::srp::{Opened, Verifier, fake_salt, hex_number, open as open_exchange, session_key, signature_matches};
use crate::user::User;

/// How far the client's clock may be off, in seconds.
const SKEW: i64 = 5 * 60;

/// Opens the exchange for a user, or for a name that nobody has: the answers look the same.
pub fn open(
    flow: &Flow,
    username: &str,
    user: Option<&User>,
    public: &str,
    device: Option<&String>,
) -> Result<Outcome, Fault> {
    let mut state = flow.state(username, user, Step::PasswordSrp);
    state.device = device.cloned();
    challenge(flow, state, user, public)
}

/// The PASSWORD_VERIFIER challenge.
pub fn challenge(flow: &Flow, mut state: State, user: Option<&User>, public: &str) -> Result<Outcome, Fault> {
    let verifier = user.and_then(|user| user.verifier.as_ref());
    let opened = hex_number(public).and_then(|public| open_exchange(public, verifier));
    let opened = opened.ok_or_else(|| invalid("SRP_A is not a valid value."))?;
    let salt = verifier.map_or_else(|| fake_salt(&flow.site.keys.secret, &state.user), |known| known.salt.clone());
    let parameters = [
        ("SALT", salt.hex()),
        ("SRP_B", opened.server_public.hex()),
        ("USERNAME", state.user.clone()),
        ("USER_ID_FOR_SRP", state.user.clone()),
    ];
    state.step = Step::PasswordVerifier(opened);
    with_block(flow, "PASSWORD_VERIFIER", &state, parameters)
}

/// An exchange's challenge: its state is in the block that the client signs, and in the session.
pub fn with_block<const N: usize>(
    flow: &Flow,
    name: &str,
    state: &State,
    parameters: [(&'static str, String); N],
) -> Result<Outcome, Fault> {
    let block = session::block(flow, state)?;
    let parameters = parameters.into_iter().chain([("SECRET_BLOCK", block)]);
    Ok(Outcome::Challenge {
        name: name.to_owned(),
        session: None,
        parameters: parameters.map(|(name, value)| (name.to_owned(), value)).collect(),
        available: Vec::new(),
    })
}

/// Checks the proof. Whatever it is worth, the exchange is over.
pub async fn respond(flow: &Flow, name: &str, responses: BTreeMap<String, String>) -> Result<Outcome, Fault> {
    let text = super::required(&responses, "PASSWORD_CLAIM_SECRET_BLOCK")?;
    let (block, state) = session::open_block(flow, text).ok_or_else(wrong_credentials)?;
    if state.client != flow.site.client.id {
        return Err(wrong_credentials());
    }
    let answers = answers(flow, responses, state)?;
    match (&answers.state.step, name) {
        (Step::PasswordVerifier(opened), "PASSWORD_VERIFIER") => {
            let opened = opened.clone();
            password_proof(flow, answers, &opened, &block).await
        }
        (Step::DeviceVerifier(opened), "DEVICE_PASSWORD_VERIFIER") => {
            let opened = opened.clone();
            device_proof(flow, answers, &opened, &block).await
        }
        _ => Err(wrong_credentials()),
    }
}

async fn password_proof(flow: &Flow, mut answers: Answers, opened: &Opened, block: &[u8]) -> Result<Outcome, Fault> {
    let now = flow.now();
    if let Some(user) = &answers.user {
        if !user.enabled {
            return Err(not_authorized("User is disabled."));
        }
        lockout::refuse(user, now)?;
    }
    refuse_unknown_device(flow, &answers)?;
    let verifier = answers.user.as_ref().and_then(|user| user.verifier.as_ref());
    let right = proves(&answers, opened, verifier, flow.site.pool.srp_name(), &answers.state.user, block)?;
    session::consume(flow, &answers.state, right)?;
    let user = answers.user.as_ref().ok_or_else(wrong_credentials)?;
    if !right {
        lockout::note_failed_sign_in(flow, user).await?;
        if answers.state.custom {
            return custom::after_password(flow, answers.state, user.clone(), false).await;
        }
        return Err(wrong_credentials());
    }
    refuse_unready(user, now)?;
    let user = user.clone();
    if let Some(key) = answers.all.get("DEVICE_KEY") {
        answers.state.device = Some(key.clone());
    }
    if answers.state.custom {
        return custom::after_password(flow, answers.state, user, true).await;
    }
    answers.state.factor = "PASSWORD".into();
    after_first_factor(flow, session::renewed(answers.state), user).await
}

/// A client that takes itself for a device which is not known (any more) may answer again without it.
fn refuse_unknown_device(flow: &Flow, answers: &Answers) -> Result<(), Fault> {
    let (Some(user), Some(key)) = (&answers.user, answers.all.get("DEVICE_KEY")) else { return Ok(()) };
    match !flow.site.pool.tracks_devices() || key.is_empty() || user.devices.contains_key(key) {
        true => Ok(()),
        false => Err(devices::missing()),
    }
}

async fn device_proof(flow: &Flow, answers: Answers, opened: &Opened, block: &[u8]) -> Result<Outcome, Fault> {
    let user = answers.user()?.clone();
    let key = answers.state.device.clone().unwrap_or_default();
    let verifier = device::verifier(&user, &key);
    let right = proves(&answers, opened, verifier, &flow.site.pool.device_group, &key, block)?;
    session::consume(flow, &answers.state, right)?;
    if !right {
        return Err(wrong_credentials());
    }
    finish::with_known_device(flow, session::renewed(answers.state), user).await
}

/// Whether the signature proves that the client knows the secret behind the verifier.
///
/// # Errors
/// A part is missing or of another form, or the client's clock is far off.
fn proves(
    answers: &Answers,
    opened: &Opened,
    verifier: Option<&Verifier>,
    group: &str,
    name: &str,
    block: &[u8],
) -> Result<bool, Fault> {
    let signature = answers.required("PASSWORD_CLAIM_SIGNATURE")?;
    let timestamp = answers.required("TIMESTAMP")?;
    let moment = read_timestamp(timestamp)
        .ok_or_else(|| invalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."))?;
    if (Clock::machine_now().seconds() - moment.seconds()).abs() > SKEW {
        return Err(wrong_credentials());
    }
    let Ok(signature) = STANDARD.decode(signature) else { return Ok(false) };
    // For a user that does not exist the same is computed, and comes to nothing.
    let stand_in = Verifier { salt: opened.client_public.clone(), verifier: opened.server_public.clone() };
    let key = session_key(opened, verifier.unwrap_or(&stand_in));
    let parts = [group.as_bytes(), name.as_bytes(), block, timestamp.as_bytes()];
    let matches = key.is_some_and(|key| signature_matches(&key, &parts, &signature));
    Ok(matches && verifier.is_some())
}

/// `Tue Jul 14 09:05:03 UTC 2020`, as Java and JavaScript clients write it.
fn read_timestamp(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let [_, month, day, time, "UTC", year] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    let day: u8 = day.parse().ok()?;
    Timestamp::parse_iso(&format!("{year}-{month:02}-{day:02}T{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_of_clients() {
        let expected = Timestamp::parse_iso("2020-07-04T09:05:03Z");
        assert_eq!(read_timestamp("Sat Jul 4 09:05:03 UTC 2020"), expected);
        assert_eq!(read_timestamp("Sat Jul 04 09:05:03 UTC 2020"), expected);
        for wrong in [
            "",
            "2020-07-04T09:05:03Z",
            "Sat Jul 4 09:05:03 JST 2020",
            "Sat Foo 4 09:05:03 UTC 2020",
            "Sat Jul 99 09:05:03 UTC 2020",
        ] {
            assert_eq!(read_timestamp(wrong), None, "{wrong}");
        }
    }
}
